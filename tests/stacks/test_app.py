from __future__ import annotations

import json

import pytest
from cdk_support import ROOT, new_app

import app as application


def test_all_environments_synthesize_at_once():
    app = new_app()
    application.main(app)
    assert {stack.stack_name for stack in app.synth().stacks} == {
        "mysite-cdn-dev",
        "mysite-cdn-staging",
        "mysite-cdn-prod",
    }


def test_bad_configuration_ends_in_one_sentence():
    with pytest.raises(SystemExit) as ended:
        application.main(
            new_app(environments={"dev": {"origin": "dev.example.com:8000"}})
        )
    assert ended.value.code == (
        "cdk.json: environments.dev.origin must be a bare host name such as "
        "'www.example.com', got 'dev.example.com:8000': leave out the port"
    )


def test_what_a_construct_refuses_names_its_environment():
    environments = {
        "dev": {"origin": "a.example"},
        "qa": {
            "origin": {"domain_name": "a.example", "failover_domain_name": "b.example"},
            "cors": "any_origin",
            "media": {"bucket": {}},
        },
    }
    with pytest.raises(SystemExit) as ended:
        application.main(new_app(environments=environments))
    expected = "cdk.json: environments.qa.media.bucket must not be given with an origin"
    assert str(ended.value.code).startswith(expected)


def test_cdk_json_switches_off_what_would_change_the_template():
    settings = json.loads((ROOT / "cdk.json").read_text("utf-8"))
    for option in ("versionReporting", "pathMetadata", "assetMetadata"):
        assert settings[option] is False
    assert settings["context"]["cli-telemetry"] is False
    assert settings["context"]["@aws-cdk/core:validateAgainstDefaultRules"] is True
