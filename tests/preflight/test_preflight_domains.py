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
DISTRIBUTION = "AWS::CloudFront::Distribution"
CERTIFICATE = "AWS::CertificateManager::Certificate"


def named(certificate=ARN, *, more=None, name=STATIC, **template):
    """A stack with a distribution of this name and certificate."""
    config = {"Aliases": [name]}
    if certificate is not None:
        config["ViewerCertificate"] = {"AcmCertificateArn": certificate}
    return target({"Cdn": distribution(**config), **(more or {})}, **template)


# -- certificates


ISSUED = ("PASS", "issued, and covers every name")


def issued(**about):
    usual = {
        "CertificateArn": ARN,
        "DomainName": STATIC,
        "Status": "ISSUED",
        "KeyAlgorithm": "RSA_2048",
        "NotAfter": dt.datetime.now(dt.UTC) + dt.timedelta(days=200),
    }
    return "acm", "describe_certificate", {"Certificate": {**usual, **about}}


SOON = dt.datetime.now(dt.UTC) + dt.timedelta(days=9)


@pytest.mark.parametrize(
    ("about", "level", "part"),
    [
        ({}, *ISSUED),
        ({"DomainName": "*.example.com"}, *ISSUED),
        ({"DomainName": "*.com"}, "FAIL", f"it does not cover {STATIC}"),
        ({"DomainName": "*.static.example.com"}, "FAIL", "does not cover"),
        ({"SubjectAlternativeNames": [STATIC], "DomainName": "a.example"}, *ISSUED),
        ({"Status": "EXPIRED"}, "FAIL", "it is EXPIRED, not ISSUED"),
        ({"KeyAlgorithm": "EC_secp384r1"}, "FAIL", "EC_secp384r1"),
        ({"KeyAlgorithm": "EC_prime256v1"}, *ISSUED),
        ({"NotAfter": SOON}, "WARN", f"ends on {SOON:%Y-%m-%d}"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_acm_says_of_a_certificate_decides(about, level, part):
    says("certificate", named(), recorded(issued(**about)), f"{level} {part}")


def test_a_certificate_of_the_local_aws_is_read(clients, make):
    arn = make("acm").request_certificate(DomainName=STATIC)["CertificateArn"]
    assert asked("certificate", named(arn), clients) == [ISSUED]


def test_a_name_without_a_certificate_fails(clients):
    said = (
        "FAIL",
        "static.example.com needs a certificate, but the distribution has none",
    )
    assert asked("certificate", named(None), clients) == [said]


@pytest.mark.parametrize(
    ("arn", "part"),
    [
        (ARN.replace(ACCOUNT, "{owner}"), "does not exist in this account"),
        (ARN, "is of another account than the stack"),
        (ARN.replace("us-east-1", "eu-west-1"), "is not in us-east-1"),
        ("arn:aws:iam::1:server-certificate/x", "is not that of a certificate in ACM"),
    ],
)
def test_a_certificate_that_cannot_be_taken_fails(clients, owner, arn, part):
    says("certificate", named(arn.format(owner=owner)), clients, f"FAIL {part}")


def test_an_imported_certificate_is_looked_at():
    wanted = named({"Fn::ImportValue": "certificate"})
    exports = {"Exports": [{"Name": "certificate", "Value": ARN}]}
    answers = [("cloudformation", "list_exports", exports), issued()]
    assert asked("certificate", wanted, recorded(*answers)) == [ISSUED]
    other = ("cloudformation", "list_exports", {"Exports": []})
    says("certificate", wanted, recorded(other), "WARN only the deploy knows its ARN")


@pytest.mark.parametrize(
    ("parameter", "said"),
    [({"Default": ARN}, ISSUED), ({}, ("WARN", "the certificate cannot be looked up"))],
)
def test_the_default_of_a_parameter_is_looked_at(parameter, said):
    wanted = named({"Ref": "Arn"}, Parameters={"Arn": {"Type": "String", **parameter}})
    ((level, message),) = asked("certificate", wanted, recorded(issued()))
    assert (level, message[: len(said[1])]) == said


@pytest.mark.parametrize(
    "viewer", [{"IamCertificateId": "ASCA"}, {"Fn::GetAtt": ["Macro", "Viewer"]}]
)
def test_a_certificate_that_cannot_be_looked_up_does_not_pass(viewer):
    config = {"Aliases": [STATIC], "ViewerCertificate": viewer}
    wanted = target({"Cdn": distribution(**config)})
    ((level, message),) = asked("certificate", wanted, recorded())
    assert level == "WARN"
    assert "cannot be looked up" in message


@pytest.mark.parametrize(("covered", "level"), [(STATIC, "PASS"), ("a.b.c", "FAIL")])
def test_a_certificate_that_the_stack_makes_has_to_cover_the_names(covered, level):
    own = {"Certificate": (CERTIFICATE, {"DomainName": covered})}
    wanted = named({"Ref": "Certificate"}, more=own)
    assert asked("certificate", wanted, recorded())[0][0] == level


def test_a_certificate_that_waits_names_its_record():
    from cdn_review.preflight.certificate import check_certificate

    record = {"Name": "_a1.static.example.com.", "Type": "CNAME", "Value": "_b2.acm"}
    option = {"DomainName": STATIC, "ResourceRecord": record}
    option["ValidationStatus"] = "PENDING_VALIDATION"
    answer = issued(Status="PENDING_VALIDATION", DomainValidationOptions=[option])
    (found,) = check_certificate(named(), recorded(answer))
    assert found.message == "it is PENDING_VALIDATION, not ISSUED"
    assert "CNAME record _a1.static.example.com." in found.hint


# -- names that others hold


@pytest.mark.parametrize(
    ("other", "level", "part"),
    [
        (STATIC, "FAIL", f"{STATIC} is held by the distribution E"),
        ("*.example.com", "PASS", f"{STATIC} is on no other distribution"),
    ],
)
def test_a_name_on_another_distribution_of_the_account_fails(
    clients, make, other, level, part
):
    deploy(make, {"Other": distribution(Aliases=[other])}, "another-stack")
    says("names in DNS", named(), clients, f"{level} {part}")


def test_a_name_that_leads_to_cloudfront_already_is_a_warning(clients, records):
    records[STATIC, "A"] = [("CNAME", "D111.cloudfront.net.")]
    records["d111.cloudfront.net", "A"] = [("A", "192.0.2.1")]
    said = "leads to a distribution already"
    says("names in DNS", named(), clients, f"WARN {said}")


OWN = (DISTRIBUTION, "Cdn", "E1OWN")
LISTED = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": 0}


def conflicting(names, *items):
    listed = ("cloudfront", "list_distributions", {"DistributionList": LISTED})
    found = {"MaxItems": 100, "Quantity": len(items), "Items": list(items)}
    answer = "InvalidArgument" if None in items else {"ConflictingAliasesList": found}
    conflicts = ("cloudfront", "list_conflicting_aliases", answer)
    clients = recorded(stands(OWN), listed, conflicts, names=names)
    return asked("names in DNS", named(), clients)


def held(alias, distribution, account):
    return {"Alias": alias, "DistributionId": distribution, "AccountId": account}


MINE = f"******{ACCOUNT[6:]}"
FREE = ("PASS", f"{STATIC} is free, or this stack's own")


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (held(STATIC, "*****1OWN", MINE), FREE),
        (held("*.example.com", "*****OTHER", MINE), FREE),
        (
            held("*.example.com", "*****OTHER", "******4444"),
            ("FAIL", "*.example.com is held by a distribution of another account"),
        ),
        (
            held(STATIC, "*****OTHER", "******4444"),
            ("FAIL", f"{STATIC} is held by a distribution that is not this stack's"),
        ),
    ],
)
def test_cloudfront_tells_of_other_accounts(names, item, said):
    assert conflicting(names, item) == [said]


def test_a_distribution_whose_certificate_lacks_the_name_cannot_ask(names):
    ((level, message),) = conflicting(names, None)
    assert level == "PASS"
    assert "of other accounts, nobody can ask" in message


# -- hosted zones


def zone(make, name="example.com", **more):
    made = make("route53").create_hosted_zone(
        Name=name, CallerReference=uuid.uuid4().hex, **more
    )
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def writes(identity, *kinds, name=STATIC):
    record = {"HostedZoneId": identity, "Name": f"{name}."}
    return target(
        {
            f"Record{kind}": ("AWS::Route53::RecordSet", {**record, "Type": kind})
            for kind in kinds
        }
    )


def add(make, identity, kind, value):
    record = {"Name": STATIC, "Type": kind, "TTL": 60}
    record["ResourceRecords"] = [{"Value": value}]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    make("route53").change_resource_record_sets(
        HostedZoneId=identity, ChangeBatch={"Changes": changes}
    )


ROOM = ("PASS", "example.com has room for the records")


def test_a_zone_with_room_passes(clients, make):
    assert asked("hosted zone", writes(zone(make), "A", "AAAA"), clients) == [ROOM]


def test_a_zone_that_does_not_exist_fails(clients):
    said = "FAIL Z0123456789ABC does not exist in this account"
    says("hosted zone", writes("Z0123456789ABC", "A"), clients, said)


def test_a_zone_of_another_name_fails(clients, make):
    said = "FAIL static.example.com is not in the zone of le.com"
    says("hosted zone", writes(zone(make, "le.com"), "A"), clients, said)


def test_a_private_zone_fails(clients, make):
    vpc = {"VPCRegion": "us-east-1", "VPCId": "vpc-12345678"}
    identity = zone(make, VPC=vpc, HostedZoneConfig={"PrivateZone": True})
    says("hosted zone", writes(identity, "A"), clients, "FAIL is private")


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"A": "192.0.2.1"}, "A"),
        ({"A": "192.0.2.1", "AAAA": "2001:db8::1"}, "A and AAAA"),
        ({"CNAME": "d111.cloudfront.net"}, "CNAME"),
    ],
)
def test_a_record_that_is_there_already_is_said_once(clients, make, there, said):
    identity = zone(make)
    for kind, value in there.items():
        add(make, identity, kind, value)
    message = f"static.example.com has a record of the type {said} already"
    found = asked("hosted zone", writes(identity, "A", "AAAA"), clients)
    assert found == [("FAIL", message)]


