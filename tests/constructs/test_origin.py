from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk.assertions import Annotations, Match
from cdk_support import ORIGIN_SECRET, environment, new_stack, rendered_origin

from cdn_model.quotas import NEAREST_ORIGIN_SHIELD_REGIONS, ORIGIN_SHIELD_REGIONS
from constructs_lib import DjangoOrigin, IpAddressType


def server(**options):
    return DjangoOrigin.server("www.example.com", **options)


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("https://www.example.com", "leave out the scheme"),
        ("www.example.com/static", "leave out the path"),
        ("www.example.com:443", "leave out the port"),
        ("192.0.2.7", "accepts no IP address"),
        ("[2001:db8::1]", "accepts no IP address"),
        ("WWW.example.com", "lower case"),
        ("localhost", ""),
        ("", ""),
        ("www..example.com", ""),
        ("-www.example.com", ""),
        ("www.example.com\n", ""),
        ("www.example.com.", ""),
        (f"{'a' * 64}.example.com", ""),
        (".".join(["abcdefgh"] * 29), ""),
    ],
)
def test_fails_when_the_origin_is_no_bare_host_name(name, cure):
    with pytest.raises(ValueError, match="^domain_name must be a bare host name") as e:
        DjangoOrigin.server(name)
    assert repr(name) in str(e.value)
    assert cure in str(e.value)
    assert (": " in str(e.value).partition(repr(name))[2]) == bool(cure)


NO_SERVERS = [
    ("d111111abcdef8.cloudfront.net", "a distribution, which is no server"),
    ("site.s3-website-eu-west-1.amazonaws.com", "a website of S3"),
    ("site.s3-website.eu-central-1.amazonaws.com", "a website of S3"),
    ("site.s3.amazonaws.com", "a bucket, which is given as bucket"),
    ("my.site.s3.eu-west-1.amazonaws.com", "a bucket"),
    ("site.s3.dualstack.eu-west-1.amazonaws.com", "a bucket"),
    ("site.s3-eu-west-1.amazonaws.com", "a bucket"),
    ("site.s3-accelerate.amazonaws.com", "a bucket"),
    ("s3.us-east-1.amazonaws.com", "a bucket"),
]


@pytest.mark.parametrize(("name", "thing"), NO_SERVERS)
def test_fails_when_the_origin_is_no_server(name, thing):
    sentence = (
        f"must be the name of a Django server, .* got '{name}': the name of {thing}"
    )
    with pytest.raises(ValueError, match=f"^domain_name {sentence}"):
        DjangoOrigin.server(name)
    with pytest.raises(ValueError, match=f"^failover_domain_name {sentence}"):
        server(failover_domain_name=name)
    for origin in (name, {"domain_name": name}):
        path = r"origin\.domain_name" if isinstance(origin, dict) else "origin"
        with pytest.raises(
            ValueError, match=rf"^environments\.test\.{path} {sentence}"
        ):
            environment(origin=origin)


