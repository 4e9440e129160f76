"""Certificates, names and hosted zones: on the local AWS, in recorded shapes, over real DNS."""

from __future__ import annotations

import datetime as dt
import sys
import uuid

import pytest
from preflight_support import (
    asked,
    deploy,
    distribution,
    recorded,
    says,
    stands,
    target,
)

from cdn_review.preflight.clients import Dns
from local.environment import ACCOUNT

STATIC = "static.example.com"
ARN = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/12345678-1234"
CERTIFICATE = "AWS::CertificateManager::Certificate"
RECORD = "AWS::Route53::RecordSet"


def named(certificate=ARN, *, more=None, **template):
    """A stack with a distribution of this name and certificate."""
    config = {"Aliases": [STATIC]}
    if isinstance(certificate, str) or certificate and "Certificate" not in certificate:
        config["ViewerCertificate"] = {"AcmCertificateArn": certificate}
    elif certificate:
        config["ViewerCertificate"] = certificate["Certificate"]
    return target({"Cdn": distribution(**config), **(more or {})}, **template)


# -- certificates

ISSUED = "PASS issued, and covers every name"
SOON = dt.datetime.now(dt.UTC) + dt.timedelta(days=9)


def issued(**about):
    usual = {
        "CertificateArn": ARN,
        "DomainName": STATIC,
        "Status": "ISSUED",
        "KeyAlgorithm": "RSA_2048",
        "NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=200),
    }
    return "acm", "describe_certificate", {"Certificate": {**usual, **about}}


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, ISSUED),
        ({"DomainName": "*.example.com"}, ISSUED),
        ({"DomainName": "*.com"}, f"FAIL it does not cover {STATIC}"),
        ({"DomainName": "*.static.example.com"}, "FAIL it does not cover"),
        ({"SubjectAlternativeNames": [STATIC], "DomainName": "a.example"}, ISSUED),
        ({"Status": "EXPIRED"}, "FAIL it is EXPIRED, not ISSUED"),
        ({"KeyAlgorithm": "EC_secp384r1"}, "FAIL EC_secp384r1"),
        ({"KeyAlgorithm": "EC_prime256v1"}, ISSUED),
        ({"NotAfter": SOON}, f"WARN ends on {SOON:%Y-%m-%d}"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_acm_says_of_a_certificate_decides(about, said):
    says("certificate", named(), recorded(issued(**about)), said)


def test_a_certificate_of_the_local_aws_is_read(clients, make):
    arn = make("acm").request_certificate(DomainName=STATIC)["CertificateArn"]
    says("certificate", named(arn), clients, ISSUED)


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (None, "FAIL static.example.com needs a certificate, but the distribution"),
        (ARN.replace(ACCOUNT, "{owner}"), "FAIL does not exist in this account"),
        (ARN, "FAIL is of another account than the stack"),
        (ARN.replace("us-east-1", "eu-west-1"), "FAIL is not in us-east-1"),
        ("arn:aws:iam::1:server-certificate/x", "FAIL is not that of a certificate"),
    ],
)
def test_a_certificate_that_cannot_be_taken_fails(clients, owner, arn, said):
    says("certificate", named(arn and arn.format(owner=owner)), clients, said)


EXPORT = {"Fn::ImportValue": "certificate"}
PARAMETER = {"Ref": "Arn"}
EXPORTED = {"Exports": [{"Name": "certificate", "Value": ARN}]}


@pytest.mark.parametrize(
    ("arn", "given", "exports", "said"),
    [
        (EXPORT, {}, EXPORTED, ISSUED),
        (EXPORT, {}, {"Exports": []}, "WARN only the deploy knows its ARN"),
        (PARAMETER, {"Default": ARN}, {}, ISSUED),
        (PARAMETER, {}, {}, "WARN the certificate cannot be looked up"),
        ({"Certificate": {"IamCertificateId": "A"}}, {}, {}, "WARN cannot be looked up"),
        ({"Certificate": {"Fn::GetAtt": ["M", "V"]}}, {}, {}, "WARN cannot be looked up"),
    ],
)  # fmt: skip
def test_a_certificate_is_looked_at_where_its_arn_is_known(arn, given, exports, said):
    wanted = named(arn, Parameters={"Arn": {"Type": "String", **given}})
    listed = ("cloudformation", "list_exports", exports)
    says("certificate", wanted, recorded(listed, issued()), said)


