"""``python -m cdn_edge``: the edge as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cdn_edge.cloudfront_api import Reader, follow, new_client
from cdn_edge.configuration import Configuration
from cdn_edge.invalidation import Invalidations
from cdn_edge.origin_client import Address, origin_table
from cdn_edge.server import HOST, Edge, log_to_stdout
from cdn_edge.template import TemplateReader


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cdn_edge", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--endpoint", help="the AWS API to read from")
    source.add_argument(
        "--template",
        action="append",
        type=Path,
        metavar="PATH",
        help="a synthesized template to serve without AWS; may be given several times",
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="NAME=ADDRESS:PORT",
        help="where an origin is on this machine; may be given several times",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    given = parser().parse_args(arguments)
    try:
        table = origin_table(given.origin)
    except ValueError as error:
        parser().error(str(error))
    if given.template:
        reader: Reader | TemplateReader = TemplateReader(paths=given.template)
        try:
            reader.read()
        except (OSError, ValueError) as error:
            parser().error(
                "--template must be a template in JSON, such as "
                f"cdk.out/mysite-cdn-prod.template.json, got {error}"
            )
        reader = TemplateReader(paths=given.template)
    else:
        reader = Reader(client=new_client(given.endpoint))
    asyncio.run(serve(reader, port=given.port, table=table))


async def serve(
    reader: Reader | TemplateReader, *, port: int, table: Mapping[str, Address]
) -> None:
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

    def configure(configuration: Configuration) -> None:
        edge.configure(configuration)
        configured.set()

    work = [
        _announce(configured, listening_on),
        follow(reader.read, configure, log=log_to_stdout),
    ]
    if isinstance(reader, Reader):
        invalidations = Invalidations(client=reader.client, ids=edge.served_ids)
        work.append(follow(invalidations.read, edge.invalidate, log=_silent))
    following = asyncio.gather(*work)
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
