"""Copies that have expired: asked for again, or shown in the place of an error."""

from __future__ import annotations

from threading import Event

import pytest
from edge_support import (
    EVERY_METHOD,
    LONG,
    ORIGIN,
    Reply,
    RunningEdge,
    at_once,
    cache_policy,
    deployed,
    distribution,
    until,
)


def expire(edge, origin, *, seconds=61, body=b"body", **reply):
    """Leave a copy of /x in the edge that has expired."""
    headers = {"Cache-Control": "max-age=60", **reply.pop("headers", {})}
    origin.default = Reply(headers=headers, body=body, **reply)
    edge.get("/x")
    edge.clock.advance(seconds)


@pytest.mark.documented(
    "Expired copies stand in for an origin that fails",
    "RequestAndResponseBehaviorCustomOrigin",
)
@pytest.mark.parametrize("failure", ["down", "500", "dropped"])
def test_expired_copy_stands_in_for_an_origin_that_fails(edge, origin, failure):
    expire(edge, origin, seconds=120, body=b"old")
    if failure == "down":
        origin.stop()
    origin.default = Reply(status=500, drop=failure == "dropped")
    got = edge.get("/x")
    assert (got.status, got.body, got.headers["age"]) == (200, b"old", "120")
    if failure == "down":
        origin.start()


def test_origin_that_failed_is_asked_again_after_the_error_ttl(edge, origin):
    expire(edge, origin, seconds=120)
    origin.default = Reply(status=500)
    assert [edge.get("/x").status for _ in range(3)] == [200] * 3
    assert origin.count == 2
    edge.clock.advance(6)
    edge.get("/x")
    assert origin.count == 3


def test_expired_copy_does_not_hide_a_404(edge, origin):
    expire(edge, origin)
    origin.default = Reply(status=404)
    assert edge.get("/x").status == 404


def test_expired_404_does_not_stand_in_for_a_500(edge, origin):
    expire(edge, origin, status=404)
    origin.default = Reply(status=500)
    assert edge.get("/x").status == 500


@pytest.mark.documented("`stale-if-error`", "Expiration")
def test_stale_if_error_0_shows_the_error(edge, origin):
    expire(edge, origin, headers={"Cache-Control": "max-age=60, stale-if-error=0"})
    origin.default = Reply(status=500)
    assert edge.get("/x").status == 500


@pytest.mark.documented("`stale-while-revalidate`", "Expiration")
def test_stale_while_revalidate_answers_at_once_and_fetches_behind(edge, origin):
    control = {"Cache-Control": "max-age=60, stale-while-revalidate=60"}
    expire(edge, origin, seconds=90, body=b"old", headers=control)
    is_shown = Event()
    origin.default = Reply(headers=control, body=b"new", delay=is_shown)
    assert edge.get("/x").body == b"old"
    is_shown.set()
    until(lambda: edge.get("/x").body == b"new")
    assert origin.count == 2


@pytest.mark.documented(
    "Expired copies are revalidated by `ETag` and `Last-Modified`", "Expiration"
)
def test_expired_copy_is_revalidated_by_its_etag(edge, origin):
    expire(edge, origin, body=b"same", headers={"ETag": '"1"'})
    got = edge.get("/x")
    assert (got.cache, got.body, got.headers["age"]) == ("RefreshHit", b"same", "0")
    assert origin.asked[1].headers["if-none-match"] == '"1"'
    assert (edge.get("/x").cache, origin.count) == ("Hit", 2)


@pytest.mark.documented(
    "Forwarded cookies stop request collapsing and revalidation",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_forwarded_cookies_stop_collapsing_and_revalidation(start, origin):
    edge = start(cache=cache_policy(CookiesConfig={"CookieBehavior": "all"}))
    headers = {"Cache-Control": "max-age=60", "ETag": '"1"'}
    origin.default = Reply(headers=headers, delay=0.2)
    at_once(edge, 5, 200)
    assert origin.count == 5
    edge.clock.advance(61)
    assert edge.get("/x").cache == "Miss"
    assert "if-none-match" not in origin.asked[-1].headers


def test_vary_star_is_fetched_every_time(edge, origin):
    origin.default = Reply(headers={**LONG, "Vary": "*"})
    edge.get("/x")
    edge.get("/x")
    assert origin.count == 2


@pytest.mark.documented(
    "`Vary` loses what the origin never saw", "RequestAndResponseBehaviorCustomOrigin"
)
def test_vary_loses_what_the_origin_never_saw(edge, origin):
    origin.default = Reply(headers={"Vary": "Origin, User-Agent, Accept-Encoding"})
    assert edge.get("/x").headers["vary"] == "Origin, Accept-Encoding"


@pytest.mark.documented(
    "Conditional requests are answered from the cache",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_viewer_that_has_the_copy_gets_304(edge, origin):
    origin.default = Reply(headers={**LONG, "ETag": '"1"'})
    edge.get("/x")
    got = edge.get("/x", headers={"If-None-Match": 'W/"1"'})
    assert (got.status, got.body, got.cache) == (304, b"", "Hit")
    assert edge.get("/x", headers={"If-None-Match": '"2"'}).status == 200
    assert origin.count == 1


@pytest.mark.documented(
    "Conditions reach the origin where nothing is cached",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_conditions_reach_an_origin_whose_answers_are_not_kept(start, origin):
    edge = start(distribution(default=EVERY_METHOD))
    edge.get("/x", method="PUT", body=b"a", headers={"If-Match": '"1"'})
    assert origin.asked[0].headers["if-match"] == '"1"'


def test_condition_that_fails_on_a_hit_is_412(edge, origin):
    origin.default = Reply(headers={**LONG, "ETag": '"1"'})
    edge.get("/x")
    assert edge.get("/x", headers={"If-Match": '"1"'}).status == 200
    assert edge.get("/x", headers={"If-Match": '"2"'}).status == 412
    assert origin.count == 1


@pytest.mark.documented(
    "`no-store`, `no-cache` and `private` stand in for a dead origin with a minimum or maximum TTL above 0",
    "Expiration",
    otherwise="The guide of 2023 says so of a minimum TTL only: `--standby minimum`.",
)
def test_refused_caching_still_serves_when_the_origin_is_dead(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "private"}, body=b"mine")
    edge.get("/x")
    origin.default = Reply(status=500)
    assert edge.get("/x").status == 500
    origin.default = Reply(headers={"Cache-Control": "private"}, body=b"mine")
    edge.clock.advance(6)
    edge.get("/x")
    origin.stop()
    assert edge.get("/x").body == b"mine"
    origin.start()


@pytest.mark.parametrize(("minimum", "status"), [(0, 502), (5, 200)])
def test_by_the_older_guide_refused_caching_needs_a_minimum_ttl(
    origin, minimum, status
):
    origin.default = Reply(headers={"Cache-Control": "private"})
    source = deployed(cache=cache_policy(min_ttl=minimum))
    with RunningEdge(source, origins={ORIGIN: origin}, standby=False) as edge:
        edge.get("/x")
        edge.clock.advance(6)
        origin.stop()
        assert edge.get("/x").status == status
        origin.start()


@pytest.mark.documented(
    "`X-Cache`: `RefreshHit` when the origin was asked, `Hit` until the error TTL ends",
    "standard-logs-reference",
    otherwise="Which of the two a stale copy gets within the error TTL, no page says.",
)
def test_stale_copy_after_a_failure_is_a_refresh_hit_and_then_a_hit(edge, origin):
    expire(edge, origin)
    origin.default = Reply(status=500)
    assert [edge.get("/x").cache for _ in range(2)] == ["RefreshHit", "Hit"]
