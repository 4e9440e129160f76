"""The policies of docs/permissions.md, held to templates, grants and the APIs of the services."""

from __future__ import annotations

import fnmatch
import json
import re

import botocore.session
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from cdk_support import ROOT, environment_template, new_stack
from docs_support import code, fenced, section, tables
from environments import MAXIMAL

from constructs_lib import Bucket, Cors, DjangoCdn, DjangoOrigin
from dj_cloudfront.contract import Output

PAGE = ROOT / "docs" / "permissions.md"
DEPLOY, SERVER = (
    {one["Sid"]: one for one in json.loads(text)["Statement"]}
    for kind, text in fenced(PAGE)
    if kind == "json"
)
# Actions that are named otherwise than a call, and what allows a call of several.
NO_CALLS = {
    "cloudfront:AllowVendedLogDeliveryForResource",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:PutBucketCORS",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:ListBucket",
}
SERVICES = {"elasticloadbalancing": "elbv2", "cloudwatch": "cloudwatch"}


def actions(statement):
    found = statement["Action"]
    return {found} if isinstance(found, str) else set(found)


def rows():
    (found,) = tables(section(PAGE, "For whoever deploys"))
    return {code(sid)[0]: set(code(types)) for sid, types, _ in found}


def test_every_statement_has_its_row():
    assert set(rows()) == set(DEPLOY)


def test_every_resource_type_of_the_templates_has_a_statement():
    templates = [
        json.loads(one.read_text("utf-8"))
        for one in (ROOT / "tests" / "snapshots").glob("*.template.json")
    ]
    # What excludes what the golden ones have.
    templates += [
        environment_template(**more).to_json()
        for more in (
            {**MAXIMAL, "dns_records": True, "certificate_arn": None},
            {
                "origin": {
                    "domain_name": "origin.example.com",
                    "vpc_endpoint_arn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0",
                },
                "logs": {},
            },
        )
    ]
    deployed = {
        one["Type"] for template in templates for one in template["Resources"].values()
    }
    assert deployed == set().union(*rows().values())


@pytest.mark.parametrize("sid", DEPLOY)
def test_resources_of_cloudfront_can_be_made_read_changed_and_deleted(sid):
    for kind in rows()[sid]:
        service, name = kind.split("::")[1:]
        if service != "CloudFront":
            continue
        verbs = ("Create", "Get", "Update", "Delete")
        if name == "MonitoringSubscription":
            verbs = ("Create", "Get", "Delete")
        assert {f"cloudfront:{verb}{name}" for verb in verbs} <= actions(DEPLOY[sid])


@pytest.mark.parametrize("sid", ["Names", "Buckets", "Logs", "Monitoring"])
def test_resources_of_other_services_can_be_made_and_deleted(sid):
    # A record is changed in batches, a subscription is made by Subscribe, a policy is put.
    made = {
        "RecordSet": ("ChangeResourceRecordSets",) * 2,
        "Certificate": ("RequestCertificate", "DeleteCertificate"),
        "TopicPolicy": ("SetTopicAttributes",) * 2,
        "Subscription": ("Subscribe", "Unsubscribe"),
        "BucketPolicy": ("PutBucketPolicy", "DeleteBucketPolicy"),
        "Alarm": ("PutMetricAlarm", "DeleteAlarms"),
        "Dashboard": ("PutDashboard", "DeleteDashboards"),
    }
    given = {one.partition(":")[2] for one in actions(DEPLOY[sid])}
    for kind in rows()[sid]:
        name = kind.rpartition("::")[2]
        begun = {f"Create{name}", f"Put{name}", made.get(name, ("", ""))[0]}
        ended = {f"Delete{name}", made.get(name, ("", ""))[-1]}
        assert begun & given and ended & given, kind


@pytest.mark.parametrize("statement", [*DEPLOY.values(), *SERVER.values()])
def test_actions_are_calls_of_the_services(statement):
    session = botocore.session.get_session()
    for action in actions(statement) - NO_CALLS:
        service, call = action.split(":")
        known = session.get_service_model(SERVICES.get(service, service))
        names = set(known.operation_names)
        assert fnmatch.filter(names, call) or call in (
            "ListBucket",
            "CreateServiceLinkedRole",
        ), action


def test_grants_are_the_statements_of_the_page():
    stack = new_stack(stack_id="mysite-cdn-prod")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    bucket = Bucket(stack, "Bucket", cors=Cors.any_origin())
    cdn = DjangoCdn(
        stack,
        "Cdn",
        origin=DjangoOrigin.server("www.example.com"),
        media={"bucket": bucket},
    )
    cdn.grant_pull(role)
    cdn.media.grant_invalidate(role)
    bucket.grant_push(role)
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    granted = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {frozenset(actions(one)) for one in granted} == {
        frozenset(actions(one)) for sid, one in SERVER.items() if sid != "SigningKey"
    }
    for one in granted:
        assert one["Resource"] != "*"


def test_the_page_names_outputs():
    text = json.dumps(list(SERVER.values())) + section(PAGE, "For the server")
    named = set(re.findall(r"\$\{(\w+)\}", text))
    assert named and named <= {str(one) for one in Output}
