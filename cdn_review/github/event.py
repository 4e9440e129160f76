"""The event of a ``workflow_run``: which run has ended, and of which commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdn_review.github.answers import pick, pick_or
from cdn_review.packs.strict_json import parse, read_bytes

_MOST = 8 * 1024 * 1024
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that has ended. Only GitHub wrote this, though a fork chose its branch's name."""

    repository: str
    run_id: int
    event: str
    conclusion: str
    head_sha: str
    head_branch: str
    head_repository: str
    url: str
    pulls: tuple[tuple[int, str], ...]
    """Number and head commit of this repository's pull requests; none of a fork's."""

    @property
    def is_from_fork(self) -> bool:
        return self.head_repository.lower() != self.repository.lower()


def read_run(path: Path) -> Run:
    """The run in the file that ``GITHUB_EVENT_PATH`` names.

    Raises ValueError if the event is not a ``workflow_run``.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
    """
    event = parse(read_bytes(path, most=_MOST), name="the event")
    if not isinstance(event, dict) or not isinstance(event.get("workflow_run"), dict):
        raise ValueError(
            "the event must be a workflow_run, such as that of a workflow with "
            "'on: workflow_run', and it is another"
        )
    run = event["workflow_run"]
    return Run(
        repository=_repository(pick(event, "repository", "full_name", kind=str)),
        run_id=pick(run, "id", kind=int),
        event=pick(run, "event", kind=str),
        conclusion=pick_or(run, "conclusion", default=""),
        head_sha=_commit(pick(run, "head_sha", kind=str)),
        head_branch=pick_or(run, "head_branch", default=""),
        # Empty when the fork is gone.
        head_repository=pick_or(run, "head_repository", "full_name", default=""),
        url=pick_or(run, "html_url", default=""),
        pulls=tuple(_pulls(event)),
    )


def _pulls(event: dict[str, Any]) -> list[tuple[int, str]]:
    """Those into this repository: the branch can have others, into its forks."""
    here = pick(event, "repository", "id", kind=int)
    listed: list[Any] = pick_or(event, "workflow_run", "pull_requests", default=[])
    return [
        (pick(one, "number", kind=int), pick(one, "head", "sha", kind=str))
        for one in listed
        if pick_or(one, "base", "repo", "id", default=0) == here
    ]


def _repository(name: str) -> str:
    if not _REPOSITORY.fullmatch(name):
        raise ValueError(f"repository must be owner/name, got {name!r}")
    return name


def _commit(sha: str) -> str:
    if not _COMMIT.fullmatch(sha):
        raise ValueError(f"head_sha must be a commit, got {sha!r}")
    return sha
