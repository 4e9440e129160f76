"""The options of distributions in cdk.json: at an environment, and in its distributions.

The keys are those of ``OPTIONS`` in ``constructs_lib/options.py``. A value is read by its type
or by a function here; whether it can be right is for the constructs to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from constructs_lib import (
    Bucket,
    Cors,
    DistributionOptions,
    ErrorTtl,
    Hsts,
    LegacyLogs,
    Policies,
    ResponseHeaders,
    SigningKeys,
    Ttl,
)
from constructs_lib.options import OPTIONS, defaults
from constructs_lib.signing import cookie_domain
from constructs_lib.validation import check_bucket_name, check_host_name, truncated_repr
from dj_cloudfront.contract import Tree
from stacks.config_reader import Section, Sections, as_object

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_route53 as route53

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MANAGED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# At an environment, what they leave out is the default of each distribution, and a new bucket
# is one for each.
_BY_DISTRIBUTION = ("ttl", "headers", "bucket")

Given = Mapping[str, object]
"""Options as cdk.json gives them. A thing that JSON can only name is a :class:`ResourceConfig`."""


def json_key(name: str) -> str:
    """How cdk.json names an option, such as ``certificate_arn``."""
    return OPTIONS[name].key or name


SHARED_KEYS = tuple(
    json_key(name)
    for name, option in OPTIONS.items()
    if option.is_shared or name in _BY_DISTRIBUTION
)


DISTRIBUTIONS: Sections = {
    tree.value: tuple(json_key(name) for name in OPTIONS if tree in OPTIONS[name].trees)
    for tree in Tree
}
DISTRIBUTION_SECTIONS: Sections = {
    **DISTRIBUTIONS,
    "hosted_zone": ("id", "name"),
    "cors": ("allow_origins", "credentials"),
    "ttl_seconds": ("default", "max", "min"),
    "error_ttl_seconds": ("not_found", "server_error"),
    "headers": tuple(field.name for field in fields(ResponseHeaders)),
    "hsts": ("include_subdomains", "max_age_seconds", "preload"),
    "policy_ids": ("cache", "origin_request", "response_headers"),
    "legacy_logs": ("bucket", "prefix", "region"),
    "bucket": ("keep_replaced_days", "name", "region"),
    "signing_keys": ("cookies_from", "keys", "signing_key"),
}


@runtime_checkable
class ResourceConfig(Protocol):
    """A resource that exists already, by name, id or ARN, or a bucket to be made.

    Nothing is looked up.
    """

    def define(self, scope: Construct, role: str) -> object: ...


@dataclass(frozen=True, kw_only=True)
class CertificateArn:
    """A certificate in us-east-1."""

    arn: str

    def define(self, scope: Construct, role: str) -> acm.ICertificate:
        from aws_cdk import aws_certificatemanager as acm

        return acm.Certificate.from_certificate_arn(
            scope, f"{role}Certificate", self.arn
        )


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A hosted zone by id and name."""

    id: str
    name: str

    def define(self, scope: Construct, role: str) -> route53.IHostedZone:
        from aws_cdk import aws_route53 as route53

        return route53.HostedZone.from_hosted_zone_attributes(
            scope, f"{role}HostedZone", hosted_zone_id=self.id, zone_name=self.name
        )


@dataclass(frozen=True, kw_only=True)
class PolicyIds:
    """Policies that exist already, by id."""

    cache: str | None = None
    origin_request: str | None = None
    response_headers: str | None = None

    def define(self, scope: Construct, role: str) -> Policies:
        own = Construct(scope, f"{role}Policies")
        return Policies(
            cache=None
            if self.cache is None
            else cloudfront.CachePolicy.from_cache_policy_id(own, "Cache", self.cache),
            origin_request=None
            if self.origin_request is None
            else cloudfront.OriginRequestPolicy.from_origin_request_policy_id(
                own, "OriginRequest", self.origin_request
            ),
            response_headers=None
            if self.response_headers is None
            else cloudfront.ResponseHeadersPolicy.from_response_headers_policy_id(
                own, "ResponseHeaders", self.response_headers
            ),
        )


@dataclass(frozen=True, kw_only=True)
class BucketConfig:
    """A bucket for a distribution: a new one, or one that exists by name."""

    name: str | None
    region: str | None
    keep_replaced: timedelta | None
    cors: Cors

    def define(self, scope: Construct, role: str) -> Bucket:
        existing = None
        if self.name is not None:
            from aws_cdk import aws_s3 as s3

            existing = s3.Bucket.from_bucket_attributes(
                scope,
                f"{role}BucketByName",
                bucket_name=self.name,
                region=self.region,
            )
        return Bucket(
            scope,
            f"{role}Bucket",
            cors=self.cors,
            bucket=existing,
            keep_replaced=self.keep_replaced,
        )


