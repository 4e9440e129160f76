"""Is it there, is it who it should be, and who stands in between?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Problem
from dj_cloudfront.inspection.questions import About
from dj_cloudfront.inspection.rules.rule import FAIL, WARN, rule

_DAY = 86_400
_SOON = 21

# Headers that only something in front of the server adds, and what that is.
_HINTS = {
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


@rule(
    "reach",
    FAIL,
    good="answers",
    applies=lambda evidence: evidence.said or evidence.failures,
)
def reach(evidence: Evidence) -> Iterator[Problem]:
    for sentence, is_about_certificate in evidence.failures.items():
        if not is_about_certificate:
            yield Problem(
                level=FAIL,
                sentence=sentence,
                cure="start the server or correct its address; raise --timeout if it is slow",
            )


@rule(
    "certificate",
    WARN,
    FAIL,
    good="has a certificate that is valid for its name",
    applies=lambda evidence: (
        evidence.place.client.expires is not None or any(evidence.failures.values())
    ),
)
def certificate(evidence: Evidence) -> Iterator[Problem]:
    wrong = [one for one, is_about in evidence.failures.items() if is_about]
    for sentence in wrong:
        yield Problem(
            level=FAIL,
            sentence=sentence,
            cure="install one of a public authority for "
            f"{evidence.place.client.address.server_name}, or CloudFront answers 502; --ca "
            "lets this check trust another authority",
        )
    expires = evidence.place.client.expires
    if not wrong and expires is not None:
        days = (expires - time.time()) / _DAY
        if days < _SOON:
            yield Problem(
                level=WARN,
                sentence=f"has a certificate that expires in {days:.0f} days",
                cure="renew it; CloudFront answers 502 once it has expired",
            )


def _plain(evidence: Evidence) -> list[Said]:
    return [*evidence.about(About.FILE), *evidence.about(About.MISSING)]


@rule(
    "other-cdn",
    WARN,
    good="has no other cache in front",
    applies=lambda evidence: evidence.place.is_origin and _plain(evidence),
)
def other_cdn(evidence: Evidence) -> Iterator[Problem]:
    hints: dict[str, str] = {}
    for one in _plain(evidence):
        for name, who in _HINTS.items():
            if one.answer.get(name):
                hints.setdefault(name, who)
        server = one.answer.get("Server")
        if server.lower().startswith(_SERVERS):
            hints["Server"] = server
    if hints:
        who = ", ".join(dict.fromkeys(hints.values()))
        yield Problem(
            level=WARN,
            sentence=f"seems to sit behind something else that caches ({who})",
            cure="two caches keep things twice as long and must both be emptied: let the "
            "distributions ask the server itself, or let the other cache pass these trees by",
            subjects=tuple(hints),
        )


@rule(
    "cloudfront",
    WARN,
    good="answers as CloudFront does",
    applies=lambda evidence: not evidence.place.is_origin and evidence.said,
)
def cloudfront(evidence: Evidence) -> Iterator[Problem]:
    if not any("cloudfront" in _signs(one) for one in evidence.said):
        yield Problem(
            level=WARN,
            sentence="does not answer as CloudFront does, with X-Cache and Via",
            cure="let its DNS record point at the …DnsTarget of the stack",
        )


def _signs(said: Said) -> str:
    names = ("X-Cache", "Via", "Server")
    return " ".join(said.answer.get(name).lower() for name in names)


RULES = (reach, certificate, other_cdn, cloudfront)
