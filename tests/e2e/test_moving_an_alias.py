"""A name moves from an older distribution to ours, by the steps of docs/operations.md.

Somebody asks under the name all the while.
"""

from __future__ import annotations

import re
import threading
import uuid
from contextlib import contextmanager
from itertools import count, groupby
from pathlib import Path
from urllib.parse import urlsplit

import emulated_aliases
import pytest
from aws_support import aws, running_emulator
from botocore.exceptions import ClientError
from cdk_support import ROOT
from edge_support import CountingOrigin, Reply, Viewer
from lab_support import Lab, edge_process

from local.aws import cdk
from local.environment import ACCOUNT, REGION, aws_environment
from local.state import State

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ALIAS = "static.example.com"
ZONE = "example.com"
OLDER_APP = Path(__file__).with_name("older_app.py")
OURS = {"origin": "new.example.net"}


def documented(verb):
    """The command of the page that has a verb."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (line,) = re.findall(rf"^ *(aws \S+ {verb} .+)$", page, re.M)
    return line


@pytest.fixture(scope="module")
def aws_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="module")
def endpoint(aws_folder):
    with running_emulator(aws_folder, emulated_aliases.__file__) as url:
        bootstrap = ("bootstrap", f"aws://{ACCOUNT}/{REGION}", "--app", "")
        assert cdk.run(State(folder=aws_folder), urlsplit(url).port, bootstrap) == 0
        yield url


@pytest.fixture(scope="module")
def labs(endpoint, aws_folder, tmp_path_factory):
    """The older stack, with the name, and ours, not deployed yet."""

    def lab(name, **values):
        aws = aws_environment(State(folder=aws_folder), endpoint)
        return Lab(endpoint, aws, tmp_path_factory.mktemp(name), **values)

    older = lab("older", app=OLDER_APP, stack="older")
    older.certificate = older.client("acm").request_certificate(
        DomainName=f"*.{ZONE}", ValidationMethod="DNS"
    )["CertificateArn"]
    older.described = {"certificate_arn": older.certificate, "domain_names": [ALIAS]}
    older.deploy(older.described)
    ours = lab("ours")
    yield older, ours
    for one in (ours, older):
        one.client("cloudformation").delete_stack(StackName=one.stack)


@pytest.fixture(scope="module")
def zone_id(labs):
    older, _ = labs
    route53 = older.client("route53")
    made = route53.create_hosted_zone(Name=ZONE, CallerReference=uuid.uuid4().hex)
    return made["HostedZone"]["Id"].rpartition("/")[2]


@pytest.fixture(scope="module")
def origins():
    with CountingOrigin() as old, CountingOrigin() as new:
        old.default = Reply(body=b"old")
        new.default = Reply(body=b"new")
        yield {"old.example.net": old.address, "new.example.net": new.address}


@pytest.fixture(scope="module")
def port(labs, origins):
    older, _ = labs
    domain = older.outputs["Domain"]
    with edge_process(older.environment, origins, serves=domain) as port:
        yield port


@contextmanager
def asking(port):
    """What a viewer of the name gets, again and again, as (status, body)."""
    answers, ended = [], threading.Event()
    viewer = Viewer(port=port, host=ALIAS)

    def ask():
        for number in count():
            got = viewer.get(f"/{uuid.uuid4().hex}-{number}.css")
            answers.append((got.status, got.body))
            if ended.wait(0.02):
                return

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield answers
    finally:
        ended.set()
        asker.join()


def wait_for(answers, body):
    """Until the viewer gets a body, which takes the edge a second or so."""
    begin, waited = len(answers), threading.Event()
    for _ in range(200):
        if body in [found for _, found in answers[begin:]]:
            return
        waited.wait(0.05)
    raise AssertionError(f"nobody answers {body!r}")


def run(ours, verb, **values):
    """The documented command, with the ids and names of this stack in it."""
    line = documented(verb)
    replaced = {
        "E2EXAMPLE": ours.outputs["StaticDistributionId"],
        "d111111abcdef8.cloudfront.net": ours.outputs["StaticDnsTarget"],
        **values,
    }
    for example, value in replaced.items():
        line = line.replace(example, value)
    return aws(line, ours.endpoint)


def test_a_name_moves_and_is_answered_all_the_while(labs, zone_id, port):
    older, ours = labs
    certified = {**OURS, "certificate_arn": older.certificate}
    named = {**certified, "static": {"domain_names": [ALIAS]}}
    with asking(port) as answers:
        ours.deploy(certified)
        assert_too_early(ours, named)
        wait_for(answers, b"old")
        with pytest.raises(ClientError, match="missing alias DNS TXT records"):
            run(ours, "associate-alias")
        run(ours, "change-resource-record-sets", Z0123456789ABC=zone_id)
        assert_conflict_is_shown(older, run(ours, "list-conflicting-aliases"))
        wait_for(answers, b"old")
        run(ours, "associate-alias")
        wait_for(answers, b"new")
        assert_the_way_back(older, ours, answers)
        ours.deploy(named)
        assert ours.outputs["StaticDomainName"] == ALIAS
        ours.assert_no_differences()
        older.deploy({**older.described, "domain_names": []})
        wait_for(answers, b"new")
    assert {status for status, _ in answers} == {200}
    changes = [body for body, _ in groupby(body for _, body in answers)]
    assert changes == [b"old", b"new", b"old", b"new"]


def assert_too_early(ours, named):
    """A deploy with the name ends in the sentence of the page, and takes itself back."""
    done = ours.try_to_deploy(named)
    assert done.returncode == 1
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (sentence,) = re.findall(r"`(One or more of the CNAMEs [^`]+)`", page)
    assert sentence in done.stdout + done.stderr
    stacks = ours.client("cloudformation").describe_stacks(StackName=ours.stack)
    assert stacks["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def assert_conflict_is_shown(older, answer):
    (conflict,) = answer["ConflictingAliasesList"]["Items"]
    assert conflict["Alias"] == ALIAS
    assert older.outputs["Id"].endswith(conflict["DistributionId"].strip("*"))


def assert_the_way_back(older, ours, answers):
    """To the older distribution, and once more to ours, by the newer command."""
    ids = {"older": older.outputs["Id"], "ours": ours.outputs["StaticDistributionId"]}
    for owner, body in (("older", b"old"), ("ours", b"new")):
        target = {"E2EXAMPLE": ids[owner]}
        tag = run(ours, "get-distribution-config", **target)
        run(ours, "update-domain-association", **target, E3EXAMPLE=tag)
        wait_for(answers, body)
