"""Reading what is deployed through the AWS API, again and again."""

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
from cdn_edge.distributions import Deployed, parse
from cdn_edge.raw import Raw

Dict = Mapping[str, object]
Call = Callable[..., Dict]
News = TypeVar("News")

_UNREADABLE = (BotoCoreError, ClientError, ResponseParserError)
_KINDS = {
    "CachePolicy": ("list_cache_policies", "get_cache_policy_config"),
    "OriginRequestPolicy": (
        "list_origin_request_policies",
        "get_origin_request_policy_config",
    ),
    "ResponseHeadersPolicy": (
        "list_response_headers_policies",
        "get_response_headers_policy_config",
    ),
}


@dataclass(frozen=True, kw_only=True)
class _Lists:
    distributions: list[Dict]
    policies: Mapping[str, Mapping[str, Dict]]


@dataclass(kw_only=True)
class Reader:
    """Lists on every reading, cheaply; details only of what has changed since.

    :param client: A boto3 client for CloudFront.
    """

    client: object
    _last: _Lists | None = None
    _details: dict[str, tuple[Dict, Dict]] = field(default_factory=dict)
    _managed: dict[tuple[str, str], Dict] = field(default_factory=dict)

    def read(self) -> Configuration | None:
        """None: nothing has changed since the last reading."""
        lists = _Lists(
            distributions=pages(self._call("list_distributions"), "DistributionList"),
            policies={kind: self._custom_policies(kind) for kind in _KINDS},
        )
        if lists == self._last:
            return None
        distributions = [
            _with_listed_aliases(self._detailed(summary), summary)
            for summary in lists.distributions
        ]
        policies = {
            kind: {**lists.policies[kind], **self._others(kind, distributions, lists)}
            for kind in _KINDS
        }
        configuration = parse(
            Deployed(
                distributions=distributions,
                cache_policies=policies["CachePolicy"],
                origin_request_policies=policies["OriginRequestPolicy"],
                response_headers_policies=policies["ResponseHeadersPolicy"],
            )
        )
        self._last = lists
        return configuration

    def _call(self, name: str) -> Call:
        return method(self.client, name)

    def _custom_policies(self, kind: str) -> Mapping[str, Dict]:
        items = pages(self._call(_KINDS[kind][0]), f"{kind}List", Type="custom")
        policies = [Raw(item).section(kind) for item in items]
        return {
            one.text("Id"): one.section(f"{kind}Config").mapping for one in policies
        }

    def _detailed(self, summary: Dict) -> Dict:
        identity = str(summary["Id"])
        known = self._details.get(identity)
        if known and known[0] == summary:
            return known[1]
        # The summary lacks the default root object and the origin groups.
        answer = self._call("get_distribution_config")(Id=identity)
        detailed = {
            "Id": identity,
            "DomainName": summary["DomainName"],
            "DistributionConfig": answer["DistributionConfig"],
        }
        self._details[identity] = (summary, detailed)
        return detailed

    def _others(
        self, kind: str, distributions: list[Dict], lists: _Lists
    ) -> Mapping[str, Dict]:
        """The managed policies in use; one that does not exist is left out."""
        wanted = _policy_ids(kind, distributions) - set(lists.policies[kind])
        found = {one: self._managed_policy(kind, one) for one in wanted}
        return {one: config for one, config in found.items() if config is not None}

    def _managed_policy(self, kind: str, policy_id: str) -> Dict | None:
        if (kind, policy_id) not in self._managed:
            try:
                answer = self._call(_KINDS[kind][1])(Id=policy_id)
            except ClientError as error:
                if not error.response["Error"]["Code"].startswith("NoSuch"):
                    raise
                return None
            config = Raw(answer).section(f"{kind}Config").mapping
            self._managed[kind, policy_id] = config
        return self._managed[kind, policy_id]


def _with_listed_aliases(detailed: Dict, summary: Dict) -> Dict:
    # Those of all come of one answer, so that an alias which moves always has its owner.
    config = {
        **Raw(detailed).section("DistributionConfig").mapping,
        "Aliases": summary.get("Aliases"),
    }
    return {**detailed, "DistributionConfig": config}


def _policy_ids(kind: str, distributions: list[Dict]) -> set[str]:
    configs = [Raw(one).section("DistributionConfig") for one in distributions]
    behaviors = [
        behavior
        for config in configs
        for behavior in (
            config.section("DefaultCacheBehavior"),
            *config.items("CacheBehaviors"),
        )
    ]
    return {one.text(f"{kind}Id") for one in behaviors if one.has(f"{kind}Id")} - {""}


def method(client: object, name: str) -> Call:
    """By its name, because the three kinds of policies are read alike."""
    found: Call = getattr(client, name)
    return found


def pages(call: Call, name: str, **arguments: str) -> list[Dict]:
    items: list[Dict] = []
    while True:
        answer = Raw(call(**arguments))
        items += [item.mapping for item in answer.items(name)]
        marker = answer.section(name).text("NextMarker")
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
