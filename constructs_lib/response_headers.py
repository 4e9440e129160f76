"""What the edge adds to and takes from every answer, as a value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from aws_cdk import aws_cloudfront as cloudfront

from cdn_model.quotas import (
    CUSTOM_RESPONSE_HEADERS,
    CUSTOM_RESPONSE_HEADERS_LENGTH,
    HEADER_VALUE_LENGTH,
    REMOVED_RESPONSE_HEADERS,
)
from constructs_lib.ttl import duration
from constructs_lib.validation import (
    HEADER_NAME,
    HEADER_VALUE,
    check_distinct,
    check_seconds,
    check_types,
    is_token,
    truncated_repr,
)

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
_NEVER_REMOVED = re.compile(
    r"connection|content-encoding|content-length|expect|host|keep-alive|"
    r"proxy-(authenticate|authorization|connection)|trailer|transfer-encoding|upgrade|via|"
    r"warning|x-accel-.*|x-amz-cf-.*|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip|"
    r"x-amzn-(auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order|"
    r"lambda-integration-tag|requestid)"
)
_OWN_PLACE = {
    "strict-transport-security": "hsts",
    "content-security-policy": "content_security_policy",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross_origin_resource_policy",
    "referrer-policy": "referrer_policy",
    "x-frame-options": "frame_options",
    "x-xss-protection": "xss_protection",
    "server-timing": "server_timing",
}
_RESOURCE_POLICIES = ("same-site", "same-origin", "cross-origin")
_REFERRER_POLICIES = {
    policy.name.lower().replace("_", "-"): policy
    for policy in cloudfront.HeadersReferrerPolicy
}
_FRAME_OPTIONS = ("DENY", "SAMEORIGIN")
_XSS_PROTECTION = re.compile(
    r"0|1(?P<block>; mode=block)?|1; report=(?P<report>[!-~]+)"
)
_YEAR = timedelta(days=365)
# What the defaults of a tree may add.
_OF_TREES = {"cache-control", "content-security-policy"}


@dataclass(frozen=True, kw_only=True)
class Hsts:
    """``Strict-Transport-Security``. Subdomains and preload bind more than one host.

    Browsers list a domain for ``preload`` under the rules of https://hstspreload.org only.

    :param max_age: How long a browser speaks HTTPS only. Default: 365 days.
    :param include_subdomains: Whether it does so with all hosts below. Default: no.
    :param preload: Needs ``include_subdomains`` and at least 365 days. Default: no.
    :raises ValueError: when CloudFront or that list would refuse a value.
    """

    max_age: timedelta = timedelta(days=365)
    include_subdomains: bool = False
    preload: bool = False

    def __post_init__(self) -> None:
        check_types(type(self), vars(self), "headers.hsts.")
        # CloudFront counts in 32 bits.
        check_seconds("headers.hsts.max_age", self.max_age, low=0, high=2**31 - 1)
        if self.preload and not (self.include_subdomains and self.max_age >= _YEAR):
            raise ValueError(
                "headers.hsts.preload must be given with include_subdomains and a max_age of at "
                "least 365 days, because browsers' lists refuse a host without, got "
                f"include_subdomains={self.include_subdomains} and a max_age of "
                f"{self.max_age.days} days"
            )


@dataclass(frozen=True, kw_only=True)
class ResponseHeaders:
    """Headers that the edge sets on every answer of the server, and takes away.

    :param hsts: ``Strict-Transport-Security``. Default: 365 days for this host alone. None leaves it out.
    :param nosniff: ``X-Content-Type-Options: nosniff``. Default: sent.
    :param cross_origin_resource_policy: ``Cross-Origin-Resource-Policy``. Default: ``cross-origin``, without which pages that
        isolate themselves cannot use the files. None leaves it out.
    :param content_security_policy: ``Content-Security-Policy``. Default: that of the tree: for media one that lets an uploaded page
        or SVG do nothing, for static files none. None leaves it out.
    :param referrer_policy: ``Referrer-Policy``, such as ``no-referrer``. Default: not sent.
    :param frame_options: ``X-Frame-Options``, ``DENY`` or ``SAMEORIGIN``. Default: not sent.
    :param xss_protection: ``X-XSS-Protection``, such as ``0``. Default: not sent.
    :param server_timing: The percentage of answers that tell by ``Server-Timing`` what the
        edge did, above 0. Default: none.
    :param extra: More headers by name, at most 9 beside ``Cross-Origin-Resource-Policy``. With signing keys
        ``Cache-Control: private, max-age=300`` is added unless another is given.
    :param override: Headers by name; False lets the server's own value stand. Default: the
        edge's value replaces it.
    :param remove: Headers of the server that viewers do not get, at most 10. Default:
        ``Set-Cookie``.
    :raises ValueError: when CloudFront would refuse a value.
    """

    hsts: Hsts | None = field(default_factory=Hsts)
    nosniff: bool = True
    cross_origin_resource_policy: str | None = "cross-origin"
    content_security_policy: str | bool | None = True
    referrer_policy: str | None = None
    frame_options: str | None = None
    xss_protection: str | None = None
    server_timing: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, bool] = field(default_factory=dict)
    remove: tuple[str, ...] = ("Set-Cookie",)

    def __post_init__(self) -> None:
        check_types(type(self), vars(self), "headers.")
        for name in self.extra:
            _check_extra(name)
        _check_custom(self.custom)
        for name in self.remove:
            _check_removed(name)
        if len(self.remove) > REMOVED_RESPONSE_HEADERS:
            raise ValueError(
                f"headers.remove must have at most {REMOVED_RESPONSE_HEADERS} headers, "
                f"got {len(self.remove)}"
            )
        # A header has one name, however it is written.
        check_distinct("headers.remove", (name.lower() for name in self.remove))
        if not isinstance(self.content_security_policy, bool):
            _check_value("content_security_policy", self.content_security_policy)
        _check_choice(
            "cross_origin_resource_policy",
            self.cross_origin_resource_policy,
            _RESOURCE_POLICIES,
        )
        _check_choice("referrer_policy", self.referrer_policy, _REFERRER_POLICIES)
        _check_choice("frame_options", self.frame_options, _FRAME_OPTIONS)
        _check_xss_protection(self.xss_protection)
        _check_server_timing(self.server_timing)
        _check_override(self.override, self._sent | _OF_TREES)

    def over(self, default: ResponseHeaders) -> ResponseHeaders:
        """These headers, with those of a tree where none are given.

        :raises ValueError: when the headers together are what CloudFront would refuse.
        """
        own = {name.lower() for name in self.extra}
        more = {
            name: value
            for name, value in default.extra.items()
            if name.lower() not in own
        }
        policy = self.content_security_policy
        together = replace(
            self,
            content_security_policy=default.content_security_policy
            if policy is True
            else policy,
            extra={**more, **self.extra},
        )
        _check_override(together.override, together._sent)
        return together

    @property
    def _sent(self) -> set[str]:
        security = {name for name, value in self._security.items() if value}
        return security | {name.lower() for name in self.custom}

    @property
    def custom(self) -> dict[str, str]:
        """The headers for which CloudFront has no section of its own."""
        own = self.cross_origin_resource_policy
        return {
            **({"Cross-Origin-Resource-Policy": own} if own else {}),
            **self.extra,
        }

    @property
    def _security(self) -> dict[str, object]:
        """What is given of the headers that have a section of their own."""
        return {
            "strict-transport-security": self.hsts,
            "x-content-type-options": self.nosniff,
            "content-security-policy": isinstance(self.content_security_policy, str),
            "referrer-policy": self.referrer_policy,
            "x-frame-options": self.frame_options,
            "x-xss-protection": self.xss_protection,
        }

    def _overrides(self, name: str) -> bool:
        given = {key.lower(): value for key, value in self.override.items()}
        return given.get(name.lower(), True)

    def render_security(self) -> cloudfront.ResponseSecurityHeadersBehavior | None:
        """CloudFront's section for security headers, or None when it would be empty."""
        override = {name: self._overrides(name) for name in self._security}
        sections: dict[str, Any] = {}
        if self.hsts:
            sections["strict_transport_security"] = (
                cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=duration(self.hsts.max_age),
                    include_subdomains=self.hsts.include_subdomains,
                    preload=self.hsts.preload,
                    override=override["strict-transport-security"],
                )
            )
        if self.nosniff:
            sections["content_type_options"] = (
                cloudfront.ResponseHeadersContentTypeOptions(
                    override=override["x-content-type-options"]
                )
            )
        if isinstance(self.content_security_policy, str):
            sections["content_security_policy"] = (
                cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=self.content_security_policy,
                    override=override["content-security-policy"],
                )
            )
        if self.referrer_policy:
            sections["referrer_policy"] = cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=_REFERRER_POLICIES[self.referrer_policy],
                override=override["referrer-policy"],
            )
        if self.frame_options:
            sections["frame_options"] = cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption[self.frame_options],
                override=override["x-frame-options"],
            )
        found = _XSS_PROTECTION.fullmatch(self.xss_protection or "")
        if found:
            sections["xss_protection"] = cloudfront.ResponseHeadersXSSProtection(
                protection=self.xss_protection != "0",
                mode_block=True if found["block"] else None,
                report_uri=found["report"],
                override=override["x-xss-protection"],
            )
        if not sections:
            return None
        return cloudfront.ResponseSecurityHeadersBehavior(**sections)

    def render_custom(self) -> cloudfront.ResponseCustomHeadersBehavior | None:
        """CloudFront's section for all other headers, or None when it would be empty."""
        if not self.custom:
            return None
        return cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(
                    header=name, value=value, override=self._overrides(name)
                )
                for name, value in self.custom.items()
            ]
        )


