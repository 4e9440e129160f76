"""A repository with an app and a pull request, and the workflows that review it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cdk_support import ROOT, cdk_json
from review_github_support import REPOSITORY, TOKEN, event, zipped
from workflow_support import SIDES, Runner

APP = ("app.py", "stacks", "constructs_lib", "dj_cloudfront", "cdn_review", ".github")
# The real CLI, which is not asked the same twice.
CLI = """\
import hashlib, pathlib, shutil, subprocess, sys
words = sys.argv[1:]
if words[0] == "synth":
    seen, output = ["cdk.json"], pathlib.Path(words[words.index("--output") + 1])
else:
    seen, output = ["before.json", "after/template.json"], None
digest = hashlib.sha256(b"".join(pathlib.Path(one).read_bytes() for one in seen))
kept = pathlib.Path(__file__).with_name(f"{words[0]}-{digest.hexdigest()}")
if not kept.exists():
    done = subprocess.run([CDK, *words], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.stdout.decode())
    if output:
        shutil.copytree(output, kept)
    else:
        kept.write_bytes(done.stdout)
elif output:
    shutil.copytree(kept, output)
if not output:
    sys.stdout.buffer.write(kept.read_bytes())
"""


def git(*words, cwd):
    identity = ("-c", "user.name=a", "-c", "user.email=somebody@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=cwd, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class Story:
    """What happens to a pull request, commit by commit."""

    def __init__(self, folder, github, address):
        self.folder, self.github = folder, github
        self.repository = folder / "origin"
        self.cli = folder / "cli" / "cdk.py"
        self.runs, self.said, self.base = 0, "", ""
        # What jsii has unpacked once: each job has a home of its own.
        cache = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
        self.environment = {
            "GITHUB_API_URL": address,
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache),
        }
        self.credentials = {}
        self._begin()

    def _begin(self):
        self.cli.parent.mkdir()
        real = ROOT / "node_modules" / ".bin" / "cdk"
        self.cli.write_text(f"CDK = {str(real)!r}\n{CLI}", "utf-8")
        self.repository.mkdir()
        ignored = shutil.ignore_patterns("__pycache__")
        for name in APP:
            source, target = ROOT / name, self.repository / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        (self.repository / "cdk.json").write_text(cdk_json(), "utf-8")
        (self.repository / "cdn-review.toml").write_text('unprotected = ["dev"]\n')
        git("init", "--quiet", "-b", "main", cwd=self.repository)
        git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=self.repository)
        self.base = self.commit("Begin")

    def commit(self, subject):
        git("add", "--all", cwd=self.repository)
        git("commit", "--quiet", "--allow-empty", "-m", subject, cwd=self.repository)
        return git("rev-parse", "HEAD", cwd=self.repository)

    def change(self, edit):
        """A commit of the pull request, in which the context of cdk.json is edited."""
        path = self.repository / "cdk.json"
        settings = json.loads(path.read_text("utf-8"))
        edit(settings["context"])
        path.write_text(json.dumps(settings, indent=2), "utf-8")

    def acknowledge(self, reason):
        """What the comment says to add, with a reason."""
        (body,) = self.github.bodies
        entries = body.split("```toml\n")[1].split("```")[0]
        assert tomllib.loads(entries)["acknowledged"]
        with open(self.repository / "cdn-review.toml", "a", encoding="utf-8") as file:
            file.write("\n" + entries.replace('reason = ""', f'reason = "{reason}"'))

    def merge(self, head):
        """As GitHub merges a pull request to try it."""
        git("checkout", "--quiet", "--detach", self.base, cwd=self.repository)
        git("merge", "--quiet", "--no-ff", "-m", "Merge", head, cwd=self.repository)
        merged = git("rev-parse", "HEAD", cwd=self.repository)
        git("checkout", "--quiet", "main", cwd=self.repository)
        git("reset", "--quiet", "--hard", head, cwd=self.repository)
        return merged

    def review(self, head, *, workflow=".github/workflows/cdn-review.yml"):
        """Run the workflow of the pull request. Gives the job that reviews."""
        self.runs += 1
        pull = {"number": 7, "base": {"sha": self.base}}
        context = {"sha": self.merge(head), "event": {"pull_request": pull}}
        path = ROOT / workflow
        with ThreadPoolExecutor(2) as pool:
            sides = (SIDES.base, SIDES.head)
            jobs = list(
                pool.map(
                    lambda side: self.job(path, "synthesize", side, **context), sides
                )
            )
        assert not any(job.failed for job in jobs), "".join(job.log for job in jobs)
        return self.job(path, "review", **context)

    def comment(self, head, *, workflow=".github/workflows/cdn-comment.yml"):
        """Run the workflow that comments, after that of the pull request."""
        left = self.folder / "artifacts" / str(self.runs) / "cdn-review"
        files = {one.name: one.read_bytes() for one in left.iterdir()}
        self.github.artifact(zipped(files))
        self.github.sha = head
        content = event(sha=head, head_sha=head)
        path = self.folder / "event.json"
        path.write_text(json.dumps(content), "utf-8")
        self.environment["GITHUB_EVENT_PATH"] = str(path)
        context = {"sha": self.base, "token": TOKEN, "event": content}
        return self.job(ROOT / workflow, "comment", **context)

    def job(self, path, name, matrix=None, **context):
        """Run one job of the newest run, which is by default that of the pull request."""
        variables = context.pop("vars", {})
        runner = Runner(
            folder=self.folder,
            repository=self.repository,
            context={
                "github": {"repository": REPOSITORY, **context},
                "vars": variables,
            },
            given={
                "install": f"ln -sfn {ROOT / 'node_modules'} node_modules",
                "cdk": f"{sys.executable} {self.cli}",
            },
            scripts={"Install boto3": f'ln -s {sys.prefix} "$RUNNER_TEMP/cdn-venv"'},
            environment=dict(self.environment),
            credentials=self.credentials,
        )
        # Comments are of another run than what they comment on.
        is_ours = name in ("synthesize", "review")
        run = self.runs if is_ours else f"comment-{name}"
        done = runner.job(path, name, run=run, matrix=matrix)
        self.said += done.log + done.summary
        return done

    def everything(self):
        """All that anybody can read: logs, summaries, comments and artifacts."""
        files = [one for one in (self.folder / "artifacts").rglob("*") if one.is_file()]
        artifacts = "".join(one.read_text("utf-8") for one in files)
        return self.said + "".join(self.github.bodies) + artifacts


def folder_of(path: Path) -> set[str]:
    return {one.name for one in path.iterdir()}
