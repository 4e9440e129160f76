"""Keep one comment on a pull request up to date, in a workflow_run.

It reads what the run of the pull request has left behind, and treats it as hostile: sizes
are bounded, and nothing in it is markup. Which pull request it is, GitHub says. Ends with 1
if something must be acknowledged, and with 2 if nothing could be compared, which the comment
says, or GitHub could not be asked.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cdn_review.github import comments
from cdn_review.github.api import Api
from cdn_review.github.event import Run, read_run
from cdn_review.github.pulls import Touched, find_number, is_current, touched
from cdn_review.github.reviewing import FINE, Review, Trusted, review
from cdn_review.github.status import set_status
from cdn_review.packs.settings import read_settings
from cdn_review.rendering.markdown import marker

_API = "https://api.github.com"
_OF_NO_USE = ("action_required", "cancelled", "skipped", "stale")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--event",
        type=Path,
        default=os.environ.get("GITHUB_EVENT_PATH"),
        help="the file of the event (default: $GITHUB_EVENT_PATH)",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="where the default branch has its cdn-review.toml, which says what is protected",
    )
    parser.add_argument(
        "--name",
        default="",
        help="one comment for each name, for several apps in one repository",
    )
    parser.add_argument(
        "--deployed",
        type=Path,
        metavar="FILE",
        help="the pack of what is deployed, for a section of its own",
    )
    parser.add_argument(
        "--status",
        metavar="CONTEXT",
        default="",
        help="also set a commit status of this name",
    )
    parser.add_argument(
        "--author",
        default=comments.AUTHOR,
        help="the bot whose comments are edited (default: %(default)s)",
    )
    parser.add_argument(
        "--only-changes",
        action="store_true",
        help="write no first comment while there is no change",
    )
    parser.add_argument(
        "--exit-zero",
        action="store_true",
        help="end with 0 once the comment is written, whatever it says",
    )


def run(given: argparse.Namespace) -> int:
    name = given.name
    marker(name)
    if given.event is None:
        raise ValueError("--event must be a file, such as what GITHUB_EVENT_PATH names")
    ended = read_run(given.event)
    if ended.event != "pull_request" or ended.conclusion in _OF_NO_USE:
        print(
            "the run was not one of a pull request that ran to its end: nothing to do"
        )
        return FINE
    api = Api(
        url=os.environ.get("GITHUB_API_URL", _API),
        token=os.environ.get("GITHUB_TOKEN", ""),
    )
    number = find_number(api, ended)
    if number is None:
        print("no single open pull request has this commit as its head: nothing to do")
        return FINE
    return _comment(api, ended, number, given)


def _comment(api: Api, ended: Run, number: int, given: argparse.Namespace) -> int:
    changed_files = touched(api, ended, number)
    made = review(
        api,
        ended,
        artifact=f"cdn-review-{given.name}" if given.name else "cdn-review",
        name=given.name,
        trusted=Trusted(
            unprotected=read_settings(given.settings).unprotected,
            deployed=given.deployed,
            notices=changed_files.notices,
        ),
    )
    # Late, so that a run that took longer than a newer one does not write over it.
    if not is_current(api, ended, number):
        print(f"pull request {number} has moved on or is closed: nothing to do")
        return FINE
    _write(api, ended, number, made, given)
    if given.status:
        _set_status(api, ended, made, changed_files, given.status)
    return FINE if given.exit_zero else made.code


def _write(
    api: Api, ended: Run, number: int, made: Review, given: argparse.Namespace
) -> None:
    written = comments.write(
        api,
        ended,
        number,
        made.body,
        author=given.author,
        is_needed=made.is_changed or not given.only_changes,
    )
    print(f"pull request {number}: the comment is {written}")


def _set_status(
    api: Api, ended: Run, made: Review, changed_files: Touched, context: str
) -> None:
    set_status(
        api,
        ended,
        context,
        code=made.code,
        is_rewritten=ended.is_from_fork and changed_files.workflows,
    )
