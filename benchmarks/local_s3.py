"""django-storages on a local S3, each of whose requests takes as long as over a network."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from storages.backends.s3 import S3Storage

from local.aws import emulator
from local.environment import ACCOUNT, REGION
from local.processes import free_port
from local.state import State

_BUCKET = "media"
_SECONDS = 0.03


class DistantStorage(S3Storage):  # type: ignore[misc]
    def _create_session(self) -> Any:
        session = super()._create_session()
        session.events.register("before-send.s3", lambda **_: time.sleep(_SECONDS))
        return session


@contextmanager
def distant_storage(**options: Any) -> Iterator[DistantStorage]:
    """A new bucket as a storage.

    :param options: Of ``S3Storage``.
    """
    with tempfile.TemporaryDirectory() as folder:
        state = State(folder=Path(folder))
        state.create()
        port = free_port(None, what="AWS")
        service = emulator.service(state, port)
        process = subprocess.Popen(
            service.command,
            cwd=service.folder,
            env=service.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 60
            while not service.ready():
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            yield DistantStorage(**_made(emulator.endpoint(port)), **options)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _made(endpoint: str) -> dict[str, Any]:
    access = {
        "endpoint_url": endpoint,
        "region_name": REGION,
        "aws_access_key_id": ACCOUNT,
        "aws_secret_access_key": "local",
    }
    client: Any = boto3.client
    client("s3", **access).create_bucket(Bucket=_BUCKET)
    return {
        "bucket_name": _BUCKET,
        "endpoint_url": endpoint,
        "region_name": REGION,
        "access_key": ACCOUNT,
        "secret_key": "local",
    }
