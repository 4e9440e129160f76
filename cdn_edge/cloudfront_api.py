"""Reading what is deployed through CloudFront's API, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cdn_edge.configuration import Configuration
from cdn_edge.distributions import Source, parse
from cdn_model.values import Json, mapping, sequence

News = TypeVar("News")

_UNREADABLE = (BotoCoreError, ClientError, ResponseParserError, OSError, ValueError)
_POLICIES = {
    "CachePolicy": "list_cache_policies",
    "OriginRequestPolicy": "list_origin_request_policies",
    "ResponseHeadersPolicy": "list_response_headers_policies",
}


@dataclass(kw_only=True)
class Reader:
    """Lists on every reading, cheaply; details only of what has changed since.

    :param client: A boto3 client for CloudFront.
    """

    client: object
    _last: tuple[list[Json], Mapping[str, Mapping[str, Json]]] | None = None
    _details: dict[str, tuple[Json, Json]] = field(default_factory=dict)

    def read(self) -> Configuration | None:
        """None: nothing has changed since the last reading."""
        summaries = pages(self.client, "list_distributions", "DistributionList")
        policies = {kind: self._policies(kind) for kind in _POLICIES}
        resources = {**policies, **self._keys(), **self._controls()}
        if (summaries, resources) == self._last:
            return None
        distributions = [
            _with_listed_aliases(self._detailed(summary), summary)
            for summary in summaries
        ]
        configuration = parse(Source(distributions=distributions, resources=resources))
        self._last = summaries, resources
        return configuration

    def _policies(self, kind: str) -> Mapping[str, Json]:
        """The account's own; ``cdn_model`` knows AWS's."""
        items = pages(self.client, _POLICIES[kind], f"{kind}List", Type="custom")
        return {item[kind]["Id"]: item[kind] for item in items}

    def _controls(self) -> Mapping[str, Mapping[str, Json]]:
        name = "OriginAccessControl"
        items = pages(self.client, "list_origin_access_controls", f"{name}List")
        return {name: {item["Id"]: item for item in items}}

    def _keys(self) -> Mapping[str, Mapping[str, Json]]:
        groups = pages(self.client, "list_key_groups", "KeyGroupList")
        keys = pages(self.client, "list_public_keys", "PublicKeyList")
        return {
            "KeyGroup": {item["KeyGroup"]["Id"]: item["KeyGroup"] for item in groups},
            "PublicKey": {item["Id"]: item for item in keys},
        }

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
    config = {
        **detailed["DistributionConfig"],
        "Aliases": summary.get("Aliases"),
    }
    return {**detailed, "DistributionConfig": config}


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
