"""The control plane: ministack, on the loopback interface only."""

from __future__ import annotations

import sys
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.environment import ACCOUNT, REGION, built_environment
from local.processes import Service, answers
from local.state import CHECKOUT, State


def endpoint(port: int) -> str:
    """The URL of the local AWS."""
    return f"http://127.0.0.1:{port}"


def service(state: State, port: int) -> Service:
    """The emulator as a service. It keeps its state over a clean stop."""
    return Service(
        name="the local AWS",
        command=[sys.executable, "-m", "local.aws.ministack"],
        environment={
            **built_environment(state),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state.aws / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state.aws / "s3"),
            # Both would listen on every interface.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        },
        folder=CHECKOUT,
        log=state.log("aws"),
        ready=answers(f"{endpoint(port)}/_ministack/ready"),
    )


def stack_exists(port: int, name: str) -> bool:
    """Whether a stack stands complete."""
    aws = client("cloudformation", port)
    try:
        stacks = aws.describe_stacks(StackName=name)["Stacks"]
    except (ClientError, BotoCoreError):
        return False
    return any(
        stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        for stack in stacks
    )


def put_secret(port: int, name: str, value: str) -> tuple[str, str]:
    """ARN and version of a secret in Secrets Manager, made where it is missing."""
    aws = client("secretsmanager", port)
    try:
        found = aws.get_secret_value(SecretId=name)
    except aws.exceptions.ResourceNotFoundException:
        found = aws.create_secret(Name=name, SecretString=value)
    else:
        if found["SecretString"] != value:
            found = aws.put_secret_value(SecretId=name, SecretString=value)
    return found["ARN"], found["VersionId"]


def client(service: str, port: int) -> Any:
    """Of boto3, for the local AWS."""
    # Its stubs ask for a literal name.
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint(port),
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",
        config=Config(retries={"max_attempts": 1}, proxies={}),
    )
