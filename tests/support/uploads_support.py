"""Uploads of each kind, as small as they get, and what a browser shows of them."""

from __future__ import annotations

import base64
import struct
import zlib

ACT = "document.title = 'acted'; window.acted = true"
HTML = f"""<!doctype html><title>quiet</title><style>p {{ color: green }}</style>
<p onclick="{ACT}">text</p><script>{ACT}</script><img src=x onerror="{ACT}">
<form action="https://example.com"><button>go</button></form>"""
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="{ACT}">
<title>quiet</title><script>{ACT}</script><rect width="9" height="9" fill="green"/></svg>"""

# A canvas that blinks for half a second, as the browser itself records it.
_RECORD = """async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [64, 48];
    const brush = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(), {mimeType: "video/webm"});
    const parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    const stopped = new Promise(resolve => recorder.onstop = resolve);
    recorder.start();
    for (let frame = 0; frame < 13; frame++) {
        brush.fillStyle = frame % 2 ? "red" : "blue";
        brush.fillRect(0, 0, 64, 48);
        await new Promise(resolve => setTimeout(resolve, 40));
    }
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
}"""
_COUNT_RED = """async png => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0);
    const {data} = brush.getImageData(0, 0, image.width, image.height);
    let red = 0;
    for (let at = 0; at < data.length; at += 4)
        red += data[at] > 240 && data[at + 1] < 16 && data[at + 2] < 16;
    return red;
}"""
_PLAY = """async url => {
    const player = document.createElement("video");
    player.muted = true;
    player.src = url;
    document.body.append(player);
    await player.play();
    await new Promise(resolve => player.onended = resolve);
    return [player.videoWidth, player.currentTime > 0.1];
}"""


def png():
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 7, 5, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x20\x80\x20" * 7 for _ in range(5))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def wav():
    samples = b"\x80" * 800
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    inner = b"WAVEfmt " + struct.pack("<I", 16) + form
    inner += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def pdf():
    """One red page."""
    paint = b"1 0 0 rg 0 0 200 100 re f"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(paint), paint),
    ]
    written, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return written + (
        b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (table, len(written))
    )


def webm(browser):
    """A video of half a second, recorded by the browser that is to play it."""
    page = browser.new_page()
    try:
        return base64.b64decode(page.evaluate(_RECORD))
    finally:
        page.close()


def plays(page, url):
    """The width of a video and whether it ran, in a page that shows it."""
    return page.evaluate(_PLAY, url)


def shows_red(browser, page, *, seconds=15):
    """Whether a page comes to show the red of the PDF, which no HTML of it tells."""
    judge = browser.new_page()
    try:
        for _ in range(seconds * 4):
            picture = base64.b64encode(page.screenshot()).decode()
            if judge.evaluate(_COUNT_RED, picture) > 1000:
                return True
            page.wait_for_timeout(250)
        return False
    finally:
        judge.close()


def page_with(tag, url):
    """A page of the site that shows a document of the media host in itself."""
    name = "data" if tag == "object" else "src"
    return f'<!doctype html><{tag} {name}="{url}" width="400" height="300"></{tag}>'
