"""Options that all kinds of origin have in common, and their limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypedDict

from aws_cdk import Annotations, Stack
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from cdn_model.quotas import (
    CUSTOM_ORIGIN_HEADERS,
    CUSTOM_ORIGIN_HEADERS_LENGTH,
    NEAREST_ORIGIN_SHIELD_REGIONS,
    ORIGIN_SHIELD_REGIONS,
    ORIGIN_TIMEOUT_SECONDS,
)
from constructs_lib.validation import (
    HEADER_NAME,
    HEADER_VALUE,
    check_distinct,
    check_seconds,
    check_types,
    is_token,
    truncated_repr,
)
from dj_cloudfront.contract import ORIGIN_SECRET_HEADER, TREE_HEADER, Tree

_TIMEOUT_QUOTA = timedelta(seconds=ORIGIN_TIMEOUT_SECONDS)
# Reserved without a secret too, so that adding one never collides.
_OWN_HEADERS = {TREE_HEADER: Tree.STATIC.value, ORIGIN_SECRET_HEADER: ""}
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
_FORBIDDEN = re.compile(
    r"cache-control|connection|content-length|cookie|host|if-match|if-modified-since"
    r"|if-none-match|if-range|if-unmodified-since|max-forwards|pragma|proxy-.*|range"
    r"|request-range|te|trailer|transfer-encoding|upgrade|via|x-amz-.*|x-edge-.*|x-real-ip",
    re.IGNORECASE,
)
_SECRETIVE = re.compile(
    r"authorization|secret|token|password|credential|api-?key", re.IGNORECASE
)
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):[0-9]{12}"
    r":secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}"
)
_SECRET_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")


class IpAddressType(StrEnum):
    """How CloudFront reaches a server that is on the internet.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html
    """

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DUALSTACK = "dualstack"

    def render(self) -> cloudfront.OriginIpAddressType | None:
        """The CDK's value; IPv4 is what CloudFront does when nothing is said."""
        if self is IpAddressType.IPV4:
            return None
        return cloudfront.OriginIpAddressType[self.name]


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
        if not is_token(self.arn) and not _SECRET_ARN.fullmatch(self.arn):
            raise ValueError(
                "origin_secret.arn must be the whole ARN of a secret, such as "
                "'arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite/origin-a1B2c3', "
                f"got {truncated_repr(self.arn)}"
            )
        if not is_token(self.version) and not _SECRET_VERSION.fullmatch(self.version):
            is_label = self.version.startswith("AWS")
            cure = ": a label moves on while the template, and so the header, stays the same"
            raise ValueError(
                "origin_secret.version must be the id of a version, of 32 to 64 characters, "
                "such as '3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11', "
                f"got {truncated_repr(self.version)}{cure if is_label else ''}"
            )

    def render(self, scope: Construct) -> str:
        """What CloudFormation replaces by the value.

        :raises ValueError: when the secret is in another region than the stack, where
            CloudFormation does not look.
        """
        found = None if is_token(self.arn) else _SECRET_ARN.fullmatch(self.arn)
        region = Stack.of(scope).region
        if found and not is_token(region) and found["region"] != region:
            raise ValueError(
                f"origin_secret.arn must be a secret in {region}, the stack's region, "
                f"got {truncated_repr(self.arn)}: replicate the secret to {region} or make it there"
            )
        return (
            f"{{{{resolve:secretsmanager:{self.arn}:SecretString:::{self.version}}}}}"
        )


class OriginOptions(TypedDict, total=False):
    """Keyword arguments of every kind of origin. All can be left out.

    Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html
    and https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html

    :param connection_attempts: From 1 to 3. Default: 2.
    :param connection_timeout: For one attempt, from 1 to 10 seconds. Default: 5 seconds.
    :param read_timeout: Between two packets of an answer. Above 120 seconds a raised quota is
        needed, which a warning says. Default: 20 seconds.
    :param keepalive_timeout: Of an idle connection. Keep the server's own longer than this.
        Above 120 seconds a raised quota is needed. Default: 5 seconds.
    :param response_completion_timeout: For a whole answer with all attempts, from 1 to 3600
        seconds and not below ``read_timeout``. Default: no limit.
    :param https_port: 80, 443 or from 1024 to 65535; always HTTPS. Default: 443.
    :param custom_headers: Sent with every request, over one of the viewer's. Whoever may read
        the distribution reads them, so none is a place for a secret. Default: ``X-Cdn-Tree``
        alone, which is always sent.
    :param origin_shield_region: Where one more cache stands, that alone asks the server. Costs
        a fee for each request that reaches it. Default: none.
    :param failover_domain_name: A second server with the same files, asked when the first
        answers 403, 404, 500, 502, 503 or 504 or is not reached. During a rolling deploy it
        may have the file that the first has not yet; every miss that is a 404 costs two
        requests. Default: none.
    :param origin_secret: Sent as ``X-Origin-Secret``. Default: none.
    """

    connection_attempts: int
    connection_timeout: timedelta
    read_timeout: timedelta
    keepalive_timeout: timedelta
    response_completion_timeout: timedelta | None
    https_port: int
    custom_headers: Mapping[str, str]
    origin_shield_region: str | None
    failover_domain_name: str | None
    origin_secret: OriginSecret | None