def _check_extra(name: str) -> None:
    if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
        raise ValueError(
            f"headers.extra must have header names such as 'X-Robots-Tag', got {truncated_repr(name)}"
        )
    lower = name.lower()
    if lower in _OWN_PLACE:
        why = f": give headers.{_OWN_PLACE[lower]}"
    elif lower == "set-cookie":
        why = ", which every visitor would get from the cache alike"
    elif lower.startswith("access-control-"):
        why = ": who answers CORS is given by cors"
    elif _NEVER_REMOVED.fullmatch(lower):
        why = ", which CloudFront or the connection sets"
    else:
        return
    raise ValueError(f"headers.extra must not have {truncated_repr(name)}{why}")


def _check_custom(custom: Mapping[str, str]) -> None:
    for name, value in custom.items():
        _check_value(f"extra[{truncated_repr(name)}]", value)
    check_distinct("headers.extra", (name.lower() for name in custom))
    if len(custom) > CUSTOM_RESPONSE_HEADERS:
        raise ValueError(
            f"headers.extra must have at most {CUSTOM_RESPONSE_HEADERS} headers together with "
            f"Cross-Origin-Resource-Policy, got {len(custom)}"
        )
    together = sum(
        len(name) + (0 if is_token(value) else len(value))
        for name, value in custom.items()
    )
    if together > CUSTOM_RESPONSE_HEADERS_LENGTH:
        raise ValueError(
            f"headers.extra must have at most {CUSTOM_RESPONSE_HEADERS_LENGTH} characters in "
            f"all names and values, got {together}"
        )


