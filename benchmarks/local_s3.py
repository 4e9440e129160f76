"""django-storages on a local S3, each of whose requests takes as long as over a network."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storages.backends.s3 import S3Storage

from local.aws import emulator
from local.environment import ACCOUNT, REGION
from local.processes import free_port, start, stop, wait_until_ready
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
        service = start(emulator.service(state, port))
        try:
            wait_until_ready(service, seconds=60)
            emulator.client("s3", port).create_bucket(Bucket=_BUCKET)
            yield DistantStorage(
                bucket_name=_BUCKET,
                endpoint_url=emulator.endpoint(port),
                region_name=REGION,
                access_key=ACCOUNT,
                secret_key="local",
                **options,
            )
        finally:
            stop(service)
