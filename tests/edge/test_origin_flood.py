"""What a flood of invented `Origin` headers costs the server, counted there."""

from __future__ import annotations

import pytest
from edge_support import (
    CORS_REQUEST,
    ORIGIN,
    CountingOrigin,
    Reply,
    RunningEdge,
    cache_policy,
    deployed,
)

from constructs_lib import Cors

ORIGINS = 50


@pytest.mark.parametrize(
    ("cors", "requests"),
    [
        (Cors.forward(), ORIGINS),
        (Cors.any_origin(), 1),
        (Cors.allow_origins("https://www.example.com"), 1),
    ],
    ids=["forward", "any_origin", "allow_origins"],
)
def test_each_origin_costs_a_request_only_where_the_server_decides(cors, requests):
    assert cors.key_headers in ((), CORS_REQUEST)
    with CountingOrigin() as origin:
        origin.default = Reply(headers={"Cache-Control": "max-age=60"})
        policies = {"cache": cache_policy(headers=cors.key_headers)}
        with RunningEdge(deployed(**policies), origins={ORIGIN: origin}) as edge:
            for number in range(ORIGINS):
                asker = f"https://{number}.example"
                assert edge.get("/b1/site.css", headers={"Origin": asker}).status == 200
        assert origin.count == requests
