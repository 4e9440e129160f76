"""AWS's own policies, which no template holds: what is in them, by id.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

from __future__ import annotations

from collections.abc import Mapping

from cdn_review.delivery.model import (
    Answer,
    CacheKey,
    CrossOrigin,
    Forwarding,
    Lifetime,
    Selection,
)

_YEAR = 31536000
_DAY = 86400
_ALL = Selection(kind="all")
_BOTH = frozenset({"gzip", "br"})
_ORIGIN_DECIDES = Selection(
    kind="some",
    names=frozenset(
        {
            "host",
            "origin",
            "x-http-method",
            "x-http-method-override",
            "x-method-override",
        }
    ),
)


def _some(*names: str) -> Selection:
    return Selection(kind="some", names=frozenset(names))


CACHE: Mapping[str, tuple[CacheKey, Lifetime]] = {
    # CachingOptimized, and the same for objects that are not compressed
    "658327ea-f89d-4fab-a63d-7e88639e58f6": (
        CacheKey(encodings=_BOTH),
        Lifetime(least=1, default=_DAY, most=_YEAR),
    ),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": (
        CacheKey(),
        Lifetime(least=1, default=_DAY, most=_YEAR),
    ),
    # CachingDisabled
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": (
        CacheKey(),
        Lifetime(least=0, default=0, most=0),
    ),
    # UseOriginCacheControlHeaders, and with query strings
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": (
        CacheKey(headers=_ORIGIN_DECIDES, cookies=_ALL, encodings=_BOTH),
        Lifetime(least=0, default=0, most=_YEAR),
    ),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": (
        CacheKey(
            headers=_ORIGIN_DECIDES, cookies=_ALL, query_strings=_ALL, encodings=_BOTH
        ),
        Lifetime(least=0, default=0, most=_YEAR),
    ),
    # Amplify
    "2e54312d-136d-493c-8eb9-b001f22f67d2": (
        CacheKey(
            headers=_some("authorization", "cloudfront-viewer-country", "host"),
            cookies=_ALL,
            query_strings=_ALL,
            encodings=_BOTH,
        ),
        Lifetime(least=2, default=2, most=600),
    ),
    # Elemental-MediaPackage
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": (
        CacheKey(
            headers=_some("origin"),
            query_strings=_some("aws.manifestfilter", "end", "m", "start"),
            encodings=frozenset({"gzip"}),
        ),
        Lifetime(),
    ),
}

FORWARDING: Mapping[str, Forwarding] = {
    # CORS-CustomOrigin, CORS-S3Origin
    "59781a5b-3903-41f3-afcb-af62929ccde1": Forwarding(headers=_some("origin")),
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": Forwarding(
        headers=_some(
            "access-control-request-headers", "access-control-request-method", "origin"
        )
    ),
    # AllViewer, the same with CloudFront's own, AllViewerExceptHostHeader, HostHeaderOnly
    "216adef6-5c7f-47e4-b989-5492eafa07d3": Forwarding(
        headers=_ALL, query_strings=_ALL, cookies=_ALL
    ),
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": Forwarding(
        headers=_ALL, query_strings=_ALL, cookies=_ALL
    ),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": Forwarding(
        headers=Selection(kind="all but", names=frozenset({"host"})),
        query_strings=_ALL,
        cookies=_ALL,
    ),
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": Forwarding(headers=_some("host")),
    # UserAgentRefererHeaders
    "acba4595-bd28-49b8-b9fe-13317c0390fa": Forwarding(
        headers=_some("referer", "user-agent")
    ),
}

_ANYBODY = CrossOrigin(origins=frozenset({"*"}))
_PREFLIGHT = CrossOrigin(
    origins=frozenset({"*"}),
    methods=frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}),
    exposed=frozenset({"*"}),
)
_SECURITY = {
    "referrer-policy": "strict-origin-when-cross-origin",
    "strict-transport-security": f"max-age={_YEAR}",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "x-xss-protection": "1; mode=block",
}

_YIELDING = frozenset(_SECURITY) - {"x-content-type-options"}

ANSWERS: Mapping[str, Answer] = {
    # SimpleCORS, CORS-With-Preflight, SecurityHeadersPolicy, and the first two with the third
    "60669652-455b-4ae9-85a4-c4c02393f86c": Answer(cors=_ANYBODY),
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd": Answer(cors=_PREFLIGHT),
    "67f7725c-6f97-4210-82d7-5512b31e9d03": Answer(
        headers=_SECURITY, yielding=_YIELDING
    ),
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": Answer(
        cors=_ANYBODY, headers=_SECURITY, yielding=_YIELDING
    ),
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63": Answer(
        cors=_PREFLIGHT, headers=_SECURITY, yielding=_YIELDING
    ),
}
