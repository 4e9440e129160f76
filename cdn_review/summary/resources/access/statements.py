"""Whether the rules of a bucket let in more than they did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdn_review.delivery.plain import Json, canonical, mapping, sequence, text

# Services that only put down what they write themselves.
_WRITERS = frozenset(
    f"Service {name}.amazonaws.com" for name in ("delivery.logs", "logging.s3")
)
# A policy has room for fewer. Each is held against each other.
_MOST_COMPARED = 200
_EVERYBODY = frozenset({"AWS *", "*"})


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Who may do what, or may not."""

    allows: bool
    principals: frozenset[str]
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[str]
    """All of them have to hold."""
    rest: str = ""
    """What is said by exclusion, which is compared as a whole."""

    @property
    def is_for_everybody(self) -> bool:
        is_most = "NotPrincipal" in self.rest or bool(self.principals & _EVERYBODY)
        return self.allows and not self.conditions and is_most

    def covers(self, other: Statement) -> bool:
        """Whether the other says nothing that this one does not say, too."""
        return (
            (self.allows, self.rest) == (other.allows, other.rest)
            and _has(self.principals, other.principals)
            and _has(self.actions, other.actions)
            and _has(self.resources, other.resources)
            and self.conditions <= other.conditions
        )


def statements(document: Json) -> list[Statement]:
    """Those of a document in which lists and single values are written alike."""
    return [_statement(mapping(one)) for one in _list(document.get("Statement"))]


def gained(was: list[Statement], now: list[Statement]) -> list[Statement]:
    """What is allowed and was not, but for services that write their logs."""
    allowed = [one for one in now if one.allows and not one.principals <= _WRITERS]
    return _beyond(allowed, was)


def no_longer_refused(was: list[Statement], now: list[Statement]) -> list[Statement]:
    return _beyond([one for one in was if not one.allows], now)


def _beyond(some: list[Statement], others: list[Statement]) -> list[Statement]:
    """Those that none of the others covers, as far as those are looked at."""
    equal, first = set(others), others[:_MOST_COMPARED]
    return [
        one
        for one in some
        if one not in equal and not any(other.covers(one) for other in first)
    ]


def _statement(found: Json) -> Statement:
    exclusions = {key: one for key, one in found.items() if key.startswith("Not")}
    return Statement(
        allows=found.get("Effect") != "Deny",
        principals=frozenset(_principals(found.get("Principal"))),
        actions=frozenset(text(one).lower() for one in _list(found.get("Action"))),
        resources=frozenset(text(one) for one in _list(found.get("Resource"))),
        conditions=frozenset(_conditions(mapping(found.get("Condition")))),
        rest=canonical(exclusions) if exclusions else "",
    )


def _principals(found: object) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield from (text(one) for one in _list(found))
        return
    for kind, some in found.items():
        yield from (f"{kind} {text(one)}" for one in _list(some))


def _conditions(found: Json) -> Iterator[str]:
    for operator, keys in found.items():
        for key, values in mapping(keys).items():
            # "false" and false are one value, and a list of them is any of them.
            listed = sorted(text(one) for one in _list(values))
            yield f"{operator.lower()} {key.lower()} {canonical(listed)}"


def _list(value: object) -> list[object]:
    # Not Quantity and Items: those are CloudFront's.
    return list(value) if isinstance(value, list) else sequence([value])


def _has(outer: frozenset[str], inner: frozenset[str]) -> bool:
    return inner <= outer or bool(outer & (_EVERYBODY | {"s3:*"}))
