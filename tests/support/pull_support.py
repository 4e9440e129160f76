"""A CloudFormation to pull from: the local AWS, which asks for signatures and policies here."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aws_support import client, running_emulator

from local.environment import REGION, aws_environment
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


class Aws(ExitStack):
    """The local AWS as a context, which asks for signatures and policies."""

    def __init__(self, folder):
        super().__init__()
        given = {"AUTH": "true", "PERSIST_STATE": "0", "S3_PERSIST": "0"}
        self.url = self.enter_context(running_emulator(folder, **given))
        self.environment = aws_environment(State(folder=folder), self.url)

    def client(self, name, region=REGION):
        return client(name, self.url, region=region)

    def create(self, name, outputs=OUTPUTS, *, region=REGION, broken=False):
        """Create a stack and wait for its last status."""
        return self._deployed("create_stack", name, outputs, region, broken)

    def update(self, name, outputs, *, region=REGION, broken=False):
        """Update a stack and wait for its last status."""
        return self._deployed("update_stack", name, outputs, region, broken)

    def _deployed(self, operation, name, outputs, region, broken):
        client = self.client("cloudformation", region)
        body = template(outputs, broken=broken)
        getattr(client, operation)(StackName=name, TemplateBody=body)
        deadline = time.monotonic() + 20
        while True:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack["StackStatus"]
            assert time.monotonic() < deadline, stack["StackStatus"]
            time.sleep(0.05)

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