@pytest.mark.parametrize(
    "name",
    [
        *("www.example.com", "a.b", "xn--bcher-kva.example", "1.example.com"),
        *("a1b2c3.execute-api.eu-west-1.amazonaws.com", "s3.example.com"),
        *("cloudfront.net.example.com", "mycloudfront.net"),
        "ec2-192-0-2-7.eu-west-1.compute.amazonaws.com",
    ],
)
def test_a_bare_host_name_passes(name):
    assert DjangoOrigin.server(name).domain_name == name


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"connection_attempts": 0}, "connection_attempts must be 1, 2 or 3, got 0"),
        ({"connection_attempts": 4}, "connection_attempts must be 1, 2 or 3, got 4"),
        (
            {"connection_timeout": timedelta(seconds=11)},
            "connection_timeout must be a whole number of seconds, from 1 to 10",
        ),
        (
            {"connection_timeout": timedelta(0)},
            "connection_timeout must be a whole number of seconds, from 1 to 10",
        ),
        (
            {"read_timeout": timedelta(milliseconds=1500)},
            "read_timeout must be a whole number of seconds, at least 1",
        ),
        (
            {"keepalive_timeout": timedelta(0)},
            "keepalive_timeout must be a whole number",
        ),
        (
            {"response_completion_timeout": timedelta(seconds=3601)},
            "response_completion_timeout must be .* from 1 to 3600",
        ),
        (
            {"response_completion_timeout": timedelta(seconds=19)},
            "response_completion_timeout must not be below read_timeout, got 19 and 20",
        ),
        *(
            ({"https_port": port}, f"https_port must be 80, 443 or .* got {port}$")
            for port in (0, 81, 442, 444, 1023, 65536, -1)
        ),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_number(values, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        DjangoOrigin.server("www.example.com", **values)


def test_values_at_the_bounds_pass():
    origin = DjangoOrigin.server(
        "www.example.com",
        connection_attempts=1,
        connection_timeout=timedelta(seconds=10),
        read_timeout=timedelta(seconds=180),
        keepalive_timeout=timedelta(seconds=1),
    )
    assert origin.connection_attempts == 1


def test_origins_of_equal_values_are_equal():
    assert server(custom_headers={"X-Site": "a"}) == server(
        custom_headers={"X-Site": "a"}
    )
    assert hash(server()) == hash(server())
    assert server() != server(https_port=8443)


def test_ports_that_cloudfront_connects_to_pass():
    for port in (80, 443, 1024, 65535):
        assert server(https_port=port).https_port == port


def test_maximum_example():
    origin = server(
        ip_address_type=IpAddressType.DUALSTACK,
        connection_attempts=3,
        connection_timeout=timedelta(seconds=1),
        read_timeout=timedelta(seconds=120),
        keepalive_timeout=timedelta(seconds=120),
        response_completion_timeout=timedelta(seconds=120),
        https_port=8443,
        custom_headers={"X-Site": "mysite"},
        origin_shield_region="eu-west-1",
        origin_secret=ORIGIN_SECRET,
    )
    stack = new_stack()
    assert rendered_origin(origin, stack) == {
        "Id": "static",
        "DomainName": "www.example.com",
        "OriginPath": "/static",
        "OriginCustomHeaders": [
            {"HeaderName": "X-Cdn-Tree", "HeaderValue": "static"},
            {
                "HeaderName": "X-Origin-Secret",
                "HeaderValue": ORIGIN_SECRET.render(stack),
            },
            {"HeaderName": "X-Site", "HeaderValue": "mysite"},
        ],
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 1,
        "ResponseCompletionTimeout": 120,
        "OriginShield": {"Enabled": True, "OriginShieldRegion": "eu-west-1"},
        "CustomOriginConfig": {
            "HTTPSPort": 8443,
            "IpAddressType": "dualstack",
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
            "OriginReadTimeout": 120,
            "OriginKeepaliveTimeout": 120,
        },
    }
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


@pytest.mark.parametrize(
    ("kind", "said"),
    [(IpAddressType.IPV4, None), (IpAddressType.IPV6, "ipv6")],
)
def test_ip_version_is_said_when_it_is_not_the_usual_one(kind, said):
    config = rendered_origin(server(ip_address_type=kind))["CustomOriginConfig"]
    assert config.get("IpAddressType") == said


@pytest.mark.parametrize("name", ["read", "keepalive"])
@pytest.mark.parametrize(("seconds", "warned"), [(120, False), (121, True)])
def test_a_timeout_that_needs_a_raised_quota_is_a_warning(name, seconds, warned):
    stack = new_stack()
    origin = server(**{f"{name}_timeout": timedelta(seconds=seconds)})
    rendered_origin(origin, stack)
    said = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp(f"{name}_timeout of 121 seconds needs a raised")
    )
    assert bool(said) is warned


def test_a_region_with_an_origin_shield_passes():
    for region in ORIGIN_SHIELD_REGIONS:
        assert server(origin_shield_region=region).origin_shield_region == region


def test_fails_when_a_region_has_no_origin_shield_and_proposes_the_nearest():
    for region, nearest in NEAREST_ORIGIN_SHIELD_REGIONS.items():
        assert nearest in ORIGIN_SHIELD_REGIONS
        sentence = f"got '{region}': '{nearest}' is the nearest to servers in {region}$"
        with pytest.raises(
            ValueError, match=f"^origin_shield_region must be .*{sentence}"
        ):
            server(origin_shield_region=region)


def test_fails_when_a_region_has_no_origin_shield_and_no_nearest_one_is_known():
    with pytest.raises(ValueError, match="got 'mars-1': take the one with the lowest"):
        server(origin_shield_region="mars-1")
