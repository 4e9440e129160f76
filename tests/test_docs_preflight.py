"""docs/preflight.md says what the code does."""

from __future__ import annotations

import argparse
import ast
import json
import re

import pytest
from cdk_support import ROOT

from cdn_review.commands import preflight
from cdn_review.preflight.run import OF_THE_ACCOUNT

PAGE = (ROOT / "docs" / "preflight.md").read_text("utf-8")
BEFORE_THE_TABLE = {"credentials", "account"}
OF_THE_SERVER = {"origin", "tree"}
# Methods whose permission goes by another name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
IAM_NAMES = {"head_bucket": "list_bucket"}


def rows(heading):
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.M)


def permitted():
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    (statement,) = json.loads(block)["Statement"]
    return statement["Action"]


def operations():
    """Every call that the room makes: a method of a client, named for its service."""
    found = set()
    for path in (ROOT / "cdn_review" / "preflight").rglob("*.py"):
        text = path.read_text("utf-8")
        words = {
            node.attr if isinstance(node, ast.Attribute) else node.value
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Attribute)
            or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        }
        found |= {
            one
            for one in words
            if re.fullmatch(r"(get|list|describe|head)_[a-z_]+", one)
        }
    return found


def test_the_table_has_every_check():
    named = {*BEFORE_THE_TABLE, *OF_THE_ACCOUNT, *OF_THE_SERVER}
    assert {*rows("The checks")} == named


def test_every_option_is_documented():
    parser = argparse.ArgumentParser()
    preflight.add_arguments(parser)
    known = {
        word
        for action in parser._actions
        for word in action.option_strings
        if word.startswith("--") and word != "--help"
    }
    documented = set(re.findall(r"^\| `(--[a-z-]+)`", PAGE, re.M))
    assert documented == known


def test_the_permissions_are_those_of_the_calls():
    spoken = {
        re.sub(r"[^a-z]", "", one.partition(":")[2].lower()) for one in permitted()
    }
    names = {IAM_NAMES.get(one, one).replace("_", "") for one in operations()}
    assert spoken == names - {"getcalleridentity", "getpaginator"}


def test_permissions_are_sorted_and_only_read():
    assert permitted() == sorted(permitted())
    assert all(re.search(r":(Get|List|Describe)", one) for one in permitted())
    assert "secretsmanager:GetSecretValue" not in permitted()


@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_the_exit_codes_are_named(code):
    assert re.search(rf"\b{code} if ", PAGE)