def _check_removed(name: str) -> None:
    if (
        isinstance(name, str)
        and HEADER_NAME.fullmatch(name)
        and not _NEVER_REMOVED.fullmatch(name.lower())
    ):
        return
    raise ValueError(
        "headers.remove must have headers that CloudFront lets go, such as 'Set-Cookie', "
        f"got {truncated_repr(name)}"
    )


def _check_value(what: str, value: str | None) -> None:
    if value is None or is_token(value):
        return
    if isinstance(value, str) and HEADER_VALUE.fullmatch(value):
        return
    size = f", which has {len(value)} characters" if isinstance(value, str) else ""
    raise ValueError(
        f"headers.{what} must be 1 to {HEADER_VALUE_LENGTH} printable characters of ASCII "
        f"without a space at either end, got {truncated_repr(value)}{size}"
    )


def _check_choice(what: str, value: str | None, choices: Collection[str]) -> None:
    if value is None or value in choices:
        return
    raise ValueError(
        f"headers.{what} must be one of {', '.join(choices)}, got {truncated_repr(value)}"
    )


def _check_xss_protection(value: str | None) -> None:
    if value is None or _XSS_PROTECTION.fullmatch(value):
        return
    raise ValueError(
        "headers.xss_protection must be '0', '1', '1; mode=block' or '1; report=' and an "
        f"address, got {truncated_repr(value)}"
    )


def _check_server_timing(rate: float | None) -> None:
    if rate is None or 0 < rate <= 100 and rate == round(rate, 4):
        return
    raise ValueError(
        "headers.server_timing must be a percentage above 0 and at most 100, of at most four "
        f"decimal places, such as 0.5, got {truncated_repr(rate)}"
    )


def _check_override(override: Mapping[str, bool], sent: set[str]) -> None:
    for name, value in override.items():
        if not isinstance(name, str) or name.lower() not in sent:
            raise ValueError(
                "headers.override must have names of headers that the edge sends, such as "
                f"{min(sent, default='x-robots-tag')!r}, got {truncated_repr(name)}"
            )
        if not isinstance(value, bool):
            raise ValueError(
                f"headers.override[{truncated_repr(name)}] must be True or False, "
                f"got {truncated_repr(value)}"
            )
    check_distinct("headers.override", (name.lower() for name in override))
