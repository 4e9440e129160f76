"""Outputs, which the settings of a Django site read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cdn_review.delivery.normal import normal
from cdn_review.delivery.plain import Json, mapping, text
from cdn_review.packs import Stack
from cdn_review.summary.change import Change, Topic
from cdn_review.summary.distributions.telling import Teller
from cdn_review.summary.matching import Match, renames
from cdn_review.summary.resources.stack import of_stack
from cdn_review.summary.values import listed, shown
from cdn_review.words import Own
from dj_cloudfront.contract import Output

_OURS = frozenset(str(one) for one in Output)
_IN_URLS = frozenset(name for name in _OURS if name.endswith("DomainName"))


def outputs(before: Stack, after: Stack, matches: Sequence[Match]) -> Iterator[Change]:
    """Those that come, go, or are of something else."""
    teller, names = of_stack(after), renames(matches)
    yield from _outputs(teller, before.template, after.template, names)


def _outputs(
    teller: Teller, before: Json, after: Json, names: Mapping[str, str]
) -> Iterator[Change]:
    was, now = mapping(before.get("Outputs")), mapping(after.get("Outputs"))
    gone, come = set(was) - set(now), set(now) - set(was)
    if gone & _OURS:
        note = "settings that use them fail with the next outputs file"
        words = _plural(gone & _OURS, "goes", "go")
        yield teller.tell(Topic.OUTPUTS, words, listed(gone & _OURS), note=note)
    if gone - _OURS:
        words = _plural(gone - _OURS, "goes", "go")
        yield teller.tell(Topic.OUTPUTS, words, listed(gone - _OURS))
    if come:
        words = _plural(come, "is new", "are new")
        yield teller.tell(Topic.OUTPUTS, words, listed(come))
    # Of the key to sign with, more is said with the keys.
    for name in sorted((set(was) & set(now)) - {Output.MEDIA_KEY_PAIR_ID}):
        first, second = _value(was[name], names), _value(now[name], {})
        if first != second:
            yield _value_changed(teller, name, first, second)


def _value(output: object, names: Mapping[str, str]) -> str:
    return text(normal(mapping(output).get("Value"), branch=-1, names=names))


def _value_changed(teller: Teller, name: str, first: str, second: str) -> Change:
    note = "pages have it in their URLs with the next outputs file"
    note = note if name in _IN_URLS else ""
    values = _named(second), _named(first)
    if values[0] == values[1]:
        words = "the output {} is that of something else"
        return teller.tell(Topic.OUTPUTS, words, name, note=note)
    words = "the output {} is {} instead of {}"
    return teller.tell(Topic.OUTPUTS, words, name, *values, note=note)


def _named(value: str) -> str:
    is_address = value.startswith('{"Fn::GetAtt"') and value.endswith('"DomainName"]}')
    return Own("CloudFront's own name") if is_address else shown(value)


def _plural(names: set[str], one: str, several: str) -> str:
    return (
        f"the output {{}} {one}" if len(names) == 1 else f"the outputs {{}} {several}"
    )
