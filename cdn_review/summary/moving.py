"""Domain names that one distribution has and another one is to have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cdn_review.delivery import deliveries
from cdn_review.packs import Pack
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.roles import Roles
from cdn_review.summary.values import listed

# A distribution by its stack and its logical id.
_Place = tuple[str, str]


def moving(before: Pack, after: Pack) -> Iterator[Change]:
    """Names that a deploy cannot give, because a distribution has them until it is through.

    Of a distribution that is replaced, the same is said where that is told.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move.html
    """
    was, now = _names(before), _names(after)
    staying = {name for place in was.keys() & now.keys() for name in was[place]}
    leaving: dict[str, set[str]] = defaultdict(set)
    for place in was.keys() - now.keys():
        for name in was[place]:
            leaving[name].add(place[0])
    taken: dict[_Place, set[str]] = defaultdict(set)
    for place, names in now.items():
        # A new distribution replaces one of its stack that goes.
        own = {place[0]} if place not in was else set()
        for name in names - was.get(place, frozenset()):
            if name in staying or leaving.get(name, set()) - own:
                taken[place].add(name)
    stacks = {name: after.stacks[name] for name, _ in taken}
    roles = {name: Roles.of(one.template).by_id for name, one in stacks.items()}
    for (name, distribution), moved in taken.items():
        role = roles[name][distribution]
        yield Teller(stack=stacks[name], role=role).tell(
            Topic.DOMAINS,
            "takes over from another distribution: {}",
            listed(moved),
            note="the deploy fails with CNAMEAlreadyExists: move the names first",
        )


def _names(pack: Pack) -> dict[_Place, frozenset[str]]:
    return {
        (stack.name, name): one.aliases
        for stack in pack.stacks.values()
        for name, one in deliveries(stack.template).items()
    }