@pytest.mark.parametrize(("covered", "level"), [(STATIC, "PASS"), ("a.b.c", "FAIL")])
def test_a_certificate_that_the_stack_makes_has_to_cover_the_names(covered, level):
    own = {"Certificate": (CERTIFICATE, {"DomainName": covered})}
    says(
        "certificate", named({"Ref": "Certificate"}, more=own), recorded(), f"{level} "
    )


def test_a_certificate_that_waits_names_its_record():
    record = {"Name": "_a1.static.example.com.", "Type": "CNAME", "Value": "_b2.acm"}
    option = {
        "DomainName": STATIC,
        "ResourceRecord": record,
        "ValidationStatus": "PENDING_VALIDATION",
    }
    answer = issued(Status="PENDING_VALIDATION", DomainValidationOptions=[option])
    hint = says(
        "certificate", named(), recorded(answer), "FAIL it is PENDING_VALIDATION"
    )
    assert "CNAME record _a1.static.example.com." in hint


# -- names that others hold


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (STATIC, f"FAIL {STATIC} is held by the distribution E"),
        ("*.example.com", f"PASS {STATIC} is on no other distribution"),
    ],
)
def test_a_name_on_another_distribution_of_the_account_fails(
    clients, make, other, said
):
    deploy(make, {"Other": distribution(Aliases=[other])}, "another-stack")
    says("names in DNS", named(), clients, said)


def test_a_name_that_leads_to_cloudfront_already_is_a_warning(clients, records):
    records[STATIC, "A"] = [("CNAME", "D111.cloudfront.net.")]
    records["d111.cloudfront.net", "A"] = [("A", "192.0.2.1")]
    said = "WARN leads to a distribution already"
    says("names in DNS", named(), clients, said)


def held(alias, distribution, account=f"******{ACCOUNT[6:]}"):
    return {"Alias": alias, "DistributionId": distribution, "AccountId": account}


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (held(STATIC, "*****1OWN"), f"PASS {STATIC} is free, or this stack's own"),
        (held("*.example.com", "*****OTHER"), f"PASS {STATIC} is free"),
        (
            held("*.example.com", "*****OTHER", "******4444"),
            "FAIL *.example.com is held by a distribution of another account",
        ),
        (
            held(STATIC, "*****OTHER", "******4444"),
            f"FAIL {STATIC} is held by a distribution that is not this stack's",
        ),
        # A distribution whose certificate lacks the name cannot ask.
        (None, "PASS of other accounts, nobody can ask"),
    ],
)
def test_cloudfront_tells_of_other_accounts(names, item, said):
    nothing = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 0}
    found = {"MaxItems": 100, "Quantity": 1, "Items": [item]}
    answer = {"ConflictingAliasesList": found} if item else "InvalidArgument"
    clients = recorded(
        stands(("AWS::CloudFront::Distribution", "Cdn", "E1OWN")),
        ("cloudfront", "list_distributions", {"DistributionList": nothing}),
        ("cloudfront", "list_conflicting_aliases", answer),
        names=names,
    )
    says("names in DNS", named(), clients, said)


# -- hosted zones

ROOM = ("PASS", "example.com has room for the records")


def zone(make, name="example.com", **more):
    made = make("route53").create_hosted_zone(
        Name=name, CallerReference=uuid.uuid4().hex, **more
    )
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def writes(identity, *kinds, name=STATIC):
    record = {"HostedZoneId": identity, "Name": f"{name}."}
    return target(
        {f"Record{kind}": (RECORD, {**record, "Type": kind}) for kind in kinds}
    )


