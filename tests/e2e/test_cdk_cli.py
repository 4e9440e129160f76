"""The real CDK CLI: the same bytes everywhere, one sentence for mistakes, no needless diff."""

from __future__ import annotations

import json
import subprocess

import pytest
from aws_support import client, delete_stack
from cdk_support import ROOT, site_templates
from local_support import checkout_of

from local.aws.cdk import command

TEMPLATE = "mysite-cdn-dev.template.json"


@pytest.fixture
def checkout(tmp_path):
    """A copy of what makes the templates, in another folder."""
    return checkout_of(tmp_path / "another folder")


@pytest.fixture(scope="module")
def templates():
    """What this process synthesizes, which the golden templates pin."""
    return site_templates()


def cdk(*arguments, cwd, env):
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_cli_deploys_the_template_byte_for_byte(local_site, templates):
    deployed = (local_site.state / "cdk.out" / TEMPLATE).read_bytes()
    assert deployed == templates[TEMPLATE]


def test_where_and_by_whom_it_is_synthesized_changes_no_byte(
    checkout, aws, tmp_path, templates
):
    elsewhere = {
        **aws,
        "HOME": str(tmp_path / "home"),
        "TZ": "Pacific/Chatham",
        "LANG": "tr_TR.UTF-8",
        "PYTHONHASHSEED": "4711",
        "CDK_DEFAULT_ACCOUNT": "999999999999",
        "CDK_DEFAULT_REGION": "eu-west-3",
        "BUILD_VERSION": "b4711",
    }
    done = cdk("synth", "--quiet", cwd=checkout, env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert len(templates) == 3
    for name, content in templates.items():
        assert (checkout / "cdk.out" / name).read_bytes() == content


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '"dev.example.com"',
            '"https://dev.example.com"',
            "environments.dev.origin must be a bare host name such as 'www.example.com', "
            "got 'https://dev.example.com': leave out the scheme",
        ),
        (
            '"staging": {',
            '"prod": {',
            "a key must not be given twice in one object, got 'prod' twice: the first would "
            "be lost",
        ),
    ],
)
def test_a_mistake_in_cdk_json_ends_synth_with_one_sentence(
    checkout, aws, old, new, sentence
):
    path = checkout / "cdk.json"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    done = cdk("synth", "--quiet", cwd=checkout, env=aws)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"cdk.json: {sentence}\n" in said
    assert "Traceback" not in said
    assert "jsii" not in said


def test_every_recommended_feature_flag_is_set():
    folder = ROOT / "node_modules" / "aws-cdk" / "lib" / "init-templates"
    recommended = json.loads((folder / ".recommended-feature-flags.json").read_text())
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    assert recommended.items() <= context.items()


def test_the_cli_sends_no_telemetry(aws):
    env = {k: v for k, v in aws.items() if k != "CDK_DISABLE_CLI_TELEMETRY"}
    done = cdk("cli-telemetry", "--status", cwd=ROOT, env=env)
    assert "disabled" in (done.stdout + done.stderr).lower()


def test_after_a_release_the_stack_is_the_same_and_another_is_a_difference(local_site):
    assert local_site.run("release").returncode == 0
    done = local_site.cdk("diff", "mysite-cdn-dev", "mysite-cdn-staging", "--fail")
    assert done.returncode == 1
    (dev, staging) = (done.stdout + done.stderr).split("Stack mysite-cdn-")[1:]
    assert dev.startswith("dev") and "There were no differences" in dev
    assert staging.startswith("staging") and "There were no" not in staging


def test_a_deploy_for_another_account_is_refused(local_site):
    done = local_site.cdk("deploy", "mysite-cdn-prod", "--require-approval", "never")
    assert done.returncode == 1
    assert "111122223333" in done.stderr


@pytest.mark.slow
def test_two_environments_have_exactly_the_policies_that_they_declare(
    local_site, templates
):
    done = local_site.cdk("deploy", "mysite-cdn-staging", "--require-approval", "never")
    assert done.returncode == 0, done.stderr
    try:
        declared = declared_policies(templates, "dev", "staging")
        assert listed_policies(local_site) == declared
    finally:
        delete_stack(local_site.status["aws"], "mysite-cdn-staging")
    assert listed_policies(local_site) == declared_policies(templates, "dev")


def declared_policies(templates, *environments):
    names = []
    for environment in environments:
        template = json.loads(templates[f"mysite-cdn-{environment}.template.json"])
        for resource in template["Resources"].values():
            kind = resource["Type"].rpartition("::")[2]
            if kind.endswith("Policy"):
                names.append(resource["Properties"][f"{kind}Config"]["Name"])
    return sorted(names)


def listed_policies(local_site):
    cloudfront = client("cloudfront", local_site.status["aws"])
    listed = [
        found[kind][f"{kind}Config"]["Name"]
        for kind, ask in (
            ("CachePolicy", cloudfront.list_cache_policies),
            ("ResponseHeadersPolicy", cloudfront.list_response_headers_policies),
        )
        for found in ask(Type="custom")[f"{kind}List"].get("Items", ())
    ]
    # The demo has a stack for private files beside them.
    return sorted(
        name
        for name in listed
        if name.startswith("mysite-") and "-private-" not in name.lower()
    )
