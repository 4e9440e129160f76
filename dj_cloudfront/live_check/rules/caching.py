"""How long answers live: files for a year, errors and redirects not at all."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_model import cache_control
from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import ProbeKind
from dj_cloudfront.live_check.results import ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import is_login, is_redirect
from dj_cloudfront.live_check.rules.rule import FAIL, WARN, Violation, rule

_YEAR = 31_536_000


def lifetime(answer: HttpResponse) -> int | None:
    """For how many seconds CloudFront may keep it; None when it does not say."""
    return cache_control.lifetime(
        answer.get("Cache-Control"),
        expires=answer.get("Expires"),
        date=answer.get("Date"),
    )


def _files(results: ProbeResults) -> list[ProbeResult]:
    return [one for one in results.files if not is_login(one)]


@rule(
    "lifetime",
    WARN,
    FAIL,
    pass_message="lets files be kept for a year, unasked",
    applies=_files,
)
def file_lifetime(results: ProbeResults) -> Iterator[Violation]:
    hint = (
        "send Cache-Control: public, max-age=31536000, immutable with files of a build"
    )
    for one in _files(results):
        control = one.answer.get("Cache-Control")
        seconds = lifetime(one.answer)
        subject = one.probe.subject
        if seconds == 0:
            message = f"lets nobody keep files ({control or 'Expires'})"
            yield Violation(FAIL, message, hint, subject)
        elif seconds is None:
            message = "does not say how long files may be kept"
            yield Violation(WARN, message, hint, subject)
        elif seconds < _YEAR:
            message = f"lets files be kept for {seconds} seconds only"
            yield Violation(WARN, message, hint, subject)
        elif "immutable" not in cache_control.directives(control):
            message = "lets browsers ask again for files that never change"
            yield Violation(WARN, message, hint, subject)


def _missing(results: ProbeResults) -> list[ProbeResult]:
    return results.of_kind(ProbeKind.MISSING)


@rule(
    "missing",
    WARN,
    FAIL,
    pass_message="answers 404 for a name that nobody has",
    applies=_missing,
)
def missing(results: ProbeResults) -> Iterator[Violation]:
    for one in _missing(results):
        if one.answer.status != 404:
            yield Violation(
                WARN if one.answer.status == 403 else FAIL,
                f"answers {one.answer.status} for a name that nobody has",
                "answer 404 in both trees, with no page and no redirect in its place: "
                "anything else may be kept for a file that is still to come. Private media "
                "answers 403, as it should",
                one.probe.subject,
            )


def _errors(results: ProbeResults) -> list[ProbeResult]:
    return [one for one in _missing(results) if one.answer.status >= 400]


@rule(
    "missing-lifetime",
    WARN,
    FAIL,
    pass_message="lets no error be kept",
    applies=_errors,
)
def missing_lifetime(results: ProbeResults) -> Iterator[Violation]:
    hint = "send Cache-Control: no-store with errors; in nginx mind add_header … always"
    for one in _errors(results):
        seconds = lifetime(one.answer)
        if seconds:
            message = f"lets an error be kept for {seconds} seconds"
            yield Violation(FAIL, message, hint)
            break
        # Of the errors that say nothing, CloudFront keeps 404 and the like, no 403.
        if seconds is None and one.answer.status == 404:
            message = "does not say that an error must not be kept"
            yield Violation(WARN, message, hint)
            break
    if any(one.answer.get("Age") for one in results.of_kind(ProbeKind.MISSING_AGAIN)):
        yield Violation(
            FAIL,
            "has kept an error, and gives it to the next who asks",
            "deploy the error TTL 0 for 404, and see that the servers send no-store",
        )


def _redirects(results: ProbeResults) -> list[ProbeResult]:
    return [one for one in results.answered if is_redirect(one.answer)]


@rule(
    "redirect-lifetime",
    FAIL,
    pass_message="lets no redirect be kept",
    applies=_redirects,
)
def redirect_lifetime(results: ProbeResults) -> Iterator[Violation]:
    hint = (
        "send Cache-Control: no-store with redirects; CloudFront keeps and does not "
        "follow them"
    )
    for one in _redirects(results):
        seconds = lifetime(one.answer)
        if seconds != 0:
            why = "" if seconds else ", for it does not say how long"
            message = f"lets a redirect be kept{why}"
            yield Violation(FAIL, message, hint, one.probe.subject)


RULES = (file_lifetime, missing, missing_lifetime, redirect_lifetime)
