"""What a tree must not show: other builds' names, hidden files, folders, the site itself."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.contract import TREE_HEADER, UPLOAD_POLICY, Tree
from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import ProbeKind
from dj_cloudfront.live_check.results import ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import is_elsewhere, is_redirect
from dj_cloudfront.live_check.rules.rule import FAIL, WARN, Violation, rule


def _shown(results: ProbeResults, kind: ProbeKind) -> list[ProbeResult]:
    """The answers that show something, be it only where to look."""
    return [one for one in results.of_kind(kind) if _shows(results, one.answer)]


def _shows(results: ProbeResults, answer: HttpResponse) -> bool:
    return answer.status < 400 and not results.is_nothing(answer)


@rule(
    "other-build",
    FAIL,
    pass_message="has no files for a build that nobody published",
    applies=lambda results: results.of_kind(ProbeKind.OTHER_BUILD),
)
def other_build(results: ProbeResults) -> Iterator[Violation]:
    for one in _shown(results, ProbeKind.OTHER_BUILD):
        yield Violation(
            FAIL,
            f"answers {one.answer.status} for a build that nobody published",
            "serve /static/<build>/ from a folder of that name: a server that drops the "
            "build from the path gives old files under new names",
            one.subject,
        )


@rule(
    "hidden",
    FAIL,
    pass_message="hides names that begin with a dot",
    applies=lambda results: results.of_kind(ProbeKind.HIDDEN),
)
def hidden(results: ProbeResults) -> Iterator[Violation]:
    hint = "answer 404 for every path with a part that begins with a dot"
    for one in _shown(results, ProbeKind.HIDDEN):
        yield Violation(FAIL, "shows hidden files", hint, one.subject)


@rule(
    "listing",
    WARN,
    FAIL,
    pass_message="shows no folder",
    applies=lambda results: results.of_kind(ProbeKind.FOLDER),
)
def listing(results: ProbeResults) -> Iterator[Violation]:
    hint = (
        "serve files only, without listing, index page or redirect: in nginx "
        "try_files $uri =404"
    )
    for one in _shown(results, ProbeKind.FOLDER):
        if not is_redirect(one.answer):
            message = f"shows a folder ({one.answer.status})"
            yield Violation(FAIL, message, hint, one.subject)
        elif is_elsewhere(results, one.answer):
            message = "redirects folders to another address"
            yield Violation(FAIL, message, hint, one.subject)
        else:
            yield Violation(WARN, "redirects folders", hint, one.subject)


@rule(
    "tree",
    FAIL,
    pass_message="answers a distribution in its own tree only",
    applies=lambda results: results.of_kind(ProbeKind.OUTSIDE),
)
def own_tree(results: ProbeResults) -> Iterator[Violation]:
    hint = (
        f"answer 404 when {TREE_HEADER} is not the tree of the resolved path, and put "
        "CdnTreeMiddleware first in MIDDLEWARE"
    )
    for one in _shown(results, ProbeKind.OUTSIDE):
        message = f"answers {one.answer.status} outside of the tree in {TREE_HEADER}"
        yield Violation(FAIL, message, hint, one.subject)


@rule(
    "odd-paths",
    WARN,
    FAIL,
    pass_message="lets no odd path out of its tree",
    applies=lambda results: results.of_kind(ProbeKind.PATH_TRAVERSAL),
)
def path_traversal(results: ProbeResults) -> Iterator[Violation]:
    hint = (
        "refuse odd paths on the raw target, before anything resolves it, as the printed "
        "configurations do ('manage.py cdn conf')"
    )
    for one in results.of_kind(ProbeKind.PATH_TRAVERSAL):
        status = one.answer.status
        if _shows(results, one.answer):
            message = f"answers {status} for odd paths: the site shows through"
            yield Violation(FAIL, message, hint, one.subject)
        elif status >= 500 or _is_other_error(results, one.answer):
            message = "lets odd paths through to something else, which refuses them"
            yield Violation(WARN, message, hint, one.subject)


def _is_other_error(results: ProbeResults, answer: HttpResponse) -> bool:
    """Whether something else than the file server answers that there is nothing."""
    known = [one.answer for one in results.of_kind(ProbeKind.MISSING)]
    # Where each error has an id of its own in it, nothing can be told.
    if not known or not all(one.is_like(known[0]) for one in known):
        return False
    return answer.status == known[0].status and not answer.is_like(known[0])


def _not_found(results: ProbeResults) -> list[ProbeResult]:
    # A signed distribution refuses by an answer of its own, which shows nothing.
    missing = results.of_kind(ProbeKind.MISSING)
    return [one for one in missing if one.answer.status == 404]


def _media_errors(results: ProbeResults) -> list[ProbeResult]:
    return _not_found(results) if results.target.tree is Tree.MEDIA else []


@rule(
    "sandbox",
    WARN,
    FAIL,
    pass_message="puts uploads into a sandbox",
    applies=_media_errors,
)
def sandbox(results: ProbeResults) -> Iterator[Violation]:
    level = WARN if results.target.is_origin else FAIL
    hint = f"send Content-Security-Policy: {UPLOAD_POLICY} with every answer of media"
    for one in _media_errors(results):
        if "sandbox" not in one.answer.get("Content-Security-Policy").lower():
            message = "sends uploads without a sandbox policy"
            yield Violation(level, message, hint, one.subject)


def _plain(results: ProbeResults) -> list[ProbeResult]:
    return [*results.files, *_not_found(results)]


@rule(
    "nosniff",
    WARN,
    FAIL,
    pass_message="lets browsers guess no types",
    applies=_plain,
)
def nosniff(results: ProbeResults) -> Iterator[Violation]:
    is_open = results.target.tree is Tree.MEDIA and not results.target.is_origin
    hint = "send X-Content-Type-Options: nosniff with every answer of the tree"
    for one in _plain(results):
        if "nosniff" not in one.answer.get("X-Content-Type-Options").lower():
            level = FAIL if is_open else WARN
            yield Violation(level, "lets browsers guess types", hint, one.probe.subject)


RULES = (other_build, hidden, listing, own_tree, path_traversal, sandbox, nosniff)
