"""The commands diff and compare, as a shell calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from worktree_support import ROOT, STACK, App, commit, git, review, template

from cdn_review.cli import main


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.jsonl"))
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    app = App(tmp_path)
    monkeypatch.chdir(app.folder)
    return app


def open_to_http(app):
    content = template()
    config = content["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
    app.write("template.json", json.dumps(content))
    return content


def diff(app, *words):
    return main(["diff", "--cdk", app.cli, *words])


def test_an_unchanged_app_ends_with_0(app, capsys):
    assert diff(app) == 0
    said = capsys.readouterr()
    head = git(app.top, "rev-parse", "--short=8", "HEAD")
    assert said.out.startswith("CDN review: no change in prod\n")
    assert f"{head} (HEAD) -> the working tree" in said.out
    assert said.err.splitlines() == [
        "synthesizing the working tree …",
        f"synthesizing {head} (HEAD) …",
    ]


def test_a_change_that_needs_an_acknowledgement_ends_with_1_until_it_has_one(
    app, capsys
):
    open_to_http(app)
    assert diff(app, "--json") == 1
    (id_,) = json.loads(capsys.readouterr().out)["lines"][0]["ids"]
    assert id_.startswith("prod/protection-dropped/")
    entry = f'[[acknowledged]]\nchange = "{id_}"\nreason = "{{}}"\n'
    app.write("cdn-review.toml", entry.format(""))
    assert diff(app) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"the acknowledgement of '{id_}' in cdn-review.toml needs a reason" in said
    app.write("cdn-review.toml", entry.format("meant"))
    assert diff(app) == 0
    assert "meant" in capsys.readouterr().out


def test_the_base_says_what_is_unprotected(app, capsys):
    open_to_http(app)
    app.write("cdn-review.toml", 'unprotected = ["prod"]')
    assert diff(app) == 1
    git(app.top, "add", "infra/cdn-review.toml")
    git(app.top, "commit", "-q", "-m", "Free prod")
    assert diff(app) == 0
    app.write("cdn-review.toml", f'unprotected = ["{STACK}"]')
    git(app.top, "commit", "-q", "-m", "Free it by its name", "infra/cdn-review.toml")
    assert diff(app) == 0
    capsys.readouterr()


def test_a_first_pull_request_has_only_what_is_new(app, capsys):
    base = git(app.top, "rev-parse", "HEAD")
    second = app.top / "second"
    second.mkdir()
    for path in app.folder.iterdir():
        (second / path.name).write_bytes(path.read_bytes())
    assert diff(app, "--against", base, "--app-folder", str(second), "--json") == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    assert lines and all("new" in line["text"] for line in lines)


def test_a_notice_comes_before_the_changes(app, capsys):
    app.write("requirements.txt", "a==1\n")
    commit(app.top)
    app.write("requirements.txt", "a==2\n")
    open_to_http(app)
    assert diff(app) == 1
    out = capsys.readouterr().out
    assert out.index("warning: requirements.txt differs") < out.index(
        "to acknowledge f"
    )


def test_one_environment_of_all(app, capsys):
    assert diff(app, "prod") == 0
    assert diff(app, STACK) == 0
    assert diff(app, "dev") == 2
    assert capsys.readouterr().err.endswith(
        "error: ENV must be an environment of the app, which has prod, got 'dev'\n"
    )


def test_formats(app, capsys):
    open_to_http(app)
    assert diff(app, "--markdown") == 1
    assert "**" in capsys.readouterr().out
    assert diff(app, "--color", "always") == 1
    assert "\x1b[" in capsys.readouterr().out
    assert diff(app, "--color", "never") == 1
    assert "\x1b[" not in capsys.readouterr().out


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
def test_what_cannot_be_compared_ends_with_2_and_a_sentence(
    app, words, sentence, capsys
):
    assert diff(app, *words) == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("error: ") and sentence in last


def test_two_files_are_compared_as_one_stack(app, capsys):
    app.write("01-x.json", json.dumps(template()))
    changed = open_to_http(app)
    app.write("my_site.template.json", json.dumps(changed))
    assert main(["compare", "01-x.json", "my_site.template.json", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["before"], said["after"]) == ("01-x.json", "my_site.template.json")
    assert [line["block"] for line in said["lines"]] == ["protection-dropped"]
    assert main(["compare", "01-x.json", "01-x.json"]) == 0
    assert main(["compare", "01-x.json", "missing.json"]) == 2
    capsys.readouterr()


def test_help_is_fast_and_imports_nothing_optional():
    code = (
        "import sys; from cdn_review.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'boto3', 'botocore', 'dns', 'cdn_model'} & set(sys.modules)))"
    )
    for words in (["--help"], ["diff", "--help"], ["compare", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure_to_report(app):
    open_to_http(app)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-P", "-m", "cdn_review", "diff", "--cdk", app.cli]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


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
