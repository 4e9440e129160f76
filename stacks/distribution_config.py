"""``static``, ``media`` and ``private`` of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, cast

from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib import (
    Cors,
    ErrorTtl,
    Hsts,
    MediaBucket,
    ResponseHeaders,
    SigningKeys,
    StaticBucket,
    Ttl,
)
from constructs_lib.options import PRIVATE, DistributionDefaults
from constructs_lib.signing import cookie_domain
from constructs_lib.validation import check_host_name
from stacks.config_reader import Section

DISTRIBUTION_KEYS = (
    "domain_names",
    "error_ttl_seconds",
    "headers",
    "policy_ids",
    "ttl_seconds",
)
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
class DistributionConfig:
    """``static``, ``media`` or ``private`` of an environment. None: as the construct has it."""

    domain_names: tuple[str, ...] = ()
    ttl: Ttl | None = None
    error_ttl: ErrorTtl | None = None
    headers: ResponseHeaders | None = None
    policy_ids: PolicyIds = PolicyIds()

    @classmethod
    def read(cls, section: Section, *, default: DistributionDefaults) -> Self:
        """Read one distribution of an environment.

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


_SIGNING_KEYS = ("cookies_from", "keys", "signing_key")


@dataclass(frozen=True, kw_only=True)
class Private:
    """A tree of private media: its distribution and its keys."""

    config: DistributionConfig
    keys: SigningKeys


def read_private(environment: Section) -> Private | None:
    """Read ``environments.<name>.private``.

    :raises ValueError: with one sentence that names the JSON path.
    """
    if environment.get("private") is None:
        return None
    section = environment.section("private", keys=(*DISTRIBUTION_KEYS, "signing"))
    config = DistributionConfig.read(section, default=PRIVATE)
    keys = read_signing(section, environment, config.domain_names)
    if keys is None:
        raise ValueError(
            f"{section.at('signing')} must be given, such as "
            '{"keys": {"2026a": "-----BEGIN PUBLIC KEY-----…"}, "signing_key": "2026a"}'
        )
    return Private(config=config, keys=keys)


def read_signing(
    section: Section, environment: Section, domain_names: tuple[str, ...]
) -> SigningKeys | None:
    """Read the ``signing`` of a section. No sentence quotes what may be a private key.

    :raises ValueError: with one sentence that names the JSON path.
    """
    value = section.get("signing")
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError(
            f"{section.at('signing')} must be an object with keys and signing_key"
        )
    signing = section.section("signing", keys=_SIGNING_KEYS)
    if environment.get("origin_secret") is None:
        raise ValueError(
            f"{environment.at('origin_secret')} must be given with {signing.path}, because "
            "whoever asks the server itself would need no signature"
        )
    with signing.named():
        site = signing.text("cookies_from", like="www.example.com")
        if site is not None:
            cookie_domain(site=site, media_domain_names=domain_names)
        # SigningKeys checks the shape itself, in sentences without the values.
        return SigningKeys(
            keys=cast(Mapping[str, Any], signing.get("keys")),
            signing_key=cast(str, signing.get("signing_key")),
        )


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket for a distribution: a new one, or one that exists by name."""

    name: str | None
    region: str | None
    keep_replaced: timedelta | None

    def define_static(self, scope: Construct, cors: Cors) -> StaticBucket:
        return StaticBucket(
            scope,
            "StaticBucket",
            cors=cors,
            bucket=self._existing(scope, "StaticBucketByName"),
            keep_replaced=self.keep_replaced,
        )

    def define_media(self, scope: Construct, cors: Cors) -> MediaBucket:
        return MediaBucket(
            scope,
            "MediaBucket",
            cors=cors,
            bucket=self._existing(scope, "MediaBucketByName"),
            keep_replaced=self.keep_replaced,
        )

    def _existing(self, scope: Construct, construct_id: str) -> s3.IBucket | None:
        if self.name is None:
            return None
        return s3.Bucket.from_bucket_attributes(
            scope, construct_id, bucket_name=self.name, region=self.region
        )


def read_bucket(distribution: Section, cors: Cors) -> Bucket | None:
    """Read the ``bucket`` of a distribution.

    :raises ValueError: with one sentence that names the JSON path.
    """
    if distribution.get("bucket") is None:
        return None
    section = distribution.section(
        "bucket", keys=("keep_replaced_days", "name", "region")
    )
    if not cors.is_answered_by_the_edge:
        raise ValueError(
            f"{distribution.path.rpartition('.')[0]}.cors must be 'any_origin' or a list of origins "
            f"with {section.path}, because S3 does not answer as the server does, "
            "got 'forward'"
        )
    section.at_most_one("name", "keep_replaced_days")
    if section.get("region") is not None and section.get("name") is None:
        raise ValueError(
            f"{section.at('region')} must be left out without {section.at('name')}: "
            "a new bucket is made in the stack's region"
        )
    days = section.optional_number("keep_replaced_days")
    return Bucket(
        name=section.matching(
            "name",
            r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            rule="the name of a bucket",
            like="mysite-" + distribution.path.rpartition(".")[2],
        ),
        region=section.region("region"),
        keep_replaced=None if days is None else timedelta(days=days),
    )


def check_buckets(path: str, static: Bucket | None, media: Bucket | None) -> None:
    """Uploads must not be readable under the name of the static files.

    :raises ValueError: with one sentence that names the JSON paths.
    """
    if static and media and static.name is not None and static.name == media.name:
        raise ValueError(
            f"{path}.static.bucket.name must be another than {path}.media.bucket.name, "
            "because uploads would be served under the static domain too, without the policy "
            f"that lets them do nothing, got {static.name!r} for both"
        )
