"""The environments of cdk.json as validated, frozen values. Nothing is defined here."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Self, cast

from cdn_model.quotas import GLOBAL_REGION
from cdn_model.values import mapping
from constructs_lib import DjangoOrigin
from constructs_lib.options import OPTIONS
from constructs_lib.origin_options import IpAddressType, OriginSecret
from constructs_lib.validation import (
    check_host_name,
    did_you_mean,
    truncated_repr,
)
from dj_cloudfront.contract import Tree
from stacks.config_reader import Section, Sections, as_object, child, places_of
from stacks.distribution_config import (
    DISTRIBUTION_SECTIONS,
    DISTRIBUTIONS,
    SHARED_KEYS,
    Given,
    json_key,
    read_distribution,
    read_shared,
)
from stacks.monitoring_config import (
    MONITORING_SECTIONS,
    Logs,
    Monitoring,
    read_logs,
    read_monitoring,
)

_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_STACK_NAME_LIMIT = 128
KEYS = (
    *("account", "region", "termination_protection", "retain"),
    *("origin", "origin_secret", *SHARED_KEYS, *Tree),
    *("monitoring", "logs"),
)

_ENVIRONMENT = "an environment"
_LEVELS: Sections = {
    "context": ("site", "environments"),
    _ENVIRONMENT: KEYS,
    **DISTRIBUTIONS,
}
# An option inside a sentence, such as ``policies.cache``, where cdk.json has another word.
_JSON_WORDS = re.compile(
    rf"(?<!\S)({'|'.join(name for name in OPTIONS if json_key(name) != name)})\.(?=[a-z])"
)


def check_cdk_json(text: str) -> None:
    """Refuse in cdk.json what would vanish before anybody reads an environment.

    Of a repeated key every parser silently keeps the last. The CDK drops what is null, and
    ignores what it does not know.

    :raises ValueError: that names the key.
    """
    settings = mapping(json.loads(text, object_pairs_hook=_distinct))
    context = mapping(settings.get("context"))
    below = {name: keys for name, keys in _LEVELS.items() if name != "context"}
    for where, values, levels in (
        ("at the top level", settings, _LEVELS),
        ("in context", context, below),
    ):
        for key in values:
            if places := places_of(key, levels):
                raise ValueError(f"{key} {where} belongs in {places}")
    for name, value in mapping(context.get("environments")).items():
        if value is None:
            raise ValueError(
                f"{child('environments', name)} must be a JSON object such as "
                '{"origin": "www.example.com"}, got null'
            )


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            raise ValueError(
                f"a key must not be given twice in one object, got {truncated_repr(key)} twice: "
                "the first would be lost"
            )
    return dict(pairs)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of a site's CDN, as cdk.json describes it.

    :param shared: Options of all distributions.
    :param static: Options of the distribution for static files, which replace those for all.
    :param media: The same for media.
    :param private: The same for private media; None without that distribution.
    """

    site: str
    name: str
    account: str | None
    region: str
    termination_protection: bool
    retain: bool
    origin: DjangoOrigin
    shared: Given
    static: Given
    media: Given
    private: Given | None
    monitoring: Monitoring | None
    logs: Logs | None

    @property
    def stack_name(self) -> str:
        """``<site>-cdn-<environment>``, the only place where the environment is named."""
        return f"{self.site}-cdn-{self.name}"

    @property
    def distributions(self) -> dict[Tree, Given]:
        """The options of each distribution, those for all included."""
        own = {
            Tree.STATIC: self.static,
            Tree.MEDIA: self.media,
            Tree.PRIVATE: self.private,
        }
        return {
            tree: {**self.shared, **given}
            for tree, given in own.items()
            if given is not None
        }

    @contextmanager
    def named(self) -> Iterator[None]:
        """What a construct refuses gets the path of its key in cdk.json.

        :raises ValueError: with the same sentence otherwise.
        """
        try:
            yield
        except ValueError as error:
            sentence = _JSON_WORDS.sub(
                lambda found: f"{json_key(found[1])}.", str(error)
            )
            path = f"environments.{self.name}"
            if sentence.startswith(path):
                raise
            found = re.match(r"((?:static|media|private)\.)?([a-z0-9_]+)", sentence)
            parent, name = (found[1] or "", found[2]) if found else ("", "")
            if name in OPTIONS:
                rest = sentence[len(f"{parent}{name}") :]
                raise ValueError(f"{path}.{parent}{json_key(name)}{rest}") from None
            of_environment = parent or name in KEYS
            raise ValueError(
                f"{path}.{sentence}" if of_environment else f"{path}: {sentence}"
            ) from None

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
        return tuple(
            cls._from_context(str(site), name, value)
            for name, value in environments.items()
        )

    @classmethod
    def _from_context(cls, site: str, name: str, value: object) -> Self:
        path = child("environments", name)
        _check_name(f"the name of {path}", name, like="prod")
        section = Section(path, value, name=_ENVIRONMENT, sections=_SECTIONS)
        has_private = section.get("private") is not None
        environment = cls(
            site=site,
            name=name,
            account=section.matching(
                "account", r"[0-9]{12}", rule="12 digits in quotes", like="111122223333"
            ),
            region=section.region("region") or GLOBAL_REGION,
            termination_protection=section.flag("termination_protection"),
            retain=section.flag("retain"),
            origin=_origin(section),
            shared=read_shared(section),
            static=read_distribution(section, Tree.STATIC),
            media=read_distribution(section, Tree.MEDIA),
            private=read_distribution(section, Tree.PRIVATE) if has_private else None,
            monitoring=section.optional("monitoring", read_monitoring),
            logs=section.optional("logs", read_logs),
        )
        if has_private and environment.media.get("signing_keys"):
            # One key pair id is read by Django.
            raise ValueError(
                f"{path}.media.signing_keys and {path}.private must not both be given: either "
                "all of media is private, or a tree of its own is"
            )
        _check_stack_name(path, environment.stack_name)
        return environment


