"""``preflight`` as a user runs it, against what the real CDK CLI has deployed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from aws_support import client
from project_support import ROOT

STACK = "mysite-cdn-dev"


@pytest.fixture(scope="module")
def endpoint(local_site):
    return local_site.status["aws"]


@pytest.fixture(scope="module")
def preflight(local_site, aws):
    """Run it for an environment of the deployed app."""
    assembly = local_site.state / "cdk.out"

    def run(*arguments, **environment):
        command = (sys.executable, "-m", "cdn_review", "preflight", *arguments)
        return subprocess.run(
            [*command, "--cdk-out", str(assembly)],
            cwd=local_site.checkout,
            env={**aws, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def everything(endpoint):
    """What could be changed by mistake."""
    cloudformation = client("cloudformation", endpoint)
    cloudfront = client("cloudfront", endpoint)
    return [
        cloudformation.describe_stacks()["Stacks"],
        cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"],
        cloudfront.list_distributions()["DistributionList"],
        cloudfront.list_cache_policies(Type="custom")["CachePolicyList"],
    ]


def test_the_account_is_ready_and_nothing_is_changed(preflight, endpoint):
    before = everything(endpoint)
    done = preflight("dev", "--json")
    data = json.loads(done.stdout)
    levels = {one["id"]: one["level"] for one in data["findings"]}
    ready = ("names", "quota")
    assert {check: levels[check] for check in ready} == dict.fromkeys(ready, "PASS")
    assert data["stack"] == STACK
    assert everything(endpoint) == before


def test_an_origin_that_nobody_has_ends_it_with_1(preflight):
    done = preflight("dev")
    assert done.returncode == 1
    assert "FAIL  origin: " in done.stdout
    assert "      -> " in done.stdout
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1].endswith(" SKIP")


def test_an_unknown_environment_ends_it_with_2(preflight):
    done = preflight("nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ENV must be an environment of the app, which has" in done.stderr


def test_no_account_stands_in_what_it_says(preflight):
    done = preflight("prod")
    assert done.returncode == 1
    assert "belong to another account than the stack" in done.stdout
    assert "111122223333" not in done.stdout + done.stderr
    assert "000000000000" not in done.stdout + done.stderr
