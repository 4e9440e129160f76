"""What the media distribution's headers let an upload do: be looked at, and nothing else."""

from __future__ import annotations

import pytest
from edge_support import CountingOrigin, Reply
from uploads_support import HTML, SVG, page_with, pdf, plays, png, shows_red, wav, webm

FILES = {
    "page.html": HTML.encode(),
    "picture.svg": SVG.encode(),
    "picture.png": png(),
    "sound.wav": wav(),
    "paper.pdf": pdf(),
}


@pytest.fixture(scope="module")
def media(local_site, browser):
    """The URL of a folder of uploads that got past every form."""
    folder = local_site.state / "site" / "media" / "hostile"
    folder.mkdir()
    for name, content in {**FILES, "clip.webm": webm(browser)}.items():
        (folder / name).write_bytes(content)
    return f"{local_site.status['media']}hostile/"


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
    visit.page.goto(f"{local_site.status['site']}control")
    assert visit.page.evaluate("() => window.acted") is True


def test_pictures_are_seen_and_sound_plays(visit, media, local_site):
    visit.page.goto(f"{media}picture.png")
    assert visit.page.evaluate("() => document.images[0].naturalWidth") == 7
    visit.page.goto(local_site.status["site"])
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
    seconds = visit.page.evaluate(
        """url => new Promise((resolve, reject) => {
            const sound = new Audio(url);
            sound.onloadedmetadata = () => resolve(sound.duration);
            sound.onerror = () => reject(sound.error.message);
        })""",
        f"{media}sound.wav",
    )
    assert round(seconds, 1) == 0.1


@pytest.fixture(scope="module")
def pages():
    """A site of its own: a page out of nowhere may not ask loopback."""
    with CountingOrigin() as server:
        yield server


def open_page(visit, pages, html):
    pages.default = Reply(headers={"Content-Type": "text/html"}, body=html.encode())
    visit.page.goto(f"http://{pages.address}/")


def test_a_video_plays_in_a_page(visit, media, pages):
    open_page(visit, pages, "<p>page")
    assert plays(visit.page, f"{media}clip.webm") == [64, True]


@pytest.mark.parametrize(
    "tag",
    [
        "iframe",
        pytest.param("embed", marks=pytest.mark.slow),
        pytest.param("object", marks=pytest.mark.slow),
    ],
)
def test_a_pdf_is_read_in_a_page(browser, visit, media, pages, tag):
    open_page(visit, pages, page_with(tag, f"{media}paper.pdf"))
    assert shows_red(browser, visit.page)


@pytest.mark.slow
def test_what_shows_nothing_of_a_pdf_is_noticed(browser, visit, media, pages):
    # A frame with a sandbox of its own gets no viewer, whatever the PDF's headers say.
    html = page_with("iframe", f"{media}paper.pdf").replace(
        "<iframe", "<iframe sandbox"
    )
    open_page(visit, pages, html)
    assert not shows_red(browser, visit.page, seconds=3)
