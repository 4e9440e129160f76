"""List uploads whose names can come again, or uploads that no row names."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from dj_cloudfront.commands._options import as_command_error, days
from dj_cloudfront.commands.console import Console
from dj_cloudfront.media import orphans as rules
from dj_cloudfront.media.names import token_folder
from dj_cloudfront.media.storages import MediaStorage, media_storage


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--orphans",
        action="store_true",
        help="folders that MediaStorage made and whose token stands in no table of the databases",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="with --orphans: move them to the trash in MEDIA_ROOT/.cdn/",
    )
    parser.add_argument(
        "--older-than",
        type=days,
        default=timedelta(days=30),
        metavar="DAYS",
        help="leave out what was changed since (default: 30)",
    )
    parser.add_argument(
        "--trash",
        type=days,
        default=timedelta(days=30),
        metavar="DAYS",
        help="with --yes: what is in the trash for so long is deleted (default: 30)",
    )
    parser.add_argument(
        "--using",
        default="default",
        metavar="ALIAS",
        help="the storage in STORAGES (default: default)",
    )
    parser.add_argument("--json", action="store_true", help="the result for a script")


def run(
    console: Console,
    *,
    orphans: bool,
    yes: bool,
    older_than: timedelta,
    trash: timedelta,
    using: str,
    **options: Any,
) -> None:
    if yes and not orphans:
        raise CommandError("--yes must be beside --orphans: nothing else is changed")
    with as_command_error("moving", settings.MEDIA_ROOT):
        storage = media_storage(using)
        if orphans:
            _orphans(console, storage, yes, older_than, trash)
            return
    names = [name for name in rules.uploads(storage) if token_folder(name) is None]
    for name in names:
        console.write(name)
    console.write(f"{len(names)} uploads have names that can be given again")
    console.write_json({"names": names})


def _orphans(
    console: Console,
    storage: MediaStorage,
    yes: bool,
    older_than: timedelta,
    trash: timedelta,
) -> None:
    try:
        found = rules.orphans(storage, older_than=older_than)
    except DatabaseError as error:
        raise CommandError(
            "each table of the databases must be there and readable, so that no row is "
            f"missed: run 'manage.py migrate' first ({error})"
        ) from None
    left = []
    for orphan in found:
        console.write(f"{orphan.folder}  {orphan.size} bytes")
        if yes:
            try:
                console.write(f"  in the trash: {rules.trash(storage, orphan)}")
            except FileNotFoundError:
                console.write("  gone meanwhile")
            except OSError as error:
                left.append(orphan.folder)
                console.write(f"  left where it is: {error.strerror or error}")
    gone = rules.empty_trash(storage, older_than=trash) if yes else []
    for folder in gone:
        console.write(f"deleted for good: {folder}")
    console.write(
        f"{len(found)} uploads are named by no row"
        + ("" if yes or not found else ": --yes moves them to the trash")
    )
    console.write_json(
        {
            "orphans": [asdict(orphan) for orphan in found],
            "done": yes,
            "left": left,
            "deleted": [str(folder) for folder in gone],
        }
    )
    if left:
        raise CommandError(
            f"{len(left)} of {len(found)} folders were left where they are"
        )