def test_another_type_of_record_is_in_nobodys_way(clients, make):
    identity = zone(make)
    add(make, identity, "TXT", '"v=1"')
    assert asked("hosted zone", writes(identity, "A"), clients) == [ROOM]


@pytest.mark.parametrize(
    ("own", "level"), [(("A", "AAAA"), "PASS"), (("A",), "FAIL"), ((), "FAIL")]
)
def test_only_records_of_the_stack_itself_are_in_nobodys_way(names, own, level):
    answer = {
        "ResourceRecordSets": [
            {"Name": f"{STATIC}.", "Type": kind, "TTL": 60} for kind in ("A", "AAAA")
        ],
        "IsTruncated": False,
        "MaxItems": "100",
    }
    found = {"Id": "Z1", "Name": "example.com.", "CallerReference": "1"}
    clients = recorded(
        stands(*(("AWS::Route53::RecordSet", f"Record{kind}", STATIC) for kind in own)),
        ("route53", "get_hosted_zone", {"HostedZone": found}),
        ("route53", "list_resource_record_sets", answer),
        names=names,
    )
    wanted = writes("Z1", "A", "AAAA")
    assert [one for one, _ in asked("hosted zone", wanted, clients)] == [level]


SERVERS = ("ns-1.awsdns-01.com", "ns-2.awsdns-02.net")


