"""A CloudFormation to pull from: the local AWS, which asks for signatures and policies here."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config

from local import processes
from local.aws import emulator
from local.environment import ACCOUNT, REGION, aws_environment
from local.state import State

OUTPUTS = {
    "StaticDomainName": "d111.cloudfront.net",
    "MediaDomainName": "media.example.com",
    "StaticDistributionId": "E1",
}
NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


def template(outputs, *, broken=False):
    """A template that puts these out and defines nothing, or what cannot be defined."""
    config = {
        "Name": "no space!",
        "MinTTL": 0,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "CookiesConfig": {"CookieBehavior": "some"}
        },
    }
    refused = {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {"CachePolicyConfig": config},
    }
    return json.dumps(
        {
            "Resources": {
                "Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
                **({"Refused": refused} if broken else {}),
            },
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )


class Aws:
    """The local AWS as a context, in a process of its own and without the rest."""

    def __init__(self, folder):
        state = State(folder=folder)
        state.create()
        self.port = processes.free_port(None, what="the port")
        service = emulator.service(state, self.port)
        self._service = dataclasses.replace(
            service,
            environment={
                **service.environment,
                "AUTH": "true",
                "PERSIST_STATE": "0",
                "S3_PERSIST": "0",
            },
        )
        self.environment = aws_environment(state, emulator.endpoint(self.port))

    def __enter__(self):
        self._running = processes.start(self._service)
        try:
            processes.wait_until_ready(self._running)
        except BaseException:
            processes.stop(self._running)
            raise
        return self

    def __exit__(self, *raised):
        processes.stop(self._running)

    def client(self, name, region=REGION):
        return boto3.client(
            name,
            endpoint_url=emulator.endpoint(self.port),
            region_name=region,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
            config=Config(retries={"max_attempts": 1}, proxies={}),
        )

    def create(self, name, outputs=OUTPUTS, *, region=REGION, broken=False):
        """Create a stack and wait for its last status."""
        client = self.client("cloudformation", region)
        body = template(outputs, broken=broken)
        client.create_stack(StackName=name, TemplateBody=body)
        return self._settled(client, name)

    def update(self, name, outputs, *, region=REGION, broken=False):
        """Update a stack and wait for its last status."""
        client = self.client("cloudformation", region)
        body = template(outputs, broken=broken)
        client.update_stack(StackName=name, TemplateBody=body)
        return self._settled(client, name)

    def key(self, user, policy=None):
        """A new user, who may do what the policy says; the variables of its access key."""
        iam = self.client("iam")
        iam.create_user(UserName=user)
        if policy is not None:
            document = json.dumps(policy)
            iam.put_user_policy(
                UserName=user, PolicyName="pull", PolicyDocument=document
            )
        made = iam.create_access_key(UserName=user)["AccessKey"]
        return {
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        }

    def _settled(self, client, name):
        deadline = time.monotonic() + 20
        while True:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack["StackStatus"]
            assert time.monotonic() < deadline, stack["StackStatus"]
            time.sleep(0.05)


class Answering:
    """An endpoint that has one answer, for what the local AWS cannot be brought to."""

    def __init__(self, status, body):
        self.requests = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):
                self.requests += 1
                handler.rfile.read(int(handler.headers["Content-Length"]))
                data = body.encode()
                handler.send_response(status)
                handler.send_header("Content-Type", "text/xml")
                handler.send_header("Content-Length", str(len(data)))
                handler.end_headers()
                handler.wfile.write(data)

            def log_message(handler, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()
        return self

    def __exit__(self, *raised):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def error(code, message, status=400):
    """An answer as CloudFormation words a refusal."""
    return Answering(
        status,
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>",
    )


def stack_in(status):
    """An answer with a stack of ours in a status."""
    members = "".join(
        f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for name, value in OUTPUTS.items()
    )
    return Answering(
        200,
        f'<DescribeStacksResponse xmlns="{NAMESPACE}"><DescribeStacksResult><Stacks><member>'
        f"<StackName>s</StackName><StackStatus>{status}</StackStatus>"
        "<CreationTime>2026-11-23T00:00:00Z</CreationTime>"
        f"<Outputs>{members}</Outputs></member></Stacks></DescribeStacksResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        "</DescribeStacksResponse>",
    )
