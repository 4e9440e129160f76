"""How much of an account's room an app takes, said at synth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import aws_cdk as cdk

from cdn_model.quotas import PER_ACCOUNT

_KINDS: Mapping[str, str] = {
    "cache policies": "CachePolicy",
    "response headers policies": "ResponseHeadersPolicy",
    "VPC origins": "VpcOrigin",
    "public keys": "PublicKey",
    "key groups": "KeyGroup",
}


def note_quotas(app: cdk.App) -> None:
    """Tell of what the app takes most, against the quota, and how much of which account.

    One short line, on one stack, because it is read at every synth; a warning on each stack of
    an account for which the app has more. Nothing of other apps is counted, and the quota
    can be raised.
    """
    by_account: dict[str, list[cdk.Stack]] = defaultdict(list)
    for stack in app.node.children:
        if isinstance(stack, cdk.Stack):
            unknown = cdk.Token.is_unresolved(stack.account)
            by_account["" if unknown else stack.account].append(stack)
    counted = [
        (*_fullest(account, stacks), stacks) for account, stacks in by_account.items()
    ]
    for share, sentence, stacks in counted:
        for stack in stacks if share > 1 else ():
            cdk.Annotations.of(stack).add_warning_v2(
                "dj-cloudfront:over-quota",
                f"{sentence}, over all environments: CloudFront refuses the rest unless the "
                "quota was raised",
            )
    if not counted:
        return
    share, sentence, stacks = max(counted, key=lambda count: count[0])
    if 0 < share <= 1:
        cdk.Annotations.of(stacks[0]).add_info_v2("dj-cloudfront:quotas", sentence)


def _fullest(account: str, stacks: list[cdk.Stack]) -> tuple[float, str]:
    found = Counter(
        child.cfn_resource_type.rpartition("::")[2]
        for stack in stacks
        for child in stack.node.find_all()
        if isinstance(child, cdk.CfnResource)
        and child.cfn_resource_type.startswith("AWS::CloudFront::")
    )
    kind = max(_KINDS, key=lambda kind: found[_KINDS[kind]] / PER_ACCOUNT[_KINDS[kind]])
    number, quota = found[_KINDS[kind]], PER_ACCOUNT[_KINDS[kind]]
    whose = f"account {account}" if account else "its account"
    return number / quota, f"{number} of {quota} {kind} of {whose}"
