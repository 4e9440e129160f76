"""Send what was deleted to CloudFront: batched, within a monthly budget, with a receipt."""

from __future__ import annotations

import contextlib
import hashlib
import json
import posixpath
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cdn_model.quotas import GLOBAL_REGION
from dj_cloudfront.aws_errors import as_value_error, open_session
from dj_cloudfront.builds import filesystem
from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.media.deletions import Deletion, Deletions
from dj_cloudfront.media.names import token_folder
from dj_cloudfront.media.storages import MediaStorage

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
_POLL_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """An invalidation that CloudFront has accepted.

    :param id: CloudFront's, such as ``I1JLWSDAP8FU89``.
    :param at: When it was accepted, ISO 8601 in UTC.
    """

    id: str
    distribution_id: str
    paths: list[str]
    at: str


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

    @classmethod
    def of_storage(
        cls, storage: MediaStorage, *, budget: int = BUDGET, profile: str | None = None
    ) -> Self:
        """What sends the deletes of a storage to its distribution.

        :param profile: Of the AWS configuration. Default: the usual credentials.
        :raises ValueError: without boto3, or if no such distribution is deployed.
        """
        # All of media can be private, too, on the media distribution.
        private = cdn().private_origin
        is_private = private is not None and storage.base_url.startswith(f"{private}/")
        # CloudFront has one endpoint; the region is for its name only.
        client = open_session(profile).client("cloudfront", region_name=GLOBAL_REGION)
        return cls(
            client,
            distribution_id=cdn().distribution_id(private=is_private),
            folder=storage.deletions.folder,
            budget=budget,
        )

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

    def wait(self, receipt: Receipt, *, seconds: int = 900) -> None:
        """Wait until no edge has the paths of an invalidation any more.

        :raises ValueError: if it takes longer, or if AWS refuses.
        """
        waiter = self.client.get_waiter("invalidation_completed")
        often = {"Delay": _POLL_SECONDS, "MaxAttempts": seconds // _POLL_SECONDS}
        with as_value_error("CloudFront", "cloudfront:GetInvalidation"):
            waiter.wait(
                DistributionId=receipt.distribution_id,
                Id=receipt.id,
                WaiterConfig=often,
            )

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

    def _send(self, batch: list[str], reasons: Sequence[str]) -> Receipt:
        spent = self.spent()
        if spent + len(batch) > self.budget:
            raise ValueError(
                f"the budget of {self.budget} paths a month must cover what is sent, but "
                f"{spent} were sent in {_month()} and {len(batch)} more are next: nothing is "
                "lost; raise it with --budget ($0.005 a path beyond an account's first 1,000), "
                "or wait for the next month"
            )
        # For the same reference CloudFront answers with the same invalidation, so that a
        # repeat after a lost answer makes no second one.
        text = "\n".join((*reasons, *batch))
        asked = {
            "Paths": {"Quantity": len(batch), "Items": batch},
            "CallerReference": hashlib.sha256(text.encode()).hexdigest(),
        }
        with as_value_error("CloudFront", "cloudfront:CreateInvalidation"):
            answer = self.client.create_invalidation(
                DistributionId=self.distribution_id, InvalidationBatch=asked
            )
        # Not before: a network that fails for a day must not spend the month. A crash before
        # leads to a repeat with the same reference, which AWS counts once.
        filesystem.write_atomically(
            self.folder / "budget",
            json.dumps({_month(): spent + len(batch)}).encode(),
        )
        receipt = Receipt(
            id=answer["Invalidation"]["Id"],
            distribution_id=self.distribution_id,
            paths=batch,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with (self.folder / "receipts").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(receipt)) + "\n")
        return receipt


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


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
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
