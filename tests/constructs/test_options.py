"""The options of distributions: one table, for one distribution or for all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from cdk_support import ORIGIN, hosted_zone, new_stack, pair_template
from keys_support import A

from constructs_lib import (
    Cors,
    DistributionOptions,
    ErrorTtl,
    Policies,
    PriceClass,
    ResponseHeaders,
    SigningKeys,
    StaticDistribution,
    Tls,
    Ttl,
)
from constructs_lib.legacy_logs import LegacyLogs
from constructs_lib.options import OPTIONS

ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/{}/1"
EACH = pytest.mark.parametrize("name", OPTIONS)


def pair(stack=None, **options):
    """The resources of a pair, by kind and distribution."""
    return pair_template(stack, **options).to_json()["Resources"]


def config_of(found, role):
    (config,) = (
        one["Properties"]["DistributionConfig"]
        for name, one in found.items()
        if name.startswith(f"Cdn{role}Distribution")
    )
    return config


def test_the_table_has_a_row_for_each_option():
    assert OPTIONS.keys() == DistributionOptions.__annotations__.keys()


@EACH
def test_a_value_of_another_type_ends_in_a_sentence(name):
    tree = OPTIONS[name].trees[0]
    with pytest.raises(ValueError, match=rf"^{tree}\.{name} must be .* such as .*got "):
        pair(**{"private": {}, tree: {name: 5}})


def test_an_unknown_option_is_refused_with_the_nearest_one():
    nearest = r"got 'domain_name': did you mean 'domain_names'\?$"
    with pytest.raises(ValueError, match=nearest):
        StaticDistribution(new_stack(), "A", origin=ORIGIN, domain_name="a.example")
    with pytest.raises(ValueError, match=r"^static.* did you mean 'headers'\?$"):
        pair(static={"header": ResponseHeaders()})


@pytest.mark.parametrize("name", ["domain_names", "bucket", "signing_keys"])
def test_what_only_one_distribution_can_have_is_not_given_for_all(name):
    with pytest.raises(ValueError, match=f"^{name} must be given for one distribution"):
        pair(**{name: []})


def test_static_files_have_no_signing_keys():
    keys = SigningKeys(keys={"a": A}, signing_key="a")
    with pytest.raises(ValueError, match=r"^static\.signing_keys must be left out"):
        pair(static={"signing_keys": keys})


ONE, OTHER = timedelta(seconds=1), timedelta(seconds=2)
VALUES = {
    "cors": (Cors.any_origin(), Cors.allow_origins("https://a.example")),
    "ttl": (Ttl(default=ONE), Ttl(default=OTHER)),
    "error_ttl": (ErrorTtl(not_found=ONE), ErrorTtl(not_found=OTHER)),
    "headers": (ResponseHeaders(nosniff=False), ResponseHeaders(hsts=None)),
    "price_class": (PriceClass.PRICE_CLASS_ALL, PriceClass.PRICE_CLASS_200),
    "ipv6": (False, True),
    "web_acl_arn": (ACL.format("one"), ACL.format("other")),
    "allowed_countries": (["DE"], ["FR"]),
    "denied_countries": (["DE"], ["FR"]),
    "legacy_logs": (LegacyLogs.named("one-bucket"), LegacyLogs.named("two-bucket")),
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_given_for_one_replaces_what_is_given_for_all(name):
    for_all, for_one = VALUES[name]

    def of(role, found):
        return [one for key, one in found.items() if key.startswith(f"Cdn{role}")]

    mixed = pair(**{name: for_all, "media": {name: for_one}})
    all_alike, others = pair(**{name: for_all}), pair(**{name: for_one})
    assert of("Static", mixed) == of("Static", all_alike) != of("Static", others)
    assert of("Media", mixed) == of("Media", others) != of("Media", all_alike)


def test_none_for_one_is_the_default_there():
    found = pair(web_acl_arn=ACL.format("one"), media={"web_acl_arn": None})
    assert "WebACLId" in config_of(found, "Static")
    assert "WebACLId" not in config_of(found, "Media")


def test_each_distribution_may_have_a_certificate_and_a_tls_policy_of_its_own():
    stack = new_stack()
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/{}"
    one, other = (
        acm.Certificate.from_certificate_arn(stack, name, arn.format(name))
        for name in ("one", "other")
    )
    found = pair(
        stack,
        certificate=one,
        static={"domain_names": ["static.example.com"]},
        media={
            "domain_names": ["media.example.org"],
            "certificate": other,
            "tls": Tls.V1_3_2025,
        },
    )
    viewer = config_of(found, "Static")["ViewerCertificate"]
    assert viewer["AcmCertificateArn"].endswith("/one")
    viewer = config_of(found, "Media")["ViewerCertificate"]
    assert viewer["AcmCertificateArn"].endswith("/other")
    assert viewer["MinimumProtocolVersion"] == "TLSv1.3_2025"


def test_each_distribution_may_have_a_zone_of_its_own():
    stack = new_stack()
    com, org = (hosted_zone(stack, f"example.{name}", name) for name in ("com", "org"))
    found = pair(
        stack,
        hosted_zone=com,
        static={"domain_names": ["static.example.com"]},
        media={
            "domain_names": ["media.example.org"],
            "hosted_zone": org,
            "dns_records": False,
        },
    )
    names = sorted(
        (one["Properties"]["DomainName"], key)
        for key, one in found.items()
        if one["Type"] == "AWS::CertificateManager::Certificate"
    )
    assert [name for name, _ in names] == ["media.example.org", "static.example.com"]
    assert names[0][1].startswith("CdnMedia")
    records = [
        one["Properties"]["Name"]
        for one in found.values()
        if one["Type"] == "AWS::Route53::RecordSet"
    ]
    assert records == ["static.example.com."] * 3


def test_a_policy_of_one_distribution_leaves_the_other_its_own():
    policies = Policies(cache=cloudfront.CachePolicy.CACHING_OPTIMIZED)
    found = pair(static={"policies": policies})
    names = [n for n in found if found[n]["Type"] == "AWS::CloudFront::CachePolicy"]
    assert len(names) == 1 and names[0].startswith("CdnMedia")
