"""docs/preflight.md says what the code does."""

from __future__ import annotations

import json
import re

import boto3
import pytest
from botocore import xform_name
from cdk_support import ROOT

from cdn_review.cli import main
from cdn_review.preflight.command import NOT_ASKED, OF_THE_ACCOUNT

PAGE = (ROOT / "docs" / "preflight.md").read_text("utf-8")
OTHERS = {"account", "CDK role", "origin", "tree"}
# What IAM calls by another name than the API does.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
IAM_NAMES = {
    "s3:HeadBucket": "s3:ListBucket",
}


def rows(heading):
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.M)


def permitted():
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    (statement,) = json.loads(block)["Statement"]
    return statement["Action"]


def calls():
    """Every call that the room can make, as IAM names it, from botocore's own models."""
    room = (ROOT / "cdn_review" / "preflight").rglob("*.py")
    words = {*re.findall(r"[\w-]+", "".join(path.read_text("utf-8") for path in room))}
    session = boto3.Session(region_name="us-east-1")
    found = set()
    for service in words & {*session.get_available_services()}:
        model = session._session.get_service_model(service)
        found |= {
            f"{model.signing_name}:{name}"
            for name in model.operation_names
            if xform_name(name) in words
        }
    return {IAM_NAMES.get(one, one) for one in found}


def test_the_page_is_short():
    assert len(PAGE.split()) <= 800


def test_the_table_has_every_check():
    assert {*rows("The checks")} == OTHERS | OF_THE_ACCOUNT.keys()


def test_every_option_is_documented(capsys):
    with pytest.raises(SystemExit):
        main(["preflight", "--help"])
    known = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.M))
    documented = set(re.findall(r"^\| `(--[a-z-]+)`", PAGE, re.M))
    assert documented == known


def test_the_permissions_are_those_of_the_calls():
    assert {*permitted()} == calls() - {"sts:GetCallerIdentity"}


def test_permissions_are_sorted_and_only_read():
    assert permitted() == sorted(permitted())
    assert all(
        re.search(r":(Get|List|Describe|AssumeRole)", one) for one in permitted()
    )
    assert "secretsmanager:GetSecretValue" not in permitted()


def test_what_cannot_be_asked_is_named():
    assert "'Your account must be verified'" in NOT_ASKED
    assert '"Your account must be verified"' in PAGE


@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_the_exit_codes_are_named(code):
    assert re.search(rf"\b{code} if ", PAGE)
