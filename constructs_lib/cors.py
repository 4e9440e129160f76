"""Who answers CORS, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aws_cdk import aws_cloudfront as cloudfront

from cdn_model.quotas import HEADER_VALUE_LENGTH
from constructs_lib.validation import (
    check_distinct,
    check_types,
    is_token,
    truncated_repr,
)

# The methods that CloudFront can cache.
_METHODS = {
    ("GET", "HEAD"): (
        cloudfront.AllowedMethods.ALLOW_GET_HEAD,
        cloudfront.CachedMethods.CACHE_GET_HEAD,
    ),
    ("GET", "HEAD", "OPTIONS"): (
        cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        cloudfront.CachedMethods.CACHE_GET_HEAD_OPTIONS,
    ),
}

_CORS_REQUEST_HEADERS = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
)

# With credentials no "*" is allowed, so the safe ones are named:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
_REQUEST_HEADERS = ("Content-Type", "If-Modified-Since", "If-None-Match", "Range")
_EXPOSED_HEADERS = ("Age", "Content-Length", "Content-Range", "ETag", "X-Cache")

# Browsers name no default port: https://fetch.spec.whatwg.org/#origin-header
_ORIGIN = re.compile(
    r"(?!https:.*:443\Z|http:.*:80\Z)"
    r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:([0-9]{1,5}|\*))?"
)


@dataclass(frozen=True, kw_only=True)
class Cors:
    """Who answers CORS. Made by :meth:`forward`, :meth:`any_origin`, :meth:`allow_origins`.

    :param key_headers: Headers that are sent to the server and separate cached copies.
    :param methods: Methods that are allowed and cached.
    :param allowed_origins: What the edge itself answers; empty when the server decides.
    :param credentials: Whether pages of these origins may send cookies along. Default: no.
    :raises ValueError: when a type is wrong, or CloudFront cannot cache the methods.
    """

    key_headers: tuple[str, ...]
    methods: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    credentials: bool = False

    def __post_init__(self) -> None:
        check_types(type(self), vars(self), "cors.")
        if self.methods not in list(_METHODS):
            raise ValueError(
                "cors.methods must be ('GET', 'HEAD') or ('GET', 'HEAD', 'OPTIONS'), "
                f"got {truncated_repr(self.methods)}"
            )

    @classmethod
    def forward(cls) -> Cors:
        """The Django server decides: CORS request headers reach it and separate copies.

        Preflights reach it too and their answers are cached. The edge adds nothing. Every
        site that loads a file has a cached copy of its own.
        """
        return cls(
            key_headers=_CORS_REQUEST_HEADERS,
            methods=("GET", "HEAD", "OPTIONS"),
            allowed_origins=(),
        )

    @classmethod
    def any_origin(cls) -> Cors:
        """The edge answers ``*`` to everybody: one cached copy, GET and HEAD only.

        The server must send ``*`` on every answer too: a browser may reuse the copy that an
        ``<img>`` left, which came without ``Origin`` and so without the edge's header.
        """
        return cls(key_headers=(), methods=("GET", "HEAD"), allowed_origins=("*",))

    @classmethod
    def allow_origins(cls, *origins: str, credentials: bool = False) -> Cors:
        """The edge answers pages of these origins: one cached copy for all of them.

        No source says that CloudFront adds ``Vary: Origin`` to an answer that names one origin
        of several, so a browser may hand the copy made for one page to another page of the
        list, which then fails. Prefer :meth:`any_origin` for public files.

        :param origins: At least one, such as ``https://www.example.com`` or ``https://*.example.com``.
        :param credentials: Needed for signed cookies. Default: not allowed.
        :raises ValueError: when an origin has no scheme, a path or a default port, or is ``*``.
        """
        if not origins:
            raise ValueError(
                "origins must have at least one origin, such as 'https://www.example.com'"
            )
        for origin in origins:
            _check_origin(origin)
        check_distinct("origins", origins)
        if len("".join(origins)) > HEADER_VALUE_LENGTH:
            raise ValueError(
                f"origins must have at most {HEADER_VALUE_LENGTH} characters in all, "
                f"got {len(''.join(origins))}"
            )
        return cls(
            key_headers=(),
            methods=("GET", "HEAD", "OPTIONS"),
            allowed_origins=origins,
            credentials=credentials,
        )

    @property
    def is_answered_by_the_edge(self) -> bool:
        """Whether CloudFront sets the CORS headers, and not the server."""
        return bool(self.allowed_origins)

    def render_methods(
        self,
    ) -> tuple[cloudfront.AllowedMethods, cloudfront.CachedMethods]:
        """The CDK's values of the methods."""
        return _METHODS[self.methods]

    def render(self) -> cloudfront.ResponseHeadersCorsBehavior | None:
        """CloudFront's section for CORS, or None when the server answers."""
        if not self.allowed_origins:
            return None
        listed = self.credentials
        return cloudfront.ResponseHeadersCorsBehavior(
            access_control_allow_credentials=self.credentials,
            access_control_allow_headers=list(_REQUEST_HEADERS) if listed else ["*"],
            access_control_allow_methods=list(self.methods),
            access_control_allow_origins=list(self.allowed_origins),
            access_control_expose_headers=list(_EXPOSED_HEADERS) if listed else ["*"],
            origin_override=True,
        )


def _check_origin(origin: str) -> None:
    if is_token(origin) or isinstance(origin, str) and _ORIGIN.fullmatch(origin):
        return
    raise ValueError(
        "origins must be a scheme and a host without a path or a default port, such as "
        f"'https://www.example.com' or 'https://*.example.com', got {truncated_repr(origin)}"
    )
