"""Whose credentials these are, and the region."""

from __future__ import annotations

import pytest
from preflight_support import BOOTSTRAP, asked, distribution, recorded, says, target

from cdn_review.preflight.command import OF_THE_ACCOUNT, run_checks
from dj_cloudfront.findings import Level


@pytest.mark.parametrize(
    ("account", "level", "rest"),
    [
        ("{owner}", Level.PASS, {Level.PASS, Level.SKIP}),
        ("", Level.WARN, {Level.PASS, Level.SKIP}),
        ("444455556666", Level.FAIL, {Level.SKIP}),
    ],
)
def test_another_account_ends_it(clients, owner, account, level, rest):
    wanted = target({}, account=account.format(owner=owner))
    found = list(run_checks(wanted, clients))
    assert (found[0].id, found[0].level) == ("account", level)
    assert {one.level for one in found[1:]} == rest


@pytest.mark.parametrize("check", ["names", "quota", "names in DNS"])
def test_credentials_that_may_not_ask_are_a_warning_that_names_the_call(check):
    key = {"PublicKeyConfig": {"Name": "ours"}}
    resources = {
        "Cdn": distribution(Aliases=["static.example.com"]),
        "Key": ("AWS::CloudFront::PublicKey", key),
    }
    refusals = [
        ("cloudformation", "list_stack_resources", "AccessDenied"),
    ]
    wanted = target(resources)
    says(check, wanted, recorded(*refusals), "WARN the credentials may not call ")


@pytest.mark.parametrize("check", [*OF_THE_ACCOUNT.keys() - {"region"}])
def test_what_a_stack_does_not_have_is_left_out(check, clients):
    wanted = target({"One": ("AWS::X::Y", {})})
    says(check, wanted, clients, "SKIP the template has nothing to look up")


# -- the region


def regions(**states):
    listed = [
        {"RegionName": name.replace("_", "-"), "OptInStatus": state}
        for name, state in states.items()
    ]
    return recorded(("ec2", "describe_regions", {"Regions": listed}))


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"eu_west_1": "opt-in-not-required"}, "PASS eu-west-1"),
        ({"eu_west_1": "opted-in"}, "PASS eu-west-1"),
        (
            {"eu_west_1": "not-opted-in"},
            "FAIL eu-west-1 is not enabled in this account",
        ),
        ({"eu_west_2": "opted-in"}, "FAIL eu-west-1 does not exist"),
    ],
)
def test_a_region_has_to_be_usable(states, said):
    says("region", target({}, region="eu-west-1"), regions(**states), said)
    # The usual one is not asked for.
    says("region", target({}), recorded(), "PASS us-east-1")


# -- the bootstrap and its role


def test_a_region_without_bootstrap_fails(clients):
    said = "FAIL us-east-1 is not bootstrapped"
    says("bootstrap", target({}, bootstrap=BOOTSTRAP), clients, said)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5", ("FAIL", "version 5, but the stack needs at least 6")),
        ("6", ("PASS", "version 6")),
        ("27", ("PASS", "version 27")),
    ],
)
def test_the_bootstrap_has_to_be_new_enough(clients, make, version, said):
    make("ssm").put_parameter(Name=BOOTSTRAP, Value=version, Type="String")
    assert asked("bootstrap", target({}, bootstrap=BOOTSTRAP), clients)[0] == said


@pytest.mark.parametrize(
    ("assumed", "said"),
    [
        ({}, ("PASS", "the credentials may assume it")),
        ("AccessDenied", ("WARN", "the credentials may not assume cdk-hnb659fds-depl")),
    ],
)
def test_the_role_is_assumed_with_a_policy_that_allows_nothing(assumed, said):
    version = {"Parameter": {"Value": "27"}}
    clients = recorded(
        ("ssm", "get_parameter", version), ("sts", "assume_role", assumed)
    )
    sent = []
    events = clients.aws.client("sts").meta.events
    events.register(
        "before-parameter-build", lambda params, **rest: sent.append(params)
    )
    _, (level, message) = asked("bootstrap", target({}, bootstrap=BOOTSTRAP), clients)
    assert (level, message[: len(said[1])]) == said
    assert '"Effect": "Deny", "Action": "*"' in sent[0]["Policy"]
