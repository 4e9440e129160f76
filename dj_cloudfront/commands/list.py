"""Show the builds: when they were published, their size, who serves them, which may go."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from dj_cloudfront.commands._options import (
    add_rules,
    as_command_error,
    build_in_service,
    builds_root,
    rules_of,
)
from dj_cloudfront.commands.console import Console, in_bytes, iso, moment, table

if TYPE_CHECKING:
    from dj_cloudfront.builds.inventory import Inventory, Usage
    from dj_cloudfront.builds.retention import Decision

_HEAD = ("VERSION", "PUBLISHED", "FILES", "SIZE", "OWN", "KEPT", "STATE")
_KEPT = _HEAD.index("KEPT")


def add_arguments(parser: CommandParser) -> None:
    add_rules(parser)


def run(console: Console, *, current: str | None, **options: Any) -> None:
    from dj_cloudfront.builds.inventory import take_inventory, usage
    from dj_cloudfront.builds.pruning import decide

    with as_command_error("listing builds", builds_root()):
        rules = rules_of(options)
        inventory = take_inventory(builds_root())
        in_service = current or _if_there(console, build_in_service(), inventory)
        decisions = decide(inventory, in_service, rules)
        usages = usage(inventory)
    flawed = {build.version for build in inventory.builds if build.flaw}
    # The newest first, but what serves pages on top, and folders that may be no builds below.
    decisions.reverse()
    decisions.sort(key=lambda one: (one.version != in_service, one.version in flawed))
    _print(console, inventory, decisions, usages)
    console.write_json(_data(inventory, decisions, usages))


def _if_there(
    console: Console, current: str | None, inventory: Inventory
) -> str | None:
    if any(build.version == current for build in inventory.builds):
        return current
    console.warn(
        "no build here is the current one: the settings name "
        + ("none" if current is None else f"{current}, which is not published")
    )
    return None


def _print(
    console: Console,
    inventory: Inventory,
    decisions: list[Decision],
    usages: dict[str, Usage],
) -> None:
    published = {build.version: build.published for build in inventory.builds}
    rows: list[tuple[str, ...]] = [_HEAD]
    for decision in decisions:
        usage = usages[decision.version]
        kept, every = usage.kept
        row = (
            decision.version,
            moment(published[decision.version]),
            str(usage.files),
            in_bytes(usage.size),
            in_bytes(usage.own),
            f"{100 * kept // every} %" if every else "",
            state(decision),
        )
        rows.append(row)
    if not any(one.hashed_folders for one in inventory.indexes.values()):
        rows = [(*row[:_KEPT], *row[_KEPT + 1 :]) for row in rows]
    if decisions:
        head, *rest = rows
        numbers = set(range(2, len(head) - 1))
        console.write(table(head, rest, right=numbers, columns=console.columns))
    else:
        console.write(f"no builds in {inventory.root}")
    for incomplete in inventory.incomplete_builds:
        console.write(f"being published, or left over: {incomplete.name}")
    for trashed in inventory.trash:
        back = shlex.join(("mv", str(trashed.path), f"{inventory.root}/"))
        since = moment(trashed.since)
        console.write(
            f"in the trash since {since}: {trashed.version}; back by:\n  {back}"
        )
    warn_of_absent(console, inventory)


def warn_of_absent(console: Console, inventory: Inventory) -> None:
    """Servers that declare what is not there; they may be gone, or about to break."""
    there = {build.version for build in inventory.builds}
    for declared in inventory.servers:
        if declared.version not in there:
            console.warn(
                f"{declared.server} declares {declared.version}, which is not here: publish it, or run "
                f"'manage.py cdn use --forget {declared.server}' if that server is gone"
            )


def state(decision: Decision) -> str:
    """All that is known of a build's service."""
    if decision.verdict == "prune":
        return f"may be pruned, {decision.reason}"
    if decision.superseded is None or decision.reason.startswith("superseded"):
        return decision.reason
    return f"{decision.reason}, superseded since {moment(decision.superseded)}"


def _data(
    inventory: Inventory, decisions: list[Decision], usages: dict[str, Usage]
) -> dict[str, Any]:
    builds = {build.version: build for build in inventory.builds}
    found = []
    for decision in decisions:
        usage = usages[decision.version]
        index = inventory.indexes.get(decision.version)
        entry = {
            "version": decision.version,
            "published": iso(builds[decision.version].published),
            "files": usage.files,
            "size": usage.size,
            "own": usage.own,
            "kept": usage.kept[0],
            "hashed_folders": dict(index.hashed_folders) if index else {},
            "state": list(decision.reasons),
            "superseded": iso(decision.superseded),
            "may_be_pruned": decision.verdict == "prune",
        }
        found.append(entry)
    return {
        "root": str(inventory.root),
        "builds": found,
        "servers": {one.server: one.version for one in inventory.servers},
        "trash": [
            {
                "version": one.version,
                "path": str(one.path),
                "since": iso(one.since),
            }
            for one in inventory.trash
        ],
        "incomplete_builds": [path.name for path in inventory.incomplete_builds],
    }
