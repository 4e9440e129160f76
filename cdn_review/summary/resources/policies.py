"""How many policies there are, which accounts limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from cdn_review.delivery.plain import resources
from cdn_review.packs import Pack, Stack
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import CDN, KINDS
from cdn_review.summary.values import count, number_of

CONFIGS: Mapping[str, str] = {
    f"{CDN}{kind}": f"{kind}Config"
    for kind in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy")
}
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
QUOTA = 20


def counts(before: Pack, after: Pack) -> Iterator[Change]:
    """How many policies a stack defines, when that changes, and its app in the account.

    What a new stack has is said of the stack.
    """
    totals = _totals(after)
    for name in before.stacks.keys() & after.stacks.keys():
        stack = after.stacks[name]
        was, now = _counted(before.stacks[name]), _counted(stack)
        for kind in CONFIGS:
            if was[kind] == now[kind]:
                continue
            teller = Teller(stack=stack, role=KINDS[kind].nouns)
            yield teller.tell(
                Topic.POLICIES,
                f"{count(now[kind], 'is', 'are')} defined instead of {{}}",
                number_of(was[kind]),
                note=_quota(totals[stack.account, kind]),
            )


def brought(stack: Stack, after: Pack) -> tuple[str, str]:
    """How many policies of each kind a new stack has, and the quota of the most used one."""
    totals, found = _totals(after), _counted(stack)
    kinds = [kind for kind in CONFIGS if found[kind]]
    words = " and ".join(
        count(found[kind], KINDS[kind].noun, KINDS[kind].nouns) for kind in kinds
    )
    most = max(kinds, key=lambda kind: totals[stack.account, kind], default="")
    if not most:
        return "", ""
    return words, f"{KINDS[most].nouns}: {_quota(totals[stack.account, most])}"


def _quota(total: int) -> str:
    note = f"this app has {total} of the {QUOTA} that an account may have"
    return (
        f"{note}: the deploy fails unless the quota was raised"
        if total > QUOTA
        else note
    )


def _totals(pack: Pack) -> Counter[tuple[str, str]]:
    totals: Counter[tuple[str, str]] = Counter()
    for stack in pack.stacks.values():
        for kind, number in _counted(stack).items():
            totals[stack.account, kind] += number
    return totals


def _counted(stack: Stack | None) -> Counter[str]:
    template = stack.template if stack else {}
    return Counter(
        {kind: len(resources(template, kind)) for kind in CONFIGS},
    )