def define_options(scope: Construct, role: str, given: Given) -> DistributionOptions:
    """What is named becomes the CDK's own, in a scope."""
    defined = {
        name: value.define(scope, role) if isinstance(value, ResourceConfig) else value
        for name, value in given.items()
    }
    return cast(DistributionOptions, defined)


def read_shared(environment: Section) -> dict[str, object]:
    """The options that an environment has for all distributions.

    :raises ValueError: with one sentence that names the JSON path.
    """
    return {
        name: _read(environment, name)
        for name, option in OPTIONS.items()
        if option.is_shared
        and name not in _BY_DISTRIBUTION
        and environment.has(json_key(name))
    }


def read_distribution(environment: Section, tree: Tree) -> dict[str, object]:
    """The options of ``static``, ``media`` or ``private``, which replace those for all.

    :raises ValueError: with one sentence that names the JSON path.
    """
    section = environment.section(tree.value)
    place = _Place(tree, environment, section)
    given = {}
    for name, option in OPTIONS.items():
        if tree not in option.trees:
            continue
        if section.has(json_key(name)):
            given[name] = _read(section, name, place)
        elif name in _BY_DISTRIBUTION and environment.has(json_key(name)):
            given[name] = _read(environment, name, place)
    return given


@dataclass(frozen=True)
class _Place:
    """Which distribution an option is for, and what else cdk.json says of it."""

    tree: Tree
    environment: Section
    section: Section

    @property
    def is_signed(self) -> bool:
        return self.section.get("signing_keys") is not None

    @property
    def cors(self) -> Cors:
        with_cors = self.section if self.section.has("cors") else self.environment
        return _cors(with_cors)


def _read(section: Section, name: str, place: _Place | None = None) -> object:
    key, option = json_key(name), OPTIONS[name]
    if section.get(key) is None:
        return None
    if place and name in _BY_TREE:
        return _BY_TREE[name](section, place)
    if name in _READERS:
        return _READERS[name](section)
    if option.kind is bool:
        return section.flag(key)
    if option.kind is str:
        return section.text(key, like=option.example.strip("'"))
    if option.kind is list:
        return section.texts(key, like=option.example.strip("[']"))
    assert isinstance(option.kind, type) and issubclass(option.kind, StrEnum), name
    return option.kind(section.choice(key, tuple(each.value for each in option.kind)))


