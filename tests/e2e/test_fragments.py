"""Pages that fetch parts of themselves, over three releases, with htmx and Turbo from npm."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from browser_support import fresh_profile
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path
from docs_support import ROOT, fenced
from pages_support import Hosts, cdn, rendered, serve, set_up_django, urls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPTS = {
    "htmx 4": "htmx/dist/htmx.min.js",
    "htmx 2": "htmx-2/dist/htmx.min.js",
    "Turbo": "@hotwired/turbo/dist/turbo.es2017-umd.js",
}
BUILDS = ("b1", "b2", "b3")
PAGE = """{% load static cdn %}<!doctype html>
<link rel="icon" href="data:,">
<script src="{% static 'library.js' %}"></script>
DOCUMENTED
<h1>{% cdn_build %}</h1>
<button id="get" hx-get="/part/" hx-target="#part">get</button>
<button id="post" hx-post="/part/" hx-target="#part">post</button>
<a id="boosted" hx-boost="true" href="/part/?boosted">boosted</a>
<a id="frame" href="/part/" data-turbo-frame="part">frame</a>
<turbo-frame id="part">none</turbo-frame>
"""
PART = (
    '{% load cdn %}<turbo-frame id="part">part of {% cdn_build %}</turbo-frame>'
    '<h1 class="of-part">{% cdn_build %}</h1>'
)


@pytest.fixture(scope="module", autouse=True)
def _django():
    set_up_django()


class Site:
    """A site that is released again and again while a page is open."""

    def __init__(self, address, page, hosts):
        self.address, self.page, self.hosts = address, page, hosts
        self.posts, self.kept = 0, ""

    @contextmanager
    def release(self, build):
        url = f"http://{{label}}.cloudfront.localhost:{self.hosts.port}"
        new = cdn(url_format=url, build_version=build)
        with override_settings(CDN=new, **urls(new)):
            yield

    def text(self, selector):
        return self.page.text_content(selector)


@pytest.fixture
def site_with(browser, node):
    @contextmanager
    def open_site(library, *, middleware=True):
        html = next(
            text
            for kind, text in fenced(ROOT / "docs" / "pages.md")
            if kind == "html" and "hx-headers" in text
        )
        script = (node / "node_modules" / SCRIPTS[library]).read_bytes()

        def part(request):
            site.posts += request.method == "POST"
            return HttpResponse(rendered(PART))

        def kept(request):
            site.kept = site.kept or rendered(template)
            return HttpResponse(site.kept)

        chosen = ["dj_cloudfront.middleware.FragmentMiddleware"] if middleware else []
        with Hosts() as hosts, fresh_profile(browser) as visit:
            hosts.hold({f"/{build}/library.js": script for build in BUILDS})
            site = Site("", visit.page, hosts)
            template = PAGE.replace("DOCUMENTED", html)
            with serve(
                template,
                hosts.cdn(),
                more=[path("part/", part), path("kept/", kept)],
                MIDDLEWARE=chosen,
            ) as site.address:
                visit.open(site.address)
                yield site

    return open_site


@pytest.mark.parametrize("library", ["htmx 2", "htmx 4"])
def test_htmx_reloads_a_page_of_an_older_build_once(site_with, library):
    with site_with(library) as site:
        site.page.click("#get")
        site.page.wait_for_selector("text=part of b1")
        for build in BUILDS[1:]:
            with site.release(build):
                # As a minute later.
                site.page.context.clear_cookies()
                site.page.click("#get")
                site.page.wait_for_selector(f"h1:text-is('{build}')")
                assert site.text("turbo-frame") == "none", "it is a new page"
                site.page.click("#get")
                site.page.wait_for_selector(f"text=part of {build}")
                assert site.page.query_selector("#get"), "and stays"


@pytest.mark.parametrize("library", ["htmx 2", "htmx 4"])
def test_a_boosted_link_opens_as_a_page(site_with, library):
    with site_with(library) as site, site.release("b2"):
        site.page.click("#boosted")
        site.page.wait_for_url(f"{site.address}/part/?boosted")
        assert site.page.query_selector("#get") is None


@pytest.mark.parametrize("library", ["htmx 2", "htmx 4"])
def test_a_page_that_a_cache_keeps_reloads_once(site_with, library):
    with site_with(library) as site:
        site.page.goto(f"{site.address}/kept/")
        with site.release("b2"):
            with site.page.expect_navigation():
                site.page.click("#get")
            site.page.click("#get")
            site.page.wait_for_selector("text=part of b2")


def test_what_is_sent_is_carried_out_before_the_reload(site_with):
    with site_with("htmx 2") as site, site.release("b2"):
        site.page.click("#post")
        site.page.wait_for_selector("h1:text-is('b2'):not(.of-part)")
        assert site.posts == 1


def test_turbo_opens_the_url_of_a_frame_as_a_page(site_with):
    with site_with("Turbo") as site:
        site.page.click("#frame")
        site.page.wait_for_selector("text=part of b1")
        assert site.page.url == f"{site.address}/"
        for build in BUILDS[1:]:
            with site.release(build):
                # As a minute later.
                site.page.context.clear_cookies()
                site.page.goto(site.address)
            with site.release("b3" if build == "b2" else "b1"):
                site.page.click("#frame")
                site.page.wait_for_url(f"{site.address}/part/")
                assert site.page.query_selector("#frame") is None


@pytest.mark.parametrize("library", ["htmx 2", "Turbo"])
def test_without_the_middleware_the_part_comes_into_the_old_page(site_with, library):
    with site_with(library, middleware=False) as site, site.release("b2"):
        site.page.click("#get" if library != "Turbo" else "#frame")
        site.page.wait_for_selector("text=part of b2")
        assert site.text("h1:not(.of-part)") == "b1"
