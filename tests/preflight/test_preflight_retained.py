"""Names that a deploy of this project meets: left behind by ``retain``, or wildcards."""

from __future__ import annotations

import json
import uuid

import pytest
from aws_cdk.assertions import Template
from cdk_support import environment, new_app
from preflight_support import NAME, found, recorded, stands

from cdn_review.preflight.planned_stack import PlannedStack
from cdn_review.snapshot import Stack
from local.environment import ACCOUNT, REGION
from stacks import CdnStack

ZONE = {"Id": "Z1", "Name": "example.com.", "CallerReference": "1"}


def planned(**values):
    """The project's own stack, as preflight reads it."""
    described = environment(**values)
    template = Template.from_stack(
        CdnStack(new_app(), described.stack_name, environment=described)
    ).to_json()
    template |= {"Parameters": {}, "Rules": {}}
    return PlannedStack(
        Stack(
            name=NAME, template=template, account=ACCOUNT, region=REGION, bootstrap=""
        )
    )


def failures(check, wanted, clients):
    return [
        one.message for one in found(check, wanted, clients) if str(one.level) == "FAIL"
    ]


@pytest.mark.parametrize("retain", [True, False])
def test_names_that_a_deleted_stack_left_behind_are_said(clients, make, retain):
    wanted = planned(retain=retain)
    cloudformation = make("cloudformation")
    cloudformation.create_stack(
        StackName=NAME, TemplateBody=json.dumps(wanted.stack.template)
    )
    assert failures("names", wanted, clients) == []
    cloudformation.delete_stack(StackName=NAME)
    said = failures("names", planned(retain=retain), clients)
    assert all("exists already, outside this stack" in one for one in said)
    kinds = {one.split()[1] for one in said}
    assert kinds == ({"CachePolicy", "ResponseHeadersPolicy"} if retain else set())


def wildcard(zone):
    return planned(
        hosted_zone={"id": zone, "name": "example.com"},
        static={"domain_names": ["static.example.com", "*.cdn.example.com"]},
    )


@pytest.mark.parametrize("kind", ["HTTPS", "CNAME", "TXT"])
def test_a_record_of_a_wildcard_is_in_the_way(kind, clients, make):
    route53 = make("route53")
    made = route53.create_hosted_zone(
        Name="example.com", CallerReference=uuid.uuid4().hex
    )
    identity = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    values = {"HTTPS": "1 .", "CNAME": "d1.cloudfront.net", "TXT": '"v=1"'}
    record = {
        "Name": "*.cdn.example.com",
        "Type": kind,
        "TTL": 60,
        "ResourceRecords": [{"Value": values[kind]}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=identity,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    said = failures("hosted zone", wildcard(identity), clients)
    message = f"*.cdn.example.com has a record of the type {kind} already"
    assert said == ([] if kind == "TXT" else [message])


def test_a_wildcard_is_known_as_route_53_writes_it(names):
    listed = {"Name": "\\052.cdn.example.com.", "Type": "HTTPS", "TTL": 60}
    answer = {"ResourceRecordSets": [listed], "IsTruncated": False, "MaxItems": "100"}
    clients = recorded(
        stands(),
        ("route53", "get_hosted_zone", {"HostedZone": ZONE}),
        # Once for each of the two names.
        ("route53", "list_resource_record_sets", answer),
        ("route53", "list_resource_record_sets", answer),
        names=names,
    )
    said = failures("hosted zone", wildcard("Z1"), clients)
    assert "*.cdn.example.com has a record of the type HTTPS already" in said
