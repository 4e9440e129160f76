"""How much of an account's room for policies an app takes, said at synth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
POLICIES_OF_A_KIND = 20

_KINDS: Mapping[str, type[cdk.CfnResource]] = {
    "cache policies": cloudfront.CfnCachePolicy,
    "response headers policies": cloudfront.CfnResponseHeadersPolicy,
}


def note_policies(app: cdk.App) -> None:
    """Tell, once for each account, how many policies of 20 the app's stacks define.

    The number counts no other app's policies, and the quota can be raised.
    """
    stacks = [child for child in app.node.children if isinstance(child, cdk.Stack)]
    by_account: dict[str, list[cdk.Stack]] = defaultdict(list)
    for stack in stacks:
        unknown = cdk.Token.is_unresolved(stack.account)
        by_account["" if unknown else stack.account].append(stack)
    for account, members in by_account.items():
        _note(account, members)


def _note(account: str, stacks: list[cdk.Stack]) -> None:
    where = f"account {account}" if account else "the account that they go to"
    counts = {
        kind: sum(
            isinstance(child, resource)
            for stack in stacks
            for child in stack.node.find_all()
        )
        for kind, resource in _KINDS.items()
    }
    said = " and ".join(f"{count} {kind}" for kind, count in counts.items())
    text = (
        f"{_counted(len(stacks))} {said}; {where} has room for "
        f"{POLICIES_OF_A_KIND} of each unless the quota was raised"
    )
    notes = cdk.Annotations.of(stacks[0])
    if max(counts.values()) > POLICIES_OF_A_KIND:
        notes.add_warning_v2("dj-cloudfront:policy-quota", text)
    else:
        notes.add_info_v2("dj-cloudfront:policies", text)


def _counted(stacks: int) -> str:
    return "1 stack defines" if stacks == 1 else f"{stacks} stacks define"
