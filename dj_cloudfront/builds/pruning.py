"""Removing the builds that may go, alone under the lock: out of sight first, deleted later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dj_cloudfront.builds import layout, trash
from dj_cloudfront.builds.filesystem import time_of
from dj_cloudfront.builds.in_use import forget_last_used, touch_last_used
from dj_cloudfront.builds.index import read_index
from dj_cloudfront.builds.inventory import Inventory, take_inventory
from dj_cloudfront.builds.layout import hashed_folders, published
from dj_cloudfront.builds.retention import Decision, RetentionRules, Verdict, plan
from dj_cloudfront.builds.trash import Trashed, collecting


@dataclass(frozen=True, kw_only=True)
class PruneResult:
    """What was done, or would be.

    :param inventory: What there was when it was decided.
    :param decisions: On every build, oldest first.
    :param moved: The builds that are in the trash since, for which a preview has none.
    :param deleted: The builds that were deleted for good.
    :param incomplete_builds: The folders of builds that nobody had finished, which were deleted.
    :param hashed_folders: Those that no build names, here or in the trash, which were deleted.
    :param doubtful: Those that stay, because a build in ``unreadable`` may name them.
    :param unreadable: The builds, here or in the trash, without an index that can be read.
    :param failures: A sentence for each thing that could not be done.
    """

    inventory: Inventory
    decisions: Sequence[Decision]
    moved: list[Trashed] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    incomplete_builds: list[str] = field(default_factory=list)
    hashed_folders: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def pruned(self) -> list[str]:
        """The builds that may go."""
        return [one.version for one in self.decisions if one.verdict is Verdict.PRUNE]


def preview(
    root: Path, *, current: str, rules: RetentionRules, trash_for: timedelta
) -> PruneResult:
    """What ``prune()`` would do now, with nothing changed.

    :raises ValueError: as ``prune()`` does.
    """
    inventory = take_inventory(root)
    result = PruneResult(
        inventory=inventory, decisions=decide(inventory, current, rules)
    )
    due = [
        one.version for one in inventory.trash if _is_due(one, inventory.now, trash_for)
    ]
    result.deleted.extend(due if trash_for else [*due, *result.pruned])
    result.incomplete_builds.extend(path.name for path in inventory.incomplete_builds)
    going = {inventory.root / version for version in result.pruned if not trash_for}
    going |= {one.path for one in inventory.trash if one.version in due}
    result.hashed_folders.extend(_unnamed(result, rules, going))
    return result


def prune(
    root: Path, *, current: str, rules: RetentionRules, trash_for: timedelta
) -> PruneResult:
    """Move the builds that may go to the trash, and delete what was there long enough.

    What was interrupted before is brought to an end first. What cannot be done is told in
    the result, and the rest is done.

    :param current: The build in service, by the settings.
    :param trash_for: How long a build can be brought back; with none it is deleted at once.
    :raises ValueError: with one sentence, when ``root`` is no folder, ``current`` or a
        protected build is not there, or what a server has declared cannot be read.
    :raises OSError: with one sentence, when somebody else has the lock for too long.
    """
    with layout.locked_root(root) as root:
        now = layout.disk_time(root)
        failures: list[str] = []
        trash.settle(root, failures)
        # What others decided or did meanwhile counts, so nothing is known before the lock.
        inventory = take_inventory(root, now=now)
        decisions = decide(inventory, current, rules)
        result = PruneResult(
            inventory=inventory, decisions=decisions, failures=failures
        )
        _empty(result, trash_for)
        for version in result.pruned:
            with collecting(root, failures):
                _remove(result, version, trash_for)
        for hashed in _unnamed(result, rules):
            with collecting(root, failures):
                trash.delete_at_once(root, hashed)
                result.hashed_folders.append(hashed)
        with collecting(root, failures):
            # For servers that never declare what they serve.
            in_use = {current, *(one.version for one in inventory.servers)}
            there = {build.version for build in inventory.builds}
            touch_last_used(root, sorted(in_use & there))
        with collecting(root, failures):
            in_trash = [one.version for one in trash.trashed(root)]
            forget_last_used(root, keep=[*published(root), *in_trash])
    return result


def decide(
    inventory: Inventory, current: str | None, rules: RetentionRules
) -> list[Decision]:
    """Apply the rules to what there is.

    :raises ValueError: with one sentence, when a build that is named is not there.
    """
    there = [build.version for build in inventory.builds]
    named = [] if current is None else [("current", current)]
    named += [("protect", version) for version in sorted(rules.protected)]
    for what, version in named:
        if version not in there:
            raise ValueError(
                f"{what} must be a build in {inventory.root}, such as "
                f"{', '.join(there[-3:]) or 'none'}, got {version!r}: nothing is removed "
                "as long as that is in doubt"
            )
    return plan(
        inventory.builds,
        inventory.servers,
        current=current,
        now=inventory.now,
        rules=rules,
    )


def _is_due(one: Trashed, now: float, trash_for: timedelta) -> bool:
    return now - min(one.since, now) >= trash_for.total_seconds()


def _empty(result: PruneResult, trash_for: timedelta) -> None:
    """Delete what was in the trash long enough, and what nobody will finish.

    Before builds are moved, so that there is room on a full disk.
    """
    for one in result.inventory.trash:
        if _is_due(one, result.inventory.now, trash_for):
            with collecting(result.inventory.root, result.failures):
                trash.delete(one)
                result.deleted.append(one.version)
    # Whoever writes a build has the lock, so these have no writer.
    for path in result.inventory.incomplete_builds:
        with collecting(result.inventory.root, result.failures):
            layout.remove_incomplete(path)
            result.incomplete_builds.append(path.name)


def _remove(result: PruneResult, version: str, trash_for: timedelta) -> None:
    root = result.inventory.root
    if trash_for:
        result.moved.append(trash.move(root, version))
    else:
        trash.delete_at_once(root, version)
        result.deleted.append(version)


def _unnamed(
    result: PruneResult, rules: RetentionRules, going: Collection[Path] = ()
) -> list[str]:
    """The hashed folders that no build names which is there or can be brought back.

    They are as old as builds have to be: what somebody is publishing may have made them.

    :param going: Builds that count as gone.
    """
    root, now = result.inventory.root, result.inventory.now
    builds = {root / version for version in published(root)}
    builds |= {one.path for one in trash.trashed(root)}
    named: set[str] = set()
    for build in sorted(builds - set(going)):
        try:
            index = read_index(build)
        except (OSError, ValueError):
            index = None
        if index is None:
            result.unreadable.append(build)
        else:
            named.update(index.hashed_folders.values())
    wait = rules.superseded_for.total_seconds()
    found = []
    for hashed in hashed_folders(root):
        since = time_of(root / hashed)
        if hashed not in named and since and now - min(since, now) >= wait:
            found.append(hashed)
    if result.unreadable:
        result.doubtful.extend(found)
        return []
    return found
