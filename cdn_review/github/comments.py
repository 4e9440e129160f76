"""One comment on a pull request, kept up to date."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from cdn_review.github.answers import pick, pick_or
from cdn_review.github.api import Api, ApiError
from cdn_review.github.event import Run

AUTHOR = "github-actions[bot]"
"""Who writes with a job's own token."""
_MOST_PAGES = 30
_GONE = 404


class Written(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    EDITED = "edited"
    UNCHANGED = "left as it is"
    NOT_NEEDED = "not needed"


def write(
    api: Api,
    run: Run,
    number: int,
    body: str,
    *,
    author: str = AUTHOR,
    is_needed: bool = True,
) -> Written:
    """Write the comment, or edit it. The first line of ``body`` is how it is found again.

    Only a comment of ``author``, a bot, is ever edited: anybody can write the same first
    line. Of several, as two runs at once may leave, all but the oldest are deleted.
    ``is_needed`` false writes nothing new, and edits what is there.
    """
    marker, _, _ = body.partition("\n")
    path = f"/repos/{run.repository}/issues/{number}/comments"
    ours = [
        one
        for one in api.pages(path, most=_MOST_PAGES)
        if _is_ours(one, marker=marker, author=author)
    ]
    if not ours:
        if not is_needed:
            return Written.NOT_NEEDED
        api.send("POST", path, {"body": body})
        return Written.CREATED
    first, *others = sorted(ours, key=lambda one: pick(one, "id", kind=int))
    for other in others:
        _delete(api, run, pick(other, "id", kind=int))
    if _lines(pick(first, "body", kind=str)) == _lines(body):
        return Written.UNCHANGED
    api.send("PATCH", _path(run, pick(first, "id", kind=int)), {"body": body})
    return Written.EDITED


def _is_ours(comment: Any, *, marker: str, author: str) -> bool:
    if pick_or(comment, "user", "type", default="") != "Bot":
        return False
    if pick_or(comment, "user", "login", default="") != author:
        return False
    return _lines(pick_or(comment, "body", default=""))[:1] == [marker]


def _lines(body: str) -> list[str]:
    """GitHub may give back other ends of lines, and none at the end."""
    return body.replace("\r\n", "\n").strip().split("\n")


def _delete(api: Api, run: Run, identity: int) -> None:
    try:
        api.send("DELETE", _path(run, identity), None)
    except ApiError as error:
        # Somebody was faster.
        if error.status != _GONE:
            raise


def _path(run: Run, identity: int) -> str:
    return f"/repos/{run.repository}/issues/comments/{identity}"
