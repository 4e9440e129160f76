"""Policy documents: one notation for each, and whether one lets in more than another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cdn_model import path_patterns
from cdn_model.values import Json, canonical, is_computed, mapping, text
from cdn_review.leaves import leaf
from cdn_review.rules import element_text

# Services that only write what they produce themselves.
_WRITERS = frozenset(
    f"Service {name}.amazonaws.com" for name in ("delivery.logs", "logging.s3")
)
_CLOUDFRONT = "Service cloudfront.amazonaws.com"
_IDENTITY = "identity "
# An origin access identity by its name, or by its canonical user.
_IDENTITY_NAMES = re.compile(
    r"AWS arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity (?:\$\{(.+)\}|(.+))"
    r"|CanonicalUser the (.+)"
)
_EVERYBODY = frozenset({"AWS *", "*"})


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Who may do what, or may not.

    :param conditions: All of them have to hold.
    :param rest: What is said by exclusion, which is compared as a whole.
    """

    allows: bool
    principals: frozenset[str]
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[str]
    rest: str = ""

    @property
    def is_for_everybody(self) -> bool:
        return self.allows and not self.conditions and self._names_everybody

    @property
    def is_for_cdn(self) -> bool:
        known = [p == _CLOUDFRONT or p.startswith(_IDENTITY) for p in self.principals]
        return self.allows and bool(known) and all(known)

    @property
    def _names_everybody(self) -> bool:
        return bool(self.principals & _EVERYBODY)

    @property
    def _is_for_one_distribution(self) -> bool:
        return self.principals == {_CLOUDFRONT} and any(
            re.fullmatch(r"stringequals aws:sourcearn [^*]*:distribution/[^*]+", test)
            for test in self.conditions
        )

    def covers(self, other: Statement) -> bool:
        """Whether the other says nothing that this statement does not say, too."""
        return (
            (self.allows, self.rest) == (other.allows, other.rest)
            and (
                other.principals <= self.principals
                or self._names_everybody
                # A distribution that signs its requests, in place of its identity.
                or (self.is_for_cdn and other._is_for_one_distribution)
            )
            and _cover(self.actions, other.actions)
            and _cover(self.resources, other.resources)
            and self.conditions <= other.conditions
        )


def remaining(before: object, after: object) -> tuple[Any, Any]:
    """Two resolved documents in one notation, without the statements that both have."""
    was, now = _plain(before), _plain(after)
    if not (isinstance(was, dict) and isinstance(now, dict)):
        return before, after
    return _without(was, now), _without(now, was)


def _without(document: Any, other: Any) -> dict[str, Any]:
    known = set(map(canonical, other["Statement"]))
    left = [part for part in document["Statement"] if canonical(part) not in known]
    return {**document, "Statement": left}


def _plain(document: object) -> Any:
    """Lists where single values may stand, and conditions in lower case."""
    if document is not None and not isinstance(document, dict):
        return document
    document = document or {}
    statements = [
        {key: _plain_part(key, part) for key, part in statement.items()}
        if isinstance(statement, dict)
        else statement
        for statement in _list(document.get("Statement"))
    ]
    return {**document, "Statement": statements}


def _plain_part(key: str, part: Any) -> Any:
    if key.endswith(("Action", "Resource")):
        return sorted(_list(part), key=canonical)
    if key.endswith("Principal") and part in ({"AWS": "*"}, {"AWS": ["*"]}):
        return "*"
    if not isinstance(part, dict) or is_computed(part):
        return part
    if key.endswith("Principal"):
        return {kind: sorted(_list(who), key=canonical) for kind, who in part.items()}
    if key == "Condition":
        return {operator: _plain_tests(tests) for operator, tests in part.items()}
    return part


def _plain_tests(tests: Any) -> Any:
    if not isinstance(tests, dict) or is_computed(tests):
        return tests
    return {k.lower(): sorted(map(_word, _list(v))) for k, v in tests.items()}


def statements(document: object) -> list[Statement]:
    """The statements of a resolved policy document."""
    return [
        _statement(mapping(part)) for part in _list(mapping(document).get("Statement"))
    ]


def allowed_anew(was: list[Statement], now: list[Statement]) -> list[Statement]:
    """What is allowed and was not, but for services that write their logs."""
    allowed = [s for s in now if s.allows and not s.principals <= _WRITERS]
    return _beyond(allowed, was)


def no_longer_refused(was: list[Statement], now: list[Statement]) -> list[Statement]:
    """What was refused and may be allowed."""
    return _beyond([statement for statement in was if not statement.allows], now)


def _beyond(some: list[Statement], others: list[Statement]) -> list[Statement]:
    return [one for one in some if not any(other.covers(one) for other in others)]


def _cover(patterns: frozenset[str], values: Iterable[str]) -> bool:
    """Whether a pattern such as ``s3:Get*`` matches each value."""
    return all(
        any(value == one or path_patterns.matches(one, value) for one in patterns)
        for value in values
    )


def _statement(statement: Json) -> Statement:
    allows = statement.get("Effect") != "Deny"
    exclusions = {key: part for key, part in statement.items() if key.startswith("Not")}
    principals = frozenset(_principals(statement.get("Principal")))
    if allows and exclusions.pop("NotPrincipal", None) is not None:
        # Everybody but some is everybody.
        principals = frozenset({"*"})
    actions = map(_word, _list(statement.get("Action")))
    return Statement(
        allows=allows,
        principals=principals,
        actions=frozenset(action.lower() for action in actions),
        resources=frozenset(map(_word, _list(statement.get("Resource")))),
        conditions=frozenset(_conditions(mapping(statement.get("Condition")))),
        rest=canonical(exclusions) if exclusions else "",
    )


def _principals(principal: object) -> Iterator[str]:
    if not isinstance(principal, dict):
        yield from map(_word, _list(principal))
        return
    for kind, parts in principal.items():
        for name in (f"{kind} {_word(part)}" for part in _list(parts)):
            found = _IDENTITY_NAMES.fullmatch(name)
            yield f"{_IDENTITY}{found[1] or found[2] or found[3]}" if found else name


def _conditions(condition: Json) -> Iterator[str]:
    for operator, keys in condition.items():
        for key, values in mapping(keys).items():
            # "false" and false are one value, and a list of them is any of them.
            listed = ", ".join(sorted(map(_word, _list(values))))
            yield f"{operator.lower()} {key.lower()} {listed}"


def _word(value: object) -> str:
    """A value as it is shown, so that it can be compared and read."""
    return text(value) if isinstance(value, str | bool) else element_text(leaf(value))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
