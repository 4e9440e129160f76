"""Invalidations: read from the AWS API, and which copies they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cdn_edge.cache_key import Key
from cdn_edge.cloudfront_api import call, pages
from cdn_model.values import sequence


@dataclass(frozen=True, kw_only=True)
class Invalidation:
    """Paths of one distribution whose copies are to go.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """

    distribution_id: str
    paths: Sequence[str]

    def covers(self, key: Key, tags: frozenset[str] = frozenset()) -> bool:
        """All variants of a path go together; ``*`` means something at the end only.

        ``#news`` is no path: it means all copies that the origin gave this tag.
        """
        if key.distribution_id != self.distribution_id:
            return False
        return any(
            path[1:].lower() in tags
            if path.startswith("#")
            else _covers("/" + path.lstrip("/"), key.url)
            for path in self.paths
        )


def _covers(path: str, url: str) -> bool:
    if path.endswith("*"):
        return url.startswith(path[:-1])
    return url == path


@dataclass(kw_only=True)
class Invalidations:
    """Those not seen before.

    :param client: A boto3 client for CloudFront.
    :param ids: Tells the distributions to look at.
    """

    client: object
    ids: Callable[[], Sequence[str]]
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def read(self) -> Sequence[Invalidation] | None:
        found = [
            self._detailed(distribution_id, invalidation_id)
            for distribution_id in self.ids()
            for invalidation_id in self._listed(distribution_id)
            if (distribution_id, invalidation_id) not in self._seen
        ]
        self._seen.update((one.distribution_id, one_id) for one, one_id in found)
        return [one for one, _ in found] or None

    def _listed(self, distribution_id: str) -> Sequence[str]:
        listed = {"DistributionId": distribution_id}
        items = pages(self.client, "list_invalidations", "InvalidationList", **listed)
        return [str(item["Id"]) for item in items]

    def _detailed(
        self, distribution_id: str, invalidation_id: str
    ) -> tuple[Invalidation, str]:
        asked = {"DistributionId": distribution_id, "Id": invalidation_id}
        answer = call(self.client, "get_invalidation", **asked)
        batch = answer["Invalidation"]["InvalidationBatch"]
        invalidation = Invalidation(
            distribution_id=distribution_id, paths=sequence(batch["Paths"])
        )
        return invalidation, invalidation_id