def test_a_zone_that_does_not_exist_fails(clients):
    said = "FAIL Z0123456789ABC does not exist in this account"
    says("hosted zone", writes("Z0123456789ABC", "A"), clients, said)


def test_a_zone_has_to_be_a_public_one_of_the_name(clients, make):
    said = "FAIL static.example.com is not in the zone of le.com"
    says("hosted zone", writes(zone(make, "le.com"), "A"), clients, said)
    vpc = {"VPCRegion": "us-east-1", "VPCId": "vpc-12345678"}
    identity = zone(make, VPC=vpc, HostedZoneConfig={"PrivateZone": True})
    says("hosted zone", writes(identity, "A"), clients, "FAIL is private")


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({}, None),
        ({"TXT": '"v=1"'}, None),
        ({"A": "192.0.2.1"}, "A"),
        ({"A": "192.0.2.1", "AAAA": "2001:db8::1"}, "A and AAAA"),
        ({"CNAME": "d111.cloudfront.net"}, "CNAME"),
    ],
)
@pytest.mark.parametrize("name", [STATIC, "*.cdn.example.com"])
def test_a_record_that_is_there_already_is_said_once(clients, make, name, there, said):
    identity = zone(make)
    for kind, value in there.items():
        values = [{"Value": value}]
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": values}
        changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
        make("route53").change_resource_record_sets(
            HostedZoneId=identity, ChangeBatch={"Changes": changes}
        )
    message = f"{name} has a record of the type {said} already"
    found = asked("hosted zone", writes(identity, "A", "AAAA", name=name), clients)
    assert found == [("FAIL", message) if said else ROOM]


ZONE = {"Id": "Z1", "Name": "example.com.", "CallerReference": "1"}


@pytest.mark.parametrize(
    ("own", "level"), [(("A", "AAAA"), "PASS"), (("A",), "FAIL"), ((), "FAIL")]
)
@pytest.mark.parametrize("name", [STATIC, "*.example.com"])
def test_only_records_of_the_stack_itself_are_in_nobodys_way(names, name, own, level):
    # Route 53 writes an asterisk as its code.
    written = name.replace("*", r"\052") + "."
    records = [{"Name": written, "Type": kind, "TTL": 60} for kind in ("A", "AAAA")]
    answer = {"ResourceRecordSets": records, "IsTruncated": False, "MaxItems": "100"}
    clients = recorded(
        stands(*((RECORD, f"Record{kind}", name) for kind in own)),
        ("route53", "get_hosted_zone", {"HostedZone": ZONE}),
        ("route53", "list_resource_record_sets", answer),
        names=names,
    )
    says("hosted zone", writes("Z1", "A", "AAAA", name=name), clients, f"{level} ")


@pytest.mark.parametrize(
    ("servers", "said"),
    [
        ([("NS", "NS-2.awsdns-02.net."), ("NS", "ns.other.example.")], ""),
        ([("NS", "ns.other.example.")], "DNS asks ns.other.example for example.com"),
        ([], "DNS asks nobody for example.com"),
        (None, "DNS asks nobody for example.com"),
        ("no answer", ""),
    ],
    ids=["delegated", "elsewhere", "no servers", "no domain", "no answer"],
)
def test_dns_has_to_ask_the_servers_of_the_zone(names, records, servers, said):
    if servers != "no answer":
        records["example.com", "NS"] = servers
    own = {"NameServers": ["ns-1.awsdns-01.com", "ns-2.awsdns-02.net"]}
    answer = {"HostedZone": ZONE, "DelegationSet": own}
    clients = recorded(
        stands((RECORD, "RecordA", STATIC)),
        ("route53", "get_hosted_zone", answer),
        names=names,
    )
    found = asked("hosted zone", writes("Z1", "A"), clients)[1:]
    assert [level for level, _ in found] == (["WARN"] if said else [])
    assert all(message.startswith(said) for _, message in found)


def test_without_dnspython_it_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "dns.resolver", None)
    with pytest.raises(ValueError, match="dnspython must be installed .*pip install"):
        Dns()
