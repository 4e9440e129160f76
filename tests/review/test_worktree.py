"""The base revision in a worktree of its own, beside the working tree."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from worktree_support import ROOT, commit, git


def test_uncommitted_changes_on_main_are_compared_with_head(app):
    app.set("new")
    said = app.diff()
    assert said.words == ("old", "new")
    head = git(app.top, "rev-parse", "--short=8", "HEAD")
    assert (said.base, said.data["after"]) == (f"{head} (HEAD)", "the working tree")
    assert said.notices == []


def test_a_branch_is_compared_with_where_it_left_main(app):
    git(app.top, "checkout", "-q", "-b", "topic")
    app.set("mine")
    commit(app.top)
    git(app.top, "checkout", "-q", "main")
    app.set("theirs")
    commit(app.top)
    git(app.top, "checkout", "-q", "topic")
    said = app.diff()
    assert said.words == ("old", "mine")
    assert said.base.endswith(" (main)")
    assert app.diff("--against", "main").words == ("theirs", "mine")


@pytest.mark.parametrize("branch", ["main", "develop"])
def test_a_clone_is_compared_with_the_default_branch_of_its_origin(
    app, tmp_path, branch
):
    git(app.top, "branch", "-q", "-m", branch)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(app.top), str(clone))
    (clone / "infra" / "word.json").write_text('"ahead"')
    commit(clone)
    said = app.diff(folder=clone / "infra")
    assert said.words == ("old", "ahead")
    assert said.base.endswith(f" (origin/{branch})")


def test_without_a_default_branch_it_asks_for_one(app):
    git(app.top, "branch", "-q", "-m", "trunk")
    git(app.top, "checkout", "-q", "-b", "topic")
    assert "--against must name what to compare with" in app.diff().error
    assert app.diff("--against", "trunk").base.endswith(" (trunk)")


@pytest.mark.parametrize("depth", [1, 50])
def test_the_checkout_of_a_pull_request_is_compared_with_its_target(
    app, tmp_path, monkeypatch, depth
):
    """As GitHub checks it out: detached, at a merge commit, without origin/HEAD."""
    git(app.top, "branch", "-q", "-m", "develop")
    git(app.top, "checkout", "-q", "-b", "topic")
    app.set("new")
    commit(app.top)
    git(app.top, "checkout", "-q", "develop")
    git(app.top, "commit", "-q", "--allow-empty", "-m", "Go on meanwhile")
    git(app.top, "checkout", "-q", "--detach")
    git(app.top, "merge", "-q", "--no-edit", "topic")
    git(app.top, "update-ref", "refs/pull/1/merge", "HEAD")
    monkeypatch.setenv("GITHUB_BASE_REF", "develop")
    clone = tmp_path / "clone"
    git(tmp_path, "init", "-q", str(clone))
    git(clone, "remote", "add", "origin", f"file://{app.top}")
    heads = ["+refs/heads/*:refs/remotes/origin/*"] if depth > 1 else []
    wanted = ("+refs/pull/1/merge:refs/remotes/pull/1/merge", *heads)
    git(clone, "fetch", "-q", f"--depth={depth}", "origin", *wanted)
    git(clone, "checkout", "-q", "--detach", "refs/remotes/pull/1/merge")
    said = app.diff(folder=clone / "infra")
    if depth == 1:
        assert "check out with 'fetch-depth: 0'" in said.error
    else:
        assert said.words == ("old", "new")
        assert said.base.endswith(" (origin/develop)")


def test_outside_a_repository_git_is_quoted(app, tmp_path, monkeypatch):
    alone = tmp_path / "alone"
    shutil.copytree(app.folder, alone)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert "not a git repository" in app.diff(folder=alone).error


# --- The cache ---


def test_a_base_is_synthesized_once(app):
    app.diff()
    assert len(app.calls()) == 2
    app.set("new")
    assert app.diff().words == ("old", "new")
    assert [call["cwd"] for call in app.calls()] == [str(app.folder)]
    commit(app.top)
    app.diff()
    assert len(app.calls()) == 2


def test_another_variable_of_the_caller_is_another_base(app, monkeypatch):
    counts = []
    for name in ("FIRST", "STAGE", "TERM_SESSION_ID"):
        monkeypatch.setenv(name, "other")
        app.diff()
        counts.append(len(app.calls()))
    assert counts == [2, 2, 1]


def test_old_bases_are_removed(app, tmp_path):
    app.diff()
    (cached,) = (tmp_path / "cache/cdn-review/snapshots").glob("*.json")
    month_ago = time.time() - 31 * 86_400
    os.utime(cached, (month_ago, month_ago))
    commit(app.top)
    app.diff()
    assert not cached.exists()


# --- What is left behind ---


def test_nothing_is_left_in_the_repository(app):
    before = {*app.top.rglob("*")}
    git(app.top, "config", "gc.auto", "0")
    app.diff()
    assert git(app.top, "status", "--porcelain") == ""
    assert len(app.worktrees()) == 1
    assert {path.name for path in {*app.top.rglob("*")} - before} <= {"worktrees"}


def test_an_app_that_fails_is_quoted_and_leaves_nothing(app):
    app.write("app.py", "raise SystemExit('no origin is given')")
    error = app.diff().error
    assert "in the working tree" in error and "\nno origin is given" in error
    commit(app.top)
    app.write("app.py", "")
    error = app.diff().error
    assert "(HEAD) cdk synth ended" in error and "\nno origin is given" in error
    assert error.rstrip().endswith("name its own with 'install' in cdn-review.toml")
    assert len(app.worktrees()) == 1
    app.write("cdn-review.toml", 'install = "true"')
    assert "install command" not in app.diff().error


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_worktree_goes_in_every_ending(app, ending, tmp_path):
    held = tmp_path / "held"
    held.touch()
    wait = f"import os, time\nwhile os.path.exists({str(held)!r}): time.sleep(0.02)\n"
    app.reads("word.json", wait)
    commit(app.top)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "cdn_review", "diff", "--cdk", app.cli],
        cwd=app.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 20
    while not app.seen.exists() or app.seen.read_text().count("\n") < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(ending)
    process.communicate(timeout=20)
    held.unlink()
    folders = [Path(call["cwd"]) for call in app.calls()]
    if ending == signal.SIGKILL:
        assert len(app.worktrees()) == 2
        assert app.diff().code == 0
    else:
        assert process.returncode == 128 + ending
    assert len(app.worktrees()) == 1
    assert sum(folder.exists() for folder in folders) == 1
    assert not [*(tmp_path / "cache/cdn-review/worktrees").iterdir()]


def test_what_a_killed_review_of_another_clone_has_left_is_no_obstacle(app, tmp_path):
    app.write(".gitignore", ".venv")
    app.write("cdn-review.toml", 'install = "mkdir -p .venv && touch .venv/x"')
    commit(app.top)
    assert app.diff().code == 0
    (room,) = (tmp_path / "cache/cdn-review/worktrees").iterdir()
    (room / "tree" / app.top.name / "infra").mkdir(parents=True)
    commit(app.top)
    assert app.diff().code == 0


# --- What runs, and with what ---


def test_hooks_do_not_run_and_filters_that_fail_are_skipped(app, tmp_path):
    marker = tmp_path / "ran"
    hook = app.top / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    app.write(".gitattributes", "*.bin filter=lfs")
    app.write("large.bin", "version https://git-lfs.github.com/spec/v1\n")
    commit(app.top)
    for key in ("smudge", "clean"):
        git(app.top, "config", f"filter.lfs.{key}", "git-lfs-that-is-not-here")
    git(app.top, "config", "filter.lfs.required", "true")
    app.set("new")
    assert app.diff().words == ("old", "new")
    assert not marker.exists()


def test_the_app_gets_no_credentials_and_no_options_of_the_cli(app, monkeypatch):
    foreign = (
        *("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "CDK", "CDK_DEFAULT_ACCOUNT"),
        *("CDK_OUTPUT", "GITHUB_TOKEN", "GIT_DIR"),
    )
    own = {"CDK_DEPLOY_ACCOUNT": "111122223333", "STAGE": "prod"}
    for name, value in (dict.fromkeys(foreign, "x") | own).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), "/else")))
    app.diff()
    for call in app.calls():
        variables = call["variables"]
        assert not {*foreign} & variables.keys()
        assert own.items() <= variables.items()
        assert variables["AWS_CONFIG_FILE"] == os.devnull
        assert variables["PYTHONPATH"] == "/else"
        assert {"--no-lookups", "--quiet", "--no-notices"} <= set(call["words"])


def test_the_cli_is_that_of_the_app_unless_another_is_named(app, monkeypatch):
    def failing(place, words=()):
        path = app.top / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho from {place} >&2; exit 1\n")
        path.chmod(0o755)
        return path

    failing("node_modules/.bin/cdk")
    app.cli = ""
    assert "from node_modules" in app.diff().error
    monkeypatch.setenv("CDN_REVIEW_CDK", f"{failing('other')} cdk")
    assert "from other" in app.diff().error
    failing("infra/own")
    app.cli = "./own cdk"
    assert "from infra/own" in app.diff().error


@pytest.mark.parametrize("install", ["", 'install = "true"'])
def test_a_link_that_the_base_has_committed_stays(app, install):
    (app.folder / "node_modules").symlink_to("of-each-developer")
    app.write("cdn-review.toml", install)
    commit(app.top)
    (app.folder / "of-each-developer").mkdir()
    app.set("new")
    assert app.diff().words == ("old", "new")


def test_lock_files_of_a_first_app_are_not_noticed(app):
    base = git(app.top, "rev-parse", "HEAD")
    second = app.top / "second"
    shutil.copytree(app.folder, second)
    (second / "requirements.txt").write_text("a==1")
    git(app.top, "add", "second")
    assert app.diff("--against", base, folder=second).notices == []


# --- Packages ---


def installed(app, word):
    """What an installed package decides."""
    app.write(".venv/word.json", f'"{word}"')


def needs_installed(app, install=""):
    app.write(".gitignore", ".venv\nvenv\nnode_modules\ndist")
    app.reads(".venv/word.json")
    app.write("requirements.txt", "word==one")
    if install:
        app.write("cdn-review.toml", install)
    commit(app.top)


INSTALL = """\
install = [
  "mkdir -p .venv && echo run >> .venv/runs",
  "sed 's/word==\\\\(.*\\\\)/\\"\\\\1\\"/' requirements.txt > .venv/word.json",
]
"""


def test_without_an_install_command_both_sides_have_what_is_installed(app):
    needs_installed(app)
    installed(app, "one")
    said = app.diff()
    assert (said.words, said.notices) == ((), [])
    app.write("requirements.txt", "word==two")
    installed(app, "two")
    (notice,) = app.diff().notices
    assert notice.startswith("requirements.txt differs from ")
    assert "Name an install command in cdn-review.toml" in notice
    assert (app.folder / ".venv" / "word.json").exists()


def test_with_an_install_command_the_base_has_its_own(app):
    needs_installed(app, INSTALL)
    installed(app, "two")
    app.write("requirements.txt", "word==two")
    said = app.diff()
    assert (said.words, said.notices) == (("one", "two"), [])


def test_the_working_tree_says_how_to_install_a_base_that_does_not(app):
    needs_installed(app)
    app.write("cdn-review.toml", INSTALL)
    installed(app, "two")
    assert app.diff().words == ("one", "two")


def test_what_is_installed_is_kept_for_the_next_base_with_the_same_lock_files(
    app, tmp_path
):
    needs_installed(app, INSTALL)
    installed(app, "two")
    app.diff()
    commit(app.top)
    app.diff()
    (runs,) = (tmp_path / "cache").rglob("runs")
    assert runs.read_text() == "run\nrun\n"
    app.write("requirements.txt", "word==three")
    commit(app.top)
    assert app.diff().words == ("three", "two")
    assert len(list((tmp_path / "cache").rglob("runs"))) == 2


def test_an_install_command_that_fails_is_quoted(app):
    app.write("cdn-review.toml", 'install = "echo no network; exit 7"')
    assert "ended with 7 and said\nno network" in app.diff().error
    assert len(app.worktrees()) == 1


def test_what_cannot_be_compared_is_noticed(app):
    app.write("../.gitmodules", "")
    commit(app.top)
    (submodules,) = app.diff().notices
    assert submodules.startswith("submodules are empty on the side of the base")
