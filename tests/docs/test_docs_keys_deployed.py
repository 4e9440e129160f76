"""The example of each key, switched on and off by one update each of the local AWS."""

from __future__ import annotations

import json
import re
import time
from copy import deepcopy

import pytest
from aws_support import client, running_emulator
from cdk_support import environment_template
from docs_support import ROOT, code, section, tables
from environments import BUCKET, MAXIMAL, MINIMAL
from keys_support import A
from test_docs_keys import documented, environment_with, where

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIGNED = {
    "origin_secret": MAXIMAL["origin_secret"],
    "private": {"signing_keys": {"keys": {"a": A}, "signing_key": "a"}},
}
ZONE = {
    "hosted_zone": {"id": "Z0123456789ABC", "name": "example.com"},
    "static": {"domain_names": ["static.example.com"]},
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        yield url


@pytest.fixture
def other_endpoint(tmp_path):
    """An account of its own for what stays behind, whose names others need."""
    with running_emulator(tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def secret(endpoint):
    """A secret that exists, for the template to refer to."""
    return secret_in(endpoint)


def secret_in(endpoint):
    made = client("secretsmanager", endpoint).create_secret(
        Name="mysite", SecretString="the secret itself"
    )
    return {"arn": made["ARN"], "version": made["VersionId"]}


def synthesized(environment):
    return environment_template(**environment).to_json()


class Stack:
    """One stack of the local AWS, deployed by templates alone."""

    def __init__(self, endpoint, name, secret):
        self.cloudformation = client("cloudformation", endpoint)
        self.name, self.secret = name, secret
        zones = client("route53", endpoint)
        made = zones.create_hosted_zone(Name="example.com", CallerReference=name)
        self.zone = made["HostedZone"]["Id"].rpartition("/")[2]

    def put(self, environment):
        """Make the stack or update it, and compare what is deployed."""
        described = deepcopy(environment)
        if "origin_secret" in described:
            described["origin_secret"] = self.secret
        described.pop("account", None)
        if described.get("hosted_zone"):
            described["hosted_zone"]["id"] = self.zone
        template = synthesized(described)
        # The CDK's own parameter, which the CLI has to resolve.
        body = json.dumps({**template, "Parameters": {}, "Rules": {}})
        exists = self._status() not in (None, "DELETE_COMPLETE")
        call = (
            self.cloudformation.update_stack
            if exists
            else self.cloudformation.create_stack
        )
        call(StackName=self.name, TemplateBody=body)
        assert self._settled() in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), self._why()
        deployed = self.cloudformation.get_template(StackName=self.name)["TemplateBody"]
        if isinstance(deployed, str):
            deployed = json.loads(deployed)
        assert deployed["Resources"] == template["Resources"], "a diff would show more"
        return self.resources()

    def resources(self):
        pages = self.cloudformation.get_paginator("list_stack_resources")
        return {
            one["PhysicalResourceId"]: one["ResourceType"]
            for page in pages.paginate(StackName=self.name)
            for one in page["StackResourceSummaries"]
        }

    def delete(self):
        self.cloudformation.delete_stack(StackName=self.name)
        assert self._settled() in (None, "DELETE_COMPLETE"), self._why()

    def _status(self):
        try:
            (found,) = self.cloudformation.describe_stacks(StackName=self.name)[
                "Stacks"
            ]
        except self.cloudformation.exceptions.ClientError:
            return None
        return found["StackStatus"]

    def _settled(self):
        deadline = time.monotonic() + 60
        while (status := self._status()) and status.endswith("_IN_PROGRESS"):
            assert time.monotonic() < deadline, status
            time.sleep(0.05)
        return status

    def _why(self):
        events = self.cloudformation.describe_stack_events(StackName=self.name)
        return [
            one.get("ResourceStatusReason")
            for one in events["StackEvents"]
            if one.get("ResourceStatusReason")
        ][:9]


# Not of the template: settings of the stack, and what is only checked.
SAME_TEMPLATE = {
    *("account", "termination_protection", "origin.load_balancer"),
    *("static.ttl_seconds.min", "private.signing_keys.cookies_from"),
}
NAMED = {
    "certificate_arn": MAXIMAL["certificate_arn"],
    "static": {"domain_names": ["static.example.com"]},
}
# What the reader does not need and the template does.
BESIDE = {
    "hosted_zone": NAMED,
    "dns_records": {**NAMED, "hosted_zone": {"id": "ZONE", "name": "example.com"}},
    "tls": NAMED,
    "monitoring.dashboard": {"monitoring": {"email": "ops@example.com"}},
    "logs.prefix": {"logs": {"bucket": "mysite-logs"}},
}


OPTIONAL = [one for one in documented() if not one.values[1][2].startswith("required")]


@pytest.mark.parametrize(("path", "row"), OPTIONAL)
def test_a_key_goes_on_and_off_by_one_update_each(endpoint, secret, path, row):
    key, with_it = where(path, row), environment_with(path, row)
    for name, more in BESIDE.get(key, {}).items():
        given = with_it.get(name)
        with_it[name] = {**more, **given} if isinstance(given, dict) else more
    without = deepcopy(with_it)
    inner = without
    for name in filter(None, path.split(".")):
        inner = inner[name]
    del inner[code(row[0])[0]]
    if key in SAME_TEMPLATE:
        assert synthesized(with_it) == synthesized(without)
        return
    name = re.sub("[^a-z0-9]", "-", f"key-{key}")
    stack = Stack(endpoint, name, secret)
    before = stack.put(without)
    stack.put(with_it)
    after = stack.put(without)
    distributions = {
        one for one, kind in before.items() if kind == "AWS::CloudFront::Distribution"
    }
    assert distributions <= set(after), "a distribution was replaced"
    stack.delete()


# -- retain


def table_of_deletions():
    page = ROOT / "docs" / "operations.md"
    (rows,) = (
        rows for rows in tables(section(page, "Deleting a stack")) if len(rows[0]) == 4
    )
    return {
        kind: (without, retained)
        for types, without, retained, _ in rows
        for kind in code(types)
    }


def kept_types(template):
    return {
        one["Type"]: one.get("DeletionPolicy", "Delete") != "Delete"
        for one in template["Resources"].values()
    }


@pytest.mark.parametrize("retain", [False, True])
def test_the_table_of_deletions_is_that_of_the_templates(retain):
    table = table_of_deletions()
    found = {}
    for environment in ({**MAXIMAL, "dns_records": True}, BUCKET, ZONE):
        values = {**deepcopy(environment), "retain": retain}
        found |= kept_types(environment_template(**values).to_json())
    said = {kind: cells[retain] == "stays" for kind, cells in table.items()}
    assert {kind: said[kind] for kind in found} == found


def test_what_is_retained_stays_on_an_update_and_a_deletion(other_endpoint):
    endpoint = other_endpoint
    stack = Stack(endpoint, "retained", secret_in(endpoint))
    records = client("route53", endpoint)
    full = {**SIGNED, **ZONE, "retain": True}
    before = stack.put({**MINIMAL, **full})
    without = {key: value for key, value in full.items() if key != "private"}
    after = stack.put({**MINIMAL, **without})
    gone = {one: kind for one, kind in before.items() if one not in after}
    assert "AWS::CloudFront::PublicKey" in gone.values()
    assert exist(endpoint, gone) == set(gone)
    stack.delete()
    left = {one: kind for one, kind in before.items() if kind in CHECKED}
    assert exist(endpoint, left) == set(left)
    listed = records.list_resource_record_sets(HostedZoneId=stack.zone)
    kinds = {one["Type"] for one in listed["ResourceRecordSets"]}
    assert kinds <= {"NS", "SOA"}, "a name that was given up leads to CloudFront"


CHECKED = {
    "AWS::CloudFront::CachePolicy": ("get_cache_policy", "Id"),
    "AWS::CloudFront::Distribution": ("get_distribution", "Id"),
    "AWS::CloudFront::KeyGroup": ("get_key_group", "Id"),
    "AWS::CloudFront::PublicKey": ("get_public_key", "Id"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("get_response_headers_policy", "Id"),
}


def exist(endpoint, resources):
    """Those that the local AWS still has."""
    cloudfront = client("cloudfront", endpoint)
    found = set()
    for one, kind in resources.items():
        call, key = CHECKED[kind]
        try:
            getattr(cloudfront, call)(**{key: one})
        except cloudfront.exceptions.ClientError:
            continue
        found.add(one)
    return found
