from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from time import process_time

import pytest
from leaves_support import (
    GONE,
    NO_VALUE,
    Mutant,
    mutants,
    put,
    sample,
    templates,
    told,
)
from review_support import told as told_from
from rewriting_support import DEFAULTS

# What lines call settings that they do not call by a word of the property. Each is a pattern
# of properties, and of lines.
SYNONYMS = {
    "AccessControl$": "ACL",
    "AllowOrigins|Cors|ResponseHeadersPolicy": "pages of",
    "Alias|CNAME|Domain|DNSName|AlternativeNames|Records": "domain name|come from|leads to",
    "Bucket|Logging": "access logs",
    "Code|Function": "code",
    "Cookie|Forward|WhitelistedNames": "cookie",
    "Credentials": "logged-in",
    "Enabled": "abled|Origin Shield",
    "Failover|StatusCodes": "second origin",
    "Location|Restriction": "come from",
    "Methods": "requests",
    "Mode": "client certificates",
    "Origin|Member|S3": "asked",
    "Override": "replaces",
    "PathPattern": "under",
    "PriceClass": "served from",
    "Protocol": "http://",
    "Status$": "versioning",
    "TTL|HeaderBehavior": "cached",
    "Trusted": "sign",
    "Value": "the tag|the header",
}
# Words that say nothing of what a property is.
GENERIC = re.compile(
    "access|allow|arn|association|behavior|config|control|custom|default|enable|id|item|"
    "lambda|name|policy|type|value"
)
# Properties that say which of several elements is meant: their value names it.
NAMES = (
    *("DomainName", "ErrorCode", "EventType", "Header", "HeaderName", "Id", "Key"),
    *("Name", "PathPattern", "Priority", "Sid"),
)

# Why a change may stay without a line, by how and where a leaf changes.
REASONS = {
    r"(Origins|OriginGroups)(\.Items)?\.\*(\.Fn::If\.\*)?\.Id$": "binds a behavior to its origin",
    r"[. ](Comment|Description|AlarmDescription|Sid)$": "is for readers",
    r"(Policy|OriginAccessControl|KeyGroup)Config\.(Name|CallerReference)$": "is a label",
    r"\.Quantity$": "counts what stands beside it",
    r"^added .*DistributionConfig\.(CustomOrigin|S3Origin|Origins|OriginGroups)$": "is an origin that no path asks",
    r"^added .*\.(Cookies|Headers|QueryStrings|WhitelistedNames|QueryStringCacheKeys)$": "lists names that the behavior beside it leaves out",
    r"^added .*(Action|OverrideAction|ActionToUse)\.\w+$": "is a second action, which no deploy accepts",
    r"^removed .*DistributionConfig\.Enabled$": "is missed by every deploy",
    r"ViewerCertificate\.Fn::If\.\*\.\w+$": "is nothing without a certificate, or its own",
    r"^added .*AllowOrigins\.Items\.\*$": "is one of any",
    r"^added .*Origins\.\*\.\w+OriginConfig$": "is a second kind of origin, which no deploy accepts",
    r"(OriginGroups|Members)\.Zzz$": "is no part of a list",
    r"^(added|removed) .*VpcOriginEndpointConfig\.(HTTPS?Port|IpAddressType|OriginProtocolPolicy)$": "is a default",
    r"^(added|removed) .*Bucket PublicAccessBlockConfiguration$": "is what a bucket has",
}
# Flags that are on unless a template says otherwise.
ON = frozenset({"ActionsEnabled", "EnableSNI", "Ipv6Enabled"})

# What no line has: a program's notation.
NOTATION = re.compile(
    r"(?<![.\w-])None|True|False|\w\(\w+=|frozenset|Fn::(Hsts|Xss)|(^| )''( |$)|  |\{'|of ,"
)

