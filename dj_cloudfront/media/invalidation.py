"""Send what was deleted to CloudFront: batched, within a monthly budget, with a receipt."""

from __future__ import annotations

import contextlib
import hashlib
import json
import posixpath
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dj_cloudfront.aws_errors import error_message
from dj_cloudfront.builds import filesystem
from dj_cloudfront.media.deletions import Deletion, Deletions
from dj_cloudfront.media.names import token_folder

BUDGET = 1000
"""Paths a month. AWS charges from the 1,001st path of an account on:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
"""
# In progress at once: 3,000 paths, and 15 with a wildcard.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_BATCH_PATHS, _BATCH_WILDCARDS = 1000, 10
_LONGEST_PATH = 4000
# CloudFront refuses a path with "~", and what it takes for "%7E" is another path:
# https://github.com/aws/aws-sdk/issues/525
_SENT_AS_IT_STANDS = re.compile(r"[A-Za-z0-9/._%-]*")
_POLL_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """An invalidation that CloudFront has accepted.

    :param id: CloudFront's, such as ``I1JLWSDAP8FU89``.
    :param at: When it was accepted, ISO 8601 in UTC.
    """

    id: str
    distribution_id: str
    paths: Sequence[str]
    at: str

    @property
    def data(self) -> dict[str, object]:
        return {
            "id": self.id,
            "distribution_id": self.distribution_id,
            "paths": list(self.paths),
            "at": self.at,
        }


