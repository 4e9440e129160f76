"""``pull`` reads what the real CDK CLI deployed, and writes the very file that it wrote."""

from __future__ import annotations

import json

import pytest
from project_support import CDN, ROOT, Project

import dj_cloudfront
from dj_cloudfront.contract import Output

STACK = "mysite-cdn-dev"
BOTH = (Output.STATIC_DOMAIN_NAME, Output.MEDIA_DOMAIN_NAME)
OTHER = {"a-cdn-prod": {"StaticDomainName": "d0.cloudfront.net"}}
PULL = ("-m", "dj_cloudfront", "pull", "--stack", STACK)


@pytest.fixture(scope="module")
def deployed(local_site, tmp_path_factory):
    """The file that ``cdk deploy --outputs-file`` writes, in place of another stack's."""
    path = tmp_path_factory.mktemp("deployed") / "cdn-outputs.json"
    path.write_text(json.dumps(OTHER))
    done = local_site.cdk("deploy", STACK, "--outputs-file", str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def project(aws, tmp_path):
    """Settings that read the outputs of the stack, and an environment that reaches it."""
    settings = CDN.replace("mysite-cdn-prod", STACK).replace(
        "local=True", "local=False"
    )
    environment = {**aws, "BUILD_VERSION": "b1", "PYTHONPATH": str(ROOT)}
    return Project(tmp_path, settings, environment)


def test_the_file_is_the_one_of_the_cli_byte_for_byte(project, deployed):
    done = project.run("python", *PULL)
    assert (done.returncode, done.stderr) == (0, "")
    written = project.folder / "cdn-outputs.json"
    assert written.read_bytes() == deployed.read_bytes()
    named = ", ".join(sorted(json.loads(deployed.read_text())[STACK]))
    assert done.stdout == f"wrote {named} of {STACK} to cdn-outputs.json\n"


def test_the_file_of_the_cli_is_left_alone(project, deployed):
    before = deployed.stat()
    for check in ((), ("--check",)):
        done = project.run("python", *PULL, "--output", deployed, *check)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{deployed} is what {STACK} deployed; nothing to write\n"
    after = deployed.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_settings_load_from_the_pulled_file(project, deployed):
    project.run("python", *PULL)
    done = project.manage("cdn", "pull", "--check", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["differences"] == []
    cdn = dj_cloudfront.config(
        project.folder / "cdn-outputs.json", build_version="b1", static_root="static"
    )
    outputs = json.loads(deployed.read_text())[STACK]
    assert cdn.static_url == f"https://{outputs[Output.STATIC_DOMAIN_NAME]}/b1/"
    assert cdn.media_url == f"https://{outputs[Output.MEDIA_DOMAIN_NAME]}/"


def test_a_file_of_long_ago_is_noticed_and_renewed(project, deployed):
    old = {STACK: dict.fromkeys(BOTH, "d0.cloudfront.net")}
    path = project.write("cdn-outputs.json", json.dumps(old))
    checked = project.manage("cdn", "pull", "--check")
    assert checked.returncode == 1
    assert "but differs in MediaDistributionId, MediaDnsTarget, Me" in checked.stderr
    assert json.loads(path.read_text()) == old
    assert project.manage("cdn", "pull").returncode == 0
    assert path.read_bytes() == deployed.read_bytes()


def test_a_stack_that_is_not_deployed_leaves_the_file_alone(project, deployed):
    path = project.write("cdn-outputs.json", deployed.read_text())
    done = project.manage("cdn", "pull", "--stack", "mysite-cdn-prod")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--stack must be one that is deployed in us-east-1" in done.stderr
    assert path.read_bytes() == deployed.read_bytes()


def test_a_pull_keeps_the_stacks_that_a_deploy_of_one_forgets(project, deployed):
    path = project.write("cdn-outputs.json", json.dumps(OTHER))
    assert project.run("python", *PULL).returncode == 0
    assert json.loads(path.read_text()) == {**OTHER, **json.loads(deployed.read_text())}
    assert json.loads(deployed.read_text()).keys() == {STACK}