SECONDS = 10
"""Of one core, for 5,000 changes. Twice as much where lines are traced."""
YARDSTICK = 0.0015
"""Seconds of the same core for a loop of plain Python. A core that others share, too, needs
up to three times as long for each, so the limit grows with the loop's time."""


class Clock:
    def __init__(self):
        self.changes = 0
        self.seconds = 0.0
        self.loops: list[float] = []

    def told(self, before, after):
        if self.changes % 50 == 0:
            self.loops.append(seconds(lambda: sum(len(str(n)) for n in range(20_000))))
        lines: list[str] = []
        self.seconds += seconds(lambda: lines.extend(told(before, after)))
        self.changes += 1
        return lines

    @property
    def slowness(self):
        return max(1, sum(self.loops) / len(self.loops) / YARDSTICK)


def seconds(run: Callable[[], object]) -> float:
    begun = process_time()
    run()
    return process_time() - begun


@pytest.fixture(scope="module")
def clock():
    clock = Clock()
    yield clock
    print(f"\n{clock.changes} changes in {clock.seconds:.1f} s, x{clock.slowness:.2f}")
    most = SECONDS * clock.slowness * (2 if sys.gettrace() else 1)
    assert clock.seconds < 1 + most * clock.changes / 5_000


def names_of(mutant: Mutant) -> set[str]:
    """The setting, or what is below it if it is more than one."""
    return {mutant.setting, *_keys(mutant.was), *_keys(mutant.becomes)} - {
        "Items",
        "Quantity",
    }


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if not key.startswith("Fn::") and key != "Ref":
                yield key
            yield from _keys(part)
    if isinstance(value, list):
        for part in value:
            yield from _keys(part)


def is_named(mutant: Mutant, line: str) -> bool:
    values = (mutant.was, mutant.becomes)
    if mutant.setting in NAMES and any(
        str(one).lower() in line.lower() for one in values
    ):
        return True
    if "PolicyDocument" in mutant.path and re.search(
        "statement|allowed|everybody", line, re.I
    ):
        return True
    return any(
        _plain(name) in _plain(line)
        or any(word in line.lower() for word in words_of(name))
        or any(
            re.search(pattern, name) and re.search(synonym, line)
            for pattern, synonym in SYNONYMS.items()
        )
        for name in names_of(mutant)
    )


def words_of(name: str) -> set[str]:
    found = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])", name)
    words = {word.lower().removesuffix("s") for word in found if len(word) > 2}
    return {word for word in words if not GENERIC.fullmatch(word)}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def reason(mutant: Mutant) -> str | None:
    change = f"{mutant.operation} {mutant.shape}"
    for place, why in REASONS.items():
        if re.search(place, change):
            return why
    return "is a default that is written out" if is_default(mutant) else None


def is_default(mutant: Mutant) -> bool:
    if mutant.operation not in ("added", "removed"):
        return False
    value = mutant.becomes if mutant.was is GONE else mutant.was
    value = {"true": True, "false": False, "0": 0}.get(str(value), value)
    if (mutant.setting, value) == ("MinTTL", 0):
        return True
    if is_nothing(value) and not (value is False and mutant.setting in ON):
        return True
    places = re.findall(r"\w+", mutant.shape)[:-1]
    place = next((step for step in reversed(places) if step in DEFAULTS), "")
    default = DEFAULTS.get(place, {}).get(mutant.setting, GONE)
    if isinstance(value, list) and isinstance(default, list):
        return sorted(map(str, value)) == sorted(map(str, default))
    return value == default


def is_nothing(value: object) -> bool:
    """Whether a setting is the same without it."""
    if isinstance(value, dict) and value and value != NO_VALUE:
        return all(map(is_nothing, value.values()))
    return value is False or value in ("", "none", [], NO_VALUE)


