from __future__ import annotations

import pytest
from aws_cdk import Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk.assertions import Template
from cdk_support import distribution_config, new_stack

from constructs_lib import (
    DjangoCdn,
    DjangoOrigin,
    PriceClass,
    StaticDistribution,
    Tls,
)

ORIGIN = DjangoOrigin.server("www.example.com")
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1234-abcd"
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1"


def config(**values):
    stack = new_stack()
    StaticDistribution(stack, "Half", origin=ORIGIN, **values)
    return distribution_config(Template.from_stack(stack))


def test_a_web_acl_is_attached():
    assert config(web_acl_arn=WEB_ACL)["WebACLId"] == WEB_ACL
    assert "WebACLId" not in config()


@pytest.mark.parametrize(
    ("values", "restriction"),
    [
        ({"allowed_countries": ("DE", "AT")}, ("whitelist", ["DE", "AT"])),
        ({"denied_countries": ["AQ", "XK"]}, ("blacklist", ["AQ", "XK"])),
    ],
)
def test_countries_are_allowed_or_denied(values, restriction):
    geo = config(**values)["Restrictions"]["GeoRestriction"]
    assert (geo["RestrictionType"], geo["Locations"]) == restriction


@pytest.mark.parametrize(
    ("price_class", "name"),
    [
        (PriceClass.NORTH_AMERICA_AND_EUROPE, "PriceClass_100"),
        (PriceClass.MOST, "PriceClass_200"),
        (PriceClass.ALL, "PriceClass_All"),
    ],
)
def test_the_price_class_chooses_the_edge_locations(price_class, name):
    assert config(price_class=price_class)["PriceClass"] == name


@pytest.mark.parametrize("tls", list(Tls))
def test_the_tls_policy_acts_with_a_certificate(tls):
    stack = new_stack()
    StaticDistribution(
        stack,
        "Half",
        origin=ORIGIN,
        tls=tls,
        domain_names=["static.example.com"],
        certificate=acm.Certificate.from_certificate_arn(stack, "C", CERTIFICATE),
    )
    viewer = distribution_config(Template.from_stack(stack))["ViewerCertificate"]
    assert viewer["MinimumProtocolVersion"] == tls.value
    assert "ViewerCertificate" not in config(tls=tls)


def test_both_halves_have_the_same_viewers():
    stack = new_stack()
    DjangoCdn(stack, "Cdn", origin=ORIGIN, web_acl_arn=WEB_ACL)
    found = Template.from_stack(stack).find_resources("AWS::CloudFront::Distribution")
    assert len(found) == 2
    for resource in found.values():
        assert resource["Properties"]["DistributionConfig"]["WebACLId"] == WEB_ACL


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"web_acl_arn": WEB_ACL.replace("us-east-1", "eu-west-1")},
            "^web_acl_arn must be the ARN of a web ACL of the scope CLOUDFRONT",
        ),
        (
            {"web_acl_arn": WEB_ACL.replace("global", "regional")},
            "^web_acl_arn must be",
        ),
        (
            {"allowed_countries": ("de",)},
            "^allowed_countries must be ISO 3166 .* got 'de'$",
        ),
        (
            {"denied_countries": ("Germany",)},
            "^denied_countries must be .* got 'Germany'$",
        ),
        (
            {"allowed_countries": ("UK",)},
            "^allowed_countries must be ISO 3166 codes, such as 'GB' for 'UK', got 'UK'$",
        ),
        (
            {"denied_countries": ("EL",)},
            "^denied_countries must be ISO 3166 codes, such as 'GR' for 'EL', got 'EL'$",
        ),
        *(
            (
                {name: ["DE", code]},
                f"^{name} must be ISO 3166 codes of countries, .* got '{code}'$",
            )
            for name in ("allowed_countries", "denied_countries")
            for code in ("EU", "XX", "AN")
        ),
        (
            {"allowed_countries": "DE"},
            r"^allowed_countries must be a list such as \['DE'\], got 'DE'$",
        ),
        (
            {"allowed_countries": ("DE",), "denied_countries": ("FR",)},
            "^allowed_countries and denied_countries must not both be given",
        ),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_value(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        config(**values)


def test_a_token_passes_as_web_acl():
    token = Token.as_string({"Fn::ImportValue": "WebAcl"})
    found = config(web_acl_arn=token)
    assert found["WebACLId"] == {"Fn::ImportValue": "WebAcl"}
