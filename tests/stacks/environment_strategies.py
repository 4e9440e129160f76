"""Environments that look right, over every key of cdk.json. Some combinations are refused.

The options come from their table: one of a new kind has no strategy, which is an error here.
"""

from __future__ import annotations

import string
from enum import StrEnum

from environments import MAXIMAL, PUBLIC_KEY
from hypothesis import strategies as st
from keys_support import A, B

from constructs_lib.options import OPTIONS
from dj_cloudfront.contract import Tree
from stacks.distribution_config import SHARED_KEYS, json_key

ARN = MAXIMAL["certificate_arn"]
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
DAYS = st.sampled_from((1, 30, 90, 365, 3653))
SECONDS = st.sampled_from((0, 1, 5, 60, 120, 121, 3600, 86400, 315_360_000))
HEADER_NAMES = st.sampled_from(
    ("X-Site", "X-A", "x-robots-tag", "Cache-Control", "X-B")
)
PRINTABLE = st.text(
    string.ascii_letters + string.digits + " ;,/=*'\"${}:<&", min_size=1, max_size=30
).map(lambda text: f"a{text}a")
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.builds(lambda label: f"{label}.example.com", LABELS)
BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9-]{1,30}[a-z0-9]", fullmatch=True)
FOLDERS = st.from_regex(
    r"[A-Za-z0-9_.=@+-]{1,10}(/[A-Za-z0-9_=]{1,5})?", fullmatch=True
)


def some(**keys):
    """An object with some of these keys."""
    return st.fixed_dictionaries({}, optional=keys)


ORIGINS = st.one_of(
    HOSTS,
    st.builds(
        lambda name, rest: {"domain_name": name, **rest},
        HOSTS,
        some(
            connection_attempts=st.integers(1, 3),
            connection_timeout_seconds=st.integers(1, 10),
            read_timeout_seconds=st.integers(1, 200),
            keepalive_timeout_seconds=st.integers(1, 200),
            response_completion_timeout_seconds=st.integers(100, 3600),
            https_port=st.sampled_from((80, 443, 1024, 65535)),
            custom_headers=st.dictionaries(HEADER_NAMES, PRINTABLE, max_size=3),
            failover_domain_name=HOSTS,
            ip_address_type=st.sampled_from(("ipv4", "ipv6", "dualstack")),
            origin_shield_region=st.sampled_from(("eu-west-1", "us-east-1")),
            load_balancer=st.just(MAXIMAL["origin"]["load_balancer"]),
        ),
    ),
    st.builds(
        lambda name, kind, rest: {
            "domain_name": name,
            "vpc_endpoint_arn": kind,
            **rest,
        },
        HOSTS,
        st.sampled_from(
            (
                "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c",
                "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/a/1",
            )
        ),
        some(
            ip_address_type=st.sampled_from(("ipv4", "ipv6", "dualstack")),
            https_port=st.sampled_from((443, 8443)),
            failover_domain_name=HOSTS,
        ),
    ),
    st.builds(
        lambda name, rest: {"domain_name": name, "vpc_origin_id": "vo_1a", **rest},
        HOSTS,
        some(owner_account_id=st.just("444455556666")),
    ),
)
CORS = st.one_of(
    st.sampled_from(("forward", "any_origin")),
    st.builds(
        lambda origins, credentials: {
            "allow_origins": origins,
            "credentials": credentials,
        },
        st.lists(
            st.sampled_from(
                (
                    "https://www.example.com",
                    "https://*.example.com",
                    "http://localhost:8000",
                    "https://example.com:*",
                    "http://example.com",
                )
            ),
            min_size=1,
            unique=True,
        ),
        st.booleans(),
    ),
)
HEADERS = some(
    hsts=st.one_of(
        st.just(False),
        some(
            max_age_seconds=SECONDS,
            include_subdomains=st.booleans(),
            preload=st.booleans(),
        ),
    ),
    nosniff=st.booleans(),
    cross_origin_resource_policy=st.sampled_from((False, "same-site")),
    content_security_policy=st.one_of(st.just(False), PRINTABLE),
    referrer_policy=st.sampled_from(("no-referrer", "same-origin")),
    frame_options=st.sampled_from(("DENY", "SAMEORIGIN")),
    xss_protection=st.sampled_from(("0", "1", "1; mode=block", "1; report=/x")),
    server_timing=st.sampled_from((1, 0.0001, 100)),
    extra=st.dictionaries(HEADER_NAMES, PRINTABLE, max_size=3),
    override=st.dictionaries(HEADER_NAMES, st.booleans(), max_size=1),
    remove=st.lists(st.sampled_from(("Set-Cookie", "Server", "X-A")), max_size=3),
)
POLICY = st.just("658327ea-f89d-4fab-a63d-7e88639e58f6")
COUNTRIES = st.lists(st.sampled_from(("DE", "AT", "US", "GB")), unique=True)
KEYS = st.sampled_from(
    (
        {"2026a": PUBLIC_KEY},
        {"a": A, "b": B},
        {"keygroup": A},
        {"key-group": A, "resource": B},
    )
)


