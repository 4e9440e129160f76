"""What docs/settings.md says is what the code does."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re

import pytest
from cdk_support import ROOT
from docs_support import code, section, tables

import dj_cloudfront

PAGE = ROOT / "docs" / "settings.md"


def test_config_is_documented_as_it_is():
    parameters, attributes = tables(section(PAGE, "`dj_cloudfront.config()`"))
    signature = inspect.signature(dj_cloudfront.config)
    assert [code(row[0])[0] for row in parameters] == list(signature.parameters)
    for name, kind, default, _ in parameters:
        found = signature.parameters[code(name)[0]]
        assert code(kind) == [found.annotation]
        if found.default is inspect.Parameter.empty:
            assert default == "required"
        else:
            assert ast.literal_eval(code(default)[0]) == found.default
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
    assert {code(row[0])[0] for row in attributes} == public


def test_the_variables_are_those_that_are_read():
    (rows,) = tables(section(PAGE, "Environment variables"))
    source = (ROOT / "dj_cloudfront" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', source))
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
        case "several stacks, none named":
            write(
                json.dumps({"mysite-cdn-staging": outputs, "mysite-cdn-prod": outputs})
            )
        case "a stack that is not there":
            write(
                json.dumps({"mysite-cdn-staging": outputs, "mysite-cdn-prod": outputs})
            )
            values["stack"] = "mysite-cdn-dev"
        case "a half that is not there":
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
