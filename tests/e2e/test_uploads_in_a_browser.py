"""What the media distribution's headers let an upload do: be looked at, and nothing else."""

from __future__ import annotations

import struct
import zlib

import pytest
from browser_support import chromium, fresh_profile

ACT = "document.title = 'acted'; window.acted = true"
HTML = f"""<!doctype html><title>quiet</title><style>p {{ color: green }}</style>
<p onclick="{ACT}">text</p><script>{ACT}</script><img src=x onerror="{ACT}">
<form action="https://example.com"><button>go</button></form>"""
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="{ACT}">
<title>quiet</title><script>{ACT}</script><rect width="9" height="9" fill="green"/></svg>"""


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


FILES = {
    "page.html": HTML.encode(),
    "picture.svg": SVG.encode(),
    "picture.png": png(),
    "sound.wav": wav(),
}


@pytest.fixture(scope="module")
def media(local_site, state_folder):
    """The URL of a folder of uploads that got past every form."""
    folder = state_folder / "site" / "media" / "hostile"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return f"{local_site.status['media']}hostile/"


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser):
    with fresh_profile(browser) as fresh:
        yield fresh


@pytest.mark.parametrize("name", ["page.html", "picture.svg"])
def test_an_uploaded_page_or_svg_can_act_on_nothing(visit, media, name):
    visit.open(media + name)
    found = visit.page.evaluate(
        "() => ({title: document.title, acted: window.acted, origin: window.origin})"
    )
    assert found == {"title": "quiet", "acted": None, "origin": "null"}
    assert any("sandbox" in said for said in visit.complaints)


def test_without_the_headers_they_would_act(visit, local_site):
    # The same bytes from the page's own origin, as a control.
    visit.page.route(
        f"{local_site.status['site']}control",
        lambda route: route.fulfill(body=HTML, content_type="text/html"),
    )
    visit.open(f"{local_site.status['site']}control")
    assert visit.page.evaluate("() => window.acted") is True


def test_pictures_are_seen_on_their_own_and_in_a_page(visit, media, local_site):
    visit.open(f"{media}picture.png")
    assert visit.page.evaluate("() => document.images[0].naturalWidth") == 7
    visit.open(local_site.status["site"])
    for name, width in (("picture.png", 7), ("picture.svg", 9)):
        seen = visit.page.evaluate(
            """async url => {
                const image = new Image();
                image.src = url;
                await image.decode();
                return image.naturalWidth;
            }""",
            media + name,
        )
        assert seen == width


def test_sound_plays_in_a_page(visit, media, local_site):
    visit.open(local_site.status["site"])
    seconds = visit.page.evaluate(
        """url => new Promise((resolve, reject) => {
            const sound = new Audio(url);
            sound.onloadedmetadata = () => resolve(sound.duration);
            sound.onerror = () => reject(sound.error.message);
        })""",
        f"{media}sound.wav",
    )
    assert round(seconds, 1) == 0.1