def signing():
    def complete(keys, site):
        found = {"keys": keys, "signing_key": next(iter(keys))}
        return {**found, "cookies_from": "www.example.com"} if site else found

    return st.builds(complete, KEYS, st.booleans())


BUCKET = some(keep_replaced_days=st.integers(1, 999_999_999)) | st.builds(
    lambda name, rest: {"name": name, **rest},
    BUCKETS,
    some(region=st.sampled_from(REGIONS)),
)
ZONES = st.sampled_from(("example.com", "example.com.", "example.org"))
# Options whose JSON does not follow from their type.
STRATEGIES = {
    "domain_names": st.just([]),
    "certificate": st.just(ARN),
    "hosted_zone": st.builds(
        lambda name: {"id": "Z0123456789ABC", "name": name}, ZONES
    ),
    "cors": CORS,
    "ttl": some(min=SECONDS, default=SECONDS, max=SECONDS),
    "error_ttl": some(not_found=SECONDS, server_error=SECONDS),
    "headers": HEADERS,
    "policies": some(cache=POLICY, origin_request=POLICY, response_headers=POLICY),
    "web_acl_arn": st.just(MAXIMAL["web_acl_arn"]),
    "allowed_countries": COUNTRIES,
    "denied_countries": COUNTRIES,
    "legacy_logs": st.builds(
        lambda bucket, rest: {"bucket": bucket, **rest},
        BUCKETS,
        some(prefix=FOLDERS, region=st.sampled_from(REGIONS)),
    ),
    "bucket": BUCKET,
    "signing_keys": signing(),
}


def strategy(name):
    """What an option may be in cdk.json."""
    kind = OPTIONS[name].kind
    if name in STRATEGIES:
        return STRATEGIES[name]
    if kind is bool:
        return st.booleans()
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from([choice.value for choice in kind])
    raise AssertionError(f"{name} must have a strategy, being of the kind {kind}")


@st.composite
def options(draw, tree):
    """A few options of one distribution, or of all of an environment without a tree."""
    names = [
        name
        for name, option in OPTIONS.items()
        if name not in ("domain_names", "certificate", "hosted_zone", "signing_keys")
        and (tree in option.trees if tree else json_key(name) in SHARED_KEYS)
    ]
    given = draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
    return {json_key(name): draw(strategy(name)) for name in given}


@st.composite
def named(draw, tree, bare):
    """The options of one distribution, under a name of its own or under CloudFront's."""
    given = draw(options(tree))
    domain = draw(st.sampled_from(("example.com", "example.org")))
    names = [
        [],
        [f"{tree}.{domain}"],
        [f"{tree}.{domain}", f"*.{tree}2.{domain}"],
    ]
    given["domain_names"] = draw(st.sampled_from(names[:1] if bare else names))
    if not bare:
        given |= draw(
            some(
                certificate_arn=strategy("certificate"),
                hosted_zone=strategy("hosted_zone"),
            )
        )
    return given


ALARMS = some(
    email=st.just("ops@example.com"),
    requests_per_five_minutes=st.integers(1, 999_999_999),
    additional_metrics=st.booleans(),
    lowest_hit_rate_percent=st.integers(1, 100),
    slowest_origin_seconds=st.integers(1, 100),
    dashboard=st.booleans(),
)
TOPIC = st.just({"topic_arn": "arn:aws:sns:us-east-1:111122223333:alarms"})
FIELDS = st.lists(
    st.sampled_from(("date", "c-ip", "sc-status", "cs(Host)", "timestamp(ms)")),
    min_size=1,
    unique=True,
)
OF_ENVIRONMENT = {
    "account": st.just("111122223333"),
    "region": st.sampled_from(("us-east-1",) * 4 + ("eu-west-1",)),
    "retain": st.booleans(),
    "termination_protection": st.booleans(),
    "origin_secret": st.just(MAXIMAL["origin_secret"]),
    "monitoring": st.one_of(ALARMS, TOPIC),
    "logs": st.one_of(
        some(log_group_days=DAYS, fields=FIELDS),
        some(bucket=BUCKETS, prefix=FOLDERS, fields=FIELDS),
    ),
}


@st.composite
def environments(draw):
    """Right key by key; keys together may still be refused, in a sentence."""
    bare = draw(st.booleans())
    environment = draw(
        st.fixed_dictionaries({"origin": ORIGINS}, optional=OF_ENVIRONMENT)
    )
    environment |= draw(options(None))
    for tree in (Tree.STATIC, Tree.MEDIA):
        if draw(st.booleans()):
            environment[tree.value] = draw(named(tree, bare))
    if not bare:
        environment |= draw(
            st.sampled_from(
                (
                    {"certificate_arn": ARN},
                    {"hosted_zone": {"id": "Z0123456789ABC", "name": "example.com"}},
                    {},
                )
            )
        )
    kind = draw(st.sampled_from(("public", "public", "private", "all of media")))
    if kind != "public":
        environment["origin_secret"] = MAXIMAL["origin_secret"]
    if kind == "private":
        private = draw(named(Tree.PRIVATE, bare))
        environment["private"] = {**private, "signing_keys": draw(signing())}
    if kind == "all of media":
        environment["media"] = {
            **environment.get("media", {}),
            "signing_keys": draw(signing()),
        }
    return environment
