"""What the local AWS says of an alias that another distribution has, and of moving it."""

from __future__ import annotations

import uuid

import emulated_aliases
import pytest
from aws_support import aws, client, running_emulator
from botocore.exceptions import ClientError

OTHER_ACCOUNT = "111122223333"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    program = emulated_aliases.__file__
    with running_emulator(tmp_path_factory.mktemp("aws"), program) as url:
        yield url


@pytest.fixture
def zone(request):
    """A domain of the test's own: the emulator outlives it."""
    return f"{uuid.uuid4().hex[:8]}.example"


@pytest.fixture
def alias(zone):
    return f"static.{zone}"


def certificate(endpoint, *names, account="000000000000"):
    return client("acm", endpoint, account=account).request_certificate(
        DomainName=names[0], SubjectAlternativeNames=list(names), ValidationMethod="DNS"
    )["CertificateArn"]


def config(*aliases, certificate=None, enabled=True):
    viewer = {"CloudFrontDefaultCertificate": True}
    if certificate:
        viewer = {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only"}
    return {
        "CallerReference": uuid.uuid4().hex,
        "Comment": "",
        "Enabled": enabled,
        "Aliases": {"Quantity": len(aliases), "Items": list(aliases)},
        "ViewerCertificate": viewer,
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "o.example"}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "redirect-to-https",
        },
    }


@pytest.fixture
def create(endpoint):
    def create(*aliases, account="000000000000", **values):
        caller = client("cloudfront", endpoint, account=account)
        answer = caller.create_distribution(
            DistributionConfig=config(*aliases, **values)
        )
        return answer["Distribution"]

    return create


@pytest.fixture
def target(create, endpoint, zone):
    """A distribution whose certificate covers all names of the zone, without any."""
    return create(certificate=certificate(endpoint, f"*.{zone}", zone))


def aliases_of(endpoint, distribution, account="000000000000"):
    caller = client("cloudfront", endpoint, account=account)
    found = caller.get_distribution_config(Id=distribution["Id"])
    return found["DistributionConfig"]["Aliases"].get("Items", [])


def prove(endpoint, zone, name, value):
    """A TXT record in a hosted zone."""
    route53 = client("route53", endpoint)
    made = route53.create_hosted_zone(Name=zone, CallerReference=uuid.uuid4().hex)
    records = {
        "Name": name,
        "Type": "TXT",
        "TTL": 60,
        "ResourceRecords": [{"Value": f'"{value}"'}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=made["HostedZone"]["Id"],
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": records}]},
    )


def associate(endpoint, distribution, alias):
    aws(
        f"aws cloudfront associate-alias --target-distribution-id {distribution['Id']} "
        f"--alias {alias}",
        endpoint,
    )


def refused(code, message=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


def test_a_second_distribution_gets_no_alias_of_the_first(create, endpoint, alias):
    first = create(alias)
    with refused("CNAMEAlreadyExists", "already associated with a different resource"):
        create(alias.upper())
    second = create()
    caller = client("cloudfront", endpoint)
    found = caller.get_distribution_config(Id=second["Id"])
    taken = {**found["DistributionConfig"], **config(alias)}
    with refused("CNAMEAlreadyExists"):
        caller.update_distribution(
            Id=second["Id"], IfMatch=found["ETag"], DistributionConfig=taken
        )
    assert aliases_of(endpoint, first) == [alias]


@pytest.mark.parametrize("record", ["none", "of another distribution"])
def test_without_proof_nothing_moves(create, endpoint, zone, alias, target, record):
    source = create(alias)
    if record != "none":
        prove(endpoint, zone, f"_{alias}", source["DomainName"])
    with refused("IllegalUpdate", "Invalid or missing alias DNS TXT records"):
        associate(endpoint, target, alias)
    assert aliases_of(endpoint, source) == [alias]
    assert aliases_of(endpoint, target) == []


def test_without_a_certificate_nothing_moves(create, endpoint, zone, alias):
    source, bare = create(alias), create()
    prove(endpoint, zone, f"_{alias}", bare["DomainName"])
    other = create(certificate=certificate(endpoint, f"*.deep.{zone}"))
    for one in (bare, other):
        with refused("InvalidArgument", "certificate"):
            associate(endpoint, one, alias)
        with refused("InvalidArgument", "certificate"):
            move(endpoint, one, alias)
    assert aliases_of(endpoint, source) == [alias]


def move(endpoint, distribution, alias):
    tag = aws(
        f"aws cloudfront get-distribution-config --id {distribution['Id']} --query ETag",
        endpoint,
    )
    return aws(
        f"aws cloudfront update-domain-association --domain {alias} --if-match {tag} "
        f"--target-resource DistributionId={distribution['Id']}",
        endpoint,
    )


def test_from_another_account_only_a_disabled_distribution_lets_go(
    create, endpoint, zone, alias, target
):
    source = create(alias, account=OTHER_ACCOUNT)
    prove(endpoint, zone, f"_{alias}", target["DomainName"])
    with refused("IllegalUpdate", "the source distribution is enabled"):
        associate(endpoint, target, alias)
    caller = client("cloudfront", endpoint, account=OTHER_ACCOUNT)
    found = caller.get_distribution_config(Id=source["Id"])
    disabled = {**found["DistributionConfig"], **config(alias, enabled=False)}
    caller.update_distribution(
        Id=source["Id"], IfMatch=found["ETag"], DistributionConfig=disabled
    )
    associate(endpoint, target, alias)
    assert aliases_of(endpoint, target) == [alias]
    assert aliases_of(endpoint, source, account=OTHER_ACCOUNT) == []
