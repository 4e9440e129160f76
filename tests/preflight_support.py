"""Stacks to be deployed, and accounts that are in the way of it."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.stub import Stubber
from environments import PUBLIC_KEY

from cdn_review.packs import Stack
from cdn_review.preflight.aws import Aws
from cdn_review.preflight.result import Level
from cdn_review.preflight.run import OF_THE_ACCOUNT, run_checks
from cdn_review.preflight.target import Target
from local.environment import ACCOUNT, REGION

NAME = "mysite-cdn-test"
# The same as an environment without any key but its origin, and no synthesis is needed.
MINIMAL = Path(__file__).with_name("snapshots") / "lab-cdn-minimal.template.json"
SECRET = {
    "arn": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:mysite/origin-a1B2c3",
    "version": "3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11",
}
SIGNING = {"keys": {"2026a": PUBLIC_KEY}, "signing_key": "2026a"}


@cache
def _template(environment):
    given = json.loads(environment)
    if not given:
        return json.loads(MINIMAL.read_text("utf-8"))
    from cdk_support import environment_template

    return environment_template(**given).to_json()


def target_of(resources, account=ACCOUNT, region=REGION):
    """A stack of somebody else's app."""
    template = {"Resources": resources}
    return Target(Stack(name=NAME, template=template, account=account, region=region))


def target(account=ACCOUNT, region=REGION, **environment):
    """What a deploy of such an environment would bring."""
    template = _template(json.dumps(environment, sort_keys=True))
    stack = Stack(name=NAME, template=template, account=account, region=region)
    return Target(stack)


@cache
def session(endpoint, account=ACCOUNT):
    """Credentials that lead to the local AWS, and clients that know no other way."""
    made = boto3.Session(
        aws_access_key_id=account, aws_secret_access_key="local", region_name=REGION
    )

    def client(service, **given):
        config = given.pop("config", Config()).merge(Config(proxies={}))
        return made.client(service, endpoint_url=endpoint, config=config, **given)

    return _Session(client)


class _Session:
    region_name = REGION

    def __init__(self, client):
        self.client = client


def account(endpoint, **given):
    return Aws(session=session(endpoint, **given))


def asked(check, wanted, aws):
    """The results of one check, as (level, sentence)."""
    found = list(OF_THE_ACCOUNT[check](wanted, aws))
    assert {one.check for one in found} <= {check}
    assert all(one.cure for one in found if one.level in (Level.WARN, Level.FAIL))
    return [(str(one.level), one.sentence) for one in found]


# A server that nobody has: no test asks the internet.
NOBODY = ("127.0.0.1", 9)


def everything(wanted, aws):
    return list(run_checks(wanted, aws, elsewhere=NOBODY))


class Recorded(Aws):
    """AWS with answers in the shapes of its own model, which botocore checks.

    Each is (service, operation, response), or an error's code in place of the response. They
    are given in this order, to all clients of a service together.
    """

    def __init__(self, *answers):
        super().__init__(session=session("http://127.0.0.1:9"))
        self._answers = answers
        self._clients = {}

    def client(self, service, region=REGION):
        if service in self._clients:
            return self._clients[service]
        client = super().client(service, region)
        stubber = Stubber(client)
        for wanted, operation, response in self._answers:
            if wanted == service and isinstance(response, str):
                stubber.add_client_error(operation, service_error_code=response)
            elif wanted == service:
                stubber.add_response(operation, response)
        stubber.activate()
        self._clients[service] = client
        return client


def stands(*resources, status="UPDATE_COMPLETE"):
    """A stack with resources of (type, logical id, physical id), in shapes of the API."""
    now = dt.datetime.now(dt.UTC)
    about = {"StackName": NAME, "CreationTime": now, "StackStatus": status}
    summaries = [
        {
            "ResourceType": kind,
            "LogicalResourceId": logical,
            "PhysicalResourceId": physical,
            "LastUpdatedTimestamp": now,
            "ResourceStatus": "UPDATE_COMPLETE",
        }
        for kind, logical, physical in resources
    ]
    return (
        ("cloudformation", "describe_stacks", {"Stacks": [about]}),
        (
            "cloudformation",
            "list_stack_resources",
            {"StackResourceSummaries": summaries},
        ),
    )
