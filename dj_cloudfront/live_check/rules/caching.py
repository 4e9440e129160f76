"""Rules on ``Cache-Control``: files for a year, errors and redirects not at all."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_model import cache_control
from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import ProbeKind, ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import is_redirect, served_files
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    of_kind,
    result_rule,
    rule,
)

_YEAR = 31_536_000


def lifetime(answer: HttpResponse) -> int | None:
    """For how many seconds CloudFront may keep it; None when it does not say."""
    return cache_control.lifetime(
        answer.get("Cache-Control"),
        expires=answer.get("Expires"),
        date=answer.get("Date"),
    )


@result_rule(
    "lifetime", "lets files be cached for a year, without revalidation", of=served_files
)
def file_lifetime(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    hint = (
        "send Cache-Control: public, max-age=31536000, immutable with files of a build"
    )
    control = result.answer.get("Cache-Control")
    seconds = lifetime(result.answer)
    if seconds == 0:
        message = f"forbids caching of files ({control or 'Expires'})"
        yield Violation(FAIL, message, hint)
    elif seconds is None:
        yield Violation(WARN, "does not say how long files may be cached", hint)
    elif seconds < _YEAR:
        message = f"lets files be cached for {seconds} seconds only"
        yield Violation(WARN, message, hint)
    elif "immutable" not in cache_control.directives(control):
        message = "lets browsers revalidate files that never change"
        yield Violation(WARN, message, hint)


@result_rule("missing", "answers 404 for a missing file", of=of_kind(ProbeKind.MISSING))
def missing(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    status = result.answer.status
    if status != 404:
        hint = (
            "answer 404 in both trees, with no page and no redirect in its place: "
            "anything else may be cached for a file that is published later. Private media "
            "answers 403, as it should"
        )
        message = f"answers {status} for a missing file"
        yield Violation(WARN if status == 403 else FAIL, message, hint)


def _errors(results: ProbeResults) -> list[ProbeResult]:
    missing = results.of_kind(ProbeKind.MISSING)
    return [result for result in missing if result.answer.status >= 400]


@rule("missing-lifetime", "lets no error be cached", applies=_errors)
def missing_lifetime(results: ProbeResults) -> Iterator[Violation]:
    hint = "send Cache-Control: no-store with errors; in nginx mind add_header … always"
    for result in _errors(results):
        seconds = lifetime(result.answer)
        if seconds:
            message = f"lets an error be cached for {seconds} seconds"
            yield Violation(FAIL, message, hint)
            break
        # Of the errors that say nothing, CloudFront keeps 404 and the like, no 403.
        if seconds is None and result.answer.status == 404:
            message = "does not forbid caching of errors"
            yield Violation(WARN, message, hint)
            break
    if any(
        result.answer.get("Age") for result in results.of_kind(ProbeKind.MISSING_AGAIN)
    ):
        yield Violation(
            FAIL,
            "has cached an error, and sends it to the next viewer",
            "deploy the error TTL 0 for 404, and see that the servers send no-store",
        )


def _redirects(results: ProbeResults) -> list[ProbeResult]:
    return [result for result in results.answered if is_redirect(result.answer)]


@result_rule("redirect-lifetime", "lets no redirect be cached", of=_redirects)
def redirect_lifetime(
    results: ProbeResults, result: ProbeResult
) -> Iterator[Violation]:
    seconds = lifetime(result.answer)
    if seconds != 0:
        why = "" if seconds else ", because it does not say how long"
        hint = (
            "send Cache-Control: no-store with redirects: CloudFront caches them and does "
            "not follow them"
        )
        yield Violation(FAIL, f"lets a redirect be cached{why}", hint)


RULES = (file_lifetime, missing, missing_lifetime, redirect_lifetime)
