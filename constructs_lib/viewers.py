"""Who may ask, how, and from which edge locations they are answered, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import Token
from aws_cdk import aws_cloudfront as cloudfront

from constructs_lib.validation import check_distinct, check_list, truncated_repr


class PriceClass(StrEnum):
    """Which edge locations serve: fewer are cheaper, more are nearer.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html
    """

    NORTH_AMERICA_AND_EUROPE = "100"
    MOST = "200"
    ALL = "all"


class Tls(StrEnum):
    """The oldest protocol that viewers may speak with a certificate of yours."""

    V1_2_2021 = "TLSv1.2_2021"
    V1_2_2025 = "TLSv1.2_2025"
    V1_3_2025 = "TLSv1.3_2025"


_PRICE_CLASSES = {
    PriceClass.NORTH_AMERICA_AND_EUROPE: cloudfront.PriceClass.PRICE_CLASS_100,
    PriceClass.MOST: cloudfront.PriceClass.PRICE_CLASS_200,
    PriceClass.ALL: cloudfront.PriceClass.PRICE_CLASS_ALL,
}
_PROTOCOLS = {
    Tls.V1_2_2021: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
    Tls.V1_2_2025: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2025,
    Tls.V1_3_2025: cloudfront.SecurityPolicyProtocol.TLS_V1_3_2025,
}
_WEB_ACL = re.compile(
    r"arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[^/]+/[A-Za-z0-9-]+"
)
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, kw_only=True)
class Viewers:
    """Who may ask, how, and where they are answered from.

    :param price_class: Default: North America, Europe and Israel, the cheapest locations.
    :param tls: Acts with a certificate only. Default: TLS 1.2 with the ciphers of 2021.
    :param web_acl_arn: An AWS WAF web ACL of the scope CLOUDFRONT. Costs about $5 a month for
        the ACL and $1 for each rule, and $0.60 a million requests. Default: none.
    :param allowed_countries: ISO codes such as ``DE``; everybody else gets a 403. Default: all.
    :param denied_countries: ISO codes that get a 403. Default: none.
    :raises ValueError: when CloudFront would refuse a value.
    """

    price_class: PriceClass = PriceClass.NORTH_AMERICA_AND_EUROPE
    tls: Tls = Tls.V1_2_2021
    web_acl_arn: str | None = None
    allowed_countries: tuple[str, ...] = ()
    denied_countries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        arn = self.web_acl_arn
        if arn is not None and not Token.is_unresolved(arn):
            _check_web_acl(arn)
        _check_countries("allowed_countries", self.allowed_countries)
        _check_countries("denied_countries", self.denied_countries)
        if self.allowed_countries and self.denied_countries:
            raise ValueError(
                "allowed_countries and denied_countries must not both be given, got "
                f"{truncated_repr(list(self.allowed_countries))} and {truncated_repr(list(self.denied_countries))}"
            )

    def render_price_class(self) -> cloudfront.PriceClass:
        return _PRICE_CLASSES[self.price_class]

    def render_tls(self) -> cloudfront.SecurityPolicyProtocol:
        return _PROTOCOLS[self.tls]

    def render_countries(self) -> cloudfront.GeoRestriction | None:
        if self.allowed_countries:
            return cloudfront.GeoRestriction.allowlist(*self.allowed_countries)
        if self.denied_countries:
            return cloudfront.GeoRestriction.denylist(*self.denied_countries)
        return None


def _check_countries(what: str, countries: tuple[str, ...]) -> None:
    check_list(what, countries, like="DE")
    for country in countries:
        if not _COUNTRY.fullmatch(country):
            raise ValueError(
                f"{what} must be ISO 3166 codes of two capital letters, such as ('DE',), "
                f"got {truncated_repr(country)}"
            )
    check_distinct(what, countries)


def _check_web_acl(arn: str) -> None:
    if _WEB_ACL.fullmatch(arn):
        return
    raise ValueError(
        "web_acl_arn must be the ARN of a web ACL of the scope CLOUDFRONT in us-east-1, "
        "such as 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id', "
        f"got {truncated_repr(arn)}"
    )
