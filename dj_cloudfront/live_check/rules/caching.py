"""How long answers live: files for a year, errors and redirects not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from dj_cloudfront.http_probe import Answer
from dj_cloudfront.live_check.probes import ProbeKind
from dj_cloudfront.live_check.report import Problem
from dj_cloudfront.live_check.results import ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import is_login, is_redirect
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    group_by_message,
    rule,
)

_YEAR = 31_536_000


_NOT_KEPT = {"no-store", "no-cache", "private"}


_SECONDS = re.compile(r"(s-maxage|max-age)\s*=\s*\"?(\d+)")


def lifetime(answer: Answer) -> int | None:
    """For how many seconds CloudFront may keep it; None when it does not say.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    """
    control = answer.get("Cache-Control").lower()
    if _NOT_KEPT & _directives(control):
        return 0
    result = dict(_SECONDS.findall(control))
    for name in ("s-maxage", "max-age"):
        if name in result:
            return int(result[name])
    return _until_expires(answer)


def _until_expires(answer: Answer) -> int | None:
    expires, date = answer.get("Expires"), answer.get("Date")
    if not expires:
        return None
    try:
        left = parsedate_to_datetime(expires) - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        # Anything else, such as "0", means that it has expired (RFC 9111, 5.3).
        return 0
    return max(0, int(left.total_seconds()))


def _directives(control: str) -> set[str]:
    return {one.strip().partition("=")[0] for one in control.split(",")}


def _files(results: ProbeResults) -> list[ProbeResult]:
    return [one for one in results.files if not is_login(one)]


@rule(
    "lifetime",
    WARN,
    FAIL,
    pass_message="lets files be kept for a year, unasked",
    applies=_files,
)
def file_lifetime(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        found for one in _files(results) for found in _lifetime_violations(one)
    )


def _lifetime_violations(result: ProbeResult) -> Iterator[Violation]:
    control = result.answer.get("Cache-Control")
    seconds = lifetime(result.answer)
    if seconds == 0:
        level, message = FAIL, f"lets nobody keep files ({control or 'Expires'})"
    elif seconds is None:
        level, message = WARN, "does not say how long files may be kept"
    elif seconds < _YEAR:
        level, message = WARN, f"lets files be kept for {seconds} seconds only"
    elif "immutable" not in _directives(control.lower()):
        level, message = WARN, "lets browsers ask again for files that never change"
    else:
        return
    yield Violation(
        level=level,
        message=message,
        hint="send Cache-Control: public, max-age=31536000, immutable with files of a build",
        subject=result.probe.subject,
    )


def _missing(results: ProbeResults) -> list[ProbeResult]:
    return results.of_kind(ProbeKind.MISSING)


@rule(
    "missing",
    WARN,
    FAIL,
    pass_message="answers 404 for a name that nobody has",
    applies=_missing,
)
def missing(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        Violation(
            level=WARN if one.answer.status == 403 else FAIL,
            message=f"answers {one.answer.status} for a name that nobody has",
            hint="answer 404 in both trees, with no page and no redirect in its place: "
            "anything else may be kept for a file that is still to come. Private media "
            "answers 403, as it should",
            subject=one.probe.subject,
        )
        for one in _missing(results)
        if one.answer.status != 404
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
def missing_lifetime(results: ProbeResults) -> Iterator[Problem]:
    hint = "send Cache-Control: no-store with errors; in nginx mind add_header … always"
    for one in _errors(results):
        seconds = lifetime(one.answer)
        # Of the errors that say nothing, CloudFront keeps 404 and the like, no 403.
        if seconds == 0 or (seconds is None and one.answer.status != 404):
            continue
        message = (
            "does not say that an error must not be kept"
            if seconds is None
            else f"lets an error be kept for {seconds} seconds"
        )
        level = WARN if seconds is None else FAIL
        yield Problem(level=level, message=message, hint=hint)
        break
    if any(one.answer.get("Age") for one in results.of_kind(ProbeKind.MISSING_AGAIN)):
        yield Problem(
            level=FAIL,
            message="has kept an error, and gives it to the next who asks",
            hint="deploy the error TTL 0 for 404, and see that the servers send no-store",
        )


def _redirects(results: ProbeResults) -> list[ProbeResult]:
    return [one for one in results.answered if is_redirect(one.answer)]


@rule(
    "redirect-lifetime",
    FAIL,
    pass_message="lets no redirect be kept",
    applies=_redirects,
)
def redirect_lifetime(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        Violation(
            level=FAIL,
            message="lets a redirect be kept"
            + (
                ", for it does not say how long" if lifetime(one.answer) is None else ""
            ),
            hint="send Cache-Control: no-store with redirects; CloudFront keeps and does not "
            "follow them",
            subject=one.probe.subject,
        )
        for one in _redirects(results)
        if lifetime(one.answer) != 0
    )


RULES = (file_lifetime, missing, missing_lifetime, redirect_lifetime)
