"""Viewers: who may ask, by which protocol, and from which edge locations they are served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from aws_cdk import aws_cloudfront as cloudfront

from constructs_lib.validation import (
    check_account,
    check_distinct,
    is_token,
    truncated_repr,
)


class PriceClass(StrEnum):
    """Which edge locations serve: fewer are cheaper, more are nearer.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html
    """

    PRICE_CLASS_100 = "100"
    PRICE_CLASS_200 = "200"
    PRICE_CLASS_ALL = "all"


class Tls(StrEnum):
    """The oldest protocol that viewers may speak with a certificate of yours."""

    V1_2_2021 = "TLSv1.2_2021"
    V1_2_2025 = "TLSv1.2_2025"
    V1_3_2025 = "TLSv1.3_2025"


class HttpVersion(StrEnum):
    """The versions of HTTP beside 1.1 that viewers may speak."""

    HTTP2_AND_3 = "http2and3"
    HTTP2 = "http2"
    HTTP3 = "http3"
    HTTP1_1 = "http1.1"


_WEB_ACL = re.compile(
    r"arn:aws:wafv2:us-east-1:[0-9]{12}:global/webacl/[^/]+/[A-Za-z0-9-]+"
)
_COUNTRY = re.compile(r"[A-Z]{2}")
# https://www.iso.org/obp/ui/#search/code/ and XK, by which databases of addresses know Kosovo.
_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN
    BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ
    DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL
    GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP
    NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD
    SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK
"""
# Codes of daily use that ISO 3166 does not have, and those that it has.
_COUNTRIES_OF_ISO = {"UK": "GB", "EL": "GR"}


def render_price_class(price_class: PriceClass | None) -> cloudfront.PriceClass:
    """The CDK's value, by default that of the cheapest locations."""
    return cloudfront.PriceClass[(price_class or PriceClass.PRICE_CLASS_100).name]


def render_http_version(version: HttpVersion | None) -> cloudfront.HttpVersion:
    """The CDK's value, by default HTTP/2 and HTTP/3."""
    return cloudfront.HttpVersion[(version or HttpVersion.HTTP2_AND_3).name]


def render_tls(tls: Tls | None) -> cloudfront.SecurityPolicyProtocol:
    """The CDK's value, by default TLS 1.2 with the ciphers of 2021."""
    return cloudfront.SecurityPolicyProtocol[f"TLS_{(tls or Tls.V1_2_2021).name}"]


def render_countries(
    allowed: Sequence[str] | None, denied: Sequence[str] | None
) -> cloudfront.GeoRestriction | None:
    """The CDK's value, or None when everybody may ask.

    :raises ValueError: when both lists are given, or a country is no ISO code.
    """
    allowed, denied = allowed or (), denied or ()
    _check_countries("allowed_countries", allowed)
    _check_countries("denied_countries", denied)
    if allowed and denied:
        raise ValueError(
            "allowed_countries and denied_countries must not both be given, got "
            f"{truncated_repr(list(allowed))} and {truncated_repr(list(denied))}"
        )
    if allowed:
        return cloudfront.GeoRestriction.allowlist(*allowed)
    return cloudfront.GeoRestriction.denylist(*denied) if denied else None


def check_web_acl(arn: str | None, account: str) -> str | None:
    """The ARN of a web ACL that CloudFront can use, or None.

    :param account: That of the stack.
    :raises ValueError: otherwise. Tokens pass.
    """
    if arn is None or is_token(arn):
        return arn
    if _WEB_ACL.fullmatch(arn):
        check_account("web_acl_arn", arn, account)
        return arn
    raise ValueError(
        "web_acl_arn must be the ARN of a web ACL of the scope CLOUDFRONT in us-east-1, "
        "such as 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id', "
        f"got {truncated_repr(arn)}"
    )


def _check_countries(what: str, countries: Sequence[str]) -> None:
    for country in countries:
        if not isinstance(country, str) or not _COUNTRY.fullmatch(country):
            raise ValueError(
                f"{what} must be ISO 3166 codes of two capital letters, such as ['DE'], "
                f"got {truncated_repr(country)}"
            )
        if country in _COUNTRIES_OF_ISO:
            raise ValueError(
                f"{what} must be ISO 3166 codes, such as "
                f"{_COUNTRIES_OF_ISO[country]!r} for {country!r}, got {country!r}"
            )
        if country not in _COUNTRIES.split():
            raise ValueError(
                f"{what} must be ISO 3166 codes of countries, such as ['DE'], "
                f"got {truncated_repr(country)}"
            )
    check_distinct(what, countries)
