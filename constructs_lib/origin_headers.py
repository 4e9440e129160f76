"""Headers that CloudFront adds to each request to the origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Annotations, Stack
from constructs import Construct

from cdn_model.quotas import CUSTOM_ORIGIN_HEADERS, CUSTOM_ORIGIN_HEADERS_LENGTH
from constructs_lib.validation import (
    check_distinct,
    check_types,
    is_token,
    truncated_repr,
)

_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):[0-9]{12}"
    r":secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}"
)
_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")


@dataclass(frozen=True, kw_only=True)
class OriginSecret:
    """One version of a secret in Secrets Manager. Its value never enters a template.

    CloudFormation does not read a secret again while the reference to it stays the same, so a
    new value needs a new ``version``, or ``cdk diff`` stays empty and the old value in use:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    ``docs/origin-secret.md`` has the steps of a rotation in which no request fails.

    Whoever may read the distribution (``cloudfront:GetDistributionConfig``) reads the value in
    plain text. The secret costs a monthly fee: https://aws.amazon.com/secrets-manager/pricing/

    :param arn: The whole ARN, with the six characters at its end, from the stack's region.
    :param version: The id of the version, such as ``put-secret-value`` prints it.
    :raises ValueError: when either has another shape. Tokens pass.
    """

    arn: str
    version: str

    def __post_init__(self) -> None:
        check_types(type(self), vars(self), "origin_secret.")
        if not is_token(self.arn) and not _ARN.fullmatch(self.arn):
            raise ValueError(
                "origin_secret.arn must be the whole ARN of a secret, such as "
                "'arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite/origin-a1B2c3', "
                f"got {truncated_repr(self.arn)}"
            )
        if not is_token(self.version) and not _VERSION.fullmatch(self.version):
            raise ValueError(
                "origin_secret.version must be the id of a version, of 32 to 64 characters, "
                "such as '3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11', "
                f"got {truncated_repr(self.version)}{_label_cure(self.version)}"
            )

    def render(self, scope: Construct) -> str:
        """What CloudFormation replaces by the value.

        :raises ValueError: when the secret is in another region than the stack, where
            CloudFormation does not look.
        """
        found = None if is_token(self.arn) else _ARN.fullmatch(self.arn)
        region = Stack.of(scope).region
        if found and not is_token(region) and found["region"] != region:
            raise ValueError(
                f"origin_secret.arn must be a secret in {region}, the stack's region, "
                f"got {truncated_repr(self.arn)}: replicate the secret to {region} or make it there"
            )
        return (
            f"{{{{resolve:secretsmanager:{self.arn}:SecretString:::{self.version}}}}}"
        )


def _label_cure(version: str) -> str:
    if version.startswith("AWS"):
        return (
            ": a label moves on while the template, and so the header, stays the same"
        )
    return ""


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
_FORBIDDEN = re.compile(
    r"cache-control|connection|content-length|cookie|host|if-match|if-modified-since"
    r"|if-none-match|if-range|if-unmodified-since|max-forwards|pragma|proxy-.*|range"
    r"|request-range|te|trailer|transfer-encoding|upgrade|via|x-amz-.*|x-edge-.*|x-real-ip",
    re.IGNORECASE,
)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
HEADER_VALUE = re.compile(r"[!-~]([ -~]{0,1781}[!-~])?")

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
    if len(everything) > CUSTOM_ORIGIN_HEADERS:
        raise ValueError(
            f"custom_headers must have at most {CUSTOM_ORIGIN_HEADERS - len(own)} headers beside "
            f"{', '.join(own)}, got {len(headers)}"
        )
    together = sum(len(name) + _length(value) for name, value in everything.items())
    if together > CUSTOM_ORIGIN_HEADERS_LENGTH:
        raise ValueError(
            f"custom_headers must have at most {CUSTOM_ORIGIN_HEADERS_LENGTH} characters in all names "
            f"and values, {', '.join(own)} included, got {together}"
        )


def warn_of_plain_text(scope: Construct, headers: Mapping[str, str]) -> None:
    """Warn of a header that is named like a secret and holds a readable value."""
    for name, value in headers.items():
        if _SECRETIVE.search(name) and not _is_reference(value):
            Annotations.of(scope).add_warning_v2(
                "dj-cloudfront:header-in-plain-text",
                f"custom_headers[{truncated_repr(name)}] stands in plain text in the template, the "
                "repository and the distribution: give a secret as origin_secret",
            )


def _check_header(name: str, value: str, reserved: set[str]) -> None:
    if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
        raise ValueError(
            "custom_headers must have names of 1 to 256 letters, digits and hyphens, such as "
            f"'X-Site', got {truncated_repr(name)}"
        )
    if name.lower() in reserved:
        raise ValueError(
            f"custom_headers must not have {truncated_repr(name)}, which is sent with a value of its own"
        )
    if _FORBIDDEN.fullmatch(name):
        raise ValueError(
            "custom_headers must not have a header that CloudFront sends or removes itself, "
            f"got {truncated_repr(name)}"
        )
    check_types(_check_header, {"value": value}, f"custom_headers[{name!r}].")
    if not _is_reference(value) and not HEADER_VALUE.fullmatch(value):
        # Not the value: it may be what nobody should read in a log.
        raise ValueError(
            f"custom_headers[{truncated_repr(name)}] must be 1 to 1783 printable characters of ASCII "
            f"without a space at either end, got {len(value)} characters"
        )


def _is_reference(value: str) -> bool:
    return is_token(value) or value.startswith("{{resolve:")


def _length(value: str) -> int:
    return 0 if _is_reference(value) else len(value)
