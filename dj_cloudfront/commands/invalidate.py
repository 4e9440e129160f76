"""Take deleted uploads, or paths, from the edges; --status says what is pending."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dj_cloudfront.commands._options import as_command_error
from dj_cloudfront.commands.console import Console
from dj_cloudfront.media.invalidation import BUDGET, Invalidator, Receipt
from dj_cloudfront.media.storages import MediaStorage, media_storage


def add_arguments(parser: CommandParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "paths",
        nargs="*",
        default=[],
        metavar="PATH",
        help="as a viewer asks for it, such as /images/team.png or '/images/*'",
    )
    what.add_argument(
        "--pending", action="store_true", help="send what was deleted or overwritten"
    )
    what.add_argument(
        "--status", action="store_true", help="say what is pending; nothing is sent"
    )
    parser.add_argument(
        "--watch",
        type=int,
        metavar="SECONDS",
        help="with --pending: look again after so long, until interrupted",
    )
    parser.add_argument(
        "--wait", action="store_true", help="until no edge has the files any more"
    )
    parser.add_argument(
        "--using",
        default="default",
        metavar="ALIAS",
        help="the storage in STORAGES (default: default)",
    )
    parser.add_argument(
        "--budget",
        type=int,
        default=BUDGET,
        metavar="PATHS",
        help=f"paths a month that may be sent (default: {BUDGET}, which AWS gives free)",
    )
    parser.add_argument("--profile", help="of the AWS configuration")
    parser.add_argument("--json", action="store_true", help="the result for a script")


def run(
    console: Console,
    *,
    paths: Sequence[str],
    pending: bool,
    status: bool,
    watch: int | None,
    wait: bool,
    using: str,
    budget: int,
    profile: str | None,
    **options: Any,
) -> None:
    if watch is not None and not (pending and watch > 0):
        raise CommandError(
            f"--watch must be seconds, such as 30, beside --pending, got {watch!r}"
        )
    with as_command_error("invalidating", settings.MEDIA_ROOT):
        storage = media_storage(using)
        if status:
            _write_status(console, storage)
            return
        invalidator = Invalidator.of_storage(storage, budget=budget, profile=profile)
        while True:
            sent = (
                invalidator.send_pending(storage.deletions)
                if pending
                else invalidator.send(paths)
            )
            receipts = _send(console, invalidator, sent, wait)
            if watch is None:
                break
            time.sleep(watch)
    if not receipts:
        console.write("nothing is pending")
    console.write_json({"invalidations": [asdict(receipt) for receipt in receipts]})


def _send(
    console: Console, invalidator: Invalidator, sent: Iterable[Receipt], wait: bool
) -> list[Receipt]:
    receipts = []
    for receipt in sent:
        receipts.append(receipt)
        number = len(receipt.paths)
        console.write(f"{receipt.id}: {number} path{'s' * (number != 1)}")
    for receipt in receipts if wait else ():
        invalidator.wait(receipt)
        console.write(f"{receipt.id}: completed")
    return receipts


def _write_status(console: Console, storage: MediaStorage) -> None:
    backlog = storage.deletions.backlog()
    console.write(
        f"pending: {backlog.pending}, the oldest for {backlog.oldest_seconds:.0f} seconds"
        if backlog.pending
        else "nothing is pending"
    )
    console.write_json(backlog._asdict())
