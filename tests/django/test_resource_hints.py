from __future__ import annotations

import asyncio
import re

import pytest
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from pages_support import MEDIA, STATIC, cdn, page_settings, rendered, set_up_django

from dj_cloudfront import resource_hints
from dj_cloudfront.resource_hints import PreconnectMiddleware

S, M = f"https://{STATIC}", f"https://{MEDIA}"
HEADER = (
    f"<{S}>; rel=preconnect, <{S}>; rel=preconnect; crossorigin, <{M}>; rel=preconnect"
)


@pytest.fixture(scope="module", autouse=True)
def _django():
    set_up_django()


def html(text, **values):
    with page_settings(cdn(**values)):
        return rendered("{% load cdn %}" + text)


# -- tags


def test_a_page_preconnects_to_both_hosts_and_twice_to_that_of_fonts():
    assert html("{% cdn_preconnect %}").splitlines() == [
        f'<link rel="preconnect" href="{S}">',
        f'<link rel="preconnect" href="{S}" crossorigin>',
        f'<link rel="preconnect" href="{M}">',
    ]


def test_there_is_nothing_to_preconnect_to_with_local_urls_or_without_a_half():
    assert html("{% cdn_preconnect %}", local=True) == ""
    assert html("{% cdn_preconnect %}", names=("", MEDIA)).count("<link") == 1
    assert html("{% cdn_preconnect %}", names=(STATIC, "")).count("<link") == 2


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("css/site.css", 'as="style"'),
        ("js/main.js", 'as="script"'),
        ("f/board.woff2", 'as="font" type="font/woff2" crossorigin'),
        ("f/board.TTF", 'as="font" type="font/ttf" crossorigin'),
        ("img/photo.JPG", 'as="image" type="image/jpeg"'),
        ("img/logo.svg", 'as="image" type="image/svg+xml"'),
        ("data.json", 'as="fetch" crossorigin'),
        ("lib.wasm", 'as="fetch" crossorigin'),
    ],
)
def test_a_file_is_preloaded_as_the_page_will_ask_for_it(name, attributes):
    assert html(f'{{% cdn_preload "{name}" %}}') == (
        f'<link rel="preload" href="{S}/b1/{name}" {attributes}>'
    )


@pytest.mark.parametrize("tag", ['"js/main.js" module=True', '"js/main.mjs"'])
def test_a_module_is_preloaded_as_one(tag):
    assert re.fullmatch(
        rf'<link rel="modulepreload" href="{S}/b1/js/main.m?js">',
        html(f"{{% cdn_preload {tag} %}}"),
    )


def test_local_files_are_preloaded_too():
    assert html('{% cdn_preload "board.woff2" %}', local=True) == (
        '<link rel="preload" href="/static/board.woff2" as="font" type="font/woff2" '
        "crossorigin>"
    )


@pytest.mark.parametrize("name", ["report.pdf", "video.mp4", "css", "site.css/", ""])
def test_fails_for_a_file_that_browsers_do_not_preload(name):
    with pytest.raises(ValueError) as error:
        html(f'{{% cdn_preload "{name}" %}}')
    assert str(error.value) == (
        "cdn_preload must get the name of a static file that browsers can preload, such as "
        f"'css/site.css', got {name!r}: it may end in {', '.join(sorted(resource_hints.PRELOADS))}"
    )


def test_fails_when_something_else_than_a_script_is_called_a_module():
    with pytest.raises(ValueError, match="module must be given for a script, such as"):
        html('{% cdn_preload "css/site.css" module=True %}')


def test_neither_a_name_nor_a_storage_can_write_html():
    assert 'b1/a%26quot&#x27;%3Cb%3E.css"' in html(
        """{% cdn_preload "a&quot'<b>.css" %}"""
    )
    storage = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
        "OPTIONS": {"base_url": 'https://a.example/"><b>&'},
    }
    with page_settings(cdn(), STORAGES={"staticfiles": storage}):
        link = rendered('{% load cdn %}{% cdn_preload "a.css" %}')
    assert 'href="https://a.example/&quot;&gt;&lt;b&gt;&amp;/a.css"' in link


def test_fails_without_a_cdn_in_the_settings():
    with (
        page_settings(cdn(), CDN=None),
        pytest.raises(ImproperlyConfigured, match="CDN must be the value of"),
    ):
        rendered("{% load cdn %}{% cdn_preconnect %}")


# -- the header


def middleware(response, **values):
    with override_settings(CDN=cdn(**values)):
        return PreconnectMiddleware(lambda request: response)


def answer(response):
    return middleware(response)(RequestFactory().get("/"))


@pytest.mark.parametrize(
    "values", [{}, {"status": 404}, {"content_type": "Text/HTML ;charset=utf-8"}]
)
def test_a_page_says_its_hosts_in_a_header(values):
    assert answer(HttpResponse("page", **values))["Link"] == HEADER


@pytest.mark.parametrize(
    "values",
    [
        {"content_type": "application/json"},
        {"content_type": "text/html-like"},
        {"status": 302, "headers": {"Location": "/"}},
        {"status": 304},
    ],
)
def test_what_is_no_page_says_nothing(values):
    assert "Link" not in answer(HttpResponse("{}", **values))


def test_another_link_stays_and_comes_first():
    there = '</api/>; rel="service-desc"'
    response = HttpResponse("page", headers={"Link": there})
    assert answer(response)["Link"] == f"{there}, {HEADER}"


def test_the_middleware_takes_itself_out_with_local_urls():
    with pytest.raises(MiddlewareNotUsed):
        middleware(HttpResponse("page"), local=True)


def test_the_same_under_asgi():
    async def page(request):
        return HttpResponse("page")

    with override_settings(CDN=cdn()):
        chain = PreconnectMiddleware(page)
    assert asyncio.run(chain(RequestFactory().get("/")))["Link"] == HEADER
