"""Stacks to be deployed, accounts that are in the way of it, and a DNS of their own."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from contextlib import contextmanager

import boto3
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber

from cdn_review.preflight.clients import Aws, Clients
from cdn_review.preflight.command import OF_THE_ACCOUNT, findings_of
from cdn_review.preflight.planned_stack import PlannedStack
from cdn_review.snapshot import Stack
from dj_cloudfront.findings import Level
from local.environment import ACCOUNT, REGION

NAME = "mysite-cdn-test"


BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


def target(resources, *, account=ACCOUNT, region=REGION, bootstrap="", **template):
    """A stack with these resources, by logical id: (type, properties)."""
    made = {
        name: {"Type": kind, "Properties": properties}
        for name, (kind, properties) in resources.items()
    }
    template = {"Resources": made, **template}
    stack = Stack(
        name=NAME,
        template=template,
        account=account,
        region=region,
        bootstrap=bootstrap,
    )
    return PlannedStack(stack)


def distribution(**config):
    """A distribution over a server, with these settings besides."""
    origin = {
        "Id": "o",
        "DomainName": "www.example.com",
        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
    }
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"}
    usual = {"Enabled": True, "Origins": [origin], "DefaultCacheBehavior": behavior}
    return "AWS::CloudFront::Distribution", {"DistributionConfig": {**usual, **config}}


def deploy(make, resources, name=NAME):
    """Make these resources in the test's account, as a stack."""
    template = json.dumps(target(resources).stack.template)
    make("cloudformation").create_stack(StackName=name, TemplateBody=template)


def found(check, wanted, clients):
    """The findings of one check."""
    found = list(findings_of(check, OF_THE_ACCOUNT[check], wanted, clients))
    assert all(one.hint for one in found if one.level in (Level.WARN, Level.FAIL))
    assert not any(ACCOUNT in one.message + one.hint for one in found)
    return found


def asked(check, wanted, clients):
    """The findings of one check, as (level, message)."""
    return [(str(one.level), one.message) for one in found(check, wanted, clients)]


def says(check, wanted, clients, said):
    """That a check has one finding: its level, and after it a part of its message."""
    (one,) = found(check, wanted, clients)
    level, _, part = said.partition(" ")
    assert str(one.level) == level
    assert part in one.message
    return one.hint


def session_of(endpoint, account=ACCOUNT):
    """Credentials that lead to the local AWS, and clients that know no other way."""
    made = boto3.Session(
        aws_access_key_id=account, aws_secret_access_key="local", region_name=REGION
    )

    class Session:
        region_name = REGION

        @staticmethod
        def client(service, **given):
            config = given.pop("config", Config()).merge(Config(proxies={}))
            return made.client(service, endpoint_url=endpoint, config=config, **given)

    return Session()


class Recorded(Aws):
    """AWS with answers in the shapes of its own model, which botocore checks.

    Each is (service, operation, response), or an error's code in place of the response. They
    are given in this order, to all clients of a service together.
    """

    def __init__(self, *answers):
        self.refused, self.unreachable = ClientError, BotoCoreError
        self.account = ACCOUNT
        self._session = session_of("http://127.0.0.1:9")
        self._answers = answers
        self._clients = {}

    def client(self, service, region=REGION):
        if service not in self._clients:
            client = self._clients[service] = super().client(service, region)
            stubber = Stubber(client)
            for wanted, operation, response in self._answers:
                if wanted == service and isinstance(response, str):
                    stubber.add_client_error(operation, service_error_code=response)
                elif wanted == service:
                    stubber.add_response(operation, response)
            stubber.activate()
        return self._clients[service]


def recorded(*answers, names=None):
    """Clients of a recorded account; DNS is not asked without ``names``."""
    return Clients(aws=Recorded(*answers), dns=names)


def stands(*resources):
    """A stack with resources of (type, logical id, physical id), in the API's shape."""
    listed = [
        {
            "ResourceType": kind,
            "LogicalResourceId": logical,
            "PhysicalResourceId": physical,
            "LastUpdatedTimestamp": dt.datetime.now(dt.UTC),
            "ResourceStatus": "UPDATE_COMPLETE",
        }
        for kind, logical, physical in resources
    ]
    answer = {"StackResourceSummaries": listed}
    return "cloudformation", "list_stack_resources", answer


@contextmanager
def dns_server(records):
    """A DNS server on this machine; gives its port.

    :param records: Values by name and type; None for a name that does not exist. What is
        not in it, the server refuses to answer.
    """

    def answer(question):
        (asks,) = question.question
        name = str(asks.name).rstrip(".")
        said = dns.message.make_response(question)
        said.flags |= dns.flags.RA
        kind = dns.rdatatype.to_text(asks.rdtype)
        if (name, kind) not in records:
            said.set_rcode(dns.rcode.REFUSED)
        elif records[name, kind] is None:
            said.set_rcode(dns.rcode.NXDOMAIN)
        else:
            for value_kind, value in records[name, kind]:
                rrset = dns.rrset.from_text(asks.name, 60, "IN", value_kind, value)
                said.answer.append(rrset)
        return said.to_wire()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve():
            while True:
                data, peer = server.recvfrom(4096)
                if data == b"end":
                    return
                server.sendto(answer(dns.message.from_wire(data)), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"end", server.getsockname())
            thread.join(5)
