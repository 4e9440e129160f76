"""The middleware of pages: 404 for distributions, and reloads for pages of another build."""

from __future__ import annotations

import asyncio

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory
from pages_support import cdn, page_settings, rendered, set_up_django

from dj_cloudfront.middleware import CdnTreeMiddleware, FragmentMiddleware

set_up_django()
HTMX = {"HX-Request": "true"}
TURBO = {"Turbo-Frame": 'a"b'}


def page(request):
    return HttpResponse("page")


async def async_page(request):
    return HttpResponse("page")


def get(tree=None):
    headers = {} if tree is None else {"X-Cdn-Tree": tree}
    return RequestFactory().get("/admin/", headers=headers)


@pytest.mark.parametrize("tree", ["static", "media", "anything", ""])
def test_a_request_that_came_through_a_distribution_finds_nothing(tree):
    for response in (
        CdnTreeMiddleware(page)(get(tree)),
        asyncio.run(CdnTreeMiddleware(async_page)(get(tree))),
    ):
        assert response.status_code == 404
        assert response["Cache-Control"] == "no-store"


def test_other_requests_pass():
    assert CdnTreeMiddleware(page)(get()).content == b"page"
    response = asyncio.run(CdnTreeMiddleware(async_page)(get()))
    assert response.content == b"page"


# -- fragments


@pytest.fixture
def ask():
    """A request to a site of build b1; what came of it, and how often the view ran."""

    def view(_):
        calls.append(1)
        return HttpResponse("a part")

    def send(build, *, method="GET", path="/part/", headers):
        given = headers if build is None else {**headers, "X-Cdn-Build": build}
        asked = RequestFactory().generic(
            method, "/part/?x=1&y=%C3%A9", headers=given, PATH_INFO=path
        )
        with page_settings(cdn()):
            return FragmentMiddleware(view)(asked), len(calls)

    calls = []
    return send


def test_a_page_reloads_under_asgi_too():
    for build, body in (("b0", b""), ("b1", b"page")):
        headers = {**HTMX, "X-Cdn-Build": build}
        asked = RequestFactory().get("/", headers=headers)
        with page_settings(cdn()):
            response = asyncio.run(FragmentMiddleware(async_page)(asked))
        assert (response.content, response["Vary"]) == (body, "X-Cdn-Build")


@pytest.mark.parametrize("build", ["b0", "b2", ""])
def test_htmx_is_told_to_reload(ask, build):
    response, calls = ask(build, headers=HTMX)
    assert (response.status_code, response.content, calls) == (200, b"", 0)
    assert response["HX-Refresh"] == "true"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Cdn-Build"] == "b1"


@pytest.mark.parametrize(
    "path,target",
    [
        ("/part/", "/part/"),
        ("//other.example/", "/%2Fother.example/"),
        ("/\\other.example/", "/%5Cother.example/"),
    ],
)
def test_a_boosted_link_leads_where_it_did_and_to_no_other_site(ask, path, target):
    response, calls = ask("b0", path=path, headers={**HTMX, "HX-Boosted": "true"})
    assert (response["HX-Redirect"], calls) == (f"{target}?x=1&y=%C3%A9", 0)
    assert "HX-Refresh" not in response


@pytest.mark.parametrize("headers", [HTMX, TURBO, {**HTMX, "HX-Boosted": "true"}])
def test_a_page_that_is_old_again_does_not_reload_again(ask, headers):
    """As where a cache keeps the page, or old and new servers answer side by side."""
    first, _ = ask("b0", headers=headers)
    cookie = first.cookies["cdn-reloaded"]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (
        *(60, True, "Lax"),
    )
    response, calls = ask("b0", headers={**headers, "Cookie": cookie.OutputString()})
    assert (response.content, calls) == (b"a part", 1)
    assert response["X-Cdn-Build"] == "b1"
    assert not {"HX-Refresh", "HX-Redirect", "Set-Cookie"} & {*response.headers}


def test_a_frame_of_turbo_is_told_to_reload_and_its_name_stays_a_name(ask):
    response, calls = ask("b0", headers=TURBO)
    page = response.content.decode()
    assert '<meta name="turbo-visit-control" content="reload">' in page
    assert '<turbo-frame id="a&quot;b">' in page
    assert calls == 0


@pytest.mark.parametrize("headers", [HTMX, TURBO, {}])
@pytest.mark.parametrize("build", ["b1", None])
def test_a_page_of_this_build_or_of_none_gets_its_part(ask, build, headers):
    response, calls = ask(build, headers=headers)
    assert (response.content, calls) == (b"a part", 1)
    assert "HX-Refresh" not in response
    assert "X-Cdn-Build" not in response
    assert response["Vary"] == "X-Cdn-Build"


@pytest.mark.parametrize(("method", "headers"), [("POST", HTMX), ("GET", {})])
def test_what_changes_something_and_other_scripts_are_answered(ask, method, headers):
    response, calls = ask("b0", method=method, headers=headers)
    assert (response.content, calls) == (b"a part", 1)
    assert response["X-Cdn-Build"] == "b1"
    assert response.get("HX-Refresh") == ("true" if headers else None)


def test_with_local_urls_it_is_not_used():
    with page_settings(cdn(local=True)), pytest.raises(MiddlewareNotUsed):
        FragmentMiddleware(lambda _: HttpResponse())


@pytest.mark.parametrize(("local", "text"), [(False, "b1"), (True, "")])
def test_the_tag_names_the_build_of_the_page(local, text):
    with page_settings(cdn(local=local)):
        assert rendered("{% load cdn %}{% cdn_build %}") == text
