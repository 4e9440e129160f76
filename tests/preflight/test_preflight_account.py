"""Whose credentials these are, the region, the bootstrap and its roles."""

from __future__ import annotations

import pytest
from preflight_support import BOOTSTRAP, asked, recorded, target

from cdn_review.preflight.checks import run_checks
from dj_cloudfront.findings import Level


def everything(wanted, clients):
    return list(run_checks(wanted, clients, lambda text: None))


def test_credentials_of_the_stacks_account_pass(clients, owner):
    found = everything(target({}, account=owner), clients)
    assert (found[0].id, found[0].level) == ("account", Level.PASS)


def test_credentials_of_another_account_end_it(clients):
    found = everything(target({}, account="444455556666"), clients)
    assert (found[0].id, found[0].level) == ("account", Level.FAIL)
    assert "another account" in found[0].message
    assert {one.level for one in found[1:]} == {Level.SKIP}


def test_a_stack_without_an_account_is_a_warning(clients):
    found = everything(target({}, account=""), clients)
    assert (found[0].id, found[0].level) == ("account", Level.WARN)


@pytest.mark.parametrize("check", ["certificate", "names in DNS", "quota", "bootstrap"])
def test_credentials_that_may_not_ask_are_a_warning_that_names_the_call(check):
    from preflight_support import distribution

    wanted = target(
        {"D": distribution(Aliases=["a.example"], ViewerCertificate=IMPORTED)},
        bootstrap=BOOTSTRAP,
    )
    refusals = [
        ("cloudformation", "list_exports", "AccessDenied"),
        ("cloudformation", "list_stack_resources", "AccessDenied"),
        ("ssm", "get_parameter", "AccessDeniedException"),
    ]
    if check != "certificate":
        del refusals[0]
    ((level, message),) = asked(check, wanted, recorded(*refusals))
    assert level == "WARN"
    assert "the credentials may not call " in message


IMPORTED = {"AcmCertificateArn": {"Fn::ImportValue": "certificate"}}


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
        ({"eu_west_1": "opt-in-not-required"}, ("PASS", "eu-west-1")),
        ({"eu_west_1": "opted-in"}, ("PASS", "eu-west-1")),
        (
            {"eu_west_1": "not-opted-in"},
            ("FAIL", "eu-west-1 is not enabled in this account"),
        ),
        ({"eu_west_2": "opted-in"}, ("FAIL", "eu-west-1 does not exist")),
    ],
)
def test_a_region_has_to_be_usable(states, said):
    assert asked("region", target({}, region="eu-west-1"), regions(**states)) == [said]


def test_the_usual_region_is_not_asked_for():
    assert asked("region", target({}), recorded()) == [("PASS", "us-east-1")]


# -- the bootstrap and its roles


def test_a_region_without_bootstrap_fails(clients):
    said = [("FAIL", "us-east-1 is not bootstrapped")]
    assert asked("bootstrap", target({}, bootstrap=BOOTSTRAP), clients) == said


def test_a_stack_that_needs_no_bootstrap_is_left_out(clients):
    assert asked("bootstrap", target({}), clients)[0][0] == "SKIP"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5", ("FAIL", "version 5, but the stack needs at least 6")),
        ("6", ("PASS", "version 6")),
        ("27", ("PASS", "version 27")),
    ],
)
def test_the_bootstrap_has_to_be_new_enough(clients, make, version, said):
    name = BOOTSTRAP.parameter
    make("ssm").put_parameter(Name=name, Value=version, Type="String")
    assert asked("bootstrap", target({}, bootstrap=BOOTSTRAP), clients)[0] == said


def bootstrapped(assumed):
    answer = {"Parameter": {"Name": BOOTSTRAP.parameter, "Value": "27"}}
    clients = recorded(
        ("ssm", "get_parameter", answer), ("sts", "assume_role", assumed)
    )
    return asked("bootstrap", target({}, bootstrap=BOOTSTRAP), clients)[1:]


def test_roles_that_may_not_be_assumed_are_a_warning_that_names_them():
    ((level, message),) = bootstrapped("AccessDenied")
    assert level == "WARN"
    assert "may not assume cdk-hnb659fds-deploy-role-us-east-1, so" in message


def test_roles_that_may_be_assumed_pass():
    assert bootstrapped({}) == [("PASS", "the credentials may assume them")]


def test_a_role_is_assumed_with_a_policy_that_allows_nothing():
    clients = recorded(
        ("ssm", "get_parameter", {"Parameter": {"Value": "27"}}),
        ("sts", "assume_role", {}),
    )
    sent = []
    events = clients.aws.client("sts").meta.events
    events.register(
        "before-parameter-build", lambda params, **rest: sent.append(params)
    )
    asked("bootstrap", target({}, bootstrap=BOOTSTRAP), clients)
    assert '"Effect": "Deny", "Action": "*"' in sent[0]["Policy"]
