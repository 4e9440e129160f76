"""Whether another distribution has a name that this stack wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.aws import Aws, code_of, pages
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
            yield _alias(alias, identity, holders, target, aws)


def _holders(aws: Aws) -> dict[str, str]:
    """The ids of this account's distributions by alias."""
    client = aws.client("cloudfront")
    return {
        alias.lower(): one["Id"]
        for one in pages(client.list_distributions, "DistributionList")
        for alias in one.get("Aliases", {}).get("Items") or ()
    }


def _alias(
    alias: str, own: str, holders: dict[str, str], target: Target, aws: Aws
) -> Result:
    holder = holders.get(alias, own)
    if holder != own:
        sentence = f"{alias} is held by the distribution {holder} of this account"
        return failed("names in DNS", sentence, _CURE)
    asked = _asked(alias, own, target, aws) if own else None
    if asked:
        return asked
    leads_to = _canonical(alias)
    if leads_to.endswith(_CLOUDFRONT):
        sentence = f"{alias} leads to a distribution already, which is not known to be this stack's"
        return warned("names in DNS", sentence, _CURE)
    sentence = (
        f"{alias} is on no other distribution of this account; of other accounts, nobody "
        "can ask before a distribution has its certificate"
    )
    return passed("names in DNS", sentence)


def _asked(alias: str, own: str, target: Target, aws: Aws) -> Result | None:
    """CloudFront tells of all accounts, for a distribution whose certificate has the name.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListConflictingAliases.html
    """
    client = aws.client("cloudfront")
    try:
        answer = client.list_conflicting_aliases(DistributionId=own, Alias=alias)
    except aws.refused as error:
        if code_of(error) != "InvalidArgument":
            raise
        return None
    for one in answer["ConflictingAliasesList"].get("Items") or ():
        is_own = own.endswith(one["DistributionId"].lstrip("*"))
        account = target.stack.account
        is_elsewhere = account and not account.endswith(one["AccountId"].lstrip("*"))
        # A wildcard and a name below it may only be on distributions of one account.
        if not is_own and (one["Alias"].lower() == alias or is_elsewhere):
            sentence = f"{alias} is held by a distribution that is not this stack's"
            if one["Alias"].lower() != alias:
                sentence = (
                    f"{one['Alias']} is held by a distribution of another account"
                )
            return failed("names in DNS", sentence, _CURE)
    return passed("names in DNS", f"{alias} is free, or this stack's own")


def _canonical(alias: str) -> str:
    """Where DNS leads from a name, '' if nowhere."""
    try:
        found = socket.getaddrinfo(alias, 443, flags=socket.AI_CANONNAME)
    except OSError:
        return ""
    return str(found[0][3]).rstrip(".").lower()
