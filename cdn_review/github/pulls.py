"""The pull request of a run, as GitHub knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cdn_review.github.answers import pick, pick_or
from cdn_review.github.api import Api
from cdn_review.github.event import Run

_MOST_PAGES = 30
"""GitHub lists the first 3,000 files of a pull request."""
_REVIEW_FOLDER = ".github"
_SETTINGS = "cdn-review.toml"


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Which of the files that decide a review a pull request changes."""

    workflows: bool = False
    settings: bool = False

    @property
    def notices(self) -> Iterator[str]:
        """For who reads the comment."""
        if self.workflows:
            yield (
                "This pull request changes .github/, and so how it is reviewed: "
                "look at that first."
            )
        if self.settings:
            yield (
                "This pull request changes cdn-review.toml, which says what is "
                "acknowledged and, once merged, what is protected."
            )


def find_number(api: Api, run: Run) -> int | None:
    """The number of the one open pull request with this run's commit as its head.

    It comes from the event, or for a fork, of which the event says nothing, from GitHub.
    None if there is no such pull request, or more than one.
    """
    numbers = {number for number, sha in run.pulls if sha == run.head_sha}
    if not numbers and run.is_from_fork:
        numbers = set(_of_a_fork(api, run))
    return numbers.pop() if len(numbers) == 1 else None


def is_current(api: Api, run: Run, number: int) -> bool:
    """Whether the pull request is open and its head is still the commit of this run."""
    pull = api.get(f"/repos/{run.repository}/pulls/{number}")
    is_open = pick(pull, "state", kind=str) == "open"
    return is_open and pick(pull, "head", "sha", kind=str) == run.head_sha


def touched(api: Api, run: Run, number: int) -> Touched:
    """What a pull request changes of its own review."""
    workflows = settings = False
    path = f"/repos/{run.repository}/pulls/{number}/files"
    count = 0
    for file in api.pages(path, most=_MOST_PAGES):
        count += 1
        for name in _names(file):
            workflows |= name.parts[:1] == (_REVIEW_FOLDER,)
            settings |= name.name == _SETTINGS
    # What is not listed may be anything.
    is_cut = count >= _MOST_PAGES * 100
    return Touched(workflows=workflows or is_cut, settings=settings or is_cut)


def _of_a_fork(api: Api, run: Run) -> Iterator[int]:
    owner, _, _ = run.head_repository.partition("/")
    if not owner or not run.head_branch:
        return
    listed = api.get(
        f"/repos/{run.repository}/pulls",
        state="open",
        head=f"{owner}:{run.head_branch}",
        per_page=100,
    )
    for pull in listed if isinstance(listed, list) else []:
        name = pick_or(pull, "head", "repo", "full_name", default="")
        is_ours = name.lower() == run.head_repository.lower()
        if is_ours and pick(pull, "head", "sha", kind=str) == run.head_sha:
            yield pick(pull, "number", kind=int)


def _names(file: Any) -> Iterator[PurePosixPath]:
    yield PurePosixPath(pick(file, "filename", kind=str))
    # A renamed file has left its place as well.
    yield PurePosixPath(pick_or(file, "previous_filename", default=""))
