"""The working tree against a revision, in a repository of its own."""

from __future__ import annotations

import json

import pytest
from review_support import app_in, diff, git_in, golden

from cdn_review.__main__ import main


@pytest.fixture
def app(tmp_path, monkeypatch):
    return app_in(tmp_path, monkeypatch)


def test_an_unchanged_working_tree_has_no_change(app, capsys):
    assert diff() == 0
    said = capsys.readouterr()
    assert said.out.startswith("CDN review: no change in prod\n")
    commit = git_in(app, "rev-parse", "--short=8", "HEAD")
    assert f"compared {commit} (main) with the working tree" in said.out
    assert said.err == f"synthesizing the working tree and {commit} (main) …\n"


def test_what_is_not_committed_is_a_change(app, capsys):
    (app / "template.json").write_text(json.dumps({"Resources": {}}))
    assert diff() == 1
    assert "static distribution" in capsys.readouterr().out


def test_a_branch_is_compared_with_where_it_left_main(app, capsys):
    git_in(app, "checkout", "-q", "-b", "topic")
    (app / "template.json").write_text(json.dumps(golden(PriceClass="PriceClass_All")))
    git_in(app, "commit", "-q", "-a", "-m", "Serve more")
    git_in(app, "checkout", "-q", "main")
    (app / "template.json").write_text(json.dumps(golden(HttpVersion="http1.1")))
    git_in(app, "commit", "-q", "-a", "-m", "Go on meanwhile")
    git_in(app, "checkout", "-q", "topic")
    assert diff("--json") == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert changes and not [one for one in changes if "HTTP/" in one["text"]]
    assert diff("--against", "main", "--json") == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert [one for one in changes if "HTTP/" in one["text"]]


def test_the_base_decides_what_is_protected(app, capsys):
    (app / "template.json").write_text(json.dumps({"Resources": {}}))
    (app / "cdn-review.toml").write_text('unprotected = ["prod"]')
    assert diff() == 1
    git_in(app, "add", "cdn-review.toml")
    git_in(app, "commit", "-q", "-m", "Free prod")
    assert diff() == 0
    capsys.readouterr()


def test_one_environment_of_all(app, capsys):
    assert diff("prod") == 0
    assert diff("mysite-cdn-prod") == 0
    assert diff("dev") == 2
    assert "ENV must be an environment of the app, which are prod, got 'dev'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("revision", ["nope", "-x", "--output=x", "HEAD:infra", "a\nb"])
def test_an_unknown_revision_ends_with_2(app, revision, capsys):
    assert diff(f"--against={revision}") == 2
    assert "error: --against must be a revision that this repository has" in (
        capsys.readouterr().err
    )


def test_a_shallow_clone_is_not_taken_for_one_without_changes(
    app, tmp_path, monkeypatch, capsys
):
    git_in(app, "commit", "-q", "--allow-empty", "-m", "Go on")
    shallow = tmp_path / "shallow"
    url = f"file://{app.parent}"
    git_in(tmp_path, "clone", "-q", "--depth=1", url, str(shallow))
    git_in(shallow, "checkout", "-q", "--detach")
    git_in(shallow, "branch", "-q", "-D", "main")
    git_in(shallow, "remote", "remove", "origin")
    monkeypatch.chdir(shallow / "infra")
    assert diff() == 2
    assert "--against must be given in a shallow clone" in capsys.readouterr().err
    assert diff("--against", "HEAD") == 0
    capsys.readouterr()


def test_without_git_it_says_so(app, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert diff() == 2
    assert capsys.readouterr().err.startswith("error: git must be installed")


def test_outside_a_repository_it_ends_with_2(app, tmp_path, monkeypatch, capsys):
    alone = tmp_path / "alone" / "app"
    alone.mkdir(parents=True)
    (alone / "cdk.json").write_text("{}")
    monkeypatch.chdir(alone)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert main(["diff"]) == 2
    assert "the app must be in a git repository" in capsys.readouterr().err


def test_without_an_app_it_ends_with_2(app, capsys):
    assert diff("--app-folder", "..") == 2
    assert "must be the folder of a cdk.json" in capsys.readouterr().err
    git_in(app, "rm", "-q", "--cached", "cdk.json")
    git_in(app, "commit", "-q", "-m", "Lose the app")
    assert diff() == 2
    assert "there is none in" in capsys.readouterr().err


def test_a_failure_of_the_app_is_shown_redacted(app, capsys):
    (app / "template.json").write_text('{"fail": "no origin of 111122223333"}')
    assert diff() == 2
    said = capsys.readouterr().err
    assert (
        "the app must synthesize without credentials, and in the working tree" in said
    )
    assert said.endswith("no origin of account-aeb2\n")


def test_nothing_is_left_in_the_repository(app, capsys):
    before = sorted(path for path in app.parent.rglob("*") if path.is_file())
    assert diff() == 0
    assert git_in(app, "status", "--porcelain") == ""
    assert git_in(app, "worktree", "list").count("\n") == 0
    assert before == sorted(path for path in app.parent.rglob("*") if path.is_file())
    capsys.readouterr()
