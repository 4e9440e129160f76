"""What the edge adds to and takes from every answer, as a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aws_cdk import aws_cloudfront as cloudfront

from cdn_model.quotas import CUSTOM_RESPONSE_HEADERS, HEADER_VALUE_LENGTH
from constructs_lib.ttl import duration
from constructs_lib.validation import (
    check_distinct,
    check_seconds,
    is_token,
    truncated_repr,
)

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
_NEVER_REMOVED = re.compile(
    r"connection|content-encoding|content-length|expect|host|keep-alive|"
    r"proxy-(authenticate|authorization|connection)|trailer|transfer-encoding|upgrade|via|"
    r"warning|x-accel-.*|x-amz-cf-.*|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip"
)
_OWN_PLACE = {
    "strict-transport-security": "hsts",
    "content-security-policy": "content_security_policy",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross_origin_resource_policy",
}


@dataclass(frozen=True, kw_only=True)
class Hsts:
    """``Strict-Transport-Security``. Subdomains and preload bind more than one host."""

    max_age: timedelta = timedelta(days=365)
    include_subdomains: bool = False
    preload: bool = False

    def __post_init__(self) -> None:
        check_seconds("hsts.max_age", self.max_age, low=0)


@dataclass(frozen=True, kw_only=True)
class ResponseHeaders:
    """Headers that the edge sets on every answer of the server, and takes away.

    :param hsts: Default: 365 days for this host alone. None leaves it out.
    :param nosniff: ``X-Content-Type-Options: nosniff``. Default: sent.
    :param cross_origin_resource_policy: Default: ``cross-origin``, without which pages that
        isolate themselves cannot use the files. None leaves it out.
    :param content_security_policy: Default: none. Media has one that lets an uploaded page
        or SVG do nothing.
    :param extra: More headers by name, at most 9 beside ``Cross-Origin-Resource-Policy``.
    :param remove: Headers of the server that viewers do not get. Default: ``Set-Cookie``.
    :raises ValueError: when CloudFront would refuse a value.
    """

    hsts: Hsts | None = field(default_factory=Hsts)
    nosniff: bool = True
    cross_origin_resource_policy: str | None = "cross-origin"
    content_security_policy: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ("Set-Cookie",)

    def __post_init__(self) -> None:
        for name in self.extra:
            _check_extra(name)
        if len(self.custom) > CUSTOM_RESPONSE_HEADERS:
            raise ValueError(
                f"headers.extra must have at most {CUSTOM_RESPONSE_HEADERS} headers together with "
                f"Cross-Origin-Resource-Policy, got {len(self.custom)}"
            )
        for name in self.remove:
            _check_removed(name)
        # A header has one name, however it is written.
        check_distinct("headers.extra", (name.lower() for name in self.custom))
        check_distinct("headers.remove", (name.lower() for name in self.remove))
        _check_policy(self.content_security_policy)

    @property
    def custom(self) -> dict[str, str]:
        """The headers for which CloudFront has no section of its own."""
        own = self.cross_origin_resource_policy
        return {
            **({"Cross-Origin-Resource-Policy": own} if own else {}),
            **self.extra,
        }

    def render_security(self) -> cloudfront.ResponseSecurityHeadersBehavior | None:
        """CloudFront's section for security headers, or None when it would be empty."""
        policy = self.content_security_policy
        if not (self.hsts or self.nosniff or policy):
            return None
        return cloudfront.ResponseSecurityHeadersBehavior(
            strict_transport_security=_render_hsts(self.hsts),
            content_type_options=(
                cloudfront.ResponseHeadersContentTypeOptions(override=True)
                if self.nosniff
                else None
            ),
            content_security_policy=(
                cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy, override=True
                )
                if policy
                else None
            ),
        )

    def render_custom(self) -> cloudfront.ResponseCustomHeadersBehavior | None:
        """CloudFront's section for all other headers, or None when it would be empty."""
        if not self.custom:
            return None
        return cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                for name, value in self.custom.items()
            ]
        )


def _render_hsts(
    hsts: Hsts | None,
) -> cloudfront.ResponseHeadersStrictTransportSecurity | None:
    if hsts is None:
        return None
    return cloudfront.ResponseHeadersStrictTransportSecurity(
        access_control_max_age=duration(hsts.max_age),
        include_subdomains=hsts.include_subdomains,
        preload=hsts.preload,
        override=True,
    )


def _check_extra(name: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise ValueError(
            f"headers.extra must have header names such as 'X-Robots-Tag', got {truncated_repr(name)}"
        )
    if name.lower() in _OWN_PLACE:
        raise ValueError(
            f"headers.extra must not have {truncated_repr(name)}: "
            f"give headers.{_OWN_PLACE[name.lower()]}"
        )
    if name.lower().startswith("access-control-"):
        raise ValueError(
            f"headers.extra must not have {truncated_repr(name)}: who answers CORS is given by cors"
        )


def _check_removed(name: str) -> None:
    if _TOKEN.fullmatch(name) and not _NEVER_REMOVED.fullmatch(name.lower()):
        return
    raise ValueError(
        "headers.remove must have headers that CloudFront lets go, such as 'Set-Cookie', "
        f"got {truncated_repr(name)}"
    )


def _check_policy(policy: str | None) -> None:
    if policy is None or is_token(policy) or len(policy) <= HEADER_VALUE_LENGTH:
        return
    raise ValueError(
        f"headers.content_security_policy must have at most {HEADER_VALUE_LENGTH} characters, "
        f"got {len(policy)}"
    )
