"""What git and the CDK CLI are told, and what an app gets to know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from review_support import ROOT, app_in, diff, git_in

from cdn_review.sources import cli, git
from cdn_review.sources.revision import settings_at


@pytest.fixture
def app(tmp_path, monkeypatch):
    return app_in(tmp_path, monkeypatch)


def test_a_revision_is_exported_byte_for_byte(app, tmp_path):
    repository = app.parent
    marker = tmp_path / "ran"
    (app / ".gitattributes").write_text(
        "* text=auto eol=crlf filter=own ident\nhidden export-ignore\n"
    )
    (app / "hidden").write_bytes(b"$Id$\nline\n")
    (app / "run.sh").write_text("#!/bin/sh\n")
    (app / "run.sh").chmod(0o755)
    (app / "link").symlink_to("hidden")
    git_in(repository, "add", ".")
    git_in(repository, "commit", "-q", "-m", "Add attributes")
    for side_ in ("smudge", "clean"):
        git_in(repository, "config", f"filter.own.{side_}", f"touch {marker}; cat")
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    checkout = git.checkout_of(app)
    target = tmp_path / "exported"
    target.mkdir()
    git.export(checkout, git.commit_of(checkout, "HEAD"), target)
    assert (target / "infra" / "hidden").read_bytes() == b"$Id$\nline\n"
    assert os.readlink(target / "infra" / "link") == "hidden"
    assert os.access(target / "infra" / "run.sh", os.X_OK)
    assert not os.access(target / "infra" / "hidden", os.X_OK)
    assert not marker.exists()


def test_a_link_of_a_revision_leads_no_file_out_of_it(app, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    repository = app.parent
    blob = git_in(repository, "rev-parse", "HEAD:infra/cdk.json")
    (app / "target").write_text(str(outside))
    link = git_in(repository, "hash-object", "-w", "infra/target")
    # No git would write a tree like this; who means harm can.
    tree = f"100644 blob {blob}\tfile\n"
    inner = mktree(repository, tree)
    outer = mktree(repository, f"120000 blob {link}\tdoor\n040000 tree {inner}\tdoor\n")
    commit = git_in(repository, "commit-tree", outer, "-m", "Harm")
    target = tmp_path / "exported"
    target.mkdir()
    with pytest.raises(ValueError, match="must be inside it, and 'door/file' is not"):
        git.export(git.checkout_of(app), commit, target)
    assert list(outside.iterdir()) == []


def mktree(folder, listed):
    done = subprocess.run(
        ["git", "mktree"], cwd=folder, input=listed.encode(), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def test_the_settings_of_a_revision(app):
    checkout = git.checkout_of(app)
    assert settings_at(checkout, git.commit_of(checkout, "HEAD")).unprotected == ()
    (app / "cdn-review.toml").write_text('unprotected = ["dev"]')
    git_in(app, "add", ".")
    git_in(app, "commit", "-q", "-m", "Free dev")
    assert settings_at(checkout, git.commit_of(checkout, "HEAD")).unprotected == (
        "dev",
    )


def test_the_app_gets_no_credentials_and_no_token(app, tmp_path, monkeypatch, capsys):
    foreign = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_PROFILE": "x",
        "AWS_REGION": "x",
        "CDK_DEFAULT_ACCOUNT": "x",
        "GITHUB_TOKEN": "x",
        "ACTIONS_RUNTIME_TOKEN": "x",
        "GIT_DIR": "x",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OUR_STAGE", "prod")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(tmp_path))))
    assert diff() == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    variables = seen["variables"]
    assert foreign.keys() & variables.keys() == set()
    assert {name for name in variables if name.startswith("AWS_")} == {
        "AWS_CONFIG_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
    assert variables["OUR_STAGE"] == "prod"
    assert variables["PYTHONPATH"] == str(tmp_path)
    assert str(Path(sys.executable).parent) in variables["PATH"].split(os.pathsep)[:2]
    assert {"--no-lookups", "--quiet", "--no-notices"} <= set(seen["words"])
    capsys.readouterr()


def test_the_cli_is_that_of_the_app(tmp_path, monkeypatch):
    app = tmp_path / "repository" / "infra"
    app.mkdir(parents=True)
    bin_ = tmp_path / "repository" / "node_modules" / ".bin"
    bin_.mkdir(parents=True)
    assert cli.find_cli(app, "npx cdk") == ["npx", "cdk"]
    assert cli.find_cli(app, "./own cdk") == [str(Path.cwd() / "own"), "cdk"]
    (bin_ / "cdk").write_text("")
    assert cli.find_cli(app) == [str(bin_ / "cdk")]
    (bin_ / "cdk").unlink()
    monkeypatch.setattr(cli, "tool_path", lambda: str(bin_))
    with pytest.raises(ValueError, match="the CDK CLI must be installed"):
        cli.find_cli(app)


def test_a_cli_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "_SECONDS", 0.2)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(ValueError, match="cdk synth must end within"):
        cli.run(command, cwd=tmp_path, env=os.environ, what="cdk synth")


def test_of_much_output_the_end_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "_MOST_BYTES", 100)
    code = "for n in range(100): print('line', n)"
    command = [sys.executable, "-c", code]
    done = cli.run(command, cwd=tmp_path, env=os.environ, what="cdk synth")
    lines = done.output.splitlines()
    assert lines[-1] == "line 99" and lines[0] in {f"line {n}" for n in range(80, 100)}
