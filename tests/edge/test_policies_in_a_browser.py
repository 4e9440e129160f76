"""What Chromium makes of the policies of uploads and of each way to answer CORS.

The policies are the default and the one that docs/configuration.md has beside it.
"""

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
    cache_policy,
    deployed,
    distribution,
    named,
)
from uploads_support import HTML, SVG, page_with, pdf, shows_red, webm

from constructs_lib import Cors
from constructs_lib.options import MEDIA

DEFAULT = MEDIA.headers.content_security_policy
PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
(UNBOXED,) = re.findall(r'"content_security_policy": "([^"]+)"', PAGE)
SILENT = DEFAULT.replace("media-src 'self'; ", "")
STAR = {"Access-Control-Allow-Origin": "*"}


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


POLICIES = pytest.mark.parametrize("policy", [DEFAULT, slow(UNBOXED)])


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser):
    with fresh_profile(browser) as fresh:
        yield fresh


@contextmanager
def edge(reply, response, **policies):
    """The URL of a file behind an edge with a response headers policy."""
    with CountingOrigin() as server:
        server.default = reply
        one = distribution(default={"ResponseHeadersPolicyId": "response"})
        source = deployed(one, response=response, **policies)
        with RunningEdge(source, origins={ORIGIN: server}) as running:
            yield f"http://d111.cloudfront.localhost:{running.port}/file"


@contextmanager
def site(html):
    """A page of the site: one out of nowhere may not ask loopback."""
    with CountingOrigin() as server:
        server.default = Reply(headers={"Content-Type": "text/html"}, body=html)
        yield f"http://{server.address}/"


# -- uploads


def media(policy, kind, body, **headers):
    security = {
        "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": policy},
        "ContentTypeOptions": {"Override": True},
    }
    reply = Reply(headers={"Content-Type": kind, **STAR, **headers}, body=body)
    return edge(reply, {"SecurityHeadersConfig": security})


def is_refused(visit):
    """Whether Chromium says within a second that a policy forbids something."""
    for _ in range(20):
        if any(re.search("Content Security|sandbox", one) for one in visit.complaints):
            return True
        visit.page.wait_for_timeout(50)
    return False


@POLICIES
@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", HTML), ("image/svg+xml", SVG)]
)
def test_an_upload_acts_on_nothing(visit, policy, kind, body):
    with media(policy, kind, body.encode()) as url:
        visit.page.goto(url)
        assert is_refused(visit)
        assert visit.page.title() == "quiet"
        assert visit.page.evaluate("() => window.acted") is None


@pytest.mark.parametrize(
    ("policy", "sent"),
    [(DEFAULT, False), slow(UNBOXED, False), ("script-src 'none'", True)],
)
def test_no_form_of_an_upload_is_sent(visit, policy, sent):
    asked = []
    visit.page.route(
        "https://example.com/**",
        lambda route: (asked.append(route.request.url), route.abort()),
    )
    with media(policy, "text/html", HTML.encode()) as url:
        visit.page.goto(url)
        button = visit.page.get_by_role("button").bounding_box()
        visit.page.mouse.click(button["x"] + 5, button["y"] + 5)
        visit.page.wait_for_timeout(300)
        assert bool(asked) is sent


def plays_on_its_own(page, tries):
    # No timer and no promise of a sandboxed page ever ends, so it is asked again and again.
    page.evaluate("() => { document.querySelector('video').play(); }")
    for _ in range(tries):
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
        if plays:
            assert plays_on_its_own(visit.page, tries=50)
        else:
            assert is_refused(visit)
            assert not plays_on_its_own(visit.page, tries=5)


def test_an_uploaded_page_loads_media_of_its_own_host_alone(visit):
    asked = []
    visit.page.route(
        "**/clip*", lambda route: (asked.append(route.request.url), route.abort())
    )
    page = "<video src=/clip.webm></video><video src=https://example.com/clip></video>"
    with media(DEFAULT, "text/html", page.encode()) as url:
        visit.page.goto(url)
        visit.page.wait_for_timeout(300)
        assert asked == [url.replace("file", "clip.webm")]


@POLICIES
def test_a_pdf_is_read_on_its_own(browser, visit, policy):
    with media(policy, "application/pdf", pdf()) as url:
        visit.page.goto(url)
        assert shows_red(browser, visit.page)


@pytest.mark.slow
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


# -- one URL by <img> and then by fetch()

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
FETCH = "url => fetch(url).then(answer => answer.status, error => error.name)"
LOAD = f"""async url => {{
    const image = new Image();
    image.src = url;
    await image.decode();
    return ({FETCH})(url);
}}"""


def drawing(cors, headers):
    policy = {
        "AccessControlAllowOrigins": named(*cors.allowed_origins),
        "AccessControlAllowMethods": named(*cors.methods),
        "AccessControlAllowHeaders": named("*"),
        "AccessControlExposeHeaders": named("*"),
        "AccessControlAllowCredentials": cors.credentials,
        "OriginOverride": True,
    }
    kept = {"Cache-Control": "max-age=600", "Content-Type": "image/svg+xml"}
    return edge(
        Reply(headers=kept | headers, body=DRAWING),
        {"CorsConfig": policy} if cors.allowed_origins else {},
        cache=cache_policy(headers=cors.key_headers),
    )


@pytest.mark.parametrize("cors", [Cors.forward(), Cors.any_origin()])
@pytest.mark.parametrize(
    ("headers", "result"),
    [
        (STAR, 200),
        # With any_origin the edge would have answered a request with Origin, but the browser
        # hands over the copy of the img: hence the rule that the server says it always.
        ({}, "TypeError"),
    ],
)
def test_a_fetch_after_an_img_works_if_the_server_always_says_star(
    visit, cors, headers, result
):
    with drawing(cors, headers) as url, site(b"<p>page") as page:
        visit.page.goto(page)
        assert visit.page.evaluate(LOAD, url) == result


def test_a_page_on_the_list_reads_and_another_does_not(visit):
    with site(b"<p>page") as listed:
        other = listed.replace("127.0.0.1", "localhost")
        with drawing(Cors.allow_origins(listed.rstrip("/")), {}) as url:
            for page, result in ((listed, 200), (other, "TypeError")):
                visit.page.goto(page)
                assert visit.page.evaluate(FETCH, url) == result
