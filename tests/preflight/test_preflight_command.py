"""``preflight`` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from cdn_review.cli import main

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "snapshots" / "lab-cdn-minimal.template.json"


@pytest.fixture
def assembly(tmp_path):
    """What ``cdk synth`` wrote: an environment of ours, its origin a name of nobody."""
    folder = tmp_path / "cdk.out"
    folder.mkdir()
    shutil.copy(GOLDEN, folder / "mysite-cdn-prod.template.json")
    properties = {
        "templateFile": "mysite-cdn-prod.template.json",
    }
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111122223333/us-east-1",
        "properties": properties,
    }
    manifest = {"version": "36.0.0", "artifacts": {"mysite-cdn-prod": artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def variables(endpoint, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def run(assembly, *words):
    # A port where nobody listens, so that no test asks the internet.
    elsewhere = ("--origin-address", "127.0.0.1:9")
    return main(["preflight", "--cdk-out", str(assembly), *elsewhere, *words])


def test_it_says_what_it_found_and_ends_with_1_when_something_fails(
    assembly, variables, capsys
):
    assert run(assembly, "prod") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "PASS  account: the credentials belong to the stack's account"
    assert any(
        line.startswith("FAIL  origin: www.example.com refuses") for line in lines
    )
    assert any(line.startswith("      -> ") for line in lines)
    assert "Your account must be verified" in lines[-2]
    assert lines[-1] == "6 PASS, 0 WARN, 2 FAIL, 5 SKIP"


def test_as_json_it_is_one_object(assembly, variables, capsys):
    assert run(assembly, "mysite-cdn-prod", "--json") == 1
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is False
    assert data["stack"] == "mysite-cdn-prod"
    assert {*data["findings"][0]} == {"id", "level", "message", "hint"}
    assert "verified" in data["not_asked"][0]


def test_no_account_stands_in_what_it_says(assembly, variables, capsys):
    variables.setenv("AWS_ACCESS_KEY_ID", "444455556666")
    assert run(assembly, "prod") == 1
    said = "".join(capsys.readouterr())
    assert "another account than the stack" in said
    assert "111122223333" not in said
    assert "444455556666" not in said


def test_an_unknown_environment_ends_it_with_2(assembly, variables, capsys):
    assert run(assembly, "nowhere") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert (
        "ENV must be an environment of the app, which has prod, got 'nowhere'"
        in said.err
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "a:70000"])
def test_an_address_that_is_none_ends_it_with_2(assembly, variables, capsys, address):
    assert run(assembly, "prod", "--origin-address", address) == 2
    assert "must be a host and a port, such as" in capsys.readouterr().err


# -- credentials


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "--profile or AWS_PROFILE must be one of those"),
        (
            "role_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = /none",
            "(FileNotFoundError: /none)",
        ),
        (
            "aws_access_key_id = x\naws_secret_access_key = y\n"
            "endpoint_url = http://127.0.0.1:9",
            "AWS STS must be within reach",
        ),
    ],
    ids=["no profile", "no token", "no network"],
)
def test_credentials_that_do_not_work_end_it_before_anything_is_synthesized(
    source, said, tmp_path, variables, capsys
):
    config = tmp_path / "config"
    keys = "[profile keys]\naws_access_key_id = x\naws_secret_access_key = y\n"
    config.write_text(keys + (f"[profile site]\n{source}\n" if source else ""))
    for name in ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        variables.delenv(f"AWS_{name}")
    variables.setenv("AWS_CONFIG_FILE", str(config))
    variables.setenv("AWS_MAX_ATTEMPTS", "1")
    folder = str(tmp_path)
    assert main(["preflight", "prod", "--profile", "site", "--app-folder", folder]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert said in err and "111122223333" not in err
