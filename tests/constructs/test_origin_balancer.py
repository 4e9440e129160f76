"""Servers behind a load balancer, asked by a name on its certificate."""

from __future__ import annotations

import pytest
from aws_cdk import Fn, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from cdk_support import ORIGIN, hosted_zone, new_stack, rendered_origin

from constructs_lib import DjangoOrigin, OriginRecord

DNS_NAME = "mysite-1234567890.eu-west-3.elb.amazonaws.com"


def balancer(stack):
    return elbv2.ApplicationLoadBalancer(
        stack, "Balancer", vpc=ec2.Vpc(stack, "Vpc"), internet_facing=True
    )


@pytest.mark.parametrize(
    "name",
    [
        DNS_NAME,
        "mysite-0123456789abcdef.elb.eu-west-3.amazonaws.com",
        "internal-mysite-1.us-east-1.elb.amazonaws.com",
        "mysite-1.cn-north-1.elb.amazonaws.com.cn",
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda name: DjangoOrigin.server(name),
        lambda name: DjangoOrigin.load_balancer("other.example.com", domain_name=name),
        lambda name: DjangoOrigin.vpc(
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
            domain_name=name,
        ),
    ],
    ids=["server", "load_balancer", "vpc"],
)
def test_fails_when_the_name_is_a_balancers_own(make, name):
    with pytest.raises(
        ValueError,
        match="^domain_name must be on the listener's certificate and resolve to the "
        f"balancer, such as 'origin.example.com', got '{name}'",
    ):
        make(name)


@pytest.mark.parametrize("name", ["elb.example.com", "files.elbamazonaws.com"])
def test_a_name_that_looks_like_a_balancers_passes(name):
    assert DjangoOrigin.server(name).domain_name == name


def test_a_balancer_is_asked_by_the_name_on_its_certificate():
    stack = new_stack()
    alb = balancer(stack)
    origin = DjangoOrigin.load_balancer(
        alb, domain_name="origin.example.com", https_port=8443
    )
    assert origin.balancer_dns_name == alb.load_balancer_dns_name
    found = rendered_origin(origin, stack)
    assert found["DomainName"] == "origin.example.com"
    assert found["CustomOriginConfig"]["HTTPSPort"] == 8443


def test_fails_when_a_balancers_own_name_is_a_token():
    alb = balancer(new_stack())
    with pytest.raises(ValueError, match="must be on the listener's certificate"):
        DjangoOrigin.load_balancer(alb, domain_name=alb.load_balancer_dns_name)


def test_another_token_passes_as_name_of_a_balancer():
    name = Token.as_string({"Fn::ImportValue": "OriginName"})
    origin = DjangoOrigin.load_balancer(DNS_NAME, domain_name=name)
    assert rendered_origin(origin)["DomainName"] == {"Fn::ImportValue": "OriginName"}


def test_fails_when_a_balancer_is_no_host_name():
    with pytest.raises(ValueError, match="^balancer must be a bare host name"):
        DjangoOrigin.load_balancer(
            "arn:aws:elasticloadbalancing:x", domain_name="origin.example.com"
        )


@pytest.mark.parametrize("zone_name", ["example.com", "example.com."])
@pytest.mark.parametrize("kind", ["object", "name"])
def test_a_record_leads_from_the_origins_name_to_the_balancer(kind, zone_name):
    stack = new_stack()
    zone = hosted_zone(stack, zone_name)
    origin = DjangoOrigin.load_balancer(
        balancer(stack) if kind == "object" else DNS_NAME,
        domain_name="origin.example.com",
    )
    OriginRecord(stack, "OriginRecord", origin=origin, zone=zone)
    found = Template.from_stack(stack).find_resources("AWS::Route53::RecordSet")
    target = {"Fn::GetAtt": ["Balancer71DDC9D9", "DNSName"]}
    (record,) = found.values()
    assert record["Properties"] == {
        "HostedZoneId": "Z0123456789",
        "Name": "origin.example.com.",
        "ResourceRecords": [target if kind == "object" else DNS_NAME],
        "TTL": "300",
        "Type": "CNAME",
    }


@pytest.mark.parametrize(
    ("origin", "zone_name", "sentence"),
    [
        (
            ORIGIN,
            "example.com",
            "origin must be a load balancer, .*'www.example.com'",
        ),
        *(
            (
                DjangoOrigin.load_balancer(DNS_NAME, domain_name="o.example.com"),
                zone_name,
                f"zone must be above the origin's name, .* got '{zone_name}'",
            )
            for zone_name in ("example.org", "o.example.com", "le.com")
        ),
    ],
)
def test_fails_when_a_record_cannot_be_made(origin, zone_name, sentence):
    stack = new_stack()
    zone = hosted_zone(stack, zone_name)
    with pytest.raises(ValueError, match=f"^{sentence}"):
        OriginRecord(stack, "OriginRecord", origin=origin, zone=zone)


def test_a_token_passes_as_the_name_of_a_zone():
    stack = new_stack()
    zone = hosted_zone(stack, Fn.import_value("zone"))
    origin = DjangoOrigin.load_balancer(DNS_NAME, domain_name="origin.example.com")
    OriginRecord(stack, "OriginRecord", origin=origin, zone=zone)
    Template.from_stack(stack).resource_count_is("AWS::Route53::RecordSet", 1)


def test_fails_when_the_zone_of_a_record_is_known_by_its_id_alone():
    stack = new_stack()
    with pytest.raises(ValueError, match="^zone must be .* got 'Z1' without a name$"):
        OriginRecord(
            stack,
            "Record",
            origin=DjangoOrigin.load_balancer(
                "a.elb.amazonaws.com", domain_name="origin.example.com"
            ),
            zone=route53.HostedZone.from_hosted_zone_id(stack, "Zone", "Z1"),
        )
