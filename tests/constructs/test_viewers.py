from __future__ import annotations

import pytest
from aws_cdk import Token
from cdk_support import certificate, distribution_config, half_template, new_stack

from constructs_lib import PriceClass, Tls

WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1234-abcd"


def config(**values):
    return distribution_config(half_template(**values))


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


def test_the_price_class_chooses_the_edge_locations():
    assert [config(price_class=one)["PriceClass"] for one in PriceClass] == [
        *("PriceClass_100", "PriceClass_200", "PriceClass_All")
    ]


@pytest.mark.parametrize("tls", list(Tls))
def test_the_tls_policy_acts_with_a_certificate(tls):
    stack = new_stack()
    found = config(
        stack=stack,
        tls=tls,
        domain_names=["static.example.com"],
        certificate=certificate(stack),
    )
    viewer = found["ViewerCertificate"]
    assert viewer["MinimumProtocolVersion"] == tls.value
    assert "ViewerCertificate" not in config(tls=tls)


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
