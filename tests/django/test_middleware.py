from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory

from dj_cloudfront.middleware import CdnTreeMiddleware


@pytest.fixture(scope="module", autouse=True)
def django_settings():
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8")


def page(request):
    return HttpResponse("page")


async def async_page(request):
    return HttpResponse("page")


def get(tree=None):
    headers = {} if tree is None else {"X-Cdn-Tree": tree}
    return RequestFactory().get("/admin/", headers=headers)


@pytest.mark.parametrize("tree", ["static", "media", "anything", ""])
def test_a_request_that_came_through_a_distribution_finds_nothing(tree):
    response = CdnTreeMiddleware(page)(get(tree))
    assert response.status_code == 404
    assert response["Cache-Control"] == "no-store"


def test_other_requests_pass():
    assert CdnTreeMiddleware(page)(get()).content == b"page"


@pytest.mark.parametrize(("tree", "status"), [("static", 404), (None, 200)])
def test_the_same_under_asgi(tree, status):
    middleware = CdnTreeMiddleware(async_page)
    assert iscoroutinefunction(middleware)
    assert asyncio.run(middleware(get(tree))).status_code == status


def test_a_synchronous_chain_stays_synchronous():
    assert not iscoroutinefunction(CdnTreeMiddleware(page))
