"""Rules on availability: an answer, its certificate, and no cache or login in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import ProbeKind, ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    of_kind,
    result_rule,
    rule,
)
from dj_cloudfront.live_check.sampling import suffix_of

_DAY = 86_400
_SOON = 21
# Headers that only something in front of the server adds, and what that is.
_SIGNS = {
    "X-Amz-Cf-Id": "CloudFront",
    "CF-Ray": "Cloudflare",
    "X-Served-By": "Fastly or another cache",
    "X-Varnish": "Varnish",
    "X-Cache": "a cache",
    "X-Akamai-Transformed": "Akamai",
    "X-Azure-Ref": "Azure Front Door",
    "Via": "a proxy",
    "Age": "a cache",
}
_SERVERS = ("cloudflare", "cloudfront", "akamai", "fastly", "bunnycdn", "keycdn")
_asked = of_kind(ProbeKind.FILE)
files_and_missing = of_kind(ProbeKind.FILE, ProbeKind.MISSING)
_LOGIN = ("login", "log-in", "signin", "sign-in", "sso", "oauth", "saml", "account")


@rule("reach", "answers", applies=lambda results: results.answered or results.failures)
def reach(results: ProbeResults) -> Iterator[Violation]:
    start = "start the server or correct its address; raise --timeout if it is slow"
    dns = "add the DNS record, or wait until this machine's resolver has it"
    if not results.target.is_origin:
        start, dns = (
            f"{hint}; --only origin leaves the CDN out" for hint in (start, dns)
        )
    for message, is_about_certificate in results.failures.items():
        if not is_about_certificate:
            yield Violation(FAIL, message, dns if "DNS knows no" in message else start)


@rule(
    "certificate",
    "has a certificate that is valid for its name",
    applies=lambda results: (
        results.target.client.expires is not None or any(results.failures.values())
    ),
)
def certificate(results: ProbeResults) -> Iterator[Violation]:
    client = results.target.client
    wrong = [message for message, is_about in results.failures.items() if is_about]
    for message in wrong:
        yield Violation(
            FAIL,
            message,
            f"install one of a public authority for {client.address.server_name}, or "
            "CloudFront answers 502; --ca lets this check trust another authority",
        )
    if not wrong and client.expires is not None:
        days = (client.expires - time.time()) / _DAY
        if days < _SOON:
            message = f"has a certificate that expires in {days:.0f} days"
            hint = "renew it; CloudFront answers 502 once it has expired"
            yield Violation(WARN, message, hint)


@rule(
    "other-cdn",
    "has no other cache in front",
    applies=lambda results: results.target.is_origin and files_and_missing(results),
)
def other_cdn(results: ProbeResults) -> Iterator[Violation]:
    signs: dict[str, str] = {}
    for result in files_and_missing(results):
        for name, who in _SIGNS.items():
            if result.answer.get(name):
                signs.setdefault(name, who)
        server = result.answer.get("Server")
        if server.lower().startswith(_SERVERS):
            signs["Server"] = server
    who = ", ".join(dict.fromkeys(signs.values()))
    for name in signs:
        yield Violation(
            WARN,
            f"seems to be behind another cache ({who})",
            "two caches keep files twice as long, and both must be invalidated: let the "
            "distributions ask the server itself, or let the other cache bypass these trees",
            name,
        )


@rule(
    "cloudfront",
    "answers as CloudFront does",
    applies=lambda results: not results.target.is_origin and results.answered,
)
def cloudfront(results: ProbeResults) -> Iterator[Violation]:
    said = " ".join(
        result.answer.get(name)
        for result in results.answered
        for name in ("X-Cache", "Via", "Server")
    )
    if "cloudfront" not in said.lower():
        message = "does not answer as CloudFront does, with X-Cache and Via"
        yield Violation(
            WARN, message, "let its DNS record point at the …DnsTarget of the stack"
        )


def is_redirect(answer: HttpResponse) -> bool:
    """Whether it points elsewhere; a 304 does not."""
    return answer.status in (301, 302, 303, 307, 308)


def is_login(result: ProbeResult) -> bool:
    """Whether the answer for a file is a refusal, or a page in its place."""
    answer = result.answer
    if is_redirect(answer):
        path = urlsplit(answer.get("Location")).path.lower()
        return any(word in path for word in _LOGIN)
    if answer.status == 200:
        wants_page = suffix_of(result.probe.subject) in ("html", "htm")
        return not wants_page and answer.media_type == "text/html"
    return answer.status in (401, 403)


def served_files(results: ProbeResults) -> list[ProbeResult]:
    """The answers that are files of the build, and no page in their place."""
    return [result for result in results.files if not is_login(result)]


def elsewhere(results: ProbeResults, answer: HttpResponse) -> str:
    """Where a redirect leads; empty if that is the name that was asked."""
    target = results.target
    here = f"{urlsplit(target.url).scheme}://{target.client.address.host}"
    parts = urlsplit(urljoin(f"{here}/", answer.get("Location")))
    there = f"{parts.scheme}://{parts.netloc}"
    return "" if there == here else there


@rule("status", "has every file that was asked for", applies=_asked)
def status(results: ProbeResults) -> Iterator[Violation]:
    asked = _asked(results)
    if all(result.answer.status == 404 for result in asked):
        message = "does not have the build: each of its files is a 404"
        hint = "publish or copy it there; if it is there, let the web server read it"
        yield Violation(FAIL, message, hint)
        return
    hint = "bring the whole build there, and see what the server's log says"
    for result in asked:
        code = result.answer.status
        if code != 200 and not is_redirect(result.answer) and not is_login(result):
            message = f"answers {code} for files of the build"
            yield Violation(FAIL, message, hint, result.probe.subject)


@result_rule("redirect", "redirects no file", of=_asked)
def redirect(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if is_redirect(result.answer) and not is_login(result):
        hint = (
            "let the web server answer files itself; where Django does, set "
            "SECURE_PROXY_SSL_HEADER, or exempt the trees in SECURE_REDIRECT_EXEMPT"
        )
        there = elsewhere(results, result.answer)
        message = (
            f"redirects files to {there or 'another path'} ({result.answer.status})"
        )
        yield Violation(FAIL, message + (", past the CDN" if there else ""), hint)


@result_rule("login", "asks for no login", of=_asked)
def login(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if is_login(result):
        hint = (
            "open the trees to the distributions; give this check the secret in "
            "CDN_ORIGIN_SECRET, or other headers with --header"
        )
        if result.answer.status == 403:
            hint = f"let the web server read the build (umask 022); {hint}"
        yield Violation(FAIL, _refusal(result.answer), hint)


def _refusal(answer: HttpResponse) -> str:
    if answer.status == 200:
        return "answers a page (text/html) in place of files"
    if is_redirect(answer):
        return f"redirects requests for files to a login ({answer.status})"
    return f"refuses files ({answer.status})"


RULES = (reach, certificate, other_cdn, cloudfront, status, redirect, login)
