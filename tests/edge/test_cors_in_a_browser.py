"""One URL by ``<img>`` and then by ``fetch()``, in Chromium, for each way to answer CORS.

A browser may reuse the copy that an ``<img>`` left, which was asked for without ``Origin``. So
what counts is what an answer says when nobody asked for CORS.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from browser_support import chromium, fresh_profile
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

from constructs_lib import Cors

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
STAR = {"Access-Control-Allow-Origin": "*"}
FETCH = "url => fetch(url).then(answer => answer.status, error => error.name)"
LOAD = """async url => {
    const image = new Image();
    image.src = url;
    await image.decode();
    try {
        return (await fetch(url)).status;
    } catch (error) {
        return error.name;
    }
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


def as_the_api_says(cors):
    if not cors.allowed_origins:
        return {}
    return {
        "CorsConfig": {
            "AccessControlAllowOrigins": named(*cors.allowed_origins),
            "AccessControlAllowMethods": named(*cors.methods),
            "AccessControlAllowHeaders": named("*"),
            "AccessControlExposeHeaders": named("*"),
            "AccessControlAllowCredentials": cors.credentials,
            "OriginOverride": True,
        }
    }


@contextmanager
def edge(cors, server):
    """The URL of a picture behind an edge that answers CORS in a way."""
    headers = {
        "Cache-Control": "max-age=600",
        "Content-Type": "image/svg+xml",
        **server,
    }
    with CountingOrigin() as origin:
        origin.default = Reply(headers=headers, body=SVG)
        policies = {
            "cache": cache_policy(headers=cors.key_headers),
            "response": as_the_api_says(cors),
        }
        one = distribution(default={"ResponseHeadersPolicyId": "response"})
        with RunningEdge(
            deployed(one, **policies), origins={ORIGIN: origin}
        ) as running:
            yield f"http://d111.cloudfront.localhost:{running.port}/a.svg"


@pytest.fixture(scope="module")
def pages():
    """A site: a server of its own, because a page out of nowhere may not ask loopback."""
    with CountingOrigin() as server:
        server.default = Reply(headers={"Content-Type": "text/html"}, body=b"<p>page")
        yield server


def result(browser, page, script, url):
    with fresh_profile(browser) as visit:
        visit.page.goto(page)
        return visit.page.evaluate(script, url)


@pytest.mark.parametrize("cors", [Cors.forward(), Cors.any_origin()])
def test_an_img_and_then_a_fetch_work_when_the_server_always_says_star(
    browser, pages, cors
):
    with edge(cors, STAR) as url:
        assert result(browser, f"http://{pages.address}/", LOAD, url) == 200


@pytest.mark.parametrize("cors", [Cors.forward(), Cors.any_origin()])
def test_they_do_not_when_the_server_says_nothing(browser, pages, cors):
    # With any_origin the edge would have answered a request with Origin, but the browser
    # hands over the copy of the img: hence the rule that the server says it always.
    with edge(cors, {}) as url:
        assert result(browser, f"http://{pages.address}/", LOAD, url) == "TypeError"


def test_a_page_on_the_list_reads_and_another_does_not(browser, pages):
    listed, other = f"http://{pages.address}", f"http://localhost:{pages.port}"
    with edge(Cors.allow_origins(listed), {}) as url:
        assert result(browser, f"{listed}/", FETCH, url) == 200
        assert result(browser, f"{other}/", FETCH, url) == "TypeError"
