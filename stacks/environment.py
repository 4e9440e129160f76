"""The context of cdk.json as validated, frozen values. Pure data, no CDK constructs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from constructs_lib.checks import check_distinct, check_host_name
from constructs_lib.distributions import MEDIA, STATIC
from constructs_lib.ttl import ErrorTtl, Ttl
from stacks.section import Section, as_object, did_you_mean

# CloudFront's certificates, web ACLs, metrics and log deliveries live there.
DEFAULT_REGION = "us-east-1"

CORS_CHOICES = ("forward", "any_origin")

_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_STACK_NAME_LIMIT = 128
_ENVIRONMENT_KEYS = (
    "origin",
    "account",
    "region",
    "cors",
    "certificate_arn",
    "static",
    "media",
)


@dataclass(frozen=True, kw_only=True)
class Half:
    """What an environment says of one of its two distributions."""

    domain_names: tuple[str, ...] = ()
    ttl: Ttl
    error_ttl: ErrorTtl

    @classmethod
    def from_section(cls, section: Section, *, ttl: Ttl) -> Self:
        """Read ``environments.<name>.static`` or ``.media``."""
        names = section.texts("domain_names", like="static.example.com")
        for index, name in enumerate(names):
            check_host_name(f"{section.at('domain_names')}[{index}]", name)
        return cls(
            domain_names=names,
            ttl=_ttl(section, ttl),
            error_ttl=_error_ttl(section),
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of a site's CDN, as cdk.json describes it."""

    site: str
    name: str
    origin: str
    account: str | None
    region: str
    cors: str
    certificate_arn: str | None
    static: Half
    media: Half

    @property
    def stack_name(self) -> str:
        """``<site>-cdn-<environment>``, the only place where the environment is named."""
        return f"{self.site}-cdn-{self.name}"

    @classmethod
    def all_from_context(cls, context: Mapping[str, object]) -> tuple[Self, ...]:
        """Read ``site`` and ``environments`` of the context in cdk.json.

        :raises ValueError: with one sentence that names the JSON path.
        """
        site = _site(context)
        environments = as_object("environments", _required(context, "environments"))
        if not environments:
            raise ValueError(
                "environments must have at least one environment, such as "
                '{"prod": {"origin": "www.example.com"}}, got {}'
            )
        read = tuple(
            cls._from_context(site, name, value) for name, value in environments.items()
        )
        _check_aliases(read)
        return read

    @classmethod
    def _from_context(cls, site: str, name: str, value: object) -> Self:
        path = f"environments.{name}"
        _check_name(f"the name of {path}", name, like="prod")
        section = Section(path, value, keys=_ENVIRONMENT_KEYS)
        half_keys = ("domain_names", "ttl_seconds", "error_ttl_seconds")
        environment = cls(
            site=site,
            name=name,
            origin=_origin(section),
            account=section.matching(
                "account", r"[0-9]{12}", rule="12 digits in quotes", like="111122223333"
            ),
            region=section.matching(
                "region",
                r"[a-z]{2}(-[a-z]+)+-[0-9]",
                rule="an AWS region",
                like=DEFAULT_REGION,
            )
            or DEFAULT_REGION,
            cors=_choice(section, "cors", CORS_CHOICES),
            certificate_arn=_certificate_arn(section),
            static=Half.from_section(
                section.section("static", keys=half_keys), ttl=STATIC.ttl
            ),
            media=Half.from_section(
                section.section("media", keys=half_keys), ttl=MEDIA.ttl
            ),
        )
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


def _site(context: Mapping[str, object]) -> str:
    value = _required(context, "site")
    _check_name("site", value, like="mysite")
    return str(value)


def _check_name(what: str, value: object, *, like: str) -> None:
    if isinstance(value, str) and re.fullmatch(_NAME, value):
        return
    raise ValueError(
        f"{what} must be lower-case letters, digits and single hyphens, starting with a "
        f"letter, such as {like!r}, got {value!r}"
    )


def _origin(section: Section) -> str:
    value = section.get("origin")
    if value is None:
        raise ValueError(
            f"{section.at('origin')} must be given: the host name of the Django server, "
            "such as 'www.example.com'"
        )
    check_host_name(section.at("origin"), value)
    return str(value)


def _choice(section: Section, key: str, choices: tuple[str, ...]) -> str:
    value = section.text(key, like=choices[0])
    if value is None:
        return choices[0]
    if value in choices:
        return value
    raise ValueError(
        f"{section.at(key)} must be one of {', '.join(choices)}"
        f"{did_you_mean(value, choices)}"
    )


def _certificate_arn(section: Section) -> str | None:
    return section.matching(
        "certificate_arn",
        r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+",
        rule="the ARN of a certificate in us-east-1, where CloudFront reads them",
        like="arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    )


def _check_certificate(path: str, environment: Environment) -> None:
    for half in ("static", "media"):
        names = getattr(environment, half).domain_names
        if names and environment.certificate_arn is None:
            raise ValueError(
                f"{path}.certificate_arn must be given with {path}.{half}.domain_names, "
                "because CloudFront serves an alias only with a certificate for it, "
                f"got {list(names)!r}"
            )


def _check_stack_name(path: str, environment: Environment) -> None:
    name = environment.stack_name
    if len(name) > _STACK_NAME_LIMIT:
        raise ValueError(
            f"the name of {path} must make a stack name of at most {_STACK_NAME_LIMIT} "
            f"characters, got {len(name)} in {name!r}"
        )


def _check_aliases(environments: tuple[Environment, ...]) -> None:
    check_distinct(
        "domain_names of all environments",
        (
            name
            for environment in environments
            for half in (environment.static, environment.media)
            for name in half.domain_names
        ),
    )


def _ttl(section: Section, default: Ttl) -> Ttl:
    seconds = section.section("ttl_seconds", keys=("min", "default", "max"))
    values = {
        "min": seconds.seconds("min", default=default.min),
        "default": seconds.seconds("default", default=default.default),
        "max": seconds.seconds("max", default=default.max),
    }
    try:
        return Ttl(**values)
    except ValueError as error:
        raise ValueError(str(error).replace("ttl", seconds.path, 1)) from None


def _error_ttl(section: Section) -> ErrorTtl:
    default = ErrorTtl()
    seconds = section.section("error_ttl_seconds", keys=("not_found", "server_error"))
    return ErrorTtl(
        not_found=seconds.seconds("not_found", default=default.not_found),
        server_error=seconds.seconds("server_error", default=default.server_error),
    )
