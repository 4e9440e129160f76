"""Origins that fail: attempts, failover, and what the viewer sees."""

from __future__ import annotations

import pytest
from edge_support import (
    EVERY_METHOD,
    ORIGIN,
    CountingOrigin,
    Reply,
    RunningEdge,
    deployed,
    distribution,
    named,
)


@pytest.mark.documented(
    "Custom error pages replace body and status", "GeneratingCustomErrorResponses"
)
def test_error_page_replaces_body_and_status(start, origin):
    rule = {
        "ErrorCode": 404,
        "ErrorCachingMinTTL": 0,
        "ResponsePagePath": "/404.html",
        "ResponseCode": "410",
    }
    edge = start(distribution(CustomErrorResponses=named(rule)))
    origin.default = Reply(status=404)
    origin.replies["/static/404.html"] = Reply(body=b"gone")
    got = edge.get("/x")
    assert (got.status, got.body, got.cache) == (410, b"gone", "Error")


@pytest.mark.documented(
    "A silent origin is a 504, an unreachable one a 502", "DownloadDistValuesOrigin"
)
def test_silent_origin_is_504_after_the_read_timeout(start, origin):
    patience = {"ConnectionAttempts": 1, "CustomOriginConfig": {"OriginReadTimeout": 1}}
    edge = start(distribution(origin=patience))
    origin.default = Reply(delay=3)
    assert edge.get("/x").status == 504


@pytest.mark.documented("Connection attempts are exact", "DownloadDistValuesOrigin")
@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_a_connection_that_drops_is_tried_as_often_as_configured(
    start, origin, attempts
):
    edge = start(distribution(origin={"ConnectionAttempts": attempts}))
    origin.default = Reply(drop=True)
    assert (edge.get("/x").status, origin.count) == (502, attempts)


@pytest.mark.documented(
    "Only GET and HEAD are repeated", "RequestAndResponseBehaviorCustomOrigin"
)
@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "POST", "PUT"])
def test_a_method_that_is_no_get_is_never_repeated(start, origin, method):
    edge = start(distribution(default=EVERY_METHOD))
    origin.default = Reply(drop=True)
    body = None if method in ("DELETE", "OPTIONS") else b"a"
    assert (edge.get("/x", method=method, body=body).status, origin.count) == (502, 1)


def page_rule(**more):
    rule = {"ErrorCode": 500, "ErrorCachingMinTTL": 5, "ResponsePagePath": "/e.html"}
    return distribution(
        CustomErrorResponses=named({**rule, "ResponseCode": 500, **more})
    )


@pytest.mark.documented(
    "A missing error page shows the status of the page",
    "GeneratingCustomErrorResponses",
)
def test_missing_error_page_shows_the_status_of_the_page(start, origin):
    edge = start(page_rule())
    origin.default = Reply(status=500)
    origin.replies["/static/e.html"] = Reply(status=404, body=b"no page")
    got = edge.get("/x")
    assert (got.status, got.body, got.cache) == (404, b"no page", "Error")


def test_error_shown_as_200_is_an_error_in_x_cache_and_in_the_log(start, origin):
    edge = start(page_rule(ResponseCode=200))
    origin.default = Reply(status=500)
    origin.replies["/static/e.html"] = Reply(body=b"sorry")
    for _ in range(2):
        got = edge.get("/x")
        assert (got.status, got.body, got.cache) == (200, b"sorry", "Error")
    assert all(" 200 Error " in line for line in edge.log)


@pytest.mark.documented("An error page lives as long as its error", "HTTPStatusCodes")
def test_error_page_lives_as_long_as_the_error(start, origin):
    edge = start(page_rule())
    origin.default = Reply(status=500)
    no_store = {"Cache-Control": "no-store"}
    origin.replies["/static/e.html"] = Reply(headers=no_store, body=b"sorry")
    assert [edge.get("/x").body for _ in range(3)] == [b"sorry"] * 3
    assert origin.targets == ["/static/x", "/static/e.html"]
    edge.clock.advance(6)
    edge.get("/x")
    assert origin.count == 4


def group(*statuses):
    first = distribution()["DistributionConfig"]["Origins"]["Items"][0]
    second = {"Id": "second", "DomainName": "second.example.com", "OriginPath": "/s"}
    members = named({"OriginId": "origin"}, {"OriginId": "second"})
    criteria = {"FailoverCriteria": {"StatusCodes": named(*statuses)}}
    return distribution(
        Origins=named(first, second),
        OriginGroups=named({"Id": "group", "Members": members, **criteria}),
        default={**EVERY_METHOD, "TargetOriginId": "group"},
    )


@pytest.mark.documented(
    "Origin failover: the statuses of the group, connections and time; GET, HEAD and OPTIONS",
    "high_availability_origin_failover",
)
@pytest.mark.parametrize(
    ("reply", "statuses", "body"),
    [
        (Reply(status=404, body=b"first"), (404,), b"second"),
        (Reply(status=404, body=b"first"), (500,), b"first"),
        (Reply(drop=True), (503,), b"second"),
    ],
)
def test_second_origin_is_asked_at_the_statuses_of_the_group(
    origin, reply, statuses, body
):
    with CountingOrigin() as second:
        second.default = Reply(body=b"second")
        origin.default = reply
        table = {ORIGIN: origin, "second.example.com": second}
        with RunningEdge(deployed(group(*statuses)), origins=table) as edge:
            assert edge.get("/x").body == body
            if body == b"second":
                assert second.targets == ["/s/x"]
                assert edge.get("/x", method="POST", body=b"a").status != 200
                assert second.count == 1
