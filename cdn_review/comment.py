"""The review in the summary of a run on GitHub, and in a comment on its pull request."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from cdn_review.markdown import NO_CHANGE

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?")
_FAILURE = "**CDN review:** this commit could not be compared. The log of its checks says why.\n"
_WARNING = (
    "⚠️ **This pull request changes what reviews it: look at `.github/` and "
    "`cdn-review.toml` first.**\n\n"
)


def run(arguments: argparse.Namespace) -> int:
    name, file = arguments.name, arguments.FILE
    if name and not _NAME.fullmatch(name):
        raise ValueError(
            "--name must be at most 40 letters, digits and hyphens, such as shop, "
            f"got {name!r}"
        )
    review = (file.read_text("utf-8") if file.exists() else "") or _FAILURE
    title = f"**{name}**\n\n" if name else ""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8") as opened:
            opened.write(f"{title}{review}\n")
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        raise ValueError(
            "comment must run in a job of GitHub Actions, which sets GITHUB_EVENT_PATH: "
            "'diff --markdown' prints the comment"
        )
    event = json.loads(Path(path).read_text("utf-8"))
    repository = _Repository(event["repository"]["full_name"])
    head = _head(event)
    number = head and _pull_request(head, event, repository)
    if not head or not number:
        print("no comment is written: the summary of this run has the review")
        return 0
    marker = f"<!-- cdn-review{f' {name}' if name else ''} -->"
    warning = _WARNING if _changes_its_review(number, repository) else ""
    body = f"{marker}\n{title}{warning}{review}\n<sub>Of {head.commit[:10]}.</sub>\n"
    is_news = bool(warning) or not review.startswith(NO_CHANGE)
    done = _write(number, body, repository, arguments.author, is_news=is_news)
    print(f"pull request {number}: the comment is {done}")
    return 0


class _Head(NamedTuple):
    source: str
    branch: str
    commit: str


class _Repository:
    """GitHub's REST API for one repository, by its own program."""

    def __init__(self, name: str) -> None:
        self.name = name
        api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
        self._url = f"{api}/repos/{name}"

    def list(self, path: str, jq: str) -> list[Any]:
        """What ``jq`` makes of the items, on however many pages."""
        mark = "&" if "?" in path else "?"
        words = ("--paginate", "--jq", f".[] | {jq}")
        lines = self._gh(*words, f"{self._url}/{path}{mark}per_page=100")
        return [json.loads(line) for line in lines.splitlines()]

    def send(self, method: str, path: str, **content: str) -> None:
        words = ("--method", method, "--input", "-", "--silent")
        self._gh(*words, f"{self._url}/{path}", content=json.dumps(content))

    def _gh(self, *words: str, content: str = "") -> str:
        done = subprocess.run(
            ["gh", "api", *words], input=content, capture_output=True, text=True
        )
        if done.returncode:
            raise ValueError(
                f"gh must reach GitHub, and it says: {done.stderr.strip()}"
            )
        return done.stdout


def _head(event: dict[str, Any]) -> _Head | None:
    """The head of the pull request that the run is for, if it is for any."""
    if ended := event.get("workflow_run"):
        source = _full_name(ended["head_repository"])
        return _Head(source, ended["head_branch"], ended["head_sha"])
    if pull := event.get("pull_request"):
        head = pull["head"]
        source = _full_name(head["repo"])
        # The token of a fork's own run may not write.
        if source == event["repository"]["full_name"]:
            return _Head(source, head["ref"], head["sha"])
    return None


def _full_name(repository: dict[str, str] | None) -> str:
    """Empty for a fork that is deleted."""
    return repository["full_name"] if repository else ""


def _pull_request(
    head: _Head, event: dict[str, Any], repository: _Repository
) -> int | None:
    """The number of the open pull request with this very head.

    None for a commit that is no longer the head: a newer run writes that comment.
    """
    owner = head.source.partition("/")[0]
    found = repository.list(
        f"pulls?state=open&head={quote(f'{owner}:{head.branch}', safe='')}",
        "{number, commit: .head.sha, source: .head.repo.full_name}",
    )
    numbers = [
        pull["number"]
        for pull in found
        if (pull["source"], pull["commit"]) == (head.source, head.commit)
        and event.get("number", pull["number"]) == pull["number"]
    ]
    return numbers[0] if len(numbers) == 1 else None


def _changes_its_review(number: int, repository: _Repository) -> bool:
    files = repository.list(f"pulls/{number}/files", "[.filename, .previous_filename]")
    names = [name for pair in files for name in pair if name]
    return any(
        name.startswith(".github/") or Path(name).name == "cdn-review.toml"
        for name in names
    )


def _write(
    number: int, body: str, repository: _Repository, author: str, *, is_news: bool
) -> str:
    """Create the comment or edit it; its first line is how it is found again.

    Only a comment of ``author``, a bot, is edited: anybody can write the same first line.
    Of several, all but the oldest are deleted. Where nothing changes, none is created.
    """
    comments = repository.list(
        f"issues/{number}/comments",
        "{id, body, author: .user.login}",
    )
    ours = [
        one
        for one in comments
        if one["author"] == author and _lines(one["body"])[0] == _lines(body)[0]
    ]
    if not ours:
        if not is_news:
            return "not needed"
        repository.send("POST", f"issues/{number}/comments", body=body)
        return "created"
    first, *others = sorted(ours, key=lambda one: int(one["id"]))
    for other in others:
        repository.send("DELETE", f"issues/comments/{other['id']}")
    if _lines(first["body"]) == _lines(body):
        return "left as it is"
    repository.send("PATCH", f"issues/comments/{first['id']}", body=body)
    return "edited"


def _lines(body: str) -> list[str]:
    """GitHub may give back other ends of lines, and none at the end."""
    return body.replace("\r\n", "\n").strip().split("\n")