def unseen(some: list[Mutant], clock: Clock) -> Iterator[str]:
    """The mutants of which no line tells, each with the lines that there are."""
    for mutant in some:
        if reason(mutant):
            continue
        before, after = mutant.sides()
        lines, back = clock.told(before, after), clock.told(after, before)
        for direction, those in (("", lines), (" (back)", back)):
            if not any(is_named(mutant, line) for line in those):
                yield f"{mutant}{direction}: {mutant.setting} is not named in {those}"
        if lines == back and not any("another" in line for line in lines):
            yield f"{mutant}: both ways the lines are {lines}"
        if mutant.operation == "removed" and mutant.setting in NAMES:
            continue
        for line in lines:
            if len(line) >= 1_000 or NOTATION.search(line):
                yield f"{mutant}: a line is no plain sentence: {line}"


@pytest.mark.parametrize("source", templates())
def test_each_leaf_that_changes_is_told(source, clock):
    """Of some; test_each_leaf_of_each_template_is_told has all."""
    some = sample(1)[source]
    some = random.Random(source).sample(some, min(len(some), 80))
    assert list(unseen(some, clock)) == []


@pytest.mark.slow
@pytest.mark.parametrize("source", templates())
def test_each_leaf_of_each_template_is_told(source, clock):
    assert list(unseen(list(mutants(source)), clock)) == []


def test_each_reason_is_needed():
    changes = {
        f"{mutant.operation} {mutant.shape}"
        for some in sample(1).values()
        for mutant in some
    }
    for place in REASONS:
        assert any(re.search(place, change) for change in changes), place


@pytest.mark.parametrize(
    "path",
    [
        "watched ErrorsFA5270DE ActionsEnabled",
        "tenants Books Enabled",
        "tenants Connections Enabled",
        "tenants Connections Ipv6Enabled",
    ],
)
def test_what_is_on_by_default_is_told_when_it_is_switched_off(path):
    source, name, setting = path.split()
    place = ("Resources", name, "Properties", setting)
    on = put(templates()[source], place, GONE)
    off = put(on, place, False)
    assert told_from(on, off) and told_from(off, on)
    assert told_from(on, off) != told_from(off, on)


# --- Two changes at once ---


# What decides which other settings have an effect at all.
DECISIVE = frozenset(
    {"EventType", "HeaderBehavior", "OriginId", "PathPattern", "TargetOriginId"}
)


def literal_changes(source: str) -> list[Mutant]:
    return [
        mutant
        for mutant in mutants(source)
        if mutant.operation == "changed"
        and mutant.setting not in DECISIVE
        and not reason(mutant)
    ]


def pairs_of(source: str, wanted: int) -> Iterator[tuple[Mutant, Mutant]]:
    chosen = random.Random(source)
    changes = literal_changes(source)
    for _ in range(wanted):
        first, second = chosen.sample(changes, 2)
        # Elements of one list could take each other's place.
        shorter = min(len(first.path), len(second.path)) - 1
        if first.path[:shorter] != second.path[:shorter]:
            yield first, second


@pytest.mark.parametrize("source", templates())
def test_each_of_two_changes_is_told(source):
    silent = []
    for first, second in pairs_of(source, 8):
        before, one = first.sides()
        other = second.sides()[1]
        both = told(before, second.applied_to(one))
        for mutant, alone in ((first, other), (second, one)):
            if both == told(before, alone):
                silent.append(
                    f"{mutant} beside {first if mutant is second else second}: {both}"
                )
    assert silent == []


# --- Values that nobody may read ---

SECRETS = (
    "a literal secret",
    "a token that partners send",
    "a default that nobody may read",
    "OneOneOne",
)


def test_a_secret_is_never_shown():
    seen = 0
    for source in templates():
        for mutant in mutants(source):
            value = str(mutant.was) + str(mutant.becomes)
            hidden = [secret for secret in SECRETS if secret in value]
            if not hidden:
                continue
            seen += 1
            lines = told(*mutant.sides())
            assert not [line for line in lines for secret in hidden if secret in line]
    assert seen > 10
