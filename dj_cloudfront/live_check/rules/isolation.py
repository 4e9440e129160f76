"""Rules on isolation: no other build, hidden file, folder or page of the site shows."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.contract import TREE_HEADER, UPLOAD_POLICY, Tree
from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import ProbeKind, ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import elsewhere, is_redirect
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    of_kind,
    result_rule,
)


def _shows(results: ProbeResults, answer: HttpResponse) -> bool:
    return answer.status < 400 and not results.is_nothing(answer)


@result_rule(
    "other-build",
    "has no files for a build that was never published",
    of=of_kind(ProbeKind.OTHER_BUILD),
)
def other_build(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if _shows(results, result.answer):
        message = f"answers {result.answer.status} for a build that was never published"
        hint = (
            "serve /static/<build>/ from a folder of that name: a server that drops the "
            "build from the path gives old files under new names"
        )
        yield Violation(FAIL, message, hint)


@result_rule(
    "hidden", "hides names that begin with a dot", of=of_kind(ProbeKind.HIDDEN)
)
def hidden(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if _shows(results, result.answer):
        hint = "answer 404 for every path with a part that begins with a dot"
        yield Violation(FAIL, "shows hidden files", hint)


@result_rule("listing", "shows no folder", of=of_kind(ProbeKind.FOLDER))
def listing(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    hint = (
        "serve files only, without listing, index page or redirect: in nginx "
        "try_files $uri =404"
    )
    if not _shows(results, result.answer):
        return
    if not is_redirect(result.answer):
        yield Violation(FAIL, f"shows a folder ({result.answer.status})", hint)
    elif elsewhere(results, result.answer):
        yield Violation(FAIL, "redirects folders to another address", hint)
    else:
        yield Violation(WARN, "redirects folders", hint)


@result_rule(
    "tree", "answers a distribution in its own tree only", of=of_kind(ProbeKind.OUTSIDE)
)
def own_tree(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if _shows(results, result.answer):
        message = f"answers {result.answer.status} outside of the tree in {TREE_HEADER}"
        hint = (
            f"answer 404 when {TREE_HEADER} is not the tree of the resolved path, and put "
            "CdnTreeMiddleware first in MIDDLEWARE"
        )
        yield Violation(FAIL, message, hint)


@result_rule(
    "odd-paths",
    "lets no odd path out of its tree",
    of=of_kind(ProbeKind.PATH_TRAVERSAL),
)
def path_traversal(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    hint = (
        "refuse odd paths on the raw target, before anything resolves it, as the printed "
        "configurations do ('manage.py cdn conf')"
    )
    status = result.answer.status
    if _shows(results, result.answer):
        message = f"answers {status} for odd paths: the site shows through"
        yield Violation(FAIL, message, hint)
    elif status >= 500 or _is_other_error(results, result.answer):
        message = "passes odd paths on to something else, which refuses them"
        yield Violation(WARN, message, hint)


def _is_other_error(results: ProbeResults, answer: HttpResponse) -> bool:
    known = [result.answer for result in results.of_kind(ProbeKind.MISSING)]
    # Where each error has an id of its own in it, they cannot be compared.
    if not known or not all(other.is_like(known[0]) for other in known):
        return False
    return answer.status == known[0].status and not answer.is_like(known[0])


def _not_found(results: ProbeResults) -> list[ProbeResult]:
    # A signed distribution refuses by an answer of its own, which shows nothing.
    missing = results.of_kind(ProbeKind.MISSING)
    return [result for result in missing if result.answer.status == 404]


def _is_open_media(results: ProbeResults) -> bool:
    return results.target.tree is Tree.MEDIA and not results.target.is_origin


@result_rule(
    "sandbox",
    "puts uploads into a sandbox",
    of=lambda results: _not_found(results) if results.target.tree is Tree.MEDIA else [],
)
def sandbox(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if "sandbox" not in result.answer.get("Content-Security-Policy").lower():
        level = FAIL if _is_open_media(results) else WARN
        hint = (
            f"send Content-Security-Policy: {UPLOAD_POLICY} with every answer of media"
        )
        yield Violation(level, "sends uploads without a sandbox policy", hint)


@result_rule(
    "nosniff",
    "lets browsers guess no types",
    of=lambda results: [*results.files, *_not_found(results)],
)
def nosniff(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if "nosniff" not in result.answer.get("X-Content-Type-Options").lower():
        level = FAIL if _is_open_media(results) else WARN
        hint = "send X-Content-Type-Options: nosniff with every answer of the tree"
        yield Violation(level, "lets browsers guess types", hint)


RULES = (other_build, hidden, listing, own_tree, path_traversal, sandbox, nosniff)