def _origin(environment: Section) -> DjangoOrigin:
    value = environment.get("origin")
    if value is None:
        raise ValueError(
            f"{environment.at('origin')} must be given: the host name of the Django server, "
            "such as 'www.example.com'"
        )
    with environment.named():
        secret = environment.optional("origin_secret", _origin_secret)
    if not isinstance(value, dict):
        with environment.named(domain_name="origin"):
            return DjangoOrigin.server(cast(str, value), origin_secret=secret)
    section = environment.section("origin")
    section.required("domain_name", like="www.example.com")
    if section.get("load_balancer") and section.get("vpc_endpoint_arn"):
        raise ValueError(
            f"{section.at('load_balancer')} and {section.at('vpc_endpoint_arn')} must not "
            "both be given: a balancer in a VPC is the endpoint"
        )
    section.at_most_one("vpc_origin_id", "vpc_endpoint_arn")
    section.at_most_one("vpc_origin_id", "load_balancer")
    given: dict[str, Any] = {
        key.removesuffix("_seconds"): read(section, key)
        for key, read in _ORIGIN.items()
        if section.get(key) is not None
    }
    balancer = given.pop("load_balancer", None)
    if balancer is not None:
        check_host_name(section.at("load_balancer"), balancer)
    with section.named(endpoint="vpc_endpoint_arn"):
        return DjangoOrigin(balancer_dns_name=balancer, origin_secret=secret, **given)


def _ip_address_type(section: Section, key: str) -> IpAddressType:
    return IpAddressType(section.choice(key, tuple(t.value for t in IpAddressType)))


_seconds = partial(Section.seconds, default=timedelta(0))
# The keys of an origin. All but the balancer are fields of DjangoOrigin.
_ORIGIN: Mapping[str, Callable[[Section, str], object]] = {
    "domain_name": partial(Section.text, like="www.example.com"),
    "load_balancer": partial(
        Section.text, like="mysite-1234567890.eu-west-1.elb.amazonaws.com"
    ),
    "vpc_endpoint_arn": partial(
        Section.text,
        like="arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/a/1",
    ),
    "vpc_origin_id": partial(Section.text, like="vo_0123456789abcdef"),
    "owner_account_id": partial(Section.text, like="111122223333"),
    "ip_address_type": _ip_address_type,
    "connection_attempts": partial(Section.number, default=2),
    "connection_timeout_seconds": _seconds,
    "read_timeout_seconds": _seconds,
    "keepalive_timeout_seconds": _seconds,
    "response_completion_timeout_seconds": _seconds,
    "https_port": partial(Section.number, default=443),
    "custom_headers": partial(Section.mapping, like='{"X-Site": "mysite"}'),
    "origin_shield_region": partial(Section.text, like="eu-west-1"),
    "failover_domain_name": partial(Section.text, like="www2.example.com"),
}


_SECTIONS: Sections = {
    **_LEVELS,
    **DISTRIBUTION_SECTIONS,
    **MONITORING_SECTIONS,
    "origin": tuple(_ORIGIN),
    "origin_secret": ("arn", "version"),
}


def _origin_secret(section: Section) -> OriginSecret:
    arn = section.required(
        "arn",
        like="arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite-a1B2c3",
    )
    version = section.required("version", like="3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11")
    return OriginSecret(arn=arn, version=version)


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


def _check_stack_name(path: str, name: str) -> None:
    if len(name) > _STACK_NAME_LIMIT:
        raise ValueError(
            f"the name of {path} must make a stack name of at most {_STACK_NAME_LIMIT} "
            f"characters, got {len(name)} in {truncated_repr(name)}"
        )
