"""The media policy and the one that docs/configuration.md has beside it, as Chromium obeys them."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
from browser_support import chromium, fresh_profile
from cdk_support import ROOT
from edge_support import (
    ORIGIN,
    CountingOrigin,
    Reply,
    RunningEdge,
    deployed,
    distribution,
)
from uploads_support import HTML, SVG, page_with, pdf, shows_red, webm

from constructs_lib.options import MEDIA

DEFAULT = MEDIA.headers.content_security_policy
PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
(UNBOXED,) = re.findall(r'"content_security_policy": "([^"]+)"', PAGE)
SILENT = DEFAULT.replace("media-src 'self'; ", "")
POLICIES = pytest.mark.parametrize("policy", [DEFAULT, UNBOXED])
STAR = {"Access-Control-Allow-Origin": "*"}


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser):
    with fresh_profile(browser) as fresh:
        yield fresh


@contextmanager
def media(policy, kind, body, **headers):
    """The URL of an upload behind an edge that sends a policy with it."""
    security = {
        "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": policy},
        "ContentTypeOptions": {"Override": True},
    }
    with CountingOrigin() as server:
        server.default = Reply(
            headers={"Content-Type": kind, **STAR, **headers}, body=body
        )
        policies = {"response": {"SecurityHeadersConfig": security}}
        one = distribution(default={"ResponseHeadersPolicyId": "response"})
        with RunningEdge(
            deployed(one, **policies), origins={ORIGIN: server}
        ) as running:
            yield f"http://d111.cloudfront.localhost:{running.port}/upload"


@contextmanager
def site(html):
    """A page of the site: one out of nowhere may not ask loopback."""
    with CountingOrigin() as server:
        server.default = Reply(headers={"Content-Type": "text/html"}, body=html)
        yield f"http://{server.address}/"


@POLICIES
@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", HTML), ("image/svg+xml", SVG)]
)
def test_an_upload_acts_on_nothing(visit, policy, kind, body):
    with media(policy, kind, body.encode()) as url:
        visit.open(url)
        assert visit.page.title() == "quiet"
        assert visit.page.evaluate("() => window.acted") is None
        assert any(
            "Content Security Policy" in said or "sandbox" in said
            for said in visit.complaints
        )


@pytest.mark.parametrize(
    ("policy", "sent"),
    [(DEFAULT, False), (UNBOXED, False), ("script-src 'none'", True)],
)
def test_no_form_of_an_upload_is_sent(visit, policy, sent):
    asked = []
    visit.page.route(
        "https://example.com/**",
        lambda route: (asked.append(route.request.url), route.abort()),
    )
    with media(policy, "text/html", HTML.encode()) as url:
        visit.open(url)
        button = visit.page.get_by_role("button").bounding_box()
        visit.page.mouse.click(button["x"] + 5, button["y"] + 5)
        visit.page.wait_for_timeout(300)
        assert bool(asked) is sent


def plays_on_its_own(page):
    # No timer and no promise of a sandboxed page ever ends, so it is asked again and again.
    page.evaluate("() => { document.querySelector('video').play(); }")
    for _ in range(30):
        if page.evaluate("() => document.querySelector('video').currentTime") > 0.1:
            return True
        page.wait_for_timeout(100)
    return False


@pytest.mark.parametrize(("policy", "plays"), [(DEFAULT, True), (SILENT, False)])
def test_a_video_on_its_own_plays_because_the_policy_lets_the_player_load_it(
    browser, visit, policy, plays
):
    with media(policy, "video/webm", webm(browser)) as url:
        visit.page.goto(url)
        assert plays_on_its_own(visit.page) is plays
        refused = any("Content Security Policy" in said for said in visit.complaints)
        assert refused is not plays


def test_an_uploaded_page_loads_media_of_its_own_host_alone(visit):
    asked = []
    visit.page.route(
        "**/clip*", lambda route: (asked.append(route.request.url), route.abort())
    )
    page = "<video src=/clip.webm></video><video src=https://example.com/clip></video>"
    with media(DEFAULT, "text/html", page.encode()) as url:
        visit.page.goto(url)
        visit.page.wait_for_timeout(300)
        assert asked == [url.replace("upload", "clip.webm")]


@POLICIES
def test_a_pdf_is_read_on_its_own(browser, visit, policy):
    with media(policy, "application/pdf", pdf()) as url:
        visit.page.goto(url)
        assert shows_red(browser, visit.page)


def test_a_pdf_is_read_in_a_page_without_the_sandbox_too(browser, visit):
    with (
        media(UNBOXED, "application/pdf", pdf()) as url,
        site(page_with("embed", url).encode()) as page,
    ):
        visit.page.goto(page)
        assert shows_red(browser, visit.page)


@POLICIES
def test_an_attachment_is_saved(visit, policy):
    disposition = {"Content-Disposition": 'attachment; filename="paper.pdf"'}
    with (
        media(policy, "application/pdf", pdf(), **disposition) as url,
        site(f"<a href='{url}'>paper</a>".encode()) as page,
    ):
        visit.page.goto(page)
        with visit.page.expect_download() as begun:
            visit.page.get_by_role("link").click()
        assert begun.value.suggested_filename == "paper.pdf"
        assert begun.value.path().read_bytes() == pdf()
