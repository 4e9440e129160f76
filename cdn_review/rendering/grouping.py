"""What is said once: equal changes of several environments, and each change in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cdn_review.report import Report
from cdn_review.stopping import Stopped
from cdn_review.summary import Change, Topic

_HALF = " distribution"
_SECURITY = (Topic.ACCESS, Topic.SECURITY)


@dataclass(frozen=True, kw_only=True)
class Halted:
    """One change that must be acknowledged, in each environment that has it."""

    change: Change
    environments: tuple[str, ...]
    ids: tuple[str, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Environments with the same changes."""

    environments: tuple[str, ...]
    changes: tuple[Change, ...]


def open_ones(report: Report) -> list[Halted]:
    """What must be acknowledged first."""
    return _halted((stopped, "") for stopped in report.verdict.open)


def acknowledged_ones(report: Report) -> list[Halted]:
    """What would have to be, and was."""
    return _halted(report.verdict.acknowledged)


def listed(report: Report) -> list[Listed]:
    """The other changes, in the order of the report."""
    verdict = report.verdict
    shown = {stopped.change for stopped in verdict.open}
    shown |= {stopped.change for stopped, _ in verdict.acknowledged}
    by_environment: dict[str, list[Change]] = {}
    for change in report.changes:
        if change not in shown:
            by_environment.setdefault(change.environment, []).append(change)
    groups: dict[tuple[object, ...], list[str]] = {}
    for environment, changes in by_environment.items():
        groups.setdefault(tuple(map(_content, changes)), []).append(environment)
    return [
        Listed(
            environments=tuple(same),
            changes=tuple(_halves_together(by_environment[same[0]])),
        )
        for same in groups.values()
    ]


def unchanged(report: Report) -> tuple[str, ...]:
    """Environments in which nothing changes."""
    changed = {change.environment for change in report.changes}
    return tuple(one for one in report.environments if one not in changed)


def labels(change: Change) -> list[str]:
    """What a reader should not overlook about a change."""
    found = [str(change.stop).replace("-", " ")] if change.stop else []
    found += ["security"] if change.topic in _SECURITY else []
    return [*found, *(["cost"] if change.costs else [])]


def headline(report: Report, *, name: str = "") -> str:
    """The first line: whether there is anything to read, and anything to do."""
    subject = f"CDN review of {name}" if name else "CDN review"
    if not report.changed:
        return f"{subject}: no change"
    count = len(report.changes)
    changes = f"{count} change{'' if count == 1 else 's'}"
    done, waiting = len(report.verdict.acknowledged), len(report.verdict.open)
    parts = [changes, *([f"{done} acknowledged"] if done else [])]
    parts += [f"{waiting} must be acknowledged"] if waiting else []
    return f"{subject}: {', '.join(parts)}"


def _halves_together(changes: Sequence[Change]) -> list[Change]:
    """The same change of several halves, such as media and static, is read once."""
    groups: dict[object, list[Change]] = {}
    for change in changes:
        is_half = change.role.endswith(_HALF)
        key = (is_half or change.role, *_content(change)[1:])
        groups.setdefault(key, []).append(change)
    return [replace(same[0], role=_roles(same)) for same in groups.values()]


def _roles(changes: Sequence[Change]) -> str:
    roles = list(dict.fromkeys(change.role for change in changes))
    if len(roles) == 1:
        return roles[0]
    *first, last = [role.removesuffix(_HALF) for role in roles]
    return f"{', '.join(first)} and {last}{_HALF}"


def _halted(found: Iterable[tuple[Stopped, str]]) -> list[Halted]:
    groups: dict[object, list[tuple[Stopped, str]]] = {}
    for stopped, reason in found:
        groups.setdefault(_content(stopped.change), []).append((stopped, reason))
    alike: dict[object, list[Halted]] = {}
    for one in (_one(same) for same in groups.values()):
        is_half = one.change.role.endswith(_HALF)
        role = is_half or one.change.role
        key = (role, one.environments, one.reasons, *_content(one.change)[1:])
        alike.setdefault(key, []).append(one)
    return [_several(same) for same in alike.values()]


def _one(same: Sequence[tuple[Stopped, str]]) -> Halted:
    return Halted(
        change=same[0][0].change,
        environments=tuple(stopped.change.environment for stopped, _ in same),
        ids=tuple(stopped.id for stopped, _ in same),
        reasons=tuple(dict.fromkeys(reason for _, reason in same if reason)),
    )


def _several(alike: Sequence[Halted]) -> Halted:
    """Of several halves in the same environments, one to read and each to acknowledge."""
    role = _roles([one.change for one in alike])
    return replace(
        alike[0],
        change=replace(alike[0].change, role=role),
        ids=tuple(identity for one in alike for identity in one.ids),
    )


def _content(change: Change) -> tuple[object, ...]:
    """What a reader sees of a change, whatever its environment is."""
    return (
        change.role,
        change.topic,
        change.text,
        change.note,
        change.stop,
        change.costs,
    )
