"""Invalidations: what they take, also of what is being fetched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from edge_support import LONG, Reply, until


@pytest.mark.documented(
    "Invalidations by path, with `*` at the end", "invalidation-specifying-objects"
)
def test_invalidation_takes_all_variants_of_a_path_and_nothing_else(edge, origin):
    origin.default = Reply(headers=LONG)
    for target in ("/a/x", "/a/y", "/b/x"):
        edge.get(target)
        edge.get(target, headers={"Origin": "https://a"})
    edge.invalidate("/a/x", "/b*", "/A/y")
    edge.invalidate("/*", distribution_id="D222")
    results = {path: edge.get(path).cache for path in ("/a/x", "/a/y", "/b/x")}
    assert results == {"/a/x": "Miss", "/a/y": "Hit", "/b/x": "Miss"}
    assert edge.get("/a/x", headers={"Origin": "https://a"}).cache == "Miss"


def test_invalidation_during_a_fetch_takes_what_was_asked_before(edge, origin):
    is_invalidated = Event()
    origin.default = Reply(headers=LONG, delay=is_invalidated)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(edge.get, "/x")
        until(lambda: origin.count == 1)
        edge.invalidate("/x")
        is_invalidated.set()
        assert first.result().status == 200
    assert (edge.get("/x").cache, origin.count) == ("Miss", 2)
