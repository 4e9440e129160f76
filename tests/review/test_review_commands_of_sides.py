"""The commands diff and compare, as a shell calls them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from worktree_support import ROOT, STACK, git, review, run


def open_to_http(app):
    app.write("template.json", app.template(viewers="allow-all"))


def diff(app, *words):
    return run("diff", "--cdk", app.cli, *words)


def test_an_unchanged_app_ends_with_0(app):
    said = diff(app)
    assert said.code == 0
    head = git(app.top, "rev-parse", "--short=8", "HEAD")
    assert said.out.startswith("CDN review: no change in prod\n")
    assert f"{head} (HEAD) -> the working tree" in said.out
    assert said.err.splitlines() == [
        "synthesizing the working tree …",
        f"synthesizing {head} (HEAD) …",
    ]


def test_a_change_that_needs_an_acknowledgement_ends_with_1_until_it_has_one(app):
    open_to_http(app)
    said = app.diff()
    assert said.code == 1
    (id_,) = said.data["lines"][0]["ids"]
    assert id_.startswith("prod/protection-dropped/")
    entry = f'[[acknowledged]]\nchange = "{id_}"\nreason = "{{}}"\n'
    app.write("cdn-review.toml", entry.format(""))
    needed = f"the acknowledgement of '{id_}' in cdn-review.toml needs a reason"
    assert needed in " ".join(diff(app).out.split())
    app.write("cdn-review.toml", entry.format("meant"))
    said = diff(app)
    assert said.code == 0 and "meant" in said.out


@pytest.mark.parametrize("name", ["prod", STACK])
def test_the_base_says_what_is_unprotected(app, name):
    app.write("cdn-review.toml", f'unprotected = ["{name}"]')
    open_to_http(app)
    assert diff(app).code == 1
    git(app.top, "add", "infra/cdn-review.toml")
    git(app.top, "commit", "-q", "-m", "Free prod")
    assert diff(app).code == 0


def test_a_first_pull_request_has_only_what_is_new(app):
    base = git(app.top, "rev-parse", "HEAD")
    second = shutil.copytree(app.folder, app.top / "second")
    said = app.diff("--against", base, folder=second)
    assert said.code == 0
    lines = said.data["lines"]
    assert lines and all("new" in line["text"] for line in lines)


def test_one_environment_of_all(app):
    assert diff(app, "prod").code == diff(app, STACK).code == 0
    sentence = "ENV must be an environment of the app, which has prod, got 'dev'\n"
    assert diff(app, "dev").error == sentence


@pytest.mark.parametrize(
    ("words", "part", "is_in"),
    [
        (["--markdown"], "**", True),
        (["--color", "always"], "\x1b[", True),
        (["--color", "never"], "\x1b[", False),
    ],
)
def test_formats(app, words, part, is_in):
    open_to_http(app)
    said = diff(app, *words)
    assert (said.code, part in said.out) == (1, is_in)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--against=nope"], "--against must be a revision in this clone"),
        (["--against=--output=x"], "--against must be a revision in this clone"),
        (["--against=HEAD:infra"], "--against must be a revision in this clone"),
        (["--profile=x"], "--profile must stand with --deployed"),
        (["--app-folder=.."], "--app-folder must be the folder of a cdk.json"),
        (["--cdk=./no-such-cli"], "no-such-cli must start, but: no such file"),
    ],
)
def test_what_cannot_be_compared_ends_with_2_and_a_sentence(app, words, sentence):
    assert sentence in diff(app, *words).error


@pytest.mark.parametrize("words", [["--help"], ["diff", "--help"], ["compare", "-h"]])
def test_help_is_fast_and_imports_nothing_optional(words):
    code = (
        "import sys; from cdn_review.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'cdn_model'} & set(sys.modules)))\n"
        "import cdn_review.deployed\n"
        "print(sorted({'boto3', 'botocore', 'dns'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-2:] == ["[]"] * 2, done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure_to_report(app):
    open_to_http(app)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "cdn_review", "diff", "--cdk", app.cli],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def test_the_raw_diff_is_below_the_changes(app):
    open_to_http(app)
    said = diff(app, "--raw").out
    assert said.index("http:// requests") < said.index(f"cdk diff\n\nStack {STACK}")
    assert "Number of stacks" not in said


@pytest.mark.slow
def test_the_raw_diff_is_that_of_the_real_cli(app):
    """Whatever the caller's variables are: the CLI would read CDK as an option."""
    open_to_http(app)
    cdk = str(ROOT / "node_modules" / ".bin" / "cdk")
    done = review("diff", "--raw", "--cdk", cdk, cwd=app.folder, CDK="", CDK_QUIET="1")
    assert done.returncode == 1, done.stderr
    _, raw = done.stdout.split("cdk diff")
    assert f"Stack {STACK}\n" in raw
    assert "[+] allow-all" in " ".join(raw.split())
    assert "Unknown option" not in done.stdout + done.stderr
    assert "Number of stacks" not in raw
