"""What a server's answers show: a login, a CDN, a way out of the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from cdn_review.delivery.model import Delivery, Origin
from cdn_review.preflight.origin.reaching import Answer
from cdn_review.preflight.result import Result, failed, passed, warned

_CDNS = (
    ("via", re.compile(r"cloudfront|akamai|google", re.I)),
    ("x-amz-cf-id", re.compile("")),
    ("x-cache", re.compile(r"from cloudfront|\bTCP_\w+ from a", re.I)),
    ("cf-ray", re.compile("")),
    ("x-fastly-request-id", re.compile("")),
    ("x-served-by", re.compile(r"^cache-", re.I)),
    ("server", re.compile(r"cloudflare|akamai|cloudfront", re.I)),
)
_CACHED = re.compile(r"(?:max-age|s-maxage)=0*[1-9]", re.I)


def judged_missing(
    role: str, answer: Answer, origin: Origin, delivery: Delivery
) -> Iterator[Result]:
    """The answer for a file that nobody has, asked for as its distribution asks."""
    behind = _cdn(answer)
    if behind:
        sentence = f"of the {role} is itself behind a CDN: it answers with {behind}"
        cure = "name the server itself as origin: two CDNs in a row keep stale files"
        yield failed("origin", sentence, cure)
        return
    wrong = _status(role, answer, guarded=_has_secret(origin))
    if wrong:
        yield wrong
        return
    yield passed("origin", f"of the {role} answers {answer.status} for a missing file")
    yield from _headers(role, answer, delivery)


def _status(role: str, answer: Answer, *, guarded: bool) -> Result | None:
    status = answer.status
    if 300 <= status < 400:
        where = urlsplit(answer.header("location"))
        target = where.hostname or where.path[:80] or "nowhere"
        sentence = f"of the {role} redirects a missing file to {target}"
        cure = (
            "let the web server answer 404 under /static/ and /media/, before any login"
        )
        return failed("origin", sentence, cure)
    if status == 401 or (status == 403 and not guarded):
        sentence = f"of the {role} answers {status}: a login or a filter is in the way"
        cure = "let CloudFront in: files of a CDN are public, and it cannot log in"
        return failed("origin", sentence, cure)
    if status >= 500:
        sentence = f"of the {role} answers {status}"
        return failed("origin", sentence, "mend the server first: its log says why")
    if status in (403, 404, 410):
        return None
    sentence = f"of the {role} answers {status} for a file that nobody has"
    cure = (
        "let the web server answer 404 there, or every misspelt name is kept for a year"
    )
    return failed("origin", sentence, cure)


def _has_secret(origin: Origin) -> bool:
    return any("resolve:secretsmanager" in one for one in origin.headers.values())


def _headers(role: str, answer: Answer, delivery: Delivery) -> Iterator[Result]:
    if _CACHED.search(answer.header("cache-control")):
        sentence = f"of the {role} lets a missing file be cached"
        cure = (
            "send Cache-Control: no-store with errors: 'manage.py cdn conf' prints how"
        )
        yield warned("origin", sentence, cure)
    if answer.header("set-cookie"):
        sentence = f"of the {role} sets cookies with files"
        cure = "serve files before sessions: cookies make copies that nobody shares"
        yield warned("origin", sentence, cure)
    edge_decides = delivery.default.answer.cors is not None
    if not edge_decides and not answer.header("access-control-allow-origin"):
        sentence = f"of the {role} sends no Access-Control-Allow-Origin"
        cure = "fonts and modules of pages fail without: 'manage.py cdn conf' prints it"
        yield warned("origin", sentence, cure)


def _cdn(answer: Answer) -> str:
    for name, pattern in _CDNS:
        if name in answer.headers and pattern.search(answer.header(name)):
            return name.title()
    return ""


def judged_admin(role: str, answer: Answer) -> Result:
    """The answer for a page of Django, asked for by a distribution."""
    if 400 <= answer.status < 500 and answer.status != 401:
        return passed("tree", f"pages of Django are closed to the {role}")
    sentence = f"a request of the {role} for /admin/ is answered with {answer.status}"
    cure = (
        "add dj_cloudfront.middleware.CdnTreeMiddleware, and the web server's rules of "
        "'manage.py cdn conf'"
    )
    return failed("tree", sentence, cure)
