"""What a change of a web ACL means: of its rules, and of the sets of addresses that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cdn_model.values import (
    Json,
    is_computed,
    mapping,
    properties,
    reference,
    sequence,
    text,
)
from cdn_review.change import BlockReason, Change, Topic
from cdn_review.leaves import Leaf, Leaves
from cdn_review.message import Trusted
from cdn_review.rules import SETTING, Difference, Rule, say, shown, table

_ACTIONS = ("Allow", "Count", "Challenge", "Captcha", "Block")
_GROUPS_OWN = "the group's own"
_READS = "a web ACL refuses or allows by it"
_LET_THROUGH = "what was refused may be let through"
_WIDENED = BlockReason.ACCESS_WIDENED


def uses_of_set(name: str, web_acls: Iterable[Json]) -> Leaves:
    """Whether rules let in by the addresses of a set, or refuse by them."""
    found: set[bool] = set()
    for rule in (r for acl in web_acls for r in sequence(properties(acl).get("Rules"))):
        action = mapping(mapping(rule).get("Action"))
        if "Count" not in action:
            found |= set(_uses(mapping(rule).get("Statement"), name, "Allow" in action))
    return {"@allows" if allows else "@refuses": True for allows in found}


def _uses(part: object, name: str, allows: bool) -> Iterator[bool]:
    if reference(part) == name:
        yield allows
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from _uses(inner, name, allows != (key == "NotStatement"))
    elif isinstance(part, list):
        for inner in part:
            yield from _uses(inner, name, allows)


def web_acl_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    """The action of each rule, and what it looks at."""
    found: dict[str, Leaf] = {}
    default = mapping(properties.get("DefaultAction"))
    if len(default) == 1 and not is_computed(default):
        ((found["DefaultAction"], settings),) = default.items()
        properties["DefaultAction"] = default if settings else None
    rules = properties.get("Rules")
    if isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules):
        names = [rule.get("Name") for rule in rules]
        if all(isinstance(name, str) for name in names) and len({*names}) == len(names):
            properties["Rules"] = [_web_acl_rule(dict(rule), found) for rule in rules]
    return found, properties


def _web_acl_rule(rule: dict[str, Any], found: dict[str, Leaf]) -> Json:
    action = mapping(rule.get("Action")) or mapping(rule.get("OverrideAction"))
    word = text(action) if is_computed(action) else next(iter(action), "none")
    # The actions of a group of rules hold, unless they are only counted.
    found[f"Rule[{rule['Name']}]"] = _GROUPS_OWN if word == "None" else word
    for key in ("Action", "OverrideAction"):
        if not mapping(rule.get(key)).get(word, True):
            rule[key] = None
    return rule


def _waf_action(d: Difference) -> Iterator[Change]:
    before, after = _action(d.before), _action(d.after)
    message: tuple[object, ...]
    if d.added:
        message = "the rule {} is added: {}", d.key, after
        opens = _rank(d.after) == 0
    elif d.removed:
        message = "the rule {} is removed: {}", d.key, before
        opens = _rank(d.before) > 1
    else:
        message = "the action of the rule {} is {} instead of {}", d.key, after, before
        opens = _rank(d.after) < _rank(d.before)
    note, block = (_LET_THROUGH, _WIDENED) if opens else ("", None)
    yield say(Topic.ACCESS, *message, note=note, block=block, of=d.values)


def _action(value: Leaf) -> object:
    return Trusted(value) if value in (*_ACTIONS, _GROUPS_OWN) else shown(value)


def _rank(action: Leaf) -> int:
    if action in (_GROUPS_OWN, None):
        return len(_ACTIONS) - 1
    return _ACTIONS.index(str(action)) if action in _ACTIONS else 0


def _refuses(d: Difference) -> bool:
    """A rule that only counts refuses nothing, whatever it looks at."""
    return any(side.get(f"Rule[{d.key}]") != "Count" for side in (d.was, d.now))


def _reordered(d: Difference) -> bool:
    """The order of rules matters where a rule that allows is among them."""
    orders = []
    for side, other in ((d.was, d.now), (d.now, d.was)):
        shared = [p for p in side if p.endswith("].Priority") and p in other]
        orders.append(sorted(shared, key=lambda p: str(side[p]).zfill(9)))
    return orders[0] != orders[1] and "Allow" in (*d.was.values(), *d.now.values())


WEB_ACL_RULES = table(
    Topic.ACCESS,
    Rule(
        "DefaultAction",
        "the action for all other requests is {after} instead of {before}",
        show=_action,
        when=lambda d: d.after != "Block",
        note=_LET_THROUGH,
        block=_WIDENED,
    ),
    Rule(r"Rule\[(.*?)\]", lines=_waf_action, hides=r"Rules\[{key}\].*"),
    Rule(
        r"Rules\[(.*?)\]\.Statement.*",
        "what the rule {key} looks at changes: {path} is {after} instead of {before}",
        note=_LET_THROUGH,
        block=lambda d: _WIDENED if _refuses(d) else None,
    ),
    Rule(
        r"Rules\[(.*?)\]\.Priority",
        "the priority of the rule {key} is {after} instead of {before}",
        when=_reordered,
        block=_WIDENED,
    ),
)


SET_RULES = table(
    Topic.ACCESS,
    Rule(
        "Addresses|RegularExpressionList",
        SETTING,
        when=lambda d: (
            (d.gained and "@allows" in d.now) or (d.lost and "@refuses" in d.now)
        ),
        note="a web ACL may let in what it refused",
        block=_WIDENED,
        otherwise=_READS,
    ),
    note=_READS,
)
