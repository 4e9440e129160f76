"""What an environment says of all its distributions: CORS, viewers, certificate, zone."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib import Cors, PriceClass, Tls, Viewers
from constructs_lib.checks import check_host_name
from stacks.configuration.section import Section


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A hosted zone by id and name, so that nothing is looked up."""

    id: str
    name: str


def cors(section: Section) -> Cors:
    value = section.get("cors")
    if isinstance(value, dict):
        listed = section.section("cors", keys=("allow_origins", "credentials"))
        origins = listed.texts("allow_origins", like="https://www.example.com")
        with listed.named(origins="allow_origins"):
            return Cors.allow_origins(*origins, credentials=listed.flag("credentials"))
    choices = {"forward": Cors.forward, "any_origin": Cors.any_origin}
    return choices[section.choice("cors", tuple(choices))]()


def viewers(section: Section) -> Viewers:
    with section.named():
        return Viewers(
            price_class=PriceClass(
                section.choice("price_class", tuple(p.value for p in PriceClass))
            ),
            tls=Tls(section.choice("tls", tuple(t.value for t in Tls))),
            web_acl_arn=section.text(
                "web_acl_arn",
                like="arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id",
            ),
            allowed_countries=section.texts("allowed_countries", like="DE"),
            denied_countries=section.texts("denied_countries", like="DE"),
        )


def certificate_arn(section: Section) -> str | None:
    return section.matching(
        "certificate_arn",
        r"arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+",
        rule="the ARN of a certificate in us-east-1, where CloudFront reads them",
        like="arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    )


def hosted_zone(section: Section) -> Zone | None:
    if section.get("hosted_zone") is None:
        return None
    zone = section.section("hosted_zone", keys=("id", "name"))
    identity = zone.matching(
        "id", r"Z[A-Z0-9]{1,31}", rule="the id of a hosted zone", like="Z0123456789ABC"
    )
    name = zone.get("name")
    if identity is None:
        raise ValueError(f"{zone.at('id')} must be given, such as 'Z0123456789ABC'")
    check_host_name(zone.at("name"), name)
    return Zone(id=identity, name=str(name))
