"""Independent judges look at the templates: docs/security-checks.md."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest
from cdk_support import ROOT, committed_context
from judges import install
from judges.cases import BY_NAME, NAIVE, OTHERS, SITE, described
from judges.judge import HERE, judge

from stacks.acknowledgements import ACKNOWLEDGEMENTS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EACH = pytest.mark.parametrize("name", BY_NAME)
CDK_NAG = {
    "AwsSolutions",
    "HIPAA.Security",
    "NIST.800.53.R4",
    "NIST.800.53.R5",
    "PCI.DSS.321",
    "Serverless",
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    found = judge(tmp_path_factory.mktemp("judged"), install.ensure())
    print({name: round(seconds, 1) for name, seconds in found.seconds.items()})
    return found


@pytest.fixture
def of(verdicts):
    """What is said of an environment."""
    return lambda name: verdicts.of(described(name).stack_name)


def expected(name):
    """What the table acknowledges for an environment: the place and the entry."""
    environment = described(name)
    return [
        (place, one) for one in ACKNOWLEDGEMENTS for place in one.where(environment)
    ]


def covers(place, path):
    return path == place or path.startswith(f"{place}/")


@EACH
def test_cdk_nag_and_the_guard_rules_find_nothing_that_is_not_acknowledged(of, name):
    assert of(name).plugins == []


@EACH
def test_checkov_finds_nothing_that_is_not_acknowledged(of, name):
    assert [
        found
        for found in of(name).checkov
        if not any(
            covers(place, found.path) and found.rule in one.checkov
            for place, one in expected(name)
        )
    ] == []


@EACH
def test_cfn_lint_finds_nothing(of, name):
    assert of(name).lint == []


@EACH
def test_each_acknowledgement_matches_a_finding_that_would_fire(of, name):
    silenced = {(one.place, one.rule, one.reason) for one in of(name).acknowledged}
    assert silenced == {
        (place, rule, one.reason) for place, one in expected(name) for rule in one.rules
    }


@EACH
def test_each_acknowledgement_for_checkov_matches_a_finding(of, name):
    idle = [
        (place, rule)
        for place, one in expected(name)
        for rule in one.checkov
        if not any(
            covers(place, found.path) and rule == found.rule
            for found in of(name).checkov
        )
    ]
    assert idle == []


@pytest.mark.parametrize("name", ["every-input", "zone"])
def test_with_every_input_there_is_nothing_to_acknowledge(of, name):
    verdicts = of(name)
    found = (verdicts.plugins, verdicts.acknowledged, verdicts.checkov, verdicts.lint)
    assert found == ([], [], [], [])
    assert expected(name) == []


def test_every_acknowledgement_is_tried_and_absent_somewhere():
    for one in ACKNOWLEDGEMENTS:
        assert {bool(one.where(described(name))) for name in BY_NAME} == {True, False}


@pytest.mark.parametrize("name", committed_context()["environments"])
def test_what_is_judged_is_what_is_deployed(verdicts, name):
    template = f"{SITE}-cdn-{name}.template.json"
    golden = ROOT / "tests" / "snapshots" / template
    assert (verdicts.templates / template).read_bytes() == golden.read_bytes()


def test_the_judges_find_what_is_wrong_with_naive_distributions(verdicts):
    naive = verdicts.of(NAIVE)
    guard = "cdk-validator-cfnguard::cloudfront_"
    assert Counter(one.rule for one in naive.plugins) == {
        "AwsSolutions::AwsSolutions-CFR1": 2,
        "AwsSolutions::AwsSolutions-CFR2": 2,
        "AwsSolutions::AwsSolutions-CFR3": 2,
        "AwsSolutions::AwsSolutions-CFR4": 2,
        f"{guard}access_logs_enabled_check": 2,
        f"{guard}custom_ssl_certificate_check": 2,
        f"{guard}default_root_object_configured_check": 2,
        f"{guard}origin_failover_enabled_check": 2,
        f"{guard}security_policy_check": 2,
        f"{guard}sni_enabled_check": 2,
        f"{guard}viewer_policy_https_check": 2,
    }
    assert Counter(one.rule for one in naive.checkov) == {
        "CKV_AWS_34": 2,
        "CKV_AWS_68": 2,
        "CKV_AWS_86": 2,
        "CKV_AWS_174": 2,
    }


def test_every_pack_and_cfn_lint_find_something_in_other_naive_resources(verdicts):
    others = verdicts.of(OTHERS)
    assert {one.rule.partition("::")[0] for one in others.plugins} == {
        *CDK_NAG,
        "CloudFormation Validate",
        "cdk-validator-cfnguard",
    }
    assert [(one.path, one.rule) for one in others.lint] == [("Bucket", "W3045")]


def test_without_a_registry_the_judges_are_missed_in_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, str(HERE / "install.py"), str(tmp_path)],
        env={
            **os.environ,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(
        "cdk-nag==3.0.2, cdklabs.cdk-validator-cfnguard==0.0.62 must be installed once "
        "from a package registry, which failed: "
    )
