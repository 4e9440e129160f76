"""How much of an account's room an app takes, said at synth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

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
    counted = [_Count.of(account, stacks) for account, stacks in by_account.items()]
    for count in counted:
        if count.share > 1:
            count.warn()
    most = max(counted, key=lambda count: count.share, default=None)
    if most and 0 < most.share <= 1:
        most.note()


@dataclass(frozen=True, kw_only=True)
class _Count:
    """The kind of which an account's stacks define most, against its quota."""

    account: str
    stacks: list[cdk.Stack]
    kind: str
    number: int

    @property
    def share(self) -> float:
        return self.number / PER_ACCOUNT[_KINDS[self.kind]]

    @classmethod
    def of(cls, account: str, stacks: list[cdk.Stack]) -> _Count:
        found = Counter(
            child.cfn_resource_type
            for stack in stacks
            for child in stack.node.find_all()
            if isinstance(child, cdk.CfnResource)
        )
        counts = [
            cls(
                account=account,
                stacks=stacks,
                kind=kind,
                number=found[f"AWS::CloudFront::{name}"],
            )
            for kind, name in _KINDS.items()
        ]
        return max(counts, key=lambda count: count.share)

    def __str__(self) -> str:
        account = f"account {self.account}" if self.account else "its account"
        return f"{self.number} of {PER_ACCOUNT[_KINDS[self.kind]]} {self.kind} of {account}"

    def note(self) -> None:
        notes = cdk.Annotations.of(self.stacks[0])
        notes.add_info_v2("dj-cloudfront:quotas", str(self))

    def warn(self) -> None:
        for stack in self.stacks:
            cdk.Annotations.of(stack).add_warning_v2(
                "dj-cloudfront:over-quota",
                f"{self}, over all environments: CloudFront refuses the rest unless the "
                "quota was raised",
            )
