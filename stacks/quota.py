"""How much of an account's room for policies an app takes, said at synth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront

from cdn_model.quotas import POLICIES_PER_ACCOUNT

_KINDS: Mapping[str, type[cdk.CfnResource]] = {
    "cache policies": cloudfront.CfnCachePolicy,
    "response headers policies": cloudfront.CfnResponseHeadersPolicy,
}


def note_policies(app: cdk.App) -> None:
    """Tell how many policies of 20 the app takes of the account that it takes most of.

    One short line, on one stack, because it is read at every synth; a warning on each stack of
    an account for which the app has more. No other app's policies are counted, and the quota
    can be raised.
    """
    by_account: dict[str, list[cdk.Stack]] = defaultdict(list)
    for stack in app.node.children:
        if isinstance(stack, cdk.Stack):
            unknown = cdk.Token.is_unresolved(stack.account)
            by_account["" if unknown else stack.account].append(stack)
    counted = [_Count.of(account, stacks) for account, stacks in by_account.items()]
    for count in counted:
        if count.policies > POLICIES_PER_ACCOUNT:
            count.warn()
    most = max(counted, key=lambda count: count.policies, default=None)
    if most and 0 < most.policies <= POLICIES_PER_ACCOUNT:
        most.note()


@dataclass(frozen=True, kw_only=True)
class _Count:
    """The kind of policy of which an account's stacks define most."""

    account: str
    stacks: list[cdk.Stack]
    kind: str
    policies: int

    @classmethod
    def of(cls, account: str, stacks: list[cdk.Stack]) -> _Count:
        found = [child for stack in stacks for child in stack.node.find_all()]
        by_kind = {
            kind: sum(isinstance(child, resource) for child in found)
            for kind, resource in _KINDS.items()
        }
        kind = max(by_kind, key=by_kind.__getitem__)
        return cls(account=account, stacks=stacks, kind=kind, policies=by_kind[kind])

    def __str__(self) -> str:
        account = f"account {self.account}" if self.account else "its account"
        return f"{self.policies} of {POLICIES_PER_ACCOUNT} {self.kind} of {account}"

    def note(self) -> None:
        notes = cdk.Annotations.of(self.stacks[0])
        notes.add_info_v2("dj-cloudfront:policies", str(self))

    def warn(self) -> None:
        for stack in self.stacks:
            cdk.Annotations.of(stack).add_warning_v2(
                "dj-cloudfront:policy-quota",
                f"{self}, over all environments: CloudFront refuses the rest unless the "
                "quota was raised",
            )
