"""Certificates, aliases and hosted zones: on the local AWS, and in shapes of the API's model."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from aws_support import client, running_emulator
from preflight_support import NAME, Recorded, account, asked, target

from cdn_review.preflight.domains import aliases
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


def test_a_wildcard_covers_one_label(ask, make):
    arn = requested(make, "*.example.com")
    assert ask("certificate", **named(arn))[0][0] == "PASS"
    assert covers({"*.example.com"}, "static.example.com")
    assert not covers({"*.example.com"}, "a.static.example.com")
    assert not covers({"*.example.com"}, "example.com")


def test_a_certificate_without_the_name_fails(ask, make):
    arn = requested(make, "www.example.com")
    said = [("FAIL", "does not cover static.example.com")]
    assert ask("certificate", **named(arn)) == said


def test_a_certificate_that_does_not_exist_fails(ask):
    said = [("FAIL", "the certificate does not exist in this account")]
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
    assert sentence.startswith("static.example.com is on no distribution")


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


def stands(identity="E1OWN"):
    """A stack that has its static distribution, in shapes of the API."""
    now = dt.datetime.now(dt.UTC)
    about = {
        "StackName": NAME,
        "CreationTime": now,
        "StackStatus": "UPDATE_COMPLETE",
    }
    resource = {
        "LogicalResourceId": "CdnStaticDistributionF1B2E7F9",
        "PhysicalResourceId": identity,
        "ResourceType": "AWS::CloudFront::Distribution",
        "LastUpdatedTimestamp": now,
        "ResourceStatus": "UPDATE_COMPLETE",
    }
    return (
        ("cloudformation", "describe_stacks", {"Stacks": [about]}),
        (
            "cloudformation",
            "list_stack_resources",
            {"StackResourceSummaries": [resource]},
        ),
    )


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


class Standing(Recorded):
    """CloudFormation answers each client anew; CloudFront one after the other."""

    def client(self, service, region="us-east-1"):
        if service != "cloudfront":
            first, second = [one for one in self._answers if one[0] == service]
            self._asked = getattr(self, "_asked", 0) + 1
            answer = first if self._asked % 2 else second
            return Recorded(answer).client(service, region)
        self._asked_cloudfront = getattr(self, "_asked_cloudfront", 0) + 1
        answers = [one for one in self._answers if one[0] == service]
        return Recorded(answers[self._asked_cloudfront - 1]).client(service, region)


def test_a_name_on_a_distribution_of_another_account_fails():
    other = {"Alias": STATIC, "DistributionId": "*****OTHER", "AccountId": "******3333"}
    aws = Standing(*stands(), *conflicts(other))
    found = asked("names in DNS", target(**named()), aws)
    sentence = f"{STATIC} is held by a distribution that is not this stack's"
    assert found == [("FAIL", sentence)]


def test_a_name_of_the_stacks_own_distribution_passes():
    own = {"Alias": STATIC, "DistributionId": "E1OWN", "AccountId": ACCOUNT}
    aws = Standing(*stands(), *conflicts(own))
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
