"""Whatever is given to a public argument ends in an object or in one sentence."""

from __future__ import annotations

import inspect
from datetime import timedelta
from functools import partial

import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from cdk_support import new_stack
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

ORIGIN = DjangoOrigin.server("www.example.com")
SECRET = OriginSecret(
    arn="arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite-a1B2c3",
    version="3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11",
)
SIGNED = DjangoOrigin.server("www.example.com", origin_secret=SECRET)
KEYS = SigningKeys(keys={"a": A}, signing_key="a")


def zone():
    return route53.HostedZone.from_hosted_zone_attributes(
        new_stack(), "Zone", hosted_zone_id="Z1", zone_name="example.com"
    )


def distributions():
    known = cloudfront.Distribution.from_distribution_attributes(
        new_stack(), "Known", domain_name="d1.cloudfront.net", distribution_id="E1"
    )
    return {"Static": known}


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
        "zone": zone(),
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
    Cors.allow_origins: lambda: {},
    DjangoOrigin.server: lambda: {"domain_name": "www.example.com"},
    DjangoOrigin.load_balancer: lambda: {
        "balancer": "a.elb.amazonaws.com",
        "domain_name": "www.example.com",
    },
    DjangoOrigin.vpc: lambda: {
        "endpoint": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c",
        "domain_name": "www.example.com",
    },
    OriginSecret: lambda: {"arn": SECRET.arn, "version": SECRET.version},
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


def arguments(call):
    """The names of what a call takes."""
    is_construct = isinstance(call, type) and issubclass(call, Construct)
    signature = inspect.signature(call.__init__ if is_construct else call)
    for name, one in signature.parameters.items():
        if name in ("self", "scope", "construct_id", "origins"):
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
    if isinstance(call, type) and issubclass(call, Construct):
        call = partial(call, new_stack(), "Construct")
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
    attempt(call, right)
    for value in WRONG:
        attempt(call, {**right, name: value})


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
