"""The emulated AWS in a process of its own, and commands of the AWS CLI made through its API."""

from __future__ import annotations

import json
import shlex
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import boto3
from botocore import xform_name
from botocore.config import Config

from local.aws import emulator
from local.environment import ACCOUNT, REGION
from local.processes import free_port, start, stop, wait_until_ready
from local.state import State

ROOT = Path(__file__).resolve().parents[2]


def client(service, endpoint, *, account=ACCOUNT, region=REGION):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def delete_stack(endpoint, name):
    """As ``cdk destroy`` does, without starting the CLI."""
    cloudformation = client("cloudformation", endpoint)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )


def made_distribution(cloudfront):
    """The id of a distribution with a plain server behind it."""
    config = {
        "CallerReference": str(time.time_ns()),
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "o",
                    "DomainName": "www.example.com",
                    "CustomOriginConfig": {
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "https-only",
                    },
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }
    made = cloudfront.create_distribution(DistributionConfig=config)
    return made["Distribution"]["Id"]


@contextmanager
def running_emulator(folder, *program, **variables):
    """Its URL.

    :param program: Runs it with more than ``local.aws.ministack`` has.
    :param variables: Of its environment.
    """
    state = State(folder=folder)
    for needed in (state.aws, state.home, state.temporary):
        needed.mkdir(parents=True, exist_ok=True)
    port = free_port(None, what="AWS")
    service = emulator.service(state, port)
    command = [sys.executable, *(program or ("-m", "local.aws.ministack"))]
    environment = {**service.environment, "PYTHONPATH": str(ROOT), **variables}
    process = start(replace(service, command=command, environment=environment))
    try:
        wait_until_ready(process)
        yield emulator.endpoint(port)
    finally:
        stop(process)


def aws(line, endpoint):
    """Make the call of ``aws <service> <operation> --option value …``; its answer."""
    program, service, operation, *words = shlex.split(line)
    assert program == "aws"
    given = dict(zip(words[::2], words[1::2], strict=True))
    query = given.pop("--query", None)
    given.pop("--output", None)
    caller = client(service, endpoint)
    method = operation.replace("-", "_")
    shape = caller.meta.service_model.operation_model(
        caller.meta.method_to_api_mapping[method]
    ).input_shape
    known = {f"--{xform_name(name, '-')}": name for name in shape.members}
    parameters = {
        known[option]: _value(shape.members[known[option]], text)
        for option, text in given.items()
    }
    answer = getattr(caller, method)(**parameters)
    return answer[query] if query else answer


def _value(shape, text):
    if shape.type_name == "string":
        return text
    if text.startswith(("{", "[")):
        return json.loads(text)
    return dict(pair.split("=", 1) for pair in text.split(","))
