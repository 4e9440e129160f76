"""Removing what may go, alone under the lock and by what holds there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dj_cloudfront.builds import disk, private
from dj_cloudfront.builds.declarations import drop_notes, note
from dj_cloudfront.builds.folders import hidden_folder, published
from dj_cloudfront.builds.prune import trash
from dj_cloudfront.builds.prune.rules import Decision, Rules, Verdict, plan
from dj_cloudfront.builds.prune.survey import Survey, survey
from dj_cloudfront.builds.prune.trash import Trashed, collecting


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done, or would be.

    :param seen: What there was when it was decided.
    :param decisions: On every build, oldest first.
    :param moved: The builds that are in the trash since, for which a preview has none.
    :param deleted: The builds that were deleted for good.
    :param leftovers: The folders of builds that nobody had finished, which were deleted.
    :param failures: A sentence for each thing that could not be done.
    """

    seen: Survey
    decisions: Sequence[Decision]
    moved: list[Trashed] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def pruned(self) -> list[str]:
        """The builds that may go."""
        return [one.version for one in self.decisions if one.verdict is Verdict.PRUNE]


def preview(root: Path, *, current: str, rules: Rules, trash_for: timedelta) -> Outcome:
    """What ``prune()`` would do now, with nothing changed.

    :raises ValueError: as ``prune()`` does.
    """
    seen = survey(root)
    outcome = Outcome(seen=seen, decisions=decide(seen, current, rules))
    due = [one.version for one in seen.trash if _is_due(one, seen.now, trash_for)]
    outcome.deleted.extend(due if trash_for else [*due, *outcome.pruned])
    outcome.leftovers.extend(path.name for path in seen.leftovers)
    return outcome


def prune(root: Path, *, current: str, rules: Rules, trash_for: timedelta) -> Outcome:
    """Move the builds that may go to the trash, and delete what was there long enough.

    What was interrupted before is brought to an end first. What cannot be done is told in
    the outcome, and the rest is done.

    :param current: The build in service, by the settings.
    :param trash_for: How long a build can be brought back; with none it is deleted at once.
    :raises ValueError: with one sentence, when ``root`` is no folder, ``current`` or a
        protected build is not there, or what a server has declared cannot be read.
    :raises OSError: with one sentence, when somebody else has the lock for too long.
    """
    with private.alone(root) as root:
        now = private.now(root)
        failures: list[str] = []
        trash.settle(root, failures)
        # What others decided or did meanwhile counts, so nothing is known before the lock.
        seen = survey(root, now=now)
        decisions = decide(seen, current, rules)
        outcome = Outcome(seen=seen, decisions=decisions, failures=failures)
        _empty(outcome, trash_for)
        for version in outcome.pruned:
            with collecting(root, failures):
                _remove(outcome, version, trash_for)
        _note_in_use(outcome, current)
        _tidy(outcome)
    return outcome


def decide(seen: Survey, current: str | None, rules: Rules) -> list[Decision]:
    """Apply the rules to what there is.

    :raises ValueError: with one sentence, when a build that is named is not there.
    """
    there = [build.version for build in seen.builds]
    named = [] if current is None else [("current", current)]
    named += [("protect", version) for version in sorted(rules.protected)]
    for what, version in named:
        if version not in there:
            raise ValueError(
                f"{what} must be a build in {seen.root}, such as "
                f"{', '.join(there[-3:]) or 'none'}, got {version!r}: nothing is removed "
                "as long as that is in doubt"
            )
    return plan(
        seen.builds, seen.declarations, current=current, now=seen.now, rules=rules
    )


def _is_due(one: Trashed, now: float, trash_for: timedelta) -> bool:
    return now - min(one.since, now) >= trash_for.total_seconds()


def _empty(outcome: Outcome, trash_for: timedelta) -> None:
    """Delete what was in the trash long enough, and what nobody will finish.

    Before builds are moved, so that there is room on a full disk.
    """
    for one in outcome.seen.trash:
        if _is_due(one, outcome.seen.now, trash_for):
            with collecting(outcome.seen.root, outcome.failures):
                trash.delete(one)
                outcome.deleted.append(one.version)
    # Whoever writes a build has the lock, so these have no writer. And if a lock did not
    # hold, the writer finds its folder under another name, and cannot show half of it.
    for path in outcome.seen.leftovers:
        version = path.name[1:].partition(".publishing-")[0]
        gone = hidden_folder(outcome.seen.root, version)
        with collecting(outcome.seen.root, outcome.failures):
            os.rename(path, gone)
            disk.remove_tree(gone)
            outcome.leftovers.append(path.name)


def _remove(outcome: Outcome, version: str, trash_for: timedelta) -> None:
    root = outcome.seen.root
    if trash_for:
        outcome.moved.append(trash.move(root, version))
    else:
        trash.delete_at_once(root, version)
        outcome.deleted.append(version)


def _note_in_use(outcome: Outcome, current: str) -> None:
    """Keep which builds are in service now, for servers that never declare theirs."""
    there = {build.version for build in outcome.seen.builds}
    in_use = {current} | {one.version for one in outcome.seen.declarations}
    with collecting(outcome.seen.root, outcome.failures):
        note(outcome.seen.root, sorted(in_use & there))


def _tidy(outcome: Outcome) -> None:
    """Forget what was known of builds that are no more."""
    root = outcome.seen.root
    with collecting(root, outcome.failures):
        in_trash = [one.version for one in trash.trashed(root)]
        drop_notes(root, keep=[*published(root), *in_trash])
        for path in private.stopped_clocks(root):
            path.unlink(missing_ok=True)
