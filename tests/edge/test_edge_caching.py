"""What is kept, for how long, and what one fetch serves."""

from __future__ import annotations

import socket

import pytest
from edge_support import (
    LONG,
    ORIGIN,
    STATIC,
    Reply,
    RunningEdge,
    at_once,
    cache_policy,
    deployed,
    distribution,
    until,
)


def test_second_request_is_a_hit_and_tells_its_age(edge, origin):
    origin.default = Reply(headers={**LONG, "Age": "7"}, body=b"p {}")
    assert edge.get("/b1/site.css").cache == "Miss"
    edge.clock.advance(90)
    second = edge.get("/b1/site.css")
    assert (second.cache, second.headers["age"], second.body) == ("Hit", "97", b"p {}")
    assert origin.targets == ["/static/b1/site.css"]


def test_404_without_cache_header_and_error_ttl_0_is_asked_every_time(edge, origin):
    origin.default = Reply(status=404)
    first, second = edge.get("/x"), edge.get("/x")
    assert (first.status, second.cache, origin.count) == (404, "Error", 2)


def test_500_is_asked_again_only_after_the_error_ttl(edge, origin):
    origin.default = Reply(status=500)
    edge.get("/x")
    edge.clock.advance(4)
    assert (edge.get("/x").status, origin.count) == (500, 1)
    edge.clock.advance(2)
    edge.get("/x")
    assert origin.count == 2


@pytest.mark.parametrize("refusal", ["no-store", "no-cache", "private, max-age=60"])
def test_what_refuses_caching_is_asked_every_time(edge, origin, refusal):
    origin.default = Reply(headers={"Cache-Control": refusal})
    assert [edge.get("/x").cache for _ in range(3)] == ["Miss"] * 3
    assert origin.count == 3


@pytest.mark.documented(
    "Simultaneous misses are one request; those who waited are shown as `Hit`",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_twenty_simultaneous_misses_are_one_request(edge, origin):
    origin.default = Reply(headers=LONG, delay=0.4)
    assert len(at_once(edge, 20, 200)) == 20
    assert origin.count == 1


def test_simultaneous_requests_for_what_is_not_kept_all_go_to_the_origin(edge, origin):
    origin.default = Reply(headers={"Cache-Control": "no-store"}, delay=0.2)
    at_once(edge, 5, 200)
    assert origin.count == 5


def test_viewer_that_leaves_does_not_take_the_answer_from_the_others(edge, origin):
    origin.default = Reply(headers=LONG, delay=0.4)
    with socket.create_connection(("127.0.0.1", edge.port)) as leaver:
        leaver.sendall(b"GET /x HTTP/1.1\r\nHost: " + STATIC.encode() + b"\r\n\r\n")
        until(lambda: origin.count == 1)
    assert (edge.get("/x").status, origin.count) == (200, 1)


def test_body_too_large_for_the_cache_streams_through(origin):
    large = bytes(range(256)) * 4096
    origin.default = Reply(headers=LONG, body=large, ranges=True)
    with RunningEdge(deployed(), origins={ORIGIN: origin}, capacity=1_000_000) as edge:
        first, second = edge.get("/x"), edge.get("/x")
        part = edge.get("/x", headers={"Range": "bytes=300000-300003"})
        head = edge.get("/x", method="HEAD")
    assert (first.body == large, second.cache, origin.count) == (True, "Miss", 4)
    assert (part.status, part.body) == (206, large[300000:300004])
    assert head.headers["content-length"] == str(len(large))


def test_least_recently_used_copy_goes_first(origin):
    origin.default = Reply(headers=LONG, body=b"x" * 30_000)
    with RunningEdge(deployed(), origins={ORIGIN: origin}, capacity=300_000) as edge:
        for number in range(12):
            edge.get(f"/{number}")
            edge.get("/0")
        assert edge.get("/11").cache == "Hit"
        assert edge.get("/1").cache == "Miss"
    assert origin.targets.count("/static/0") == 1


@pytest.mark.documented(
    "HEAD shares the copy of GET; one that misses fetches what a GET would (assumed)",
    "RequestAndResponseBehaviorCustomOrigin",
)
def test_head_shares_the_entry_of_get(edge, origin):
    origin.default = Reply(headers=LONG, body=b"12345")
    head = edge.get("/x", method="HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", "5")
    assert edge.get("/x").cache == "Hit"
    assert [one.method for one in origin.asked] == ["GET"]


def test_disabled_caching_passes_everything_on(start, origin):
    policy = cache_policy(default_ttl=0, max_ttl=0, headers=(), compressed=False)
    edge = start(cache=policy)
    origin.default = Reply(status=206, headers=LONG, body=b"01")
    edge.get("/x", headers={"Range": "bytes=0-1"})
    assert edge.get("/x", method="HEAD").headers["content-length"] == "2"
    assert [one.method for one in origin.asked] == ["GET", "HEAD"]
    assert origin.asked[0].headers["range"] == "bytes=0-1"


@pytest.mark.documented(
    "`Set-Cookie` is removed where settings from before policies forward no cookies",
    "Cookies",
)
@pytest.mark.parametrize(("forward", "passes"), [("none", False), ("all", True)])
def test_set_cookie_goes_where_old_settings_forward_no_cookies(
    start, origin, forward, passes
):
    values = {"QueryString": False, "Cookies": {"Forward": forward}}
    behavior = {"CachePolicyId": "", "ForwardedValues": values, "MinTTL": 0}
    edge = start(distribution(default=behavior))
    origin.default = Reply(headers={**LONG, "Set-Cookie": "a=1"})
    assert ("set-cookie" in edge.get("/a").headers) == passes
    assert ("set-cookie" in edge.get("/a").headers) == passes


@pytest.mark.documented(
    "`Set-Cookie` passes and is cached where policies forward no cookies",
    "Cookies",
    otherwise="The guide removes it, on a page about the settings before policies.",
)
def test_set_cookie_passes_where_no_policy_removes_it(edge, origin):
    origin.default = Reply(headers={"Set-Cookie": "a=1"})
    assert edge.get("/x").headers["set-cookie"] == "a=1"


@pytest.mark.documented(
    '`no-cache="Set-Cookie"` keeps the object without its cookie', "Cookies"
)
def test_set_cookie_that_no_cache_names_goes_to_the_first_viewer_alone(edge, origin):
    headers = {
        "Cache-Control": 'max-age=60, no-cache="Set-Cookie"',
        "Set-Cookie": "a=1",
    }
    origin.default = Reply(headers=headers)
    first, second = edge.get("/x"), edge.get("/x")
    assert (first.headers.get("set-cookie"), second.cache) == ("a=1", "Hit")
    assert "set-cookie" not in second.headers
