"""What is deployed, asked of a CloudFormation on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pull_support import Aws, error

from cdn_review.packs import Stack
from cdn_review.sources.deployed import as_deployed, deployed

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with Aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def credentials(aws, monkeypatch):
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


def wanted(name, **about):
    return Stack(name=name, template={}, **{"region": "us-east-1", **about})


def create(aws, name, body, *, region="us-east-1", **options):
    client = aws.client("cloudformation", region)
    client.create_stack(StackName=name, TemplateBody=body, **options)
    client.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )


def test_the_stacks_that_are_deployed_each_in_its_region(aws, credentials):
    body = json.dumps(TEMPLATE)
    create(aws, "one", body, EnableTerminationProtection=True)
    create(aws, "two", body, region="eu-west-1")
    asked = [wanted("one"), wanted("two", region="eu-west-1"), wanted("three")]
    found = deployed(asked)
    assert found.notices == ()
    assert found.stacks == [
        Stack(
            name="one",
            template=TEMPLATE,
            region="us-east-1",
            termination_protection=True,
        ),
        Stack(name="two", template=TEMPLATE, region="eu-west-1"),
    ]
    assert deployed([wanted("two")]).stacks == []


def test_a_stack_in_yaml_is_refused(aws, credentials):
    create(aws, "yaml", "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    with pytest.raises(ValueError, match="the template of 'yaml' must be JSON"):
        deployed([wanted("yaml")])


def test_a_stack_that_was_never_executed_is_not_deployed(aws, credentials):
    client = aws.client("cloudformation")
    client.create_change_set(
        StackName="planned",
        ChangeSetName="plan",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(TEMPLATE),
    )
    assert deployed([wanted("planned")]).stacks == []


def test_a_stack_of_another_account_is_not_taken_for_missing(credentials):
    other = wanted("mysite-cdn-prod", account="111122223333")
    with pytest.raises(ValueError) as caught:
        deployed([other])
    said = str(caught.value)
    assert said.startswith("the credentials must be of account-aeb2, where 'prod' is")
    assert "111122223333" not in said
    own = wanted("mysite-cdn-prod", account="000000000000")
    assert deployed([own]).stacks == []


def test_a_refusal_is_one_sentence_without_the_account(credentials, monkeypatch):
    refused = error(
        "AccessDenied", "arn:aws:iam::111122223333:user/joe may not ask 111122223333"
    )
    with refused as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        with pytest.raises(ValueError) as caught:
            deployed([wanted("one")])
    said = str(caught.value)
    assert said.startswith("AWS must answer what is deployed, and it does not: ")
    assert "AccessDenied" in said
    assert "111122223333" not in said and "joe" not in said and "\n" not in said


def test_without_credentials_it_says_what_to_look_at(monkeypatch, credentials):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ValueError, match="credentials: look at --profile, AWS_PROFILE"):
        deployed([wanted("one")])
    with pytest.raises(ValueError, match="AWS must answer"):
        deployed([wanted("one")], profile="missing")


def test_without_boto3_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ValueError, match="and it is not: 'pip install boto3'"):
        deployed([wanted("one")])


def test_boto3_is_imported_only_when_it_is_needed():
    code = "import sys, cdn_review.commands.diff; print('boto3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "False\n", done.stderr


def test_cloudformation_gives_back_ascii():
    stack = wanted("a")
    assert as_deployed(
        Stack(name="a", template={"Größe": ["é", 1, True]}, region="us-east-1")
    ) == Stack(name="a", template={"Gr??e": ["?", 1, True]}, region=stack.region)