def check_origin_options(options: OriginOptions) -> None:
    """All options of an origin but the name of a second server.

    :raises ValueError: when CloudFront would refuse a value. Tokens pass.
    """
    attempts = options["connection_attempts"]
    if attempts not in (1, 2, 3):
        raise ValueError(
            f"connection_attempts must be 1, 2 or 3, got {truncated_repr(attempts)}"
        )
    _check_timeouts(options)
    port = options["https_port"]
    if not (is_token(port) or port in (80, 443) or 1024 <= port <= 65535):
        raise ValueError(
            "https_port must be 80, 443 or from 1024 to 65535, such as 8443, "
            f"got {truncated_repr(port)}"
        )
    if (region := options["origin_shield_region"]) is not None:
        _check_shield_region(region)
    _check_custom_headers(options["custom_headers"])


def warn_of_origin_options(scope: Construct, options: OriginOptions) -> None:
    """Warn of timeouts above a quota that can be raised, and of headers that show a secret."""
    timeouts = options["read_timeout"], options["keepalive_timeout"]
    for name, value in zip(("read", "keepalive"), timeouts, strict=True):
        if value > _TIMEOUT_QUOTA:
            Annotations.of(scope).add_warning_v2(
                f"dj-cloudfront:{name}-timeout-over-quota",
                f"{name}_timeout of {value.total_seconds():g} seconds needs a raised quota: "
                f"CloudFront refuses more than {_TIMEOUT_QUOTA.total_seconds():g} otherwise",
            )
    for header, text in options["custom_headers"].items():
        if _SECRETIVE.search(header) and not _is_reference(text):
            Annotations.of(scope).add_warning_v2(
                "dj-cloudfront:header-in-plain-text",
                f"custom_headers[{truncated_repr(header)}] stands in plain text in the template, "
                "the repository and the distribution: give a secret as origin_secret",
            )


def _check_timeouts(options: OriginOptions) -> None:
    check_seconds("connection_timeout", options["connection_timeout"], low=1, high=10)
    read, completion = options["read_timeout"], options["response_completion_timeout"]
    # The upper ends of these two are quotas.
    check_seconds("read_timeout", read, low=1)
    check_seconds("keepalive_timeout", options["keepalive_timeout"], low=1)
    if completion is None:
        return
    check_seconds("response_completion_timeout", completion, low=1, high=3600)
    if completion < read:
        raise ValueError(
            "response_completion_timeout must not be below read_timeout, "
            f"got {completion.total_seconds():g} and {read.total_seconds():g} seconds"
        )


def _check_shield_region(region: str) -> None:
    if is_token(region) or region in ORIGIN_SHIELD_REGIONS:
        return
    nearest = NEAREST_ORIGIN_SHIELD_REGIONS.get(region)
    cure = (
        f"{nearest!r} is the nearest to servers in {region}"
        if nearest
        else "take the one with the lowest latency to the server"
    )
    raise ValueError(
        f"origin_shield_region must be one of {', '.join(ORIGIN_SHIELD_REGIONS)}, "
        f"got {truncated_repr(region)}: {cure}"
    )


def _check_custom_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        _check_header(name, value)
    check_distinct("names of custom_headers", (name.lower() for name in headers))
    everything = {**_OWN_HEADERS, **headers}
    if len(everything) > CUSTOM_ORIGIN_HEADERS:
        raise ValueError(
            f"custom_headers must have at most {CUSTOM_ORIGIN_HEADERS - len(_OWN_HEADERS)} "
            f"headers beside {', '.join(_OWN_HEADERS)}, got {len(headers)}"
        )
    together = sum(len(name) + _length(value) for name, value in everything.items())
    if together > CUSTOM_ORIGIN_HEADERS_LENGTH:
        raise ValueError(
            f"custom_headers must have at most {CUSTOM_ORIGIN_HEADERS_LENGTH} characters in "
            f"all names and values, {', '.join(_OWN_HEADERS)} included, got {together}"
        )


def _check_header(name: str, value: str) -> None:
    if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
        raise ValueError(
            "custom_headers must have names of 1 to 256 letters, digits and hyphens, such as "
            f"'X-Site', got {truncated_repr(name)}"
        )
    if name.lower() in {own.lower() for own in _OWN_HEADERS}:
        raise ValueError(
            f"custom_headers must not have {truncated_repr(name)}, which is sent with a value "
            "of its own"
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
