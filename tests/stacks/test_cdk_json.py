"""What is read of cdk.json around its environments, and refused there."""

from __future__ import annotations

import json

import pytest
from cdk_support import ROOT, read

from stacks.environment import check_cdk_json


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"site": None}, "site must be given in the context of cdk.json"),
        (
            {"site": None, "sites": "mysite"},
            "site must be given in the context of cdk.json, got 'sites': did you mean "
            "'site'?",
        ),
        (
            {"site": "My Site"},
            "site must be lower-case letters, digits and single hyphens, starting with a "
            "letter, such as 'mysite', got 'My Site'",
        ),
        (
            {"environments": None},
            "environments must be given in the context of cdk.json",
        ),
        (
            {"environments": "prod"},
            "environments must be a JSON object such as {...}, got 'prod'",
        ),
        (
            {"environments": {}},
            "environments must have at least one environment, such as "
            '{"prod": {"origin": "www.example.com"}}, got {}',
        ),
        (
            {"environments": {"prod": "www.example.com"}},
            "environments.prod must be a JSON object such as {...}, got 'www.example.com'",
        ),
        (
            {"environments": {"Prod": {"origin": "www.example.com"}}},
            "the name of environments.Prod must be lower-case letters, digits and single "
            "hyphens, starting with a letter, such as 'prod', got 'Prod'",
        ),
        (
            {"site": "s" * 120},
            "the name of environments.prod must make a stack name of at most 128 "
            f"characters, got 129 in '{'s' * 120}-cdn-prod'",
        ),
    ],
)
def test_fails_when_the_context_is_wrong(context, sentence):
    with pytest.raises(ValueError) as error:
        read(**context)
    assert str(error.value) == sentence


def test_fails_when_cdk_json_names_an_environment_twice():
    text = '{"context": {"environments": {"prod": {}, "prod": {}}}}'
    with pytest.raises(
        ValueError, match="^a key must not be given twice .* got 'prod' twice"
    ):
        check_cdk_json(text)


def test_one_name_in_different_objects_is_no_repetition():
    check_cdk_json(json.dumps({"a": {"prod": 1}, "b": {"prod": 1}}))


@pytest.mark.parametrize(("name", "path"), [("prod", r"\.prod"), ("a b", r"\['a b'\]")])
def test_fails_when_an_environment_is_null(name, path):
    dev = {"origin": "dev.example.com", "media": None}
    environments = {"dev": dev, name: None}
    text = json.dumps({"context": {"site": "mysite", "environments": environments}})
    with pytest.raises(
        ValueError, match=f"^environments{path} must be a JSON object .* got null$"
    ):
        check_cdk_json(text)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"site": "mysite"}, "site at the top level belongs in context"),
        (
            {"app": "python3 app.py", "environments": {}},
            "environments at the top level belongs in context",
        ),
        (
            {"termination_protection": True},
            "termination_protection at the top level belongs in an environment",
        ),
        (
            {"context": {"site": "mysite", "origin": "www.example.com"}},
            "origin in context belongs in an environment",
        ),
        (
            {"context": {"domain_names": ["static.example.com"]}},
            "domain_names in context belongs in static, media or private",
        ),
    ],
)
def test_fails_when_a_key_is_at_the_wrong_level(settings, sentence):
    with pytest.raises(ValueError) as error:
        check_cdk_json(json.dumps(settings))
    assert str(error.value) == sentence


def test_the_committed_file_passes():
    check_cdk_json((ROOT / "cdk.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"context": null}', '{"context": {"environments": []}}']
)
def test_other_shapes_are_refused_where_they_are_read(text):
    check_cdk_json(text)
