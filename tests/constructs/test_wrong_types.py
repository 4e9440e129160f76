"""Whatever is given to a public argument ends in an object or in one sentence."""

from __future__ import annotations

import inspect
import itertools
from datetime import timedelta
from functools import partial

import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from cdk_support import ORIGIN, ORIGIN_SECRET, hosted_zone, new_app, new_stack
from constructs import Construct
from keys_support import A

import constructs_lib
from constructs_lib import (
    Bucket,
    Cors,
    DjangoCdn,
    DjangoOrigin,
    ErrorTtl,
    Hsts,
    MediaDistribution,
    OriginRecord,
    OriginSecret,
    Policies,
    PrivateMediaDistribution,
    ResponseHeaders,
    SigningKeys,
    StaticDistribution,
    Ttl,
)
from constructs_lib.access_logs import AccessLogs, LogDestination
from constructs_lib.alarms import Notify
from constructs_lib.legacy_logs import LegacyLogs
from constructs_lib.monitoring import CdnMonitoring
from constructs_lib.options import OPTIONS
from constructs_lib.origin_options import OriginOptions

SIGNED = DjangoOrigin.server("www.example.com", origin_secret=ORIGIN_SECRET)
KEYS = SigningKeys(keys={"a": A}, signing_key="a")


def distributions():
    known = cloudfront.Distribution.from_distribution_attributes(
        new_stack(), "Known", domain_name="d1.cloudfront.net", distribution_id="E1"
    )
    return {"Static": known}


def allow_origins(credentials):
    return Cors.allow_origins("https://www.example.com", credentials=credentials)


# Each callable, and what makes a call of it right. The values are made when they are needed.
CALLS = {
    StaticDistribution: lambda: {"origin": ORIGIN},
    MediaDistribution: lambda: {"origin": ORIGIN},
    PrivateMediaDistribution: lambda: {"origin": SIGNED, "signing_keys": KEYS},
    DjangoCdn: lambda: {"origin": SIGNED},
    Bucket: lambda: {"cors": Cors.any_origin()},
    OriginRecord: lambda: {
        "origin": DjangoOrigin.load_balancer(
            "a.elb.amazonaws.com", domain_name="origin.example.com"
        ),
        "zone": hosted_zone(new_stack()),
    },
    CdnMonitoring: lambda: {"distributions": distributions(), "notify": None},
    AccessLogs: lambda: {
        "distributions": distributions(),
        "destination": LogDestination.log_group(),
    },
    Cors: lambda: {
        "key_headers": (),
        "methods": ("GET", "HEAD"),
        "allowed_origins": (),
    },
    allow_origins: lambda: {"credentials": True},
    DjangoOrigin.server: lambda: {"domain_name": "www.example.com"},
    DjangoOrigin.load_balancer: lambda: {
        "balancer": "a.elb.amazonaws.com",
        "domain_name": "www.example.com",
    },
    DjangoOrigin.vpc: lambda: {
        "endpoint": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c",
        "domain_name": "www.example.com",
    },
    OriginSecret: lambda: vars(ORIGIN_SECRET),
    Ttl: lambda: {},
    ErrorTtl: lambda: {},
    Hsts: lambda: {},
    ResponseHeaders: lambda: {},
    Policies: lambda: {},
    SigningKeys: lambda: {"keys": {"a": A}, "signing_key": "a"},
    LogDestination.bucket: lambda: {
        "bucket": s3.Bucket.from_bucket_name(new_stack(), "Logs", "mysite-logs")
    },
    LogDestination.log_group: lambda: {},
    LegacyLogs.named: lambda: {"bucket_name": "mysite-audit-logs"},
    Notify.topic: lambda: {"topic": sns.Topic(new_stack(), "Topic")},
    Notify.email: lambda: {"address": "ops@example.com"},
}
APP, NUMBERS = new_app(), itertools.count()
FURTHER = {"options": (*OPTIONS, "no_such_option")}
MORE = dict.fromkeys(
    (DjangoOrigin.server, DjangoOrigin.load_balancer, DjangoOrigin.vpc),
    tuple(OriginOptions.__annotations__),
)
WRONG = (
    5,
    -1,
    0.5,
    float("nan"),
    10**40,
    True,
    None,
    "",
    "odd value",
    "-----BEGIN PRIVATE KEY-----",
    b"x",
    [5],
    ["a", None],
    {"a": 5},
    {5: "a"},
    {"a": {"b": 1}},
    timedelta(days=-1),
    timedelta(days=1, microseconds=1),
    timedelta(days=999_999),
    object(),
    Construct,
    Cors.any_origin(),
)


def is_construct(call):
    return isinstance(call, type) and issubclass(call, Construct)


def arguments(call):
    """The names of what a call takes."""
    signature = inspect.signature(call.__init__ if is_construct(call) else call)
    for name, one in signature.parameters.items():
        if name in ("self", "scope", "construct_id"):
            continue
        if one.kind is one.VAR_KEYWORD:
            yield from MORE.get(call, FURTHER["options"])
        else:
            yield name


EACH = [
    pytest.param(call, name, id=f"{call.__qualname__}.{name}")
    for call in CALLS
    for name in arguments(call)
]


def attempt(call, values):
    """Make an object. A construct gets a stack of its own."""
    if is_construct(call):
        call = partial(call, new_stack(APP, f"s{next(NUMBERS)}"), "Construct")
    try:
        call(**values)
    except ValueError as error:
        sentence = str(error)
        assert sentence.isprintable()
        assert len(sentence) < 1200
        assert "PRIVATE KEY" not in sentence


@pytest.mark.parametrize(("call", "name"), EACH)
def test_a_value_of_any_type_ends_in_a_sentence(call, name):
    right = CALLS[call]()
    for value in WRONG:
        attempt(call, {**right, name: value})


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__qualname__)
def test_what_the_values_replace_is_right(call):
    made = partial(call, new_stack(), "Construct") if is_construct(call) else call
    assert made(**CALLS[call]()) is not None


def test_an_origin_of_any_type_ends_in_a_sentence():
    for value in WRONG:
        with pytest.raises(ValueError, match="^origins must be "):
            Cors.allow_origins(value)


@pytest.mark.parametrize("own", [{}, {"web_acl_arn": "arn"}, "static", [5], 5])
@pytest.mark.parametrize("name", ["static", "media", "private"])
def test_options_of_one_distribution_end_in_a_sentence(name, own):
    attempt(DjangoCdn, {"origin": SIGNED, name: own})


def test_every_public_class_is_tried():
    tried = {call.__qualname__.partition(".")[0] for call in CALLS}
    untried = {
        name
        for name in constructs_lib.__all__
        if not issubclass(getattr(constructs_lib, name), str)
    }
    assert untried - tried == {"DistributionOptions"}


@pytest.mark.parametrize("grantee", ["role", None, 5, ["role"]])
def test_a_grant_to_something_else_ends_in_a_sentence(grantee):
    stack = new_stack()
    cdn = DjangoCdn(stack, "Cdn", origin=ORIGIN)
    bucket = Bucket(stack, "Bucket", cors=Cors.any_origin())
    for grant in (cdn.grant_pull, cdn.media.grant_invalidate, bucket.grant_push):
        with pytest.raises(ValueError, match=r"^grantee must be a role or a user such"):
            grant(grantee)
