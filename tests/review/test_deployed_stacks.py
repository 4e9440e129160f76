"""What is deployed, asked of a CloudFormation on this machine."""

from __future__ import annotations

import json
import sys

import pytest
from pull_support import Aws, error
from worktree_support import STACK, run, template

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with Aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def diff(aws, app, monkeypatch):
    """Compares the stacks of an app, each an environment and a template, with the deployed."""
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    copied = "mkdir -p $CDK_OUTDIR && cp out/* $CDK_OUTDIR"
    app.write("cdk.json", json.dumps({"app": copied}))

    def diff(stacks, *words):
        artifacts = {}
        for name, (account, region, content) in stacks.items():
            app.write(f"out/{name}.json", json.dumps(content))
            artifacts[name] = {
                "type": "aws:cloudformation:stack",
                "environment": f"aws://{account}/{region}",
                "properties": {"templateFile": f"{name}.json"},
            }
        app.write("out/manifest.json", json.dumps({"artifacts": artifacts}))
        return run("diff", "--deployed", "--json", "--cdk", app.cli, *words)

    diff.app = app
    return diff


def stacks(content, *names, account=ACCOUNT, region="us-east-1"):
    return dict.fromkeys(names, (account, region, content))


def create(aws, name, content, *, region="us-east-1", **options):
    client = aws.client("cloudformation", region)
    body = content if isinstance(content, str) else json.dumps(content)
    client.create_stack(StackName=name, TemplateBody=body, **options)
    client.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )


def test_stacks_are_read_each_in_its_region(aws, diff):
    create(aws, "one", template("old"), EnableTerminationProtection=True)
    create(aws, "two", template("old"), region="eu-west-1")
    new = template("new")
    said = diff(
        stacks(new, "one", "three") | stacks(new, "two", region="eu-west-1"),
    )
    (shared, protection, third) = (
        [line for line in said.data["lines"] if word in line["text"]]
        for word in ("'new.example.com'", "protection", "is new")
    )
    assert {name for line in shared for name in line["stacks"]} >= {"one", "two"}
    assert [line["stacks"] for line in protection] == [["one"]]
    assert "three" in str(third) and "two" not in str(third)
    assert (said.base, said.notices) == ("what is deployed", [])


def test_what_cannot_be_compared_is_left_out_with_a_notice(aws, diff):
    create(aws, "yaml", "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    create(aws, "json", template())
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "u"}}
    nested["Metadata"] = {"aws:asset:path": "json.json"}
    around = {"Resources": {"Logs": nested}}
    said = diff(stacks(template(), "yaml", "json") | stacks(around, "around"))
    assert not [line for line in said.data["lines"] if line["stacks"] != ["around"]]
    notices = " ".join(said.notices)
    assert "'yaml' is left out: it is deployed as YAML" in notices
    assert "nested stacks are left out" in notices


def test_characters_that_cloudformation_answers_as_question_marks_are_no_change(
    aws, diff
):
    def named(root):
        content = template()
        distribution = content["Resources"]["Distribution"]["Properties"]
        config = distribution["DistributionConfig"]
        config["DefaultRootObject"] = root
        return content

    create(aws, "accents", named("gr??-?.html"))
    wanted = named("grüß-\N{SNOWMAN}.html")
    assert diff(stacks(wanted, "accents")).data["changed"] is False
    (line,) = diff(stacks(named("grüß-?!.html"), "accents")).data["lines"]
    assert "grüß-?!.html" in line["text"]


def test_a_stack_that_was_never_executed_is_not_deployed(aws, diff):
    aws.client("cloudformation").create_change_set(
        StackName="planned",
        ChangeSetName="plan",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template()),
    )
    lines = diff(stacks(template(), "planned")).data["lines"]
    assert lines and all("is new" in line["text"] for line in lines)


def test_a_stack_of_another_account_is_not_taken_for_a_new_one(diff):
    said = diff(stacks(template(), STACK, account="111122223333")).error
    assert said.startswith(f"the credentials must be of the account of '{STACK}'")
    assert "111122223333" not in said


def test_a_refusal_is_one_sentence_without_the_account(diff, monkeypatch):
    refused = error("AccessDenied", "arn:aws:iam::111122223333:user/joe may not ask")
    with refused as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        said = diff(stacks(template(), STACK)).error
    assert "must allow" in said and said.count("\n") == 1
    assert "111122223333" not in said and "joe" not in said


def test_a_wrong_profile_is_said_before_anything_is_synthesized(diff):
    said = diff(stacks(template(), STACK), "--profile", "missing")
    assert "--profile or AWS_PROFILE must be one of" in said.error
    assert diff.app.calls() == []


def test_without_boto3_it_says_how_to_install_it(diff, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "'pip install boto3'" in diff({}).error


SHOWN = {
    "arn:aws:iam::111122223333:role/x": "arn:aws:iam::<account>:role/x",
    "111122223333": "<account>",
    "logs-111122223333.s3.amazonaws.com": "logs-<account>.s3.amazonaws.com",
    "a/12345678-1234-1234-1234-123456789012": "a/12345678-1234-1234-1234-123456789012",
    "1111222233334": "1111222233334",
    "port:8080": "port:8080",
}


def test_accounts_are_masked_but_not_the_digits_of_a_uuid(aws, diff, tmp_path):
    def named(*aliases):
        content = template()
        config = content["Resources"]["Distribution"]["Properties"][
            "DistributionConfig"
        ]
        config["Aliases"] = [*aliases]
        return content

    wanted = {}
    for number, alias in enumerate(SHOWN):
        create(aws, f"masked{number}", named(alias))
        wanted |= stacks(named(), f"masked{number}")
    lines = diff(wanted).data["lines"]
    texts = [line["text"].split("name ")[1].strip("'") for line in lines]
    assert sorted(texts) == sorted(SHOWN.values())
    # An acknowledgement holds whether the stack is deployed or not.
    for name, alias in (("a", [*SHOWN][:1]), ("b", ())):
        path = tmp_path / name / "masked0.template.json"
        path.parent.mkdir()
        path.write_text(json.dumps(named(*alias)))
    words = (tmp_path / side / "masked0.template.json" for side in "ab")
    (other,) = run("compare", "--json", *words).data["lines"]
    assert other["ids"] in [line["ids"] for line in lines]
