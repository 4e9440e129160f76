"""Reading through CloudFront's API, again and again: what is deployed, and invalidations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cdn_edge.cache_key import Key
from cdn_edge.configuration import Configuration
from cdn_edge.distributions import Source, parse
from cdn_model.values import Json, mapping, sequence

News = TypeVar("News")

_UNREADABLE = (BotoCoreError, ClientError, ResponseParserError, OSError, ValueError)
# Of policies the account's own alone, since ``cdn_model`` knows AWS's.
_LISTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "CachePolicy": ("list_cache_policies", {"Type": "custom"}),
    "OriginRequestPolicy": ("list_origin_request_policies", {"Type": "custom"}),
    "ResponseHeadersPolicy": ("list_response_headers_policies", {"Type": "custom"}),
    "KeyGroup": ("list_key_groups", {}),
    "PublicKey": ("list_public_keys", {}),
    "OriginAccessControl": ("list_origin_access_controls", {}),
}


@dataclass(kw_only=True)
class ApiReader:
    """Lists on every reading, cheaply; details only of what has changed since.

    :param client: A boto3 client for CloudFront.
    """

    client: object
    _last: tuple[list[Json], Mapping[str, Mapping[str, Json]]] | None = None
    _details: dict[str, tuple[Json, Json]] = field(default_factory=dict)

    def read(self) -> Configuration | None:
        """None: nothing has changed since the last reading."""
        summaries = pages(self.client, "list_distributions", "DistributionList")
        resources = {kind: self._listed(kind) for kind in _LISTS}
        if (summaries, resources) == self._last:
            return None
        distributions = [
            _with_listed_aliases(self._detailed(summary), summary)
            for summary in summaries
        ]
        configuration = parse(Source(distributions=distributions, resources=resources))
        self._last = summaries, resources
        return configuration

    def _listed(self, kind: str) -> Mapping[str, Json]:
        operation, arguments = _LISTS[kind]
        items = pages(self.client, operation, f"{kind}List", **arguments)
        # Some lists have what they list below its kind.
        found = [item.get(kind, item) for item in items]
        return {one["Id"]: one for one in found}

    def _detailed(self, summary: Json) -> Json:
        identity = str(summary["Id"])
        known = self._details.get(identity)
        if known and known[0] == summary:
            return known[1]
        # The summary lacks the default root object and the origin groups.
        answer = call(self.client, "get_distribution_config", Id=identity)
        detailed = {
            "Id": identity,
            "DomainName": summary["DomainName"],
            "DistributionConfig": answer["DistributionConfig"],
        }
        self._details[identity] = (summary, detailed)
        return detailed


def _with_listed_aliases(detailed: Json, summary: Json) -> Json:
    # Those of all come of one answer, so that an alias which moves always has its owner.
    aliases = {"Aliases": summary.get("Aliases")}
    config = {**detailed["DistributionConfig"], **aliases}
    return {**detailed, "DistributionConfig": config}


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
        found = {
            (distribution, str(item["Id"])): self._paths(distribution, item["Id"])
            for distribution in self.ids()
            for item in self._listed(distribution)
            if (distribution, str(item["Id"])) not in self._seen
        }
        self._seen.update(found)
        return [
            Invalidation(distribution_id=distribution, paths=paths)
            for (distribution, _), paths in found.items()
        ] or None

    def _listed(self, distribution: str) -> Sequence[Json]:
        name = "list_invalidations"
        return pages(self.client, name, "InvalidationList", DistributionId=distribution)

    def _paths(self, distribution: str, invalidation: str) -> Sequence[str]:
        asked = {"DistributionId": distribution, "Id": invalidation}
        answer = call(self.client, "get_invalidation", **asked)
        return sequence(answer["Invalidation"]["InvalidationBatch"]["Paths"])


def call(client: object, name: str, **arguments: str) -> Json:
    """Make a call by its name, because lists of all kinds are read alike."""
    answer: Json = getattr(client, name)(**arguments)
    return answer


def pages(client: object, name: str, section: str, **arguments: str) -> list[Json]:
    """The items of a list, of all its pages."""
    items: list[Json] = []
    while True:
        page = mapping(call(client, name, **arguments).get(section))
        items += sequence(page.get("Items"))
        marker = page.get("NextMarker")
        if not marker:
            return items
        arguments["Marker"] = marker


def new_client(endpoint: str) -> object:
    """Of boto3, for CloudFront. Credentials come from the environment of the process."""
    config = Config(
        # https://docs.aws.amazon.com/general/latest/gr/cf_region.html
        region_name="us-east-1",
        connect_timeout=2,
        read_timeout=5,
        retries={"total_max_attempts": 1},
    )
    client: object = boto3.client("cloudfront", endpoint_url=endpoint, config=config)
    return client


async def follow(
    read: Callable[[], News | None],
    apply: Callable[[News], None],
    *,
    log: Callable[[str], None],
    seconds: float = 1.0,
) -> None:
    """Apply all news, for ever. A reading that fails leaves what was applied in force."""
    failing = False
    while True:
        try:
            news = await asyncio.to_thread(read)
        except _UNREADABLE as error:
            if not failing:
                log(f"warning: what is deployed cannot be read: {error}")
            failing = True
        else:
            failing = False
            if news is not None:
                apply(news)
        await asyncio.sleep(seconds)
