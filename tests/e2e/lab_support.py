"""Stacks in the local AWS by the real CDK CLI, and edges of their own in front of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import aws_support
from cdk_support import ROOT

from local.aws.cdk import command
from local.processes import free_port

ENVIRONMENT_APP = ROOT / "tests" / "e2e" / "environment_app.py"
ENVIRONMENT_STACK = "lab-cdn-test"


class Lab:
    """One stack in the local AWS: by default the project's own, of one environment."""

    def __init__(self, endpoint, aws, folder, *, app=ENVIRONMENT_APP, stack=None):
        self.endpoint = endpoint
        self.folder = folder
        self.app = app
        self.stack = stack or ENVIRONMENT_STACK
        self.file = folder / "environment.json"
        self.outputs_file = folder / "cdn-outputs.json"
        self.environment = {**aws, "ENVIRONMENT_FILE": str(self.file)}

    def cdk(self, *arguments):
        return subprocess.run(
            [
                *command(*arguments, "--app", f"{sys.executable} {self.app}"),
                *("--output", str(self.folder / "cdk.out")),
            ],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def try_to_deploy(self, described):
        self.file.write_text(json.dumps(described), "utf-8")
        options = ("--require-approval", "never", "--outputs-file")
        return self.cdk("deploy", self.stack, *options, str(self.outputs_file))

    def deploy(self, described):
        """Physical ids by logical ones."""
        done = self.try_to_deploy(described)
        assert done.returncode == 0, done.stderr[-3000:]
        return self.resources()

    def destroy(self):
        aws_support.delete_stack(self.endpoint, self.stack)

    def assert_no_differences(self):
        done = self.cdk("diff", self.stack, "--fail", "--method=template")
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def outputs(self):
        return json.loads(self.outputs_file.read_text("utf-8"))[self.stack]

    def resources(self):
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            found["LogicalResourceId"]: found["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.stack)
            for found in page["StackResourceSummaries"]
        }

    def client(self, service):
        return aws_support.client(service, self.endpoint)


@contextmanager
def edge_process(environment, origins, *, serves, tls=None, tls_port=0):
    """The port of an edge, once it serves a distribution.

    :param origins: Addresses on this machine by the origins' names.
    :param tls: The folder of an authority, for a second listener with TLS.
    """
    port = free_port(None, what="edge")
    table = [f"--origin={name}={address}" for name, address in origins.items()]
    edge = subprocess.Popen(
        [
            *(sys.executable, "-m", "cdn_edge", "--port", str(port)),
            *("--endpoint", environment["AWS_ENDPOINT_URL"], *table),
            *(("--tls", str(tls), "--tls-port", str(tls_port)) if tls else ()),
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while serves not in health(port):
            assert edge.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        yield port
    finally:
        edge.terminate()
        edge.wait(timeout=10)


def health(port):
    """What an edge says of itself; nothing when it does not answer."""
    try:
        url = f"http://127.0.0.1:{port}/_edge/health"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode()
    except OSError:
        return ""
