"""Certificates, aliases and hosted zones: on the local AWS, and in shapes of the API's model."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from aws_support import client, running_emulator
from preflight_support import Recorded, account, asked, stands, target, target_of

from cdn_review.preflight.domains import aliases, nameservers
from cdn_review.preflight.domains.certificate import covers
from local.environment import ACCOUNT

STATIC = "static.example.com"
ARN = (
    f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
)


def named(arn=ARN, **more):
    return {
        "certificate_arn": arn,
        "static": {"domain_names": [STATIC]},
        **more,
    }


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("preflight")) as url:
        yield url


@pytest.fixture
def owner():
    return str(uuid.uuid4().int)[:12]


@pytest.fixture
def make(endpoint, owner):
    return lambda service: client(service, endpoint, account=owner)


@pytest.fixture
def ask(endpoint, owner):
    def ask(check, **environment):
        aws = account(endpoint, account=owner)
        return asked(check, target(account=owner, **environment), aws)

    return ask


@pytest.fixture(autouse=True)
def no_dns(monkeypatch):
    """Nothing of a test is asked of the internet."""
    monkeypatch.setattr(aliases, "_canonical", lambda alias: "")
    monkeypatch.setattr(nameservers, "own_resolvers", list)


# -- certificates


def requested(make, *names):
    found = make("acm").request_certificate(
        DomainName=names[0],
        SubjectAlternativeNames=list(names),
        ValidationMethod="DNS",
    )
    return found["CertificateArn"]


def test_an_issued_certificate_that_has_the_name_passes(ask, make):
    arn = requested(make, STATIC)
    said = [("PASS", "is issued, and covers every name")]
    assert ask("certificate", **named(arn)) == said


def test_an_issued_wildcard_over_the_name_passes(ask, make):
    arn = requested(make, "*.example.com")
    assert ask("certificate", **named(arn))[0][0] == "PASS"


def test_a_wildcard_is_for_one_label():
    assert covers({"*.example.com"}, "static.example.com")
    assert not covers({"*.example.com"}, "a.static.example.com")
    assert not covers({"*.example.com"}, "example.com")


def test_a_certificate_without_the_name_fails(ask, make):
    arn = requested(make, "www.example.com")
    said = [("FAIL", "does not cover static.example.com")]
    assert ask("certificate", **named(arn)) == said


def test_a_certificate_that_does_not_exist_fails(ask, owner):
    said = [("FAIL", "the certificate does not exist in this account")]
    assert ask("certificate", **named(ARN.replace(ACCOUNT, owner))) == said


def test_a_certificate_of_another_account_fails(ask):
    said = [("FAIL", "the certificate is of another account than the stack")]
    assert ask("certificate", **named()) == said


def certificate(**about):
    usual = {
        "CertificateArn": ARN,
        "DomainName": STATIC,
        "SubjectAlternativeNames": [STATIC],
        "Status": "ISSUED",
        "KeyAlgorithm": "RSA_2048",
        "NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=200),
    }
    answer = {"Certificate": {**usual, **about}}
    return Recorded(("acm", "describe_certificate", answer))


def soon():
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=9)


@pytest.mark.parametrize(
    ("about", "level", "part"),
    [
        ({}, "PASS", "is issued"),
        ({"Status": "EXPIRED"}, "FAIL", "EXPIRED"),
        ({"Status": "FAILED"}, "FAIL", "FAILED"),
        ({"Status": "REVOKED"}, "FAIL", "REVOKED"),
        ({"Status": "VALIDATION_TIMED_OUT"}, "FAIL", "VALIDATION_TIMED_OUT"),
        ({"KeyAlgorithm": "EC_secp384r1"}, "FAIL", "EC_secp384r1"),
        ({"KeyAlgorithm": "EC_prime256v1"}, "PASS", "is issued"),
        ({"NotAfter": soon()}, "WARN", "ends on"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_state_of_a_certificate_decides(about, level, part):
    ((found, sentence),) = asked("certificate", target(**named()), certificate(**about))
    assert found == level
    assert part in sentence


def test_a_certificate_that_waits_names_its_record():
    record = {"Name": "_a1.static.example.com.", "Type": "CNAME", "Value": "_b2.acm"}
    aws = certificate(
        Status="PENDING_VALIDATION",
        DomainValidationOptions=[
            {
                "DomainName": STATIC,
                "ValidationStatus": "PENDING_VALIDATION",
                "ResourceRecord": record,
            }
        ],
    )
    from cdn_review.preflight.domains.certificate import check_certificate

    (found,) = check_certificate(target(**named()), aws)
    assert found.sentence == "is in the state PENDING_VALIDATION"
    assert "CNAME record _a1.static.example.com." in found.cure


# -- aliases


def distribution(make, *names):
    config = {
        "CallerReference": uuid.uuid4().hex,
        "Comment": "another",
        "Enabled": True,
        "Aliases": {"Quantity": len(names), "Items": list(names)},
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "o",
                    "DomainName": "www.example.com",
                    "CustomOriginConfig": {
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "https-only",
                    },
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }
    found = make("cloudfront").create_distribution(DistributionConfig=config)
    return found["Distribution"]["Id"]


def test_a_name_that_nobody_has_passes(ask):
    ((level, sentence),) = ask("names in DNS", **named())
    assert level == "PASS"
    assert sentence.startswith("static.example.com is on no other distribution")


def test_a_name_on_another_distribution_of_the_account_fails(ask, make):
    identity = distribution(make, STATIC)
    sentence = f"{STATIC} is held by the distribution {identity} of this account"
    assert ask("names in DNS", **named()) == [("FAIL", sentence)]


def test_a_wildcard_of_another_distribution_does_not_hold_the_name(ask, make):
    distribution(make, "*.example.com")
    assert [level for level, _ in ask("names in DNS", **named())] == ["PASS"]


def test_a_name_that_leads_to_cloudfront_already_is_a_warning(ask, monkeypatch):
    monkeypatch.setattr(aliases, "_canonical", lambda alias: "d111.cloudfront.net")
    ((level, sentence),) = ask("names in DNS", **named())
    assert level == "WARN"
    assert "leads to a distribution already" in sentence


OWN = ("AWS::CloudFront::Distribution", "CdnStaticDistributionF1B2E7F9", "E1OWN")


def conflicts(*items):
    empty = {
        "Marker": "",
        "MaxItems": 100,
        "IsTruncated": False,
        "Quantity": 0,
    }
    found = {"MaxItems": 100, "Quantity": len(items), "Items": list(items)}
    return (
        ("cloudfront", "list_distributions", {"DistributionList": empty}),
        (
            "cloudfront",
            "list_conflicting_aliases",
            {"ConflictingAliasesList": found},
        ),
    )


def test_a_name_on_a_distribution_of_another_account_fails():
    other = {"Alias": STATIC, "DistributionId": "*****OTHER", "AccountId": "******3333"}
    aws = Recorded(*stands(OWN), *conflicts(other))
    found = asked("names in DNS", target(**named()), aws)
    sentence = f"{STATIC} is held by a distribution that is not this stack's"
    assert found == [("FAIL", sentence)]


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("******4444", ("FAIL", "*.example.com is held by a distribution of another")),
        (f"******{ACCOUNT[6:]}", ("PASS", f"{STATIC} is free, or this stack's own")),
    ],
)
def test_a_wildcard_over_the_name_may_be_in_the_same_account_only(account, said):
    other = {
        "Alias": "*.example.com",
        "DistributionId": "*****OTHER",
        "AccountId": account,
    }
    aws = Recorded(*stands(OWN), *conflicts(other))
    ((level, sentence),) = asked("names in DNS", target(**named()), aws)
    assert (level, sentence[: len(said[1])]) == said


def test_a_distribution_whose_certificate_lacks_the_name_cannot_ask():
    listed, _ = conflicts()
    refused = ("cloudfront", "list_conflicting_aliases", "InvalidArgument")
    aws = Recorded(*stands(OWN), listed, refused)
    ((level, sentence),) = asked("names in DNS", target(**named()), aws)
    assert level == "PASS"
    assert "of other accounts, nobody can ask" in sentence


def test_a_name_of_the_stacks_own_distribution_passes():
    own = {"Alias": STATIC, "DistributionId": "E1OWN", "AccountId": ACCOUNT}
    aws = Recorded(*stands(OWN), *conflicts(own))
    found = asked("names in DNS", target(**named()), aws)
    assert found == [("PASS", f"{STATIC} is free, or this stack's own")]


# -- hosted zones


def zone(make, name="example.com", **more):
    made = make("route53").create_hosted_zone(
        Name=name, CallerReference=uuid.uuid4().hex, **more
    )
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def in_zone(identity, name="example.com"):
    return {
        "hosted_zone": {"id": identity, "name": name},
        "static": {"domain_names": [STATIC]},
    }


def test_a_zone_with_room_passes(ask, make):
    said = [("PASS", "example.com exists, and has room for the records")]
    assert ask("hosted zone", **in_zone(zone(make))) == said


def test_a_zone_that_does_not_exist_fails(ask):
    found = ask("hosted zone", **in_zone("Z0123456789ABC"))
    said = [("FAIL", "the zone Z0123456789ABC does not exist in this account")]
    assert found == said


def test_a_zone_of_another_name_fails(ask, make):
    found = ask("hosted zone", **in_zone(zone(make, "example.org")))
    said = [("FAIL", "static.example.com is not in the zone of example.org")]
    assert found == said


def test_a_private_zone_fails(ask, make):
    vpc = {"VPCRegion": "us-east-1", "VPCId": "vpc-12345678"}
    identity = zone(make, VPC=vpc, HostedZoneConfig={"PrivateZone": True})
    ((level, sentence),) = ask("hosted zone", **in_zone(identity))
    assert level == "FAIL"
    assert "is private" in sentence


def test_a_record_that_is_there_already_fails(ask, make):
    identity = zone(make)
    change = {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": STATIC,
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        },
    }
    make("route53").change_resource_record_sets(
        HostedZoneId=identity, ChangeBatch={"Changes": [change]}
    )
    said = [("FAIL", "static.example.com has a record of the type A already")]
    assert ask("hosted zone", **in_zone(identity)) == said


def test_a_cname_in_the_place_of_the_record_fails(ask, make):
    identity = zone(make)
    change = {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": STATIC,
            "Type": "CNAME",
            "TTL": 60,
            "ResourceRecords": [{"Value": "d111.cloudfront.net"}],
        },
    }
    make("route53").change_resource_record_sets(
        HostedZoneId=identity, ChangeBatch={"Changes": [change]}
    )
    found = ask("hosted zone", **in_zone(identity))
    said = ("FAIL", "static.example.com has a record of the type CNAME already")
    assert {*found} == {said}


def in_dns(*records, zone_id="Z0123456789ABC"):
    found = {
        "HostedZone": {"Id": zone_id, "Name": "example.com.", "CallerReference": "1"}
    }
    answer = {
        "ResourceRecordSets": [
            {"Name": f"{name}.", "Type": kind, "TTL": 60} for name, kind in records
        ],
        "IsTruncated": False,
        "MaxItems": "100",
    }
    asks = ("route53", "list_resource_record_sets", answer)
    return ("route53", "get_hosted_zone", found), asks, asks


def wants(*names):
    return target_of(
        {
            f"Record{number}": {
                "Type": "AWS::Route53::RecordSet",
                "Properties": {
                    "HostedZoneId": "Z0123456789ABC",
                    "Name": f"{name}.",
                    "Type": "A",
                },
            }
            for number, name in enumerate(names)
        }
    )


def test_a_record_of_the_stack_itself_is_in_nobodys_way():
    own = ("AWS::Route53::RecordSet", "Record0", STATIC)
    aws = Recorded(*stands(own), *in_dns((STATIC, "A")))
    ((level, _),) = asked("hosted zone", wants(STATIC), aws)
    assert level == "PASS"


def test_a_stack_that_has_one_record_may_still_want_another_that_is_taken():
    own = ("AWS::Route53::RecordSet", "Record0", STATIC)
    media = "media.example.com"
    aws = Recorded(*stands(own), *in_dns((media, "A")))
    said = [("FAIL", f"{media} has a record of the type A already")]
    assert asked("hosted zone", wants(STATIC, media), aws) == said


# -- when AWS refuses


@pytest.mark.parametrize("check", ["certificate", "names in DNS", "names", "quota"])
def test_credentials_that_may_not_ask_are_a_warning_that_names_the_call(check):
    from cdn_review.preflight.run import OF_THE_ACCOUNT, results_of

    refusals = [
        ("acm", "describe_certificate", "AccessDeniedException"),
        ("cloudformation", "describe_stacks", "AccessDenied"),
    ]
    aws = Recorded(*refusals)
    (found,) = results_of(check, OF_THE_ACCOUNT[check], target(**named()), aws)
    assert str(found.level) == "WARN"
    assert "may not call" in found.sentence
    assert "docs/preflight.md" in found.cure


def test_a_call_that_changes_something_is_never_sent(endpoint):
    aws = account(endpoint)
    with pytest.raises(RuntimeError, match="CreateHostedZone"):
        aws.client("route53").create_hosted_zone(Name="a.example", CallerReference="1")
    with pytest.raises(RuntimeError, match="GetSecretValue"):
        aws.client("secretsmanager").get_secret_value(SecretId="x")
    assert client("route53", endpoint).list_hosted_zones()["HostedZones"] == []
