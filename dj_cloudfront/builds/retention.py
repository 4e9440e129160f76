"""Which builds may go: what is known of them in, decisions out. No file is touched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.builds.in_use import RegisteredServer


@dataclass(frozen=True, kw_only=True)
class KnownBuild:
    """What is known of a build. Times are in seconds since 1970, by the disk's clock.

    :param published: None if it is not known.
    :param last_used: When it was last known to be in service; None if it never was.
    :param flaw: Why it may be something else than a build, such as ``without index``.
    """

    version: str
    published: float | None
    last_used: float | None = None
    flaw: str = ""


@dataclass(frozen=True, kw_only=True)
class RetentionRules:
    """What has to be kept, beside the builds in service and the previous one.

    :param keep: The newest so many, however long they are superseded. At least 1.
    :param superseded_for: For how long a build has to be out of service before it may go.
    :param protected: Builds that stay whatever else is known of them.
    :param without_index: Whether folders without a sound index are builds too.
    """

    keep: int = 5
    superseded_for: timedelta = timedelta(days=30)
    protected: frozenset[str] = field(default_factory=frozenset)
    without_index: bool = False

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError(f"keep must be 1 or more, such as 5, got {self.keep}")
        if self.superseded_for < timedelta(0):
            days = self.superseded_for / timedelta(days=1)
            raise ValueError(
                f"superseded must be 0 or more days, such as 30, got {days:g}"
            )
        for version in sorted(self.protected):
            check_build_version(version, "protect")


class Verdict(StrEnum):
    KEEP = "keep"
    PRUNE = "prune"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of a build.

    :param reasons: All that speak for it, such as ``current`` and ``used by web1``.
    :param superseded: When the build went out of service; None if it is in service, or if
        that is not known.
    """

    version: str
    verdict: Verdict
    reasons: tuple[str, ...]
    superseded: float | None

    @property
    def reason(self) -> str:
        return ", ".join(self.reasons)


def plan(
    builds: Iterable[KnownBuild],
    servers: Sequence[RegisteredServer],
    *,
    current: str | None,
    now: float,
    rules: RetentionRules,
) -> list[Decision]:
    """Decide on every build, oldest first.

    A build's age says nothing: one that is in service for months is old. What counts is how
    long ago it was superseded: when the last server that used it declared another one, or,
    for a build that nobody is known to have used, when the next one was published. A time
    that is not known, or that lies in the future, counts as now.

    :param current: The build of the settings. None, to look only, if there is none.
    :param now: By the disk's clock, in seconds since 1970.
    """
    given = sorted(
        (_until(build, now) for build in builds),
        key=lambda build: (_known(build.published), build.version),
    )
    # Another folder of a name that could be a version must not supersede a build.
    real = [build for build in given if not build.flaw or rules.without_index]
    in_use = _in_use(servers, current)
    previous = _previous(real, in_use, current)
    newest = {build.version for build in real[-rules.keep :]}
    decisions = []
    for build in given:
        is_out = build in real and build.version not in in_use
        superseded = _superseded(build, real) if is_out else None
        states = in_use.get(build.version, ()) + _states(build, rules, previous, newest)
        decisions.append(_decision(build, states, superseded, now, rules))
    return decisions


def _decision(
    build: KnownBuild,
    states: tuple[str, ...],
    superseded: float | None,
    now: float,
    rules: RetentionRules,
) -> Decision:
    verdict, age = Verdict.KEEP, None if superseded is None else now - superseded
    if states:
        reasons = states
    elif age is None:
        reasons = ("not known to be superseded",)
    elif age < rules.superseded_for.total_seconds():
        wanted = in_words(rules.superseded_for.total_seconds())
        reasons = (f"superseded for {in_words(age)}, not yet {wanted}",)
    else:
        verdict, reasons = Verdict.PRUNE, (f"superseded for {in_words(age)}",)
    return Decision(
        version=build.version, verdict=verdict, reasons=reasons, superseded=superseded
    )


def _until(build: KnownBuild, now: float) -> KnownBuild:
    """The same build with no time in the future."""
    published, used = (
        None if time is None else min(time, now)
        for time in (build.published, build.last_used)
    )
    return replace(build, published=published, last_used=used)


def _known(time: float | None) -> float:
    return math.inf if time is None else time


def _in_use(
    servers: Sequence[RegisteredServer], current: str | None
) -> dict[str, tuple[str, ...]]:
    """The builds in service, with what makes them so."""
    names_of: dict[str, list[str]] = {}
    for one in servers:
        names_of.setdefault(one.version, []).append(one.server)
    found: dict[str, tuple[str, ...]] = {
        version: (f"used by {', '.join(sorted(names))}",)
        for version, names in names_of.items()
    }
    if current is not None:
        found[current] = ("current", *found.get(current, ()))
    return found


def _previous(
    real: Sequence[KnownBuild], in_use: Iterable[str], current: str | None
) -> set[str]:
    """The build that went out of service last, and the one published before the current one.

    They differ where more is published than is put into service, and after a rollback.
    """
    others = [build for build in real if build.version not in set(in_use)]
    used = [build.last_used for build in others if build.last_used is not None]
    published = next((b.published for b in real if b.version == current), None)
    earlier = [b for b in others if _known(b.published) < _known(published)]
    last = max((_known(build.published) for build in earlier), default=None)
    return {b.version for b in others if used and b.last_used == max(used)} | {
        b.version for b in earlier if b.published == last
    }


def _superseded(build: KnownBuild, real: Sequence[KnownBuild]) -> float | None:
    if build.published is None:
        return None
    if build.last_used is not None:
        # The name may have been used before, by a build that is no more.
        return max(build.published, build.last_used)
    later = (b.published for b in real if b.published is not None)
    return min((time for time in later if time > build.published), default=None)


def _states(
    build: KnownBuild, rules: RetentionRules, previous: set[str], newest: set[str]
) -> tuple[str, ...]:
    """What keeps a build that is out of service, however long."""
    some = f"one of the {rules.keep} newest" if rules.keep > 1 else "the newest"
    states = {
        "previous": build.version in previous,
        "protected": build.version in rules.protected,
        build.flaw: bool(build.flaw) and not rules.without_index,
        some: build.version in newest,
    }
    return tuple(state for state, holds in states.items() if holds)


def in_words(seconds: float) -> str:
    """A duration for a sentence, such as ``3 days``."""
    units = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
    fitting = (
        unit for unit, one in units.items() if seconds == one or seconds >= 2 * one
    )
    unit = next(fitting, "second")
    count = int(seconds // units[unit])
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
