"""What an environment says of one of its distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from constructs_lib import ErrorTtl, Hsts, ResponseHeaders, Ttl
from constructs_lib.checks import check_host_name
from constructs_lib.distributions import Half as PulledTree
from stacks.configuration.section import Section

KEYS = ("domain_names", "error_ttl_seconds", "headers", "policy_ids", "ttl_seconds")
_HEADER_KEYS = (
    "content_security_policy",
    "cross_origin_resource_policy",
    "extra",
    "hsts",
    "nosniff",
    "remove",
)
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MANAGED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


@dataclass(frozen=True, kw_only=True)
class PolicyIds:
    """Policies that exist already, by id."""

    cache: str | None = None
    origin_request: str | None = None
    response_headers: str | None = None


@dataclass(frozen=True, kw_only=True)
class Half:
    """``static``, ``media`` or ``private`` of an environment. None: as the construct has it."""

    domain_names: tuple[str, ...] = ()
    ttl: Ttl | None = None
    error_ttl: ErrorTtl | None = None
    headers: ResponseHeaders | None = None
    policy_ids: PolicyIds = PolicyIds()

    @classmethod
    def read(cls, section: Section, *, default: PulledTree) -> Self:
        """Read a half of an environment.

        :raises ValueError: with one sentence that names the JSON path.
        """
        return cls(
            domain_names=_domain_names(section),
            ttl=_ttl(section, default.ttl),
            error_ttl=_error_ttl(section),
            headers=_headers(section, default.headers),
            policy_ids=_policy_ids(section),
        )


def _domain_names(section: Section) -> tuple[str, ...]:
    names = section.texts("domain_names", like="static.example.com")
    for index, name in enumerate(names):
        check_host_name(f"{section.at('domain_names')}[{index}]", name)
    return names


def _ttl(section: Section, default: Ttl) -> Ttl | None:
    if section.get("ttl_seconds") is None:
        return None
    seconds = section.section("ttl_seconds", keys=("default", "max", "min"))
    values = {
        "min": seconds.seconds("min", default=default.min),
        "default": seconds.seconds("default", default=default.default),
        "max": seconds.seconds("max", default=default.max),
    }
    try:
        return Ttl(**values)
    except ValueError as error:
        raise ValueError(str(error).replace("ttl", seconds.path, 1)) from None


def _error_ttl(section: Section) -> ErrorTtl | None:
    if section.get("error_ttl_seconds") is None:
        return None
    default = ErrorTtl()
    seconds = section.section("error_ttl_seconds", keys=("not_found", "server_error"))
    return ErrorTtl(
        not_found=seconds.seconds("not_found", default=default.not_found),
        server_error=seconds.seconds("server_error", default=default.server_error),
    )


def _headers(section: Section, default: ResponseHeaders) -> ResponseHeaders | None:
    if section.get("headers") is None:
        return None
    given = section.section("headers", keys=_HEADER_KEYS)
    with section.named():
        return ResponseHeaders(
            hsts=_hsts(given, default.hsts),
            nosniff=given.flag("nosniff", default=default.nosniff),
            cross_origin_resource_policy=given.text_or_off(
                "cross_origin_resource_policy",
                default=default.cross_origin_resource_policy,
                like="cross-origin",
            ),
            content_security_policy=given.text_or_off(
                "content_security_policy",
                default=default.content_security_policy,
                like="sandbox",
            ),
            extra={
                **default.extra,
                **given.mapping("extra", like='{"X-Robots-Tag": "noindex"}'),
            },
            remove=given.texts("remove", like="Set-Cookie", default=default.remove),
        )


def _hsts(given: Section, default: Hsts | None) -> Hsts | None:
    if given.get("hsts") is False:
        return None
    if given.get("hsts") is None:
        return default
    values = given.section(
        "hsts", keys=("include_subdomains", "max_age_seconds", "preload")
    )
    return Hsts(
        max_age=values.seconds("max_age_seconds", default=Hsts().max_age),
        include_subdomains=values.flag("include_subdomains"),
        preload=values.flag("preload"),
    )


def _policy_ids(section: Section) -> PolicyIds:
    ids = section.section(
        "policy_ids", keys=("cache", "origin_request", "response_headers")
    )

    def one(key: str) -> str | None:
        return ids.matching(key, _UUID, rule="the id of a policy", like=_MANAGED)

    found = PolicyIds(
        cache=one("cache"),
        origin_request=one("origin_request"),
        response_headers=one("response_headers"),
    )
    for key, idle in (
        ("ttl_seconds", found.cache),
        ("headers", found.response_headers),
    ):
        if idle and section.get(key) is not None:
            policy = "cache" if key == "ttl_seconds" else "response_headers"
            raise ValueError(
                f"{section.at(key)} must not be given together with {ids.at(policy)}, "
                "which decides in its place"
            )
    return found
