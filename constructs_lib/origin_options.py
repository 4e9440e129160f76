"""Options that all kinds of origin have in common, and their limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypedDict

from aws_cdk import Annotations
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from cdn_model.quotas import (
    NEAREST_ORIGIN_SHIELD_REGIONS,
    ORIGIN_SHIELD_REGIONS,
    ORIGIN_TIMEOUT_SECONDS,
)
from constructs_lib.origin_headers import OriginSecret
from constructs_lib.validation import (
    check_host_name,
    check_seconds,
    is_token,
    truncated_repr,
)

_TIMEOUT_QUOTA = timedelta(seconds=ORIGIN_TIMEOUT_SECONDS)

_BALANCER = re.compile(r"(.+\.)?elb(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")


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


def check_domain_name(name: str, balancer_dns_name: str | None) -> None:
    """A name that can be on a certificate, which no name of a balancer can.

    :raises ValueError: otherwise. Other tokens than the balancer's own name pass.
    """
    if not is_token(name):
        check_host_name("domain_name", name)
    if name == balancer_dns_name or _BALANCER.fullmatch(name):
        raise ValueError(
            "domain_name must be on the listener's certificate and resolve to the balancer, "
            f"such as 'origin.example.com', got {truncated_repr(name)}: no certificate can have a "
            "balancer's own name, so HTTPS would fail with 502"
        )


def check_failover(name: str, first: str) -> None:
    """A second server that is not the first.

    :raises ValueError: otherwise. Tokens pass.
    """
    if not is_token(name):
        check_host_name("failover_domain_name", name)
    if name == first:
        raise ValueError(
            "failover_domain_name must be another server than domain_name, such as "
            f"'www2.example.com', got {truncated_repr(name)} for both"
        )


def check_connection(attempts: int, timeout: timedelta) -> None:
    """How CloudFront connects.

    :raises ValueError: when it would refuse a value.
    """
    if attempts not in (1, 2, 3):
        raise ValueError(
            f"connection_attempts must be 1, 2 or 3, got {truncated_repr(attempts)}"
        )
    check_seconds("connection_timeout", timeout, low=1, high=10)


def check_timeouts(
    read: timedelta, keepalive: timedelta, completion: timedelta | None
) -> None:
    """How long CloudFront waits. The upper ends of the first two are quotas.

    :raises ValueError: when it would refuse a value.
    """
    check_seconds("read_timeout", read, low=1)
    check_seconds("keepalive_timeout", keepalive, low=1)
    if completion is None:
        return
    check_seconds("response_completion_timeout", completion, low=1, high=3600)
    if completion < read:
        raise ValueError(
            "response_completion_timeout must not be below read_timeout, "
            f"got {completion.total_seconds():g} and {read.total_seconds():g} seconds"
        )


def check_port(port: int) -> None:
    """A port that CloudFront connects to.

    :raises ValueError: otherwise. Tokens pass.
    """
    if is_token(port) or port in (80, 443) or 1024 <= port <= 65535:
        return
    raise ValueError(
        f"https_port must be 80, 443 or from 1024 to 65535, such as 8443, got {truncated_repr(port)}"
    )


def warn_of_quotas(scope: Construct, read: timedelta, keepalive: timedelta) -> None:
    """Warn of timeouts that CloudFront takes only from accounts with a raised quota."""
    for name, value in (("read", read), ("keepalive", keepalive)):
        if value > _TIMEOUT_QUOTA:
            Annotations.of(scope).add_warning_v2(
                f"dj-cloudfront:{name}-timeout-over-quota",
                f"{name}_timeout of {value.total_seconds():g} seconds needs a raised quota: "
                f"CloudFront refuses more than {_TIMEOUT_QUOTA.total_seconds():g} otherwise",
            )


def check_shield_region(what: str, region: str) -> None:
    """A region with Origin Shield.

    :raises ValueError: otherwise, with the nearest one if AWS names it.
    """
    if is_token(region) or region in ORIGIN_SHIELD_REGIONS:
        return
    nearest = NEAREST_ORIGIN_SHIELD_REGIONS.get(region)
    cure = (
        f"{nearest!r} is the nearest to servers in {region}"
        if nearest
        else "take the one with the lowest latency to the server"
    )
    raise ValueError(
        f"{what} must be one of {', '.join(ORIGIN_SHIELD_REGIONS)}, got {truncated_repr(region)}: {cure}"
    )
