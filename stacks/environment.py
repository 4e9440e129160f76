"""The environments of cdk.json as validated, frozen values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

from constructs_lib import Cors, DjangoOrigin, PriceClass, SigningKeys, Tls, Viewers
from constructs_lib.access_logs import LegacyLogs
from constructs_lib.options import MEDIA, SIGNED_HEADERS, STATIC
from constructs_lib.validation import (
    check_distinct,
    check_host_name,
    did_you_mean,
    truncated_repr,
)
from stacks.config_reader import Section, as_object, child
from stacks.distribution_config import (
    DISTRIBUTION_KEYS,
    Bucket,
    DistributionConfig,
    Private,
    check_buckets,
    read_bucket,
    read_private,
    read_signing,
)
from stacks.monitoring_config import (
    Logs,
    Monitoring,
    read_legacy_logs,
    read_logs,
    read_monitoring,
)
from stacks.origin_config import read_origin


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A hosted zone by id and name, so that nothing is looked up."""

    id: str
    name: str


def _cors(section: Section) -> Cors:
    value = section.get("cors")
    if isinstance(value, dict):
        listed = section.section("cors", keys=("allow_origins", "credentials"))
        origins = listed.texts("allow_origins", like="https://www.example.com")
        with listed.named(origins="allow_origins"):
            return Cors.allow_origins(*origins, credentials=listed.flag("credentials"))
    choices = {"forward": Cors.forward, "any_origin": Cors.any_origin}
    return choices[section.choice("cors", tuple(choices))]()


def _viewers(section: Section) -> Viewers:
    with section.named():
        return Viewers(
            price_class=PriceClass(
                section.choice("price_class", tuple(p.value for p in PriceClass))
            ),
            tls=Tls(section.choice("tls", tuple(t.value for t in Tls))),
            web_acl_arn=section.text(
                "web_acl_arn",
                like="arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id",
            ),
            allowed_countries=section.texts("allowed_countries", like="DE"),
            denied_countries=section.texts("denied_countries", like="DE"),
        )


