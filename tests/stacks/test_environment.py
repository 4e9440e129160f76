from __future__ import annotations

from datetime import timedelta

import pytest
from cdk_support import environment_template, read, resources
from environments import MAXIMAL, SIGNING

from constructs_lib import Cors, DjangoOrigin, Hsts, PriceClass, Tls, Ttl
from constructs_lib.origin_options import IpAddressType, OriginSecret
from stacks.environment import Environment

ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/1"
OTHER_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/b/2"


def test_an_environment_needs_no_more_than_an_origin():
    (prod,) = read()
    assert prod.stack_name == "mysite-cdn-prod"
    assert prod.origin == DjangoOrigin.server("www.example.com")
    assert (prod.account, prod.region) == (None, "us-east-1")
    assert (prod.termination_protection, prod.retain) == (False, False)
    assert prod.shared == prod.static == prod.media == {}
    assert prod.private is None


def test_every_key_is_read():
    (prod,) = read(MAXIMAL)
    assert prod.account == "111122223333"
    assert prod.origin == DjangoOrigin.load_balancer(
        "mysite-123.eu-west-1.elb.amazonaws.com",
        domain_name="origin.example.com",
        connection_attempts=3,
        connection_timeout=timedelta(seconds=10),
        read_timeout=timedelta(seconds=60),
        keepalive_timeout=timedelta(seconds=30),
        response_completion_timeout=timedelta(seconds=120),
        https_port=8443,
        ip_address_type=IpAddressType.DUALSTACK,
        custom_headers={"X-Site": "mysite"},
        origin_shield_region="eu-west-1",
        failover_domain_name="origin2.example.com",
        origin_secret=OriginSecret(**MAXIMAL["origin_secret"]),
    )
    assert (prod.termination_protection, prod.retain) == (True, True)
    shared = prod.shared
    assert shared["cors"] == Cors.allow_origins(
        "https://www.example.com", credentials=True
    )
    assert shared["dns_records"] is False
    assert shared["price_class"] == PriceClass.PRICE_CLASS_ALL
    assert shared["tls"] == Tls.V1_3_2025
    assert shared["web_acl_arn"] == MAXIMAL["web_acl_arn"]
    assert shared["allowed_countries"] == ("DE", "AT")
    static = prod.static
    assert static["domain_names"] == ("static.example.com",)
    assert static["ttl"].default == timedelta(seconds=3600)
    assert static["error_ttl"].not_found == timedelta(seconds=1)
    assert static["headers"].hsts == Hsts(
        max_age=timedelta(days=730), include_subdomains=True, preload=True
    )
    assert static["headers"].extra == {"X-Robots-Tag": "noindex"}
    assert static["headers"].remove == ("Set-Cookie", "Server")
    assert prod.media["headers"].hsts is None
    assert prod.media["headers"].content_security_policy == "sandbox"


def config_of(tree, template):
    """The distribution of a tree in a template."""
    (config,) = (
        found["DistributionConfig"]
        for name, found in resources(template, "Distribution").items()
        if name.startswith(f"Cdn{tree.capitalize()}")
    )
    return config


def denied(country):
    geo = {"Locations": [country], "RestrictionType": "blacklist"}
    return {"Restrictions": {"GeoRestriction": geo}}


# Of all, of media alone, and what either becomes.
EACH_SHARED = {
    "price_class": ("all", "200"),
    "web_acl_arn": (ACL, OTHER_ACL),
    "denied_countries": (["AQ"], ["FR"]),
    "ipv6": (False, True),
    "http_version": ("http2", "http1.1"),
}
BECOMES = [
    {
        "PriceClass": "PriceClass_All",
        "WebACLId": ACL,
        "IPV6Enabled": False,
        "HttpVersion": "http2",
        **denied("AQ"),
    },
    {
        "PriceClass": "PriceClass_200",
        "WebACLId": OTHER_ACL,
        "IPV6Enabled": True,
        "HttpVersion": "http1.1",
        **denied("FR"),
    },
]


def test_what_a_distribution_says_replaces_what_the_environment_says():
    for_all = {key: value for key, (value, _) in EACH_SHARED.items()}
    for_media = {key: value for key, (_, value) in EACH_SHARED.items()}
    template = environment_template(**for_all, media=for_media)
    for tree, expected in zip(("static", "media"), BECOMES, strict=True):
        assert expected.items() <= config_of(tree, template).items()


def test_null_for_a_distribution_leaves_out_what_the_environment_says():
    template = environment_template(web_acl_arn=ACL, media={"web_acl_arn": None})
    assert config_of("static", template)["WebACLId"] == ACL
    assert "WebACLId" not in config_of("media", template)


def test_an_environment_completes_its_ttl_by_each_distribution():
    (prod,) = read({"ttl_seconds": {"default": 60}})
    assert prod.static["ttl"] == Ttl(
        default=timedelta(seconds=60), max=timedelta(days=365)
    )
    assert prod.media["ttl"] == Ttl(
        default=timedelta(seconds=60), max=timedelta(days=7)
    )


def test_a_bucket_of_an_environment_is_one_for_each_distribution():
    template = environment_template(cors="any_origin", bucket={})
    template.resource_count_is("AWS::S3::Bucket", 2)


@pytest.mark.parametrize(
    "signing",
    [
        "-----BEGIN EC PRIVATE KEY-----",
        {"keys": "-----BEGIN EC PRIVATE KEY-----", "signing_key": "a"},
        {"keys": {"a": "-----BEGIN EC PRIVATE KEY-----"}, "signing_key": "a"},
        {
            "keys": SIGNING["keys"],
            "signing_key": "-----BEGIN EC PRIVATE KEY-----" + "x" * 64,
        },
        {**SIGNING, "cookies_from": "-----BEGIN EC PRIVATE KEY-----"},
        {**SIGNING, "-----BEGIN EC PRIVATE KEY-----": "2026a"},
    ],
)
def test_a_private_key_pasted_by_mistake_is_never_quoted(signing):
    with pytest.raises(ValueError) as error:
        read(
            {
                "origin_secret": MAXIMAL["origin_secret"],
                "private": {"signing_keys": signing},
            }
        )
    assert str(error.value).startswith("environments.prod.private.signing_keys")
    assert "BEGIN EC" not in str(error.value)


@pytest.mark.parametrize("headers", [{}, {"extra": {"X-A": "1"}}])
def test_other_headers_for_signed_media_leave_it_out_of_shared_caches(headers):
    media = {"signing_keys": SIGNING, "headers": headers}
    (prod,) = read({"origin_secret": MAXIMAL["origin_secret"], "media": media})
    assert prod.media["headers"].extra["Cache-Control"] == "private, max-age=300"
    (prod,) = read({"media": {"headers": headers}})
    assert "Cache-Control" not in prod.media["headers"].extra


def test_all_environments_are_read_in_order():
    dev = {"origin": "dev.example.com"}
    found = Environment.all_from_context(
        {"site": "shop", "environments": {"dev": dev, "prod": dev}}
    )
    assert [one.stack_name for one in found] == ["shop-cdn-dev", "shop-cdn-prod"]
