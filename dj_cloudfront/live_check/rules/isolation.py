"""What a tree must not show: other builds' names, hidden files, folders, the site itself."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.http_probe import Answer
from dj_cloudfront.live_check.probes import ProbeKind
from dj_cloudfront.live_check.report import Problem
from dj_cloudfront.live_check.results import ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import is_elsewhere, is_redirect
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    group_by_message,
    rule,
)
from dj_cloudfront.live_check.targets import Tree


def _shows(results: ProbeResults, answer: Answer) -> bool:
    """Whether it shows something, be it only where to look."""
    return answer.status < 400 and not results.is_nothing(answer)


@rule(
    "other-build",
    FAIL,
    pass_message="has no files for a build that nobody published",
    applies=lambda results: results.of_kind(ProbeKind.OTHER_BUILD),
)
def other_build(results: ProbeResults) -> Iterator[Problem]:
    for one in results.of_kind(ProbeKind.OTHER_BUILD):
        if _shows(results, one.answer):
            yield Problem(
                level=FAIL,
                message=f"answers {one.answer.status} for a build that nobody published",
                hint="serve /static/<build>/ from a folder of that name: a server that drops "
                "the build from the path gives old files under new names",
                subjects=(one.subject,),
            )


@rule(
    "hidden",
    FAIL,
    pass_message="hides names that begin with a dot",
    applies=lambda results: results.of_kind(ProbeKind.HIDDEN),
)
def hidden(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        Violation(
            level=FAIL,
            message="shows hidden files",
            hint="answer 404 for every path with a part that begins with a dot",
            subject=one.subject,
        )
        for one in results.of_kind(ProbeKind.HIDDEN)
        if _shows(results, one.answer)
    )


@rule(
    "listing",
    WARN,
    FAIL,
    pass_message="shows no folder",
    applies=lambda results: results.of_kind(ProbeKind.FOLDER),
)
def listing(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        _folder_violation(results, one)
        for one in results.of_kind(ProbeKind.FOLDER)
        if _shows(results, one.answer)
    )


def _folder_violation(results: ProbeResults, result: ProbeResult) -> Violation:
    if not is_redirect(result.answer):
        level, message = FAIL, f"shows a folder ({result.answer.status})"
    elif is_elsewhere(results, result.answer):
        level, message = FAIL, "redirects folders to another address"
    else:
        level, message = WARN, "redirects folders"
    return Violation(
        level=level,
        message=message,
        hint="serve files only, without listing, index page or redirect: in nginx "
        "try_files $uri =404",
        subject=result.subject,
    )


@rule(
    "tree",
    FAIL,
    pass_message="answers a distribution in its own tree only",
    applies=lambda results: results.of_kind(ProbeKind.OUTSIDE),
)
def own_tree(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        Violation(
            level=FAIL,
            message=f"answers {one.answer.status} outside of the tree in X-Cdn-Tree",
            hint="answer 404 when X-Cdn-Tree is not the tree of the resolved path, and put "
            "CdnTreeMiddleware first in MIDDLEWARE",
            subject=one.subject,
        )
        for one in results.of_kind(ProbeKind.OUTSIDE)
        if _shows(results, one.answer)
    )


@rule(
    "odd-paths",
    WARN,
    FAIL,
    pass_message="lets no odd path out of its tree",
    applies=lambda results: results.of_kind(ProbeKind.ODD),
)
def path_traversal(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        found
        for one in results.of_kind(ProbeKind.ODD)
        if (found := _traversal_violation(results, one)) is not None
    )


def _traversal_violation(
    results: ProbeResults, result: ProbeResult
) -> Violation | None:
    answer = result.answer
    hint = (
        "refuse odd paths on the raw target, before anything resolves it, as the printed "
        "configurations do ('manage.py cdn conf')"
    )
    if _shows(results, answer):
        message = f"answers {answer.status} for odd paths: the site shows through"
        return Violation(level=FAIL, message=message, hint=hint, subject=result.subject)
    if answer.status >= 500 or _is_other_error(results, answer):
        return Violation(
            level=WARN,
            message="lets odd paths through to something else, which refuses them",
            hint=hint,
            subject=result.subject,
        )
    return None


def _is_other_error(results: ProbeResults, answer: Answer) -> bool:
    """Whether somebody else than the file server says that there is nothing."""
    known = [one.answer for one in results.of_kind(ProbeKind.MISSING)]
    # Where each error has an id of its own in it, nothing can be told.
    if not known or not all(one.is_like(known[0]) for one in known):
        return False
    return answer.status == known[0].status and not answer.is_like(known[0])


def _not_found(results: ProbeResults) -> list[ProbeResult]:
    # A signed distribution refuses by an answer of its own, which shows nothing.
    return [
        one for one in results.of_kind(ProbeKind.MISSING) if one.answer.status == 404
    ]


def _media_errors(results: ProbeResults) -> list[ProbeResult]:
    return _not_found(results) if results.target.tree is Tree.MEDIA else []


@rule(
    "sandbox",
    WARN,
    FAIL,
    pass_message="puts uploads into a sandbox",
    applies=_media_errors,
)
def sandbox(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        Violation(
            level=WARN if results.target.is_origin else FAIL,
            message="sends uploads without a sandbox policy",
            hint="send Content-Security-Policy: default-src 'none'; style-src "
            "'unsafe-inline'; sandbox with every answer of media",
            subject=one.subject,
        )
        for one in _media_errors(results)
        if "sandbox" not in one.answer.get("Content-Security-Policy").lower()
    )


def _plain(results: ProbeResults) -> list[ProbeResult]:
    return [*results.files, *_not_found(results)]


@rule(
    "nosniff", WARN, FAIL, pass_message="lets browsers guess no types", applies=_plain
)
def nosniff(results: ProbeResults) -> Iterator[Problem]:
    is_open = results.target.tree is Tree.MEDIA and not results.target.is_origin
    yield from group_by_message(
        Violation(
            level=FAIL if is_open else WARN,
            message="lets browsers guess types",
            hint="send X-Content-Type-Options: nosniff with every answer of the tree",
            subject=one.probe.subject,
        )
        for one in _plain(results)
        if "nosniff" not in one.answer.get("X-Content-Type-Options").lower()
    )


RULES = (other_build, hidden, listing, own_tree, path_traversal, sandbox, nosniff)