class Invalidator:
    """Sends paths to one distribution.

    :param client: boto3's for CloudFront. It needs ``cloudfront:CreateInvalidation``, and
        ``cloudfront:GetInvalidation`` to wait.
    :param folder: Where the budget and the receipts are kept.
    :param budget: Paths a calendar month (UTC) that may be sent from this folder. Default:
        1,000, which cost nothing if the account sends no others.
    """

    def __init__(
        self, client: Any, *, distribution_id: str, folder: Path, budget: int = BUDGET
    ) -> None:
        self.client = client
        self.distribution_id = distribution_id
        self.folder = folder
        self.budget = budget

    def send(self, paths: Iterable[str]) -> Iterator[Receipt]:
        """Send paths that begin with ``/`` and may end with ``*``.

        :raises ValueError: for a path that CloudFront refuses, if the budget is spent, or if
            AWS refuses. Batches before it were sent.
        """
        wanted = sorted(set(paths))
        for path in wanted:
            check_path(path)
        for batch in _batches(wanted):
            with self._alone():
                receipt = self._send(batch, [str(time.time_ns())])
            yield receipt

    def send_pending(self, deletions: Deletions) -> Iterator[Receipt]:
        """Send what was deleted, oldest first. What was not accepted stays pending.

        Only one process sends at a time.

        :raises ValueError: as ``send()`` does; at the end, if records are damaged.
        """
        with self._alone():
            pending, damaged = deletions.read()
            by_path = paths_of(pending)
            for batch in _batches(list(by_path)):
                room = max(self.budget - self.spent(), 0)
                for part in filter(None, (batch[:room], batch[room:])):
                    settled = [deletion for path in part for deletion in by_path[path]]
                    names = [deletion.file.name for deletion in settled]
                    receipt = self._send(part, names)
                    # Whoever takes the receipt may come to nothing.
                    deletions.settle(settled)
                    yield receipt
        if damaged:
            raise ValueError(
                "each record of a deleted upload must hold its path, but "
                f"{', '.join(map(str, damaged))} cannot be read: remove it, and invalidate "
                "the path by hand; all others were sent"
            )

    def wait(self, receipt: Receipt, *, seconds: float = 900) -> None:
        """Wait until no edge has the paths of an invalidation any more.

        :raises ValueError: if it takes longer, or if AWS refuses.
        """
        end = time.monotonic() + seconds
        while self._status(receipt) != "Completed":
            if time.monotonic() > end:
                raise ValueError(
                    f"the invalidation {receipt.id} must be completed within {seconds:.0f} "
                    "seconds, but is in progress: CloudFront goes on with it"
                )
            time.sleep(_POLL_SECONDS)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else reads or writes the budget meanwhile."""
        filesystem.make_folder(self.folder)
        with filesystem.locked(self.folder):
            yield

    def spent(self) -> int:
        """Paths that were sent in this month."""
        try:
            months = json.loads((self.folder / "budget").read_bytes())
        except FileNotFoundError:
            return 0
        return int(months.get(_month(), 0))

    def _send(self, batch: Sequence[str], reasons: Sequence[str]) -> Receipt:
        spent = self._affordable(len(batch))
        # For the same reference CloudFront answers with the same invalidation, so that a
        # repeat after a lost answer makes no second one.
        text = "\n".join((*reasons, *batch))
        reference = hashlib.sha256(text.encode()).hexdigest()
        answer = self._call(
            lambda: self.client.create_invalidation(
                DistributionId=self.distribution_id,
                InvalidationBatch={
                    "Paths": {"Quantity": len(batch), "Items": list(batch)},
                    "CallerReference": reference,
                },
            ),
            "cloudfront:CreateInvalidation",
        )
        # Not before: a network that fails for a day must not spend the month. A crash before
        # leads to a repeat with the same reference, which AWS counts once.
        filesystem.write_atomically(
            self.folder / "budget", json.dumps({_month(): spent}).encode()
        )
        receipt = Receipt(
            id=answer["Invalidation"]["Id"],
            distribution_id=self.distribution_id,
            paths=batch,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._keep(receipt)
        return receipt

    def _status(self, receipt: Receipt) -> str:
        answer = self._call(
            lambda: self.client.get_invalidation(
                DistributionId=receipt.distribution_id, Id=receipt.id
            ),
            "cloudfront:GetInvalidation",
        )
        return str(answer["Invalidation"]["Status"])

    def _call(self, call: Callable[[], Any], action: str) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            if "TooManyInvalidationsInProgress" in str(error):
                raise ValueError(
                    "CloudFront must end other invalidations of this distribution first, as "
                    "it takes 3,000 paths at once: run this again in a few minutes"
                ) from None
            raise ValueError(
                error_message(error, service="CloudFront", action=action)
            ) from None

    def _affordable(self, paths: int) -> int:
        """How many will be spent in this month with so many more."""
        spent = self.spent()
        if spent + paths > self.budget:
            raise ValueError(
                f"the budget of {self.budget} paths a month must cover what is sent, but "
                f"{spent} were sent in {_month()} and {paths} more are next: nothing is lost; "
                "raise it with --budget ($0.005 a path beyond an account's first 1,000), or "
                "wait for the next month"
            )
        return spent + paths

    def _keep(self, receipt: Receipt) -> None:
        with (self.folder / "receipts").open("a", encoding="utf-8") as file:
            file.write(json.dumps(receipt.data) + "\n")


def check_path(path: str) -> None:
    """Whether CloudFront takes a path:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html

    :raises ValueError: if it does not.
    """
    right = (
        path.startswith("/")
        and path.isascii()
        and path.isprintable()
        and " " not in path
        and "*" not in path[:-1]
        and len(path) <= _LONGEST_PATH
    )
    if not right:
        raise ValueError(
            "a path must be as a viewer asks for it, percent-encoded, such as "
            f"'/images/team.png', with * at its end only, got {path[:100]!r}"
        )


def paths_of(deletions: Iterable[Deletion]) -> dict[str, list[Deletion]]:
    """The paths to send, each once, with the records that it settles.

    Several files of one upload, such as its thumbnails, are one path with a wildcard: nothing
    else is in their folder. A name that CloudFront cannot be told is cut to what is before
    it, with a wildcard.
    """
    by_folder: dict[str, list[Deletion]] = defaultdict(list)
    for deletion in deletions:
        by_folder[token_folder(deletion.path) or deletion.path].append(deletion)
    found: dict[str, list[Deletion]] = defaultdict(list)
    for folder, some in by_folder.items():
        several = len({deletion.path for deletion in some}) > 1
        path = posixpath.join(folder, "*") if several else some[0].path
        found[_sendable(path)] += some
    return dict(found)


def _sendable(path: str) -> str:
    plain = _SENT_AS_IT_STANDS.match(path)
    start = plain[0] if plain else ""
    if start == path and len(path) <= _LONGEST_PATH:
        return path
    # Never in the middle of "%C3".
    return re.sub(r"%.?$", "", start[: _LONGEST_PATH - 1]) + "*"


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    batch: list[str] = []
    wildcards = 0
    for path in paths:
        wild = path.endswith("*")
        if batch and (
            len(batch) == _BATCH_PATHS or (wild and wildcards == _BATCH_WILDCARDS)
        ):
            yield batch
            batch, wildcards = [], 0
        batch.append(path)
        wildcards += wild
    if batch:
        yield batch


def _month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")
