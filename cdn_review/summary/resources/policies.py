"""Policies as resources: their number, which accounts limit, and their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cdn_review.delivery.plain import Json, mapping, properties, resources, text
from cdn_review.packs import Pack, Stack
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.kinds import CDN, KINDS
from cdn_review.summary.matching import Match
from cdn_review.summary.values import count, number_of

CONFIGS: Mapping[str, str] = {
    f"{CDN}{kind}": f"{kind}Config"
    for kind in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy")
}
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
QUOTA = 20


def policies(stack: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """Those whose deploy fails: a name is unique, and the new one is made first."""
    for one in matches:
        if one.kind not in CONFIGS or not one.is_replaced:
            continue
        names = [_name(one.kind, side) for side in (one.before, one.after)]
        if names[0] and names[0] == names[1]:
            text = "is made anew under the name that it has: {}"
            note = "the deploy fails, as the old one still has it"
            teller = Teller(stack=stack, role=one.role)
            yield teller.tell(Topic.POLICIES, text, names[0], note=note)


def _name(kind: str, resource: Json | None) -> str:
    return text(mapping(properties(resource or {}).get(CONFIGS[kind])).get("Name"))


def counts(before: Pack, after: Pack) -> Iterator[Change]:
    """How many policies a stack defines, when that changes, and its app in the account."""
    totals = _totals(after)
    for name, stack in after.stacks.items():
        was = _counted(before.stacks.get(name))
        now = _counted(stack)
        for kind in CONFIGS:
            if was[kind] == now[kind]:
                continue
            total = totals[stack.account, kind]
            note = f"this app has {total} of the {QUOTA} that an account may have"
            if total > QUOTA:
                note = f"{note}: the deploy fails unless the quota was raised"
            teller = Teller(stack=stack, role=KINDS[kind].nouns)
            text = f"{count(now[kind], 'is', 'are')} defined instead of {{}}"
            before_number = number_of(was[kind])
            yield teller.tell(Topic.POLICIES, text, before_number, note=note)


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
