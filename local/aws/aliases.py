"""Who has an alias in the emulated CloudFront, and what lets another distribution have it.

The names of ministack used here are private to 1.5.33, which is why its version is pinned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import acm, cloudfront, route53

Record = dict[str, Any]


def find(distribution_id: str) -> Record | None:
    """A distribution of the account that asks."""
    found: Record | None = cloudfront._distributions.get(distribution_id)
    return found


def everybody() -> list[tuple[str, Record]]:
    """Distributions of all accounts: an alias is on one of them in all of CloudFront."""
    stored = list(cloudfront._distributions._data.items())
    return [(account, distribution) for (account, _), distribution in stored]


def owners(alias: str, *, but: str) -> list[tuple[str, Record]]:
    """Whoever has an alias, except one distribution."""
    return [
        (account, one)
        for account, one in everybody()
        if one["Id"] != but and alias in aliases(one)
    ]


def is_of_caller(account: str) -> bool:
    return account == str(get_account_id())


def aliases(distribution: Mapping[str, Any]) -> list[str]:
    found = cloudfront._get_distribution_aliases(distribution)
    return [name.lower() for name in found]


def overlap(one: str, other: str) -> bool:
    """Whether two names are equal, or one is a wildcard over the other."""
    return bool(cloudfront._domains_overlap(one, other))


def write(distribution: Record, names: list[str]) -> None:
    """Change the aliases of a distribution, as an update of it would."""
    cloudfront._set_distribution_aliases(distribution, names)
    distribution["ETag"] = cloudfront.new_uuid()
    distribution["LastModifiedTime"] = cloudfront._now_iso()


def is_covered(distribution: Mapping[str, Any], alias: str) -> bool:
    """Whether the distribution's certificate has the alias, or a wildcard over it."""
    config = cloudfront._dist_config_el(distribution)
    viewer = cloudfront._find(config, "ViewerCertificate")
    arn = "" if viewer is None else cloudfront._text(viewer, "ACMCertificateArn")
    certificate = acm._certificates.get(arn) or {}
    names = certificate.get("SubjectAlternativeNames") or ()
    wildcard = "*." + alias.partition(".")[2]
    return bool({alias, wildcard} & {certificate.get("DomainName"), *names})


def is_proven(distribution: Mapping[str, Any], alias: str) -> bool:
    """Whether a TXT record gives the alias to the distribution.

    At ``_static.example.com`` for a subdomain, at ``_.example.com`` for an apex:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move-create-target.html
    """
    zones = {zone["name"].rstrip(".") for zone in route53._zones.values()}
    name = f"_.{alias}" if alias in zones else f"_{alias}"
    values = {
        value.strip('"').rstrip(".")
        for records in route53._records.values()
        for record in records
        if record["Type"] == "TXT" and record["Name"].rstrip(".") == name
        for value in record.get("ResourceRecords", ())
    }
    return distribution["DomainName"] in values
