"""What docs/settings.md says is what the code does."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
from argparse import ArgumentParser
from unittest.mock import Mock

import pytest
from docs_support import ROOT, code, options_of, parser_of, section, tables

import dj_cloudfront
from dj_cloudfront.stack_outputs import OUTPUTS_FILE, PullResult, add_arguments

PAGE = ROOT / "docs" / "settings.md"


def plain_parser():
    parser = ArgumentParser()
    add_arguments(parser, stack="", output="")
    return parser


@pytest.mark.parametrize("name", ["config", "build_version"])
def test_the_arguments_are_documented_as_they_are(name):
    rows = tables(section(PAGE, f"`dj_cloudfront.{name}()`"))[0]
    signature = inspect.signature(getattr(dj_cloudfront, name))
    assert [code(row[0])[0] for row in rows] == list(signature.parameters)
    for name, kind, default, _ in rows:
        found = signature.parameters[code(name)[0]]
        assert code(kind) == [found.annotation]
        if found.default is inspect.Parameter.empty:
            assert default == "required"
        else:
            assert ast.literal_eval(code(default)[0]) == found.default


def test_the_attributes_are_documented_as_they_are():
    rows = tables(section(PAGE, "`dj_cloudfront.config()`"))[1]
    public = {
        name
        for name in (
            *(field.name for field in dataclasses.fields(dj_cloudfront.Cdn)),
            *(
                name
                for name, one in vars(dj_cloudfront.Cdn).items()
                if isinstance(one, property)
            ),
        )
        if not name.startswith("_")
    }
    assert {code(row[0])[0] for row in rows} == public


def test_the_variables_are_those_that_are_read():
    (rows,) = tables(section(PAGE, "Environment variables"))
    files = [
        ROOT / "dj_cloudfront" / f"{name}.py" for name in ("config", "build_version")
    ]
    source = "".join(path.read_text("utf-8") for path in files)
    read = {
        *re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', source),
        *re.findall(r"^    Output\.(\w+),$", source, re.M),
    }
    assert {code(row[0])[0] for row in rows} == read


def fail(what, path, monkeypatch):
    """Do what a row of the table is about."""
    outputs = {"StaticDomainName": "d1.cloudfront.net"}
    write = path.write_text
    values = {"build_version": "b1", "static_root": "/var/mysite/static"}
    match what:
        case "no build version":
            values["build_version"] = None
        case "no file":
            pass
        case "a file of another user":
            refused = Mock(side_effect=PermissionError)
            monkeypatch.setattr(type(path), "read_text", refused)
        case "several stacks, none named":
            write(
                json.dumps({"mysite-cdn-staging": outputs, "mysite-cdn-prod": outputs})
            )
        case "a stack that is not there":
            write(
                json.dumps({"mysite-cdn-staging": outputs, "mysite-cdn-prod": outputs})
            )
            values["stack"] = "mysite-cdn-dev"
        case "a distribution that is not there":
            monkeypatch.setenv("STATIC_DOMAIN_NAME", "static.example.com")
        case _:
            pytest.fail(f"no way to make this happen: {what}")
    return dj_cloudfront.config(path.name, **values).media_url


ERRORS = tables(section(PAGE, "When it fails"))[0]


@pytest.mark.parametrize(("what", "sentence"), ERRORS, ids=[row[0] for row in ERRORS])
def test_a_mistake_is_answered_as_documented(what, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as error:
        fail(what, tmp_path / "cdn-outputs.json", monkeypatch)
    assert str(error.value) == sentence


# -- cdn pull


def options():
    (rows,) = tables(section(PAGE, "`cdn pull`"))
    return {code(row[0])[0]: row for row in rows}


@pytest.mark.parametrize("parser", [parser_of("pull"), plain_parser()])
def test_the_options_of_pull_are_documented_as_they_are(parser):
    assert set(options()) == set(options_of(parser))


def test_the_defaults_of_pull_are_documented_as_they_are():
    given = plain_parser().parse_args([])
    assert code(options()["--region"][1]) == [given.region]
    assert OUTPUTS_FILE in code(options()["--output"][1])


def test_what_pull_says_to_a_script_is_documented():
    fields = [field.name for field in dataclasses.fields(PullResult)]
    assert code(options()["--json"][2]) == fields
