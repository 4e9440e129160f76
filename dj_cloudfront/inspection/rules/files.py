"""The files of a build: there, whole, and open to whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from dj_cloudfront.http_probe import NO_BROTLI, Answer
from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Problem
from dj_cloudfront.inspection.questions import About
from dj_cloudfront.inspection.rules.rule import FAIL, Objection, rule, together
from dj_cloudfront.inspection.sampling import suffix_of

_LOGIN = ("login", "log-in", "signin", "sign-in", "sso", "oauth", "saml", "account")


def is_redirect(answer: Answer) -> bool:
    """Whether it points elsewhere; a 304 does not."""
    return answer.status in (301, 302, 303, 307, 308)


def is_login(said: Said) -> bool:
    """Whether the answer for a file is a refusal, or a page in its place."""
    answer = said.answer
    if is_redirect(answer):
        path = urlsplit(answer.get("Location")).path.lower()
        return any(word in path for word in _LOGIN)
    if answer.status == 200:
        wants_page = suffix_of(said.question.subject) in ("html", "htm")
        return not wants_page and _type(answer) == "text/html"
    return answer.status in (401, 403)


def is_elsewhere(evidence: Evidence, answer: Answer) -> bool:
    """Whether a redirect leads away from the name that was asked."""
    here, there = _here_and_there(evidence, answer)
    return here != there


def has_right_bytes(evidence: Evidence, said: Said) -> bool | None:
    """Whether an answer is what was published; None where that cannot be told here."""
    answer, file = said.answer, evidence.file(said)
    if file is None:
        return None
    if answer.content is not None:
        return answer.content == file.sha256
    companion = evidence.companion(said, answer.get("Content-Encoding"))
    if companion is not None and companion.sha256 == answer.wire:
        return True
    return None if answer.trouble == NO_BROTLI else False


def _asked(evidence: Evidence) -> list[Said]:
    return evidence.about(About.FILE)


@rule("status", FAIL, good="has every file that was asked for", applies=_asked)
def status(evidence: Evidence) -> Iterator[Problem]:
    asked = _asked(evidence)
    if all(one.answer.status == 404 for one in asked):
        yield Problem(
            level=FAIL,
            sentence="does not have the build: each of its files is a 404",
            cure="publish it there or copy it there before a page refers to it",
        )
        return
    yield from together(
        Objection(
            level=FAIL,
            sentence=f"answers {one.answer.status} for files of the build",
            cure="bring the whole build there, and see what the server's log says",
            subject=one.question.subject,
        )
        for one in asked
        if one.answer.status != 200
        and not is_redirect(one.answer)
        and not is_login(one)
    )


@rule("redirect", FAIL, good="redirects no file", applies=_asked)
def redirect(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=FAIL,
            sentence=_where_to(evidence, one.answer),
            cure="let the web server answer files itself; where Django does, set "
            "SECURE_PROXY_SSL_HEADER, or exempt the trees in SECURE_REDIRECT_EXEMPT",
            subject=one.question.subject,
        )
        for one in _asked(evidence)
        if is_redirect(one.answer) and not is_login(one)
    )


def _where_to(evidence: Evidence, answer: Answer) -> str:
    here, there = _here_and_there(evidence, answer)
    if here == there:
        return f"redirects files to another path ({answer.status})"
    return f"redirects files to {there} ({answer.status}), past the CDN"


def _here_and_there(evidence: Evidence, answer: Answer) -> tuple[str, str]:
    place = evidence.place
    here = f"{urlsplit(place.url).scheme}://{place.client.address.host}"
    there = urlsplit(urljoin(f"{here}/", answer.get("Location")))
    return here, f"{there.scheme}://{there.netloc}"


@rule("login", FAIL, good="asks nobody for a login", applies=_asked)
def login(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=FAIL,
            sentence=_refusal(one.answer),
            cure="open the trees to the distributions; what the servers want of them, this "
            "check gets by CDN_ORIGIN_SECRET or --header",
            subject=one.question.subject,
        )
        for one in _asked(evidence)
        if is_login(one)
    )


def _refusal(answer: Answer) -> str:
    if answer.status == 200:
        return "answers a page (text/html) in place of files"
    if is_redirect(answer):
        return f"sends whoever asks for a file to a login ({answer.status})"
    return f"refuses files ({answer.status})"


@rule(
    "bytes",
    FAIL,
    good="sends the bytes that were published",
    applies=lambda evidence: evidence.files,
)
def right_bytes(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=FAIL,
            sentence=_differs(evidence, one.answer),
            cure="bytes under a name must never change: publish a new version"
            + ("" if evidence.place.is_origin else ", or invalidate these paths"),
            subject=one.subject,
        )
        for one in evidence.files
        if not is_login(one) and has_right_bytes(evidence, one) is False
    )


def _differs(evidence: Evidence, answer: Answer) -> str:
    if answer.trouble:
        return f"sends a body that {answer.trouble}"
    if not evidence.place.is_origin and answer.get("Age"):
        return "has a copy of other bytes than the build has, from earlier"
    return "sends other bytes than the build has"


def _type(answer: Answer) -> str:
    return answer.get("Content-Type").partition(";")[0].strip().lower()


RULES = (status, redirect, login, right_bytes)
