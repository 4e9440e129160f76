"""How long answers live: files for a year, errors and redirects not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from dj_cloudfront.http_probe import Answer
from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Problem
from dj_cloudfront.inspection.questions import About
from dj_cloudfront.inspection.rules.files import is_login, is_redirect
from dj_cloudfront.inspection.rules.rule import FAIL, WARN, Objection, rule, together

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
    said = dict(_SECONDS.findall(control))
    for name in ("s-maxage", "max-age"):
        if name in said:
            return int(said[name])
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


def _files(evidence: Evidence) -> list[Said]:
    return [one for one in evidence.files if not is_login(one)]


@rule(
    "lifetime",
    WARN,
    FAIL,
    good="lets files be kept for a year, unasked",
    applies=_files,
)
def file_lifetime(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        found for one in _files(evidence) for found in _lifetime_objections(one)
    )


def _lifetime_objections(said: Said) -> Iterator[Objection]:
    control = said.answer.get("Cache-Control")
    seconds = lifetime(said.answer)
    if seconds == 0:
        level, sentence = FAIL, f"lets nobody keep files ({control or 'Expires'})"
    elif seconds is None:
        level, sentence = WARN, "does not say how long files may be kept"
    elif seconds < _YEAR:
        level, sentence = WARN, f"lets files be kept for {seconds} seconds only"
    elif "immutable" not in _directives(control.lower()):
        level, sentence = WARN, "lets browsers ask again for files that never change"
    else:
        return
    yield Objection(
        level=level,
        sentence=sentence,
        cure="send Cache-Control: public, max-age=31536000, immutable with files of a build",
        subject=said.question.subject,
    )


def _missing(evidence: Evidence) -> list[Said]:
    return evidence.about(About.MISSING)


@rule(
    "missing",
    WARN,
    FAIL,
    good="answers 404 for a name that nobody has",
    applies=_missing,
)
def missing(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=WARN if one.answer.status == 403 else FAIL,
            sentence=f"answers {one.answer.status} for a name that nobody has",
            cure="answer 404 in both trees, with no page and no redirect in its place: "
            "anything else may be kept for a file that is still to come. Private media "
            "answers 403, as it should",
            subject=one.question.subject,
        )
        for one in _missing(evidence)
        if one.answer.status != 404
    )


def _errors(evidence: Evidence) -> list[Said]:
    return [one for one in _missing(evidence) if one.answer.status >= 400]


@rule("missing-lifetime", WARN, FAIL, good="lets no error be kept", applies=_errors)
def missing_lifetime(evidence: Evidence) -> Iterator[Problem]:
    cure = "send Cache-Control: no-store with errors; in nginx mind add_header … always"
    for one in _errors(evidence):
        seconds = lifetime(one.answer)
        # Of the errors that say nothing, CloudFront keeps 404 and the like, no 403.
        if seconds == 0 or (seconds is None and one.answer.status != 404):
            continue
        sentence = (
            "does not say that an error must not be kept"
            if seconds is None
            else f"lets an error be kept for {seconds} seconds"
        )
        level = WARN if seconds is None else FAIL
        yield Problem(level=level, sentence=sentence, cure=cure)
        break
    if any(one.answer.get("Age") for one in evidence.about(About.MISSING_AGAIN)):
        yield Problem(
            level=FAIL,
            sentence="has kept an error, and gives it to the next who asks",
            cure="deploy the error TTL 0 for 404, and see that the servers send no-store",
        )


def _redirects(evidence: Evidence) -> list[Said]:
    return [one for one in evidence.said if is_redirect(one.answer)]


@rule("redirect-lifetime", FAIL, good="lets no redirect be kept", applies=_redirects)
def redirect_lifetime(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=FAIL,
            sentence="lets a redirect be kept"
            + (
                ", for it does not say how long" if lifetime(one.answer) is None else ""
            ),
            cure="send Cache-Control: no-store with redirects; CloudFront keeps and does not "
            "follow them",
            subject=one.question.subject,
        )
        for one in _redirects(evidence)
        if lifetime(one.answer) != 0
    )


RULES = (file_lifetime, missing, missing_lifetime, redirect_lifetime)