def delegated(names, *servers):
    found = {"Id": "Z1", "Name": "example.com.", "CallerReference": "1"}
    answer = {"HostedZone": found, "DelegationSet": {"NameServers": list(servers)}}
    clients = recorded(
        stands(("AWS::Route53::RecordSet", "RecordA", STATIC)),
        ("route53", "get_hosted_zone", answer),
        names=names,
    )
    return asked("hosted zone", writes("Z1", "A"), clients)[1:]


@pytest.mark.parametrize(
    ("asked_servers", "said"),
    [
        ([("NS", "NS-2.awsdns-02.net."), ("NS", "ns.other.example.")], None),
        ([("NS", "ns.other.example.")], "DNS asks ns.other.example for example.com"),
        ([], "DNS asks nobody for example.com"),
        (None, "DNS asks nobody for example.com"),
    ],
    ids=["delegated", "elsewhere", "no servers", "no domain"],
)
def test_dns_has_to_ask_the_servers_of_the_zone(names, records, asked_servers, said):
    records["example.com", "NS"] = asked_servers
    found = delegated(names, *SERVERS)
    assert [level for level, _ in found] == (["WARN"] if said else [])
    assert all(message.startswith(said) for _, message in found)


def test_nothing_is_said_when_dns_does_not_answer(names):
    assert delegated(names, *SERVERS) == []


def test_without_dnspython_it_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "dns.resolver", None)
    with pytest.raises(ValueError, match="dnspython must be installed .*pip install"):
        Dns()
