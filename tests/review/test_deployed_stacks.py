"""What is deployed, asked of a CloudFormation on this machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pull_support import Aws, error
from worktree_support import STACK, App, template

from cdn_review.change import Change, Topic
from cdn_review.cli import main
from cdn_review.deployed import Account, mask_accounts, masked
from cdn_review.message import format_message, to_text
from cdn_review.snapshot import Stack

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


def stack(name, **about):
    return Stack(name=name, **{"region": "us-east-1", "template": TEMPLATE, **about})


def create(aws, name, body, *, region="us-east-1", **options):
    client = aws.client("cloudformation", region)
    client.create_stack(StackName=name, TemplateBody=body, **options)
    client.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )


def test_stacks_are_read_each_in_its_region(aws, credentials):
    body = json.dumps(TEMPLATE)
    create(aws, "one", body, EnableTerminationProtection=True)
    create(aws, "two", body, region="eu-west-1")
    wanted = [stack("one"), stack("two", region="eu-west-1"), stack("three")]
    found = Account().deployed(wanted)
    assert found.before == [
        stack("one", termination_protection=True),
        stack("two", region="eu-west-1"),
    ]
    assert (found.after, found.notices) == (wanted, ())
    assert Account().deployed([stack("two")]).before == []


def test_a_stack_in_yaml_is_left_out_with_a_notice(aws, credentials):
    create(aws, "yaml", "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    create(aws, "json", json.dumps(TEMPLATE))
    found = Account().deployed([stack("yaml"), stack("json")])
    assert found.before == found.after == [stack("json")]
    (notice,) = found.notices
    assert notice.startswith("'yaml' is left out: it is deployed as YAML")


def test_nested_stacks_are_left_out_with_a_notice(credentials):
    found = Account().deployed([stack("none"), stack("none (nested Logs)")])
    assert found.after == [stack("none")]
    (notice,) = found.notices
    assert notice.startswith("nested stacks are left out")


def test_a_stack_that_was_never_executed_is_not_deployed(aws, credentials):
    aws.client("cloudformation").create_change_set(
        StackName="planned",
        ChangeSetName="plan",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(TEMPLATE),
    )
    found = Account().deployed([stack("planned")])
    assert (found.before, found.after) == ([], [stack("planned")])


def test_a_stack_of_another_account_is_not_taken_for_a_new_one(credentials):
    with pytest.raises(ValueError) as caught:
        Account().deployed([stack("mysite-cdn-prod", account="111122223333")])
    said = str(caught.value)
    assert said.startswith(
        "the credentials must be of the account of 'mysite-cdn-prod'"
    )
    assert "111122223333" not in said
    own = stack("other-cdn-prod", account="000000000000")
    assert Account().deployed([own]).before == []


def test_a_refusal_is_one_sentence_without_the_account(credentials, monkeypatch):
    refused = error("AccessDenied", "arn:aws:iam::111122223333:user/joe may not ask")
    with refused as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        with pytest.raises(ValueError, match="must allow") as caught:
            Account()
    said = str(caught.value)
    assert "111122223333" not in said and "joe" not in said and "\n" not in said


def test_a_wrong_profile_is_said(credentials):
    with pytest.raises(ValueError, match="--profile or AWS_PROFILE must be one of"):
        Account("missing")


def test_without_boto3_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ValueError, match="'pip install boto3'"):
        Account()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("arn:aws:iam::111122223333:role/x", "arn:aws:iam::<account>:role/x"),
        ("111122223333", "<account>"),
        ("of 111122223333, or", "of <account>, or"),
        ("arn:aws:acm:us-east-1:11112222…", "arn:aws:acm:us-east-1:<account>…"),
        (
            "certificate/12345678-1234-1234-1234-123456789012",
            "certificate/12345678-1234-1234-1234-123456789012",
        ),
        ("1111222233334", "1111222233334"),
        ("port:8080", "port:8080"),
        ("logs-111122223333.s3.amazonaws.com", "logs-<account>.s3.amazonaws.com"),
    ],
)
def test_accounts_are_masked_but_not_the_digits_of_a_uuid(text, shown):
    assert mask_accounts(text) == shown


def test_a_masked_change_keeps_its_fingerprint():
    change = Change(
        stack="s",
        environment="s",
        role="bucket policy",
        topic=Topic.ACCESS,
        message=format_message("lets {} in", "arn:aws:iam::111122223333:root"),
        fingerprint="1a2b3c4d",
    )
    shown = masked(change)
    assert to_text(shown.message) == "lets 'arn:aws:iam::<account>:root' in"
    assert shown.fingerprint == "1a2b3c4d"


def test_boto3_is_imported_only_to_ask():
    code = (
        "import sys; from cdn_review.cli import main; import cdn_review.deployed\n"
        "try: main(['diff', '--help'])\n"
        "finally: print({'boto3', 'botocore', 'dns'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[0] == "set()", done.stderr


@pytest.fixture
def app(tmp_path, monkeypatch, credentials):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.jsonl"))
    app = App(tmp_path)
    source = app.folder / "app.py"
    source.write_text(source.read_text().replace("111122223333", "000000000000"))
    monkeypatch.chdir(app.folder)
    return app


def site(origin):
    content = template()
    config = content["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    config["Origins"][0]["DomainName"] = origin
    return json.dumps(content)


def test_the_working_tree_is_compared_with_what_is_deployed(aws, app, capsys):
    create(aws, STACK, site("logs-000000000000.example.com"))
    app.write("template.json", site("www.example.com"))
    words = ("diff", "--deployed", "--cdk", app.cli)
    assert main([*words]) == 0
    out = capsys.readouterr().out
    assert "what is deployed -> the working tree" in out
    assert "logs-<account>.example.com" in out and "000000000000" not in out
    assert main([*words, "prod", "--json"]) == 0
    assert "000000000000" not in capsys.readouterr().out


def test_a_wrong_profile_is_said_before_anything_is_synthesized(app, capsys):
    words = ("diff", "--deployed", "--profile", "missing", "--cdk", app.cli)
    assert main([*words]) == 2
    assert "--profile or AWS_PROFILE must be" in capsys.readouterr().err
    assert app.calls() == []