def _certificate(section: Section) -> CertificateArn:
    arn = section.matching(
        "certificate_arn",
        r"arn:aws:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+",
        rule="the ARN of a certificate in us-east-1, where CloudFront reads them",
        like="arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    )
    return CertificateArn(arn=str(arn))


def _hosted_zone(section: Section) -> Zone:
    zone = section.section("hosted_zone")
    identity = zone.required("id", like="Z0123456789ABC")
    zone.matching(
        "id", r"Z[A-Z0-9]{1,31}", rule="the id of a hosted zone", like="Z0123456789ABC"
    )
    name = zone.text("name", like="example.com") or ""
    # DNS writes a name with a final dot, too.
    check_host_name(zone.at("name"), name.removesuffix(".") or None)
    return Zone(id=identity, name=name.removesuffix("."))


def _cors(section: Section) -> Cors:
    if isinstance(section.get("cors"), dict):
        listed = section.section("cors")
        origins = listed.texts("allow_origins", like="https://www.example.com")
        with listed.named(origins="allow_origins"):
            return Cors.allow_origins(*origins, credentials=listed.flag("credentials"))
    choices = {"forward": Cors.forward, "any_origin": Cors.any_origin}
    if not isinstance(section.get("cors"), str | None):
        raise ValueError(
            f"{section.at('cors')} must be one of {', '.join(choices)}, or an object such as "
            '{"allow_origins": ["https://www.example.com"]}, '
            f"got {truncated_repr(section.get('cors'))}"
        )
    return choices[section.choice("cors", tuple(choices))]()


def _ttl(section: Section, place: _Place) -> Ttl:
    preset = defaults(place.tree, is_signed=place.is_signed).ttl
    seconds = section.section("ttl_seconds")
    with section.named(ttl="ttl_seconds"):
        return Ttl(
            min=seconds.seconds("min", default=Ttl.min),
            default=seconds.seconds("default", default=Ttl.default),
            max=seconds.seconds("max", default=None),
        ).over(preset)


def _error_ttl(section: Section) -> ErrorTtl:
    default = ErrorTtl()
    seconds = section.section("error_ttl_seconds")
    return ErrorTtl(
        not_found=seconds.seconds("not_found", default=default.not_found),
        server_error=seconds.seconds("server_error", default=default.server_error),
    )


def _headers(section: Section, place: _Place) -> ResponseHeaders:
    default = defaults(place.tree, is_signed=place.is_signed).headers
    given = section.section("headers")
    with section.named():
        return ResponseHeaders(
            hsts=_hsts(given, default.hsts),
            nosniff=given.flag("nosniff", default=default.nosniff),
            cross_origin_resource_policy=given.text_or_off(
                "cross_origin_resource_policy",
                default=default.cross_origin_resource_policy,
                like="cross-origin",
            ),
            content_security_policy=given.get("content_security_policy") is None
            or given.text_or_off(
                "content_security_policy", default=None, like="sandbox"
            ),
            referrer_policy=given.text("referrer_policy", like="no-referrer"),
            frame_options=given.text("frame_options", like="DENY"),
            xss_protection=given.text("xss_protection", like="0"),
            # ResponseHeaders checks these two itself.
            server_timing=cast(float | None, given.get("server_timing")),
            override=cast(
                Mapping[str, bool],
                as_object(given.at("override"), given.get("override") or {}),
            ),
            extra=given.mapping("extra", like='{"X-Robots-Tag": "noindex"}'),
            remove=given.texts("remove", like="Set-Cookie", default=default.remove),
        ).over(default)


def _hsts(given: Section, default: Hsts | None) -> Hsts | None:
    if given.get("hsts") is False:
        return None
    if given.get("hsts") is None:
        return default
    values = given.section("hsts")
    return Hsts(
        max_age=values.seconds("max_age_seconds", default=Hsts().max_age),
        include_subdomains=values.flag("include_subdomains"),
        preload=values.flag("preload"),
    )


def _policy_ids(section: Section) -> PolicyIds:
    ids = section.section("policy_ids")

    def policy_id(key: str) -> str | None:
        return ids.matching(key, _UUID, rule="the id of a policy", like=_MANAGED)

    return PolicyIds(
        cache=policy_id("cache"),
        origin_request=policy_id("origin_request"),
        response_headers=policy_id("response_headers"),
    )


def _legacy_logs(section: Section) -> LegacyLogs:
    logs = section.section("legacy_logs")
    bucket = logs.required("bucket", like="mysite-audit-logs")
    prefix = logs.text("prefix", like="legacy")
    with logs.named(bucket_name="bucket"):
        return LegacyLogs.named(
            bucket,
            region=logs.region("region"),
            prefix="legacy" if prefix is None else prefix,
        )


def _bucket(section: Section, place: _Place) -> BucketConfig:
    bucket = section.section("bucket")
    bucket.at_most_one("name", "keep_replaced_days")
    name, region = bucket.text("name", like="mysite-files"), bucket.region("region")
    if region is not None and name is None:
        raise ValueError(
            f"{bucket.at('region')} must be left out without {bucket.at('name')}: "
            "a new bucket is made in the stack's region"
        )
    if name is not None:
        check_bucket_name(bucket.at("name"), name)
    days = bucket.optional_number("keep_replaced_days", like=30)
    return BucketConfig(
        name=name,
        region=region,
        keep_replaced=None if days is None else timedelta(days=days),
        cors=place.cors,
    )


def _signing(section: Section, place: _Place) -> SigningKeys:
    value = section.get("signing_keys")
    if not isinstance(value, Mapping):
        # Not the value: it may be a private key.
        raise ValueError(
            f"{section.at('signing_keys')} must be an object with keys and signing_key"
        )
    signing = section.section("signing_keys")
    names = section.texts("domain_names", like="media.example.com")
    site = signing.text("cookies_from", like="www.example.com")
    if site is not None:
        check_host_name(signing.at("cookies_from"), site)
        with section.named():
            cookie_domain(site=site, domain_names=names)
    with signing.named():
        # SigningKeys checks the shape itself, in sentences without the values.
        return SigningKeys(
            keys=cast(Mapping[str, Any], signing.get("keys")),
            signing_key=cast(str, signing.get("signing_key")),
        )


_READERS: Mapping[str, Callable[[Section], object]] = {
    "certificate": _certificate,
    "hosted_zone": _hosted_zone,
    "cors": _cors,
    "error_ttl": _error_ttl,
    "policies": _policy_ids,
    "legacy_logs": _legacy_logs,
}
_BY_TREE: Mapping[str, Callable[[Section, _Place], object]] = {
    "ttl": _ttl,
    "headers": _headers,
    "bucket": _bucket,
    "signing_keys": _signing,
}
