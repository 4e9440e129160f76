"""``python -m cdn_edge``: the edge as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from cdn_edge.cloudfront_api import Reader, follow, new_client
from cdn_edge.configuration import Configuration
from cdn_edge.invalidation import Invalidations
from cdn_edge.origin_client import Address, origin_table
from cdn_edge.server import HOST, Edge, log_to_stdout


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m cdn_edge", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the AWS API to read from")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="NAME=ADDRESS:PORT",
        help="where an origin is on this machine; may be given several times",
    )
    given = parser.parse_args(arguments)
    try:
        table = origin_table(given.origin)
    except ValueError as error:
        parser.error(str(error))
    asyncio.run(serve(endpoint=given.endpoint, port=given.port, table=table))


async def serve(*, endpoint: str, port: int, table: Mapping[str, Address]) -> None:
    """Until SIGTERM or SIGINT."""
    stopped, configured = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    edge = Edge(table=table)
    try:
        listening_on = await edge.start(port)
    except OSError as error:
        message = f"--port must be free, such as 8100, got {port}: {error.strerror}"
        raise SystemExit(message) from None

    client = new_client(endpoint)
    invalidations = Invalidations(client=client, ids=edge.served_ids)

    def configure(configuration: Configuration) -> None:
        edge.configure(configuration)
        configured.set()

    following = asyncio.gather(
        _announce(configured, listening_on),
        follow(Reader(client=client).read, configure, log=log_to_stdout),
        follow(invalidations.read, edge.invalidate, log=_silent),
    )
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((stopping, following), return_when=asyncio.FIRST_COMPLETED)
    following.cancel()
    await edge.stop()
    with suppress(asyncio.CancelledError):
        await following


def _silent(line: str) -> None:
    """That the API is away is said where the configuration is read."""


async def _announce(configured: asyncio.Event, port: int) -> None:
    await configured.wait()
    log_to_stdout(f"edge ready on http://{HOST}:{port}")


if __name__ == "__main__":
    main()
