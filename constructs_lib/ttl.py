"""TTLs of objects and errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from aws_cdk import Duration

from constructs_lib.validation import check_seconds


@dataclass(frozen=True, kw_only=True)
class Ttl:
    """How long an object stays fresh at the edge.

    :param default: For answers without ``Cache-Control`` or ``Expires``, which a Django server
        only sends when it is misconfigured. Default: one day.
    :param max: Caps ``max-age`` of the server, staleness and the life of errors. Default:
        365 days for static files, 7 days for media.
    :param min: Above zero it overrides ``no-store``, so it is rarely right. Default: zero.
    :raises ValueError: when they are out of order, or all are zero, which turns caching off and
        makes CloudFront refuse a policy that keys on headers.
    """

    min: timedelta = timedelta(0)
    default: timedelta = timedelta(days=1)
    max: timedelta | None = None

    def __post_init__(self) -> None:
        check_seconds("ttl.min", self.min, low=0)
        check_seconds("ttl.default", self.default, low=0)
        if self.max is not None:
            check_seconds("ttl.max", self.max, low=1)
        if not self.min <= self.default <= (self.max or timedelta.max):
            longest = "the default" if self.max is None else _seconds(self.max)
            raise ValueError(
                "ttl must have min <= default <= max, such as 0, 86400, 31536000 seconds, "
                f"got {_seconds(self.min)}, {_seconds(self.default)}, {longest}"
            )

    def over(self, default: Ttl) -> Ttl:
        """These TTLs, with the maximum of a tree where none is given.

        :raises ValueError: when they are then out of order.
        """
        return replace(self, max=default.max) if self.max is None else self


@dataclass(frozen=True, kw_only=True)
class ErrorTtl:
    """How long an error stays at the edge, at least: a ``max-age`` on the error prolongs it.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html

    :param not_found: For 403 and 404. Default: zero, so that a file asked for too early is
        found as soon as it is there.
    :param server_error: For 500, 502, 503 and 504. Default: 5 seconds, so that a server in
        trouble is not asked by everybody at once.
    :raises ValueError: when one is negative or no whole number of seconds.
    """

    not_found: timedelta = timedelta(0)
    server_error: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        check_seconds("error_ttl.not_found", self.not_found, low=0)
        check_seconds("error_ttl.server_error", self.server_error, low=0)

    def by_status(self) -> dict[int, timedelta]:
        """The TTL for each status that has one."""
        return {
            **dict.fromkeys((403, 404), self.not_found),
            **dict.fromkeys((500, 502, 503, 504), self.server_error),
        }


def check_error_ttl(error_ttl: ErrorTtl, ttl: Ttl) -> None:
    """Errors that stay for as long as is said.

    :param ttl: With the maximum of its tree.
    :raises ValueError: when ``ttl.max``, which caps them, is shorter.
    """
    assert ttl.max is not None
    for name in ("not_found", "server_error"):
        value = getattr(error_ttl, name)
        if value > ttl.max:
            raise ValueError(
                f"error_ttl.{name} must not be above ttl.max, which caps it, such as "
                f"{_seconds(ttl.max)} seconds, got {_seconds(value)}"
            )


def _seconds(value: timedelta) -> int:
    return int(value.total_seconds())


@cache
def duration(value: timedelta) -> Duration:
    """Whole seconds, as every duration of CloudFront is."""
    return Duration.seconds(int(value.total_seconds()))
