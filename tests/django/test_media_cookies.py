"""Signed cookies: who gets them, for what, and for which hosts."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.utils.decorators import method_decorator
from django.views import View
from signing_support import decoded, is_signed_by

from dj_cloudfront.media import cookies


@pytest.fixture(autouse=True)
def site(signing_site):
    return signing_site


def page(request):
    return HttpResponse()


def answered(view, *, host="www.example.com", **given):
    request = RequestFactory().get("/", headers={"host": host})
    request.COOKIES.update(given)
    return view(request)


def user_of(known, status=200):
    def view(request):
        return HttpResponse(status=status)

    def middleware(request):
        request.user = SimpleNamespace(is_authenticated=known)
        return cookies.media_cookies_middleware(view)(request)

    return middleware


def values(response):
    return {name: one.value for name, one in response.cookies.items()}


def policy_of(response):
    text = decoded(response.cookies["CloudFront-Policy"].value)
    (statement,) = json.loads(text)["Statement"]
    return statement["Resource"]


def test_a_view_gives_cookies_for_a_prefix(signing_keys, tmp_path):
    response = answered(cookies.with_media_cookies("reports/")(page))
    given = response.cookies
    assert set(given) == set(cookies.NAMES)
    for one in given.values():
        assert one["domain"] == "example.com"
        assert one["path"] == "/"
        assert one["secure"]
        assert one["httponly"]
        assert one["samesite"] == "Lax"
    assert policy_of(response) == "https://private.example.com/reports/*"
    text = decoded(given["CloudFront-Policy"].value)
    signature = decoded(given["CloudFront-Signature"].value)
    assert is_signed_by(signing_keys["ecdsa"], text, signature, tmp_path)


@pytest.mark.parametrize("status", [300, 302, 304, 403, 404, 500])
def test_who_is_not_let_in_gets_no_cookies(status):
    def view(request):
        return HttpResponse(status=status)

    async def later(request):
        return HttpResponse(status=status)

    decorate = cookies.with_media_cookies("reports/")
    assert answered(decorate(view)).cookies == {}
    assert asyncio.run(answered(decorate(later))).cookies == {}
    assert answered(user_of(True, status)).cookies == {}


def test_asynchronous_views_give_cookies():
    decorate = cookies.with_media_cookies("reports/")

    @method_decorator(decorate, name="dispatch")
    class Reports(View):
        async def get(self, request):
            return HttpResponse()

    async def reports(request):
        return HttpResponse()

    for view in (Reports.as_view(), decorate(reports)):
        given = asyncio.run(answered(view)).cookies
        assert set(given) == set(cookies.NAMES)


@pytest.mark.parametrize("prefix", ["reports", "/reports", "reports/a.pdf"])
def test_a_prefix_that_opens_its_neighbours_is_refused(prefix):
    with pytest.raises(ValueError, match="prefix must be a folder that ends in '/'"):
        answered(cookies.with_media_cookies(prefix)(page))


def test_a_storage_under_another_alias_is_named(site):
    with override_settings(STORAGES={"files": site.storages["private"]}):
        with pytest.raises(ValueError, match=r"STORAGES\['private'\] must be .* none"):
            answered(user_of(True))
        view = cookies.with_media_cookies(using="files")(page)
        assert set(answered(view).cookies) == set(cookies.NAMES)


def test_cookies_are_not_set_again_in_their_window():
    view = cookies.with_media_cookies()(page)
    given = values(answered(view))
    assert answered(view, **given).cookies == {}
    for name in cookies.NAMES:
        others = {key: given[key] for key in given if key != name}
        assert answered(view, **others).cookies
    for name in ("CloudFront-Policy", "CloudFront-Key-Pair-Id"):
        assert answered(view, **{**given, name: "x"}).cookies


def test_a_page_with_cookies_is_cached_for_one_visitor():
    view = cookies.with_media_cookies()(page)
    first = answered(view)
    again = answered(view, **values(first))
    assert first["Vary"] == again["Vary"] == "Cookie"


@pytest.mark.parametrize(
    ("prefix", "resource"),
    [("grün/", "gr%C3%BCn/*"), ("a b/", "a%20b/*"), ("a*/", "a%2A/*"), ("?/", "%3F/*")],
)
def test_a_prefix_is_signed_as_browsers_ask(prefix, resource):
    response = answered(cookies.with_media_cookies(prefix)(page))
    assert policy_of(response) == f"https://private.example.com/{resource}"


@pytest.mark.parametrize(
    "host", ["www.EXAMPLE.com", "www.example.com:8000", "www.example.com."]
)
def test_a_host_is_read_as_browsers_write_it(host):
    given = answered(cookies.with_media_cookies()(page), host=host).cookies
    assert given["CloudFront-Policy"]["domain"] == "example.com"


def test_a_site_without_a_common_domain_is_refused():
    view = cookies.with_media_cookies()(page)
    with pytest.raises(ValueError, match="a domain that they share with the site"):
        answered(view, host="www.example.org")


def test_the_middleware_leaves_a_host_without_a_common_domain_alone():
    # Staff may come by an internal name.
    there = {cookies.NAMES[0]: "x"}
    for known in (True, False):
        given = answered(user_of(known), host="admin.internal", **there)
        assert (given.status_code, given.cookies) == (200, {})


def test_a_login_gives_cookies_and_a_logout_takes_them():
    given = values(answered(user_of(True)))
    assert set(given) == set(cookies.NAMES)
    for status in (200, 302):
        taken = answered(user_of(False, status), **given).cookies
        assert set(taken) == set(cookies.NAMES)
        for one in taken.values():
            assert (one["max-age"], one["domain"]) == (0, "example.com")
            assert one["secure"] and one["httponly"] and one["samesite"] == "Lax"
            assert one["expires"].endswith("1970 00:00:00 GMT")
    assert answered(user_of(False)).cookies == {}


def test_the_middleware_gives_cookies_under_asgi_too():
    async def view(request):
        return HttpResponse()

    async def user():
        return SimpleNamespace(is_authenticated=True)

    request = RequestFactory().get("/", headers={"host": "www.example.com"})
    request.auser = user
    response = asyncio.run(cookies.media_cookies_middleware(view)(request))
    assert set(response.cookies) == set(cookies.NAMES)
