"""Hashed names, against Django's `ManifestStaticFilesStorage`."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Sequence

from benchmarks import limits
from benchmarks.django_builds import Workshop, workshop
from benchmarks.pairs import Figure, compare
from benchmarks.site import names


def figures() -> Sequence[Figure]:
    with workshop() as shop:
        found = compare(
            "publishing hashed names of 5,000 files and 100 MB, 1 % of the files changed",
            lambda: shop.publish("ManifestBuildStorage"),
            "the time of collectstatic with ManifestStaticFilesStorage",
            lambda: shop.collect("ManifestStaticFilesStorage"),
            pairs=3,
            limit=limits.HASHING,
            before=shop.clean,
        )
        _check(shop)
    return [found]


def _check(shop: Workshop) -> None:
    """That both have made the same of the same sources."""
    theirs = shop.collect("ManifestStaticFilesStorage")
    ours = shop.publish("ManifestBuildStorage")
    wanted = json.loads((theirs / "staticfiles.json").read_bytes())["paths"]
    found = json.loads((ours / ".staticfiles.json").read_bytes())["paths"]
    assert found == wanted and len(found) == len(names()), "the names must be Django's"
    everything = [*found, *found.values()]
    equal, *_ = filecmp.cmpfiles(ours, theirs, everything, shallow=False)
    assert len(equal) == len(everything), "the bytes must be Django's"
