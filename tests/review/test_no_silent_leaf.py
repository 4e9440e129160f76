from __future__ import annotations

import random
import re
from collections.abc import Iterator
from time import perf_counter

import pytest
from leaves_support import Mutant, mutants, sample, templates, told

# What a line calls a setting that it does not call by its property.
WORDS: dict[str, str] = {}

# Why a change may stay without a line, by the type and the path of what changes.
REASONS: dict[str, str] = {
    r"Distribution .*(Origins|OriginGroups)(\.Items)?\.\*(\.Fn::If\.\*)?\.Id$": "binds a behavior to its origin",
    r"[. ](Comment|Description|AlarmDescription)$": "is for readers",
    r"\.Quantity$": "counts what stands beside it",
}

SECONDS = 30
"""For 5,000 changes. A third of it is usual."""


class Clock:
    def __init__(self):
        self.changes = 0
        self.seconds = 0.0

    def told(self, before, after):
        begun = perf_counter()
        lines = told(before, after)
        self.seconds += perf_counter() - begun
        self.changes += 1
        return lines


@pytest.fixture(scope="module")
def clock():
    clock = Clock()
    yield clock
    print(f"\n{clock.changes} changes in {clock.seconds:.1f} s")
    assert clock.seconds < 1 + SECONDS * clock.changes / 5_000


def is_named(mutant: Mutant, line: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", line.lower())
    words = WORDS.get(mutant.setting)
    return mutant.setting.lower() in plain or bool(words and re.search(words, line))


def are_told_apart(lines: list[str], back: list[str]) -> bool:
    return lines != back or any("another" in line for line in lines)


def reason(mutant: Mutant) -> str | None:
    return next(
        (why for place, why in REASONS.items() if re.search(place, mutant.shape)), None
    )


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
        if lines and not are_told_apart(lines, back):
            yield f"{mutant}: both ways the lines are {lines}"


@pytest.mark.parametrize("source", templates())
def test_each_leaf_that_changes_is_told(source, clock):
    assert list(unseen(sample(2)[source], clock)) == []


@pytest.mark.slow
@pytest.mark.parametrize("source", templates())
def test_each_leaf_of_each_template_is_told(source, clock):
    assert list(unseen(list(mutants(source)), clock)) == []


def test_each_reason_is_needed():
    shapes = {mutant.shape for some in sample(1).values() for mutant in some}
    for place in REASONS:
        assert any(re.search(place, one) for one in shapes), place


# --- Two changes at once ---


def literal_changes(source: str) -> list[Mutant]:
    return [
        mutant
        for mutant in mutants(source)
        if mutant.operation == "changed" and not reason(mutant)
    ]


def pairs_of(source: str, wanted: int) -> Iterator[tuple[Mutant, Mutant]]:
    chosen = random.Random(source)
    changes = literal_changes(source)
    for _ in range(wanted):
        first, second = chosen.sample(changes, 2)
        shorter = min(len(first.path), len(second.path))
        if first.path[:shorter] != second.path[:shorter]:
            yield first, second


@pytest.mark.parametrize("source", templates())
def test_each_of_two_changes_is_told(source):
    silent = []
    for first, second in pairs_of(source, 20):
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


# --- Plain words ---


@pytest.mark.parametrize("source", templates())
def test_no_line_has_the_notation_of_a_program(source):
    for mutant in sample(1)[source]:
        for line in told(*mutant.sides()):
            assert len(line) < 1_000
            assert not re.search(
                r"None|True|False|\w+\(\w+=|frozenset|''|  |\{'|instead of ,", line
            ), f"{mutant}: {line}"
