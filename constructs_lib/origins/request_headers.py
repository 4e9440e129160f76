"""Headers that CloudFront adds to each request to the server."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aws_cdk import Annotations, Token
from constructs import Construct

from constructs_lib.checks import check_distinct, shown

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
_FORBIDDEN = re.compile(
    r"cache-control|connection|content-length|cookie|host|if-match|if-modified-since"
    r"|if-none-match|if-range|if-unmodified-since|max-forwards|pragma|proxy-.*|range"
    r"|request-range|te|trailer|transfer-encoding|upgrade|via|x-amz-.*|x-edge-.*|x-real-ip",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_VALUE = re.compile(r"[!-~]([ -~]{0,1781}[!-~])?")

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
_MOST_HEADERS = 30
_LONGEST_TOGETHER = 10_240

_SECRETIVE = re.compile(
    r"authorization|secret|token|password|credential|api-?key", re.IGNORECASE
)


def check_custom_headers(headers: Mapping[str, str], *, own: Mapping[str, str]) -> None:
    """Headers that CloudFront takes beside those of the construct itself.

    :raises ValueError: otherwise.
    """
    reserved = {name.lower() for name in own}
    for name, value in headers.items():
        _check_header(name, value, reserved)
    check_distinct("names of custom_headers", (name.lower() for name in headers))
    everything = {**own, **headers}
    if len(everything) > _MOST_HEADERS:
        raise ValueError(
            f"custom_headers must have at most {_MOST_HEADERS - len(own)} headers beside "
            f"{', '.join(own)}, got {len(headers)}"
        )
    together = sum(len(name) + _length(value) for name, value in everything.items())
    if together > _LONGEST_TOGETHER:
        raise ValueError(
            f"custom_headers must have at most {_LONGEST_TOGETHER} characters in all names "
            f"and values, {', '.join(own)} included, got {together}"
        )


def warn_of_plain_text(scope: Construct, headers: Mapping[str, str]) -> None:
    """Warn of a header that is named like a secret and holds a readable value."""
    for name, value in headers.items():
        if _SECRETIVE.search(name) and not _is_reference(value):
            Annotations.of(scope).add_warning_v2(
                "dj-cloudfront:header-in-plain-text",
                f"custom_headers[{shown(name)}] stands in plain text in the template, the "
                "repository and the distribution: give a secret as origin_secret",
            )


def _check_header(name: str, value: str, reserved: set[str]) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "custom_headers must have names of 1 to 256 letters, digits and hyphens, such as "
            f"'X-Site', got {shown(name)}"
        )
    if name.lower() in reserved:
        raise ValueError(
            f"custom_headers must not have {shown(name)}, which is sent with a value of its own"
        )
    if _FORBIDDEN.fullmatch(name):
        raise ValueError(
            "custom_headers must not have a header that CloudFront sends or removes itself, "
            f"got {shown(name)}"
        )
    if not _is_reference(value) and not _VALUE.fullmatch(value):
        # Not the value: it may be what nobody should read in a log.
        raise ValueError(
            f"custom_headers[{shown(name)}] must be 1 to 1783 printable characters of ASCII "
            f"without a space at either end, got {len(value)} characters"
        )


def _is_reference(value: str) -> bool:
    return Token.is_unresolved(value) or value.startswith("{{resolve:")


def _length(value: str) -> int:
    return 0 if _is_reference(value) else len(value)