def _certificate_arn(section: Section) -> str | None:
    return section.matching(
        "certificate_arn",
        r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+",
        rule="the ARN of a certificate in us-east-1, where CloudFront reads them",
        like="arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    )


def _hosted_zone(section: Section) -> Zone | None:
    if section.get("hosted_zone") is None:
        return None
    zone = section.section("hosted_zone", keys=("id", "name"))
    identity = zone.matching(
        "id", r"Z[A-Z0-9]{1,31}", rule="the id of a hosted zone", like="Z0123456789ABC"
    )
    name = zone.get("name")
    if identity is None:
        raise ValueError(f"{zone.at('id')} must be given, such as 'Z0123456789ABC'")
    check_host_name(zone.at("name"), name)
    return Zone(id=identity, name=str(name))


# CloudFront's certificates, web ACLs, metrics and log deliveries live there.
DEFAULT_REGION = "us-east-1"

_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_STACK_NAME_LIMIT = 128
KEYS = (
    "account",
    "allowed_countries",
    "certificate_arn",
    "cors",
    "denied_countries",
    "dns_records",
    "hosted_zone",
    "legacy_logs",
    "logs",
    "media",
    "monitoring",
    "origin",
    "origin_secret",
    "price_class",
    "private",
    "region",
    "retain",
    "static",
    "termination_protection",
    "tls",
    "web_acl_arn",
)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of a site's CDN, as cdk.json describes it."""

    site: str
    name: str
    account: str | None
    region: str
    termination_protection: bool
    retain: bool
    origin: DjangoOrigin
    cors: Cors
    viewers: Viewers
    certificate_arn: str | None
    hosted_zone: Zone | None
    dns_records: bool
    static: DistributionConfig
    media: DistributionConfig
    static_bucket: Bucket | None
    media_bucket: Bucket | None
    media_signing: SigningKeys | None
    private: Private | None
    monitoring: Monitoring | None
    logs: Logs | None
    legacy_logs: LegacyLogs | None

    @property
    def stack_name(self) -> str:
        """``<site>-cdn-<environment>``, the only place where the environment is named."""
        return f"{self.site}-cdn-{self.name}"

    @contextmanager
    def named(self) -> Iterator[None]:
        """What a construct refuses gets the path of the environment that asked for it."""
        try:
            yield
        except ValueError as error:
            raise ValueError(f"environments.{self.name}: {error}") from None

    @property
    def domain_names(self) -> dict[str, tuple[str, ...]]:
        """The aliases of each distribution."""
        return {
            "static": self.static.domain_names,
            "media": self.media.domain_names,
            "private": self.private.config.domain_names if self.private else (),
        }

    @classmethod
    def all_from_context(cls, context: Mapping[str, object]) -> tuple[Self, ...]:
        """Read ``site`` and ``environments`` of the context in cdk.json.

        :raises ValueError: with one sentence that names the JSON path.
        """
        site = _required(context, "site")
        _check_name("site", site, like="mysite")
        environments = as_object("environments", _required(context, "environments"))
        if not environments:
            raise ValueError(
                "environments must have at least one environment, such as "
                '{"prod": {"origin": "www.example.com"}}, got {}'
            )
        read = tuple(
            cls._from_context(str(site), name, value)
            for name, value in environments.items()
        )
        _check_aliases(read)
        return read

    @classmethod
    def _from_context(cls, site: str, name: str, value: object) -> Self:
        path = child("environments", name)
        _check_name(f"the name of {path}", name, like="prod")
        section = Section(path, value, keys=KEYS)
        static = section.section("static", keys=(*DISTRIBUTION_KEYS, "bucket"))
        media = section.section("media", keys=(*DISTRIBUTION_KEYS, "bucket", "signing"))
        cors = _cors(section)
        signed = media.get("signing") is not None
        media_config = DistributionConfig.read(
            media, default=replace(MEDIA, headers=SIGNED_HEADERS) if signed else MEDIA
        )
        environment = cls(
            site=site,
            name=name,
            account=section.matching(
                "account", r"[0-9]{12}", rule="12 digits in quotes", like="111122223333"
            ),
            region=section.region("region") or DEFAULT_REGION,
            termination_protection=section.flag("termination_protection"),
            retain=section.flag("retain"),
            origin=read_origin(section),
            cors=cors,
            viewers=_viewers(section),
            certificate_arn=_certificate_arn(section),
            hosted_zone=_hosted_zone(section),
            dns_records=section.flag("dns_records", default=True),
            static=DistributionConfig.read(static, default=STATIC),
            media=media_config,
            static_bucket=read_bucket(static, cors),
            media_bucket=read_bucket(media, cors),
            media_signing=read_signing(media, section, media_config.domain_names),
            private=read_private(section),
            monitoring=read_monitoring(section),
            logs=read_logs(section),
            legacy_logs=read_legacy_logs(section),
        )
        _check_region(section, environment)
        _check_private(path, environment)
        check_buckets(path, environment.static_bucket, environment.media_bucket)
        _check_certificate(path, environment)
        _check_stack_name(path, environment)
        return environment


def _required(context: Mapping[str, object], key: str) -> object:
    value = context.get(key)
    if value is not None:
        return value
    near = difflib.get_close_matches(key, set(context) - {key}, n=1)
    cure = did_you_mean(near[0], (key,)) if near else ""
    raise ValueError(f"{key} must be given in the context of cdk.json{cure}")


def _check_name(what: str, value: object, *, like: str) -> None:
    if isinstance(value, str) and re.fullmatch(_NAME, value):
        return
    raise ValueError(
        f"{what} must be lower-case letters, digits and single hyphens, starting with a "
        f"letter, such as {like!r}, got {truncated_repr(value)}"
    )


def _check_region(section: Section, environment: Environment) -> None:
    if environment.region == DEFAULT_REGION:
        return
    for key in ("monitoring", "logs"):
        if section.get(key) is not None:
            raise ValueError(
                f"{section.at(key)} must be left out in {environment.region}, because "
                f"CloudFront's metrics and log deliveries are in {DEFAULT_REGION} only"
            )
    if environment.hosted_zone and not environment.certificate_arn:
        raise ValueError(
            f"{section.at('certificate_arn')} must be given in {environment.region}, because "
            f"CloudFront reads certificates in {DEFAULT_REGION} only"
        )


def _check_private(path: str, environment: Environment) -> None:
    if environment.media_signing and environment.private:
        raise ValueError(
            f"{path}.media.signing and {path}.private must not both be given: either all of "
            "media is private, or a tree of its own is"
        )


def _check_certificate(path: str, environment: Environment) -> None:
    if environment.certificate_arn or environment.hosted_zone:
        return
    for name, aliases in environment.domain_names.items():
        if aliases:
            raise ValueError(
                f"{path}.certificate_arn or {path}.hosted_zone must be given with "
                f"{path}.{name}.domain_names, because CloudFront serves an alias only with "
                f"a certificate for it, got {truncated_repr(list(aliases))}"
            )


def _check_stack_name(path: str, environment: Environment) -> None:
    name = environment.stack_name
    if len(name) > _STACK_NAME_LIMIT:
        raise ValueError(
            f"the name of {path} must make a stack name of at most {_STACK_NAME_LIMIT} "
            f"characters, got {len(name)} in {truncated_repr(name)}"
        )


def _check_aliases(environments: tuple[Environment, ...]) -> None:
    check_distinct(
        "domain_names of all environments",
        (
            name
            for environment in environments
            for aliases in environment.domain_names.values()
            for name in aliases
        ),
    )
