"""Whether another distribution has a name that this stack wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.aws import Aws, pages
from cdn_review.preflight.result import Result, failed, passed, skipped, warned
from cdn_review.preflight.target import Target

_CLOUDFRONT = ".cloudfront.net"
_DISTRIBUTION = "AWS::CloudFront::Distribution"
_CURE = "move it as docs/operations.md says, or take it from the other one first"


def check_aliases(target: Target, aws: Aws) -> Iterator[Result]:
    """A name belongs to one distribution in all of CloudFront."""
    if not target.aliases:
        yield skipped("names in DNS", "the distributions have CloudFront's own")
        return
    own = {
        logical: physical
        for kind, logical, physical in stack_resources(target, aws)
        if kind == _DISTRIBUTION
    }
    holders = _holders(aws)
    for role, found in target.distributions.items():
        identity = own.get(target.ids[role], "")
        for alias in sorted(found.aliases):
            yield _alias(alias, identity, holders, aws)


def _holders(aws: Aws) -> dict[str, tuple[str, str]]:
    """The distributions of this account by alias: id and CloudFront's own name."""
    client = aws.client("cloudfront")
    return {
        alias.lower(): (one["Id"], one["DomainName"])
        for one in pages(client.list_distributions, "DistributionList")
        for alias in one.get("Aliases", {}).get("Items") or ()
    }


def _alias(
    alias: str, own: str, holders: dict[str, tuple[str, str]], aws: Aws
) -> Result:
    holder = next(
        (holders[name] for name in (alias, _wildcard(alias)) if name in holders), None
    )
    if holder and holder[0] != own and alias in holders:
        sentence = f"{alias} is held by the distribution {holder[0]} of this account"
        return failed("names in DNS", sentence, _CURE)
    if own:
        return _asked(alias, own, aws)
    leads_to = _canonical(alias)
    if leads_to.endswith(_CLOUDFRONT):
        sentence = (
            f"{alias} leads to a distribution already, and this stack has none yet"
        )
        return warned("names in DNS", sentence, _CURE)
    sentence = (
        f"{alias} is on no distribution of this account; of others, nobody can ask "
        "before the first deploy"
    )
    return passed("names in DNS", sentence)


def _asked(alias: str, own: str, aws: Aws) -> Result:
    """CloudFront tells of all accounts, for a distribution that exists."""
    client = aws.client("cloudfront")
    answer = client.list_conflicting_aliases(DistributionId=own, Alias=alias)
    found = answer["ConflictingAliasesList"].get("Items") or ()
    others = [
        one for one in found if not own.endswith(one["DistributionId"].lstrip("*"))
    ]
    if any(one["Alias"].lower() == alias for one in others):
        sentence = f"{alias} is held by a distribution that is not this stack's"
        return failed("names in DNS", sentence, _CURE)
    return passed("names in DNS", f"{alias} is free, or this stack's own")


def _wildcard(alias: str) -> str:
    return "*." + alias.partition(".")[2]


def _canonical(alias: str) -> str:
    """Where DNS leads from a name, '' if nowhere."""
    try:
        found = socket.getaddrinfo(alias, 443, flags=socket.AI_CANONNAME)
    except OSError:
        return ""
    return str(found[0][3]).rstrip(".").lower()
