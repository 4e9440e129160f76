"""The base revision in a worktree of its own, beside the working tree."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from worktree_support import ROOT, App, comment_of, commit, git

from cdn_review.cdk_cli import find_cli


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.jsonl"))
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    return App(tmp_path)


def test_uncommitted_changes_on_main_are_compared_with_head(app):
    app.set("new")
    both = app.sides()
    assert (comment_of(both.before), comment_of(both.after)) == ("old", "new")
    head = git(app.top, "rev-parse", "--short=8", "HEAD")
    assert (both.before.name, both.after.name) == (f"{head} (HEAD)", "the working tree")
    assert both.notices == ()


def test_a_branch_is_compared_with_where_it_left_main(app):
    git(app.top, "checkout", "-q", "-b", "topic")
    app.set("mine")
    commit(app.top)
    git(app.top, "checkout", "-q", "main")
    app.set("theirs")
    commit(app.top)
    git(app.top, "checkout", "-q", "topic")
    both = app.sides()
    assert (comment_of(both.before), comment_of(both.after)) == ("old", "mine")
    assert both.before.name.endswith(" (main)")
    assert comment_of(app.sides("main").before) == "theirs"


def test_main_ahead_of_its_origin_is_compared_with_the_origin(app, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(app.top), str(clone))
    folder = clone / "infra"
    path = folder / "template.json"
    path.write_text(path.read_text().replace("old", "ahead"))
    commit(clone)
    both = app.sides(folder=folder)
    assert (comment_of(both.before), comment_of(both.after)) == ("old", "ahead")
    assert both.before.name.endswith(" (origin/main)")


def test_origin_says_which_branch_is_the_default(app, tmp_path):
    git(app.top, "branch", "-q", "-m", "develop")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(app.top), str(clone))
    commit_in_clone(clone)
    assert app.sides(folder=clone / "infra").before.name.endswith(" (origin/develop)")


def commit_in_clone(clone):
    (clone / "other").write_text("")
    commit(clone)


def test_without_a_default_branch_it_asks_for_one(app):
    git(app.top, "branch", "-q", "-m", "trunk")
    git(app.top, "checkout", "-q", "-b", "topic")
    with pytest.raises(ValueError, match="--against must name what to compare with"):
        app.sides()
    assert app.sides("trunk").before.name.endswith(" (trunk)")
    with pytest.raises(ValueError, match="--against must be a revision in this clone"):
        app.sides("develop")


def test_the_checkout_of_a_pull_request_is_compared_with_its_target(
    app, tmp_path, monkeypatch
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
    for depth, is_enough in (("1", False), ("50", True)):
        clone = tmp_path / f"clone-{depth}"
        git(tmp_path, "init", "-q", str(clone))
        git(clone, "remote", "add", "origin", f"file://{app.top}")
        wanted = ["+refs/pull/1/merge:refs/remotes/pull/1/merge"]
        if is_enough:
            wanted.append("+refs/heads/*:refs/remotes/origin/*")
        git(clone, "fetch", "-q", f"--depth={depth}", "origin", *wanted)
        git(clone, "checkout", "-q", "--detach", "refs/remotes/pull/1/merge")
        if is_enough:
            both = app.sides(folder=clone / "infra")
            assert comment_of(both.before) == "old"
            assert both.before.name.endswith(" (origin/develop)")
        else:
            with pytest.raises(ValueError, match="check out with 'fetch-depth: 0'"):
                app.sides(folder=clone / "infra")


def test_outside_a_repository_git_is_quoted(app, tmp_path, monkeypatch):
    alone = tmp_path / "alone"
    shutil.copytree(app.folder, alone)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(ValueError, match="not a git repository"):
        app.sides(folder=alone)


def test_a_base_without_an_app_is_empty(app):
    base = git(app.top, "rev-parse", "HEAD")
    other = app.top / "second"
    shutil.copytree(app.folder, other)
    both = app.sides(base, folder=other)
    assert (both.before.stacks, len(both.after.stacks)) == ({}, 1)


def test_a_folder_without_an_app_is_refused(app):
    with pytest.raises(ValueError, match="--app-folder must be the folder of a cdk.j"):
        app.sides(folder=app.top)


def test_the_settings_of_each_side_are_its_own(app):
    app.write("cdn-review.toml", 'unprotected = ["dev"]')
    commit(app.top)
    app.write("cdn-review.toml", 'unprotected = ["dev", "prod"]')
    both = app.sides()
    assert both.before.unprotected == ("dev",)
    assert both.after.unprotected == ("dev", "prod")


def test_a_base_is_synthesized_once(app):
    assert app.sides() and len(app.calls()) == 2
    app.set("new")
    both = app.sides()
    assert (comment_of(both.before), comment_of(both.after)) == ("old", "new")
    assert [call["cwd"] for call in app.calls()] == [str(app.folder)]
    commit(app.top)
    app.sides()
    assert len(app.calls()) == 2


def test_another_variable_of_the_caller_is_another_base(app, monkeypatch):
    app.sides()
    monkeypatch.setenv("STAGE", "prod")
    app.calls()
    app.sides()
    assert len(app.calls()) == 2
    monkeypatch.setenv("TERM_SESSION_ID", "another terminal")
    app.sides()
    assert len(app.calls()) == 1


def test_a_damaged_write_leaves_no_cached_base(app, monkeypatch, tmp_path):
    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        app.sides()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.jsonl"))
    app.calls()
    assert comment_of(app.sides().before) == "old"
    assert len(app.calls()) == 2


def test_old_bases_are_removed(app, tmp_path):
    app.sides()
    (cached,) = (tmp_path / "cache/cdn-review/snapshots").glob("*.json")
    month_ago = time.time() - 31 * 86_400
    os.utime(cached, (month_ago, month_ago))
    git(app.top, "commit", "-q", "--allow-empty", "-m", "Go on")
    app.sides()
    assert not cached.exists()


def test_nothing_is_left_in_the_repository(app):
    before = sorted(app.top.rglob("*"))
    git(app.top, "config", "gc.auto", "0")
    app.sides()
    assert git(app.top, "status", "--porcelain") == ""
    assert len(app.worktrees()) == 1
    left = {path for path in app.top.rglob("*") if path not in before}
    assert {path.name for path in left} <= {"worktrees"}


def test_an_app_that_fails_is_quoted_and_leaves_nothing(app):
    app.write("app.py", "raise SystemExit('no origin is given')")
    with pytest.raises(ValueError, match="in the working tree.*\nno origin is given"):
        app.sides()
    commit(app.top)
    app.write("app.py", "")
    with pytest.raises(ValueError, match=r"\(HEAD\) cdk synth ended.*\nno origin is g"):
        app.sides()
    assert len(app.worktrees()) == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_worktree_goes_in_every_ending(app, ending, tmp_path):
    held = tmp_path / "held"
    held.touch()
    wait = f"import os, time\nwhile os.path.exists({str(held)!r}): time.sleep(0.02)\n"
    app.write("app.py", wait + (app.folder / "app.py").read_text())
    commit(app.top)
    words = ("diff", "--cdk", app.cli)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "cdn_review", *words],
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
        assert app.sides()
    else:
        assert process.returncode == 128 + ending
    assert len(app.worktrees()) == 1
    assert sum(folder.exists() for folder in folders) == 1


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
    assert comment_of(app.sides().before) == "old"
    assert not marker.exists()


def test_the_app_gets_no_credentials_and_no_options_of_the_cli(app, monkeypatch):
    foreign = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_PROFILE": "x",
        "CDK": "x",
        "CDK_DEFAULT_ACCOUNT": "x",
        "CDK_OUTPUT": "x",
        "GITHUB_TOKEN": "x",
        "GIT_DIR": "x",
    }
    own = {"CDK_DEPLOY_ACCOUNT": "111122223333", "STAGE": "prod"}
    for name, value in (foreign | own).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), "/else")))
    app.sides()
    for call in app.calls():
        variables = call["variables"]
        assert foreign.keys() & variables.keys() == set()
        assert own.items() <= variables.items()
        assert variables["AWS_CONFIG_FILE"] == os.devnull
        assert variables["PYTHONPATH"] == "/else"
        assert {"--no-lookups", "--quiet", "--no-notices"} <= set(call["words"])


def test_the_cli_is_that_of_the_app(app, tmp_path, monkeypatch):
    found = app.top / "node_modules" / ".bin" / "cdk"
    found.parent.mkdir(parents=True)
    found.write_text("")
    assert find_cli(app.folder) == [str(found)]
    assert find_cli(app.folder, "sh -c cdk") == [shutil.which("sh"), "-c", "cdk"]
    assert find_cli(app.folder, "missing cdk") == ["missing", "cdk"]
    assert find_cli(app.folder, "./own cdk") == [str(Path.cwd() / "own"), "cdk"]
    monkeypatch.setenv("CDN_REVIEW_CDK", "other")
    assert find_cli(app.folder) == ["other"]


def test_submodules_are_said_to_be_empty(app):
    app.write("../.gitmodules", "")
    commit(app.top)
    (notice,) = app.sides().notices
    assert notice.startswith("submodules are empty on the side of the base")


def installed(app, version, folder="infra/.venv"):
    """What the app says, as if an installed package decided it."""
    path = app.top / folder / "said.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(version))


NEEDS_INSTALLED = """\
import json, pathlib
path = pathlib.Path("template.json")
said = json.loads(pathlib.Path(".venv/said.json").read_text())
template = json.loads(path.read_text())
template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["Comment"] = said
path.write_text(json.dumps(template))
"""


def needs_installed(app):
    app.write(".gitignore", ".venv\nvenv\nnode_modules\ndist")
    app.write("app.py", NEEDS_INSTALLED + (app.folder / "app.py").read_text())
    app.write("requirements.txt", "said==1")
    commit(app.top)


def test_without_an_install_command_both_sides_have_what_is_installed(app):
    needs_installed(app)
    installed(app, "1")
    both = app.sides()
    assert (comment_of(both.before), comment_of(both.after)) == ("1", "1")
    assert both.notices == ()
    app.write("requirements.txt", "said==2")
    installed(app, "2")
    (notice,) = app.sides().notices
    assert notice.startswith("requirements.txt differs from ")
    assert "Name an install command in cdn-review.toml" in notice
    assert (app.folder / ".venv" / "said.json").exists()


INSTALL = """\
install = [
  "mkdir -p .venv && echo run >> .venv/runs",
  "sed 's/said==\\\\(.*\\\\)/\\"\\\\1\\"/' requirements.txt > .venv/said.json",
]
"""


def test_with_an_install_command_the_base_has_its_own(app):
    needs_installed(app)
    app.write("cdn-review.toml", INSTALL)
    commit(app.top)
    installed(app, "2")
    app.write("requirements.txt", "said==2")
    both = app.sides()
    assert (comment_of(both.before), comment_of(both.after)) == ("1", "2")
    assert both.notices == ()


def test_the_working_tree_says_how_to_install_a_base_that_does_not(app):
    needs_installed(app)
    app.write("cdn-review.toml", INSTALL)
    installed(app, "2")
    assert comment_of(app.sides().before) == "1"


def test_what_is_installed_is_kept_for_the_next_base_with_the_same_lock_files(
    app, tmp_path
):
    needs_installed(app)
    app.write("cdn-review.toml", INSTALL)
    installed(app, "2")
    commit(app.top)
    app.sides()
    git(app.top, "commit", "-q", "--allow-empty", "-m", "Go on")
    app.sides()
    (runs,) = (tmp_path / "cache").rglob("runs")
    assert runs.read_text() == "run\nrun\n"
    app.write("requirements.txt", "said==3")
    commit(app.top)
    assert comment_of(app.sides().before) == "3"
    assert len(list((tmp_path / "cache").rglob("runs"))) == 2


def test_an_install_command_that_fails_is_quoted(app):
    app.write("cdn-review.toml", 'install = "echo no network; exit 7"')
    with pytest.raises(
        ValueError, match="install in .* ended with 7 and said\nno netw"
    ):
        app.sides()
    assert len(app.worktrees()) == 1
