"""``python -m cdn_edge``: the edge as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import boto3

from cdn_edge.cloudfront_api import ApiReader, Invalidations, follow, new_client
from cdn_edge.configuration import Configuration
from cdn_edge.origin_client import origin_table
from cdn_edge.server import HOST, Edge, log_to_stdout
from cdn_edge.template_reader import TemplateReader
from cdn_edge.tls import LocalAuthority, OriginTls, ViewerTls


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
    parser.add_argument("--port", type=_port, default=0, help="default: any free one")
    parser.add_argument(
        "--tls",
        type=Path,
        metavar="FOLDER",
        help="listen with TLS as well; the folder keeps the authority for browsers to trust",
    )
    parser.add_argument(
        "--tls-port", type=_port, default=0, help="default: any free one"
    )
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="NAME=ADDRESS:PORT",
        help="where an origin is on this machine, with https:// before an address that "
        "speaks TLS; may be given several times",
    )
    parser.add_argument(
        "--origin-ca",
        type=Path,
        metavar="PATH",
        help="certificates to trust at origins, besides those of the system",
    )
    parser.add_argument(
        "--client-certificate",
        action="append",
        default=[],
        metavar="ARN=PATH",
        help="a certificate and its key in PEM, to show to origins; may be given several times",
    )
    parser.add_argument(
        "--standby",
        choices=("maximum", "minimum"),
        default="maximum",
        help="which TTL, when it is above 0, lets what must not be stored stand in for an "
        "origin that cannot be reached: the guide of 2026 or of 2023 (default: maximum)",
    )
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be from 0 to 65535, got {text!r}")


def main(arguments: Sequence[str] | None = None) -> None:
    given = parser().parse_args(arguments)
    if given.tls_port and not given.tls:
        parser().error("--tls-port must come with --tls, such as --tls .local/tls")
    try:
        table = origin_table(given.origin)
        origin_tls = OriginTls(
            authorities=_authorities(given.origin_ca),
            certificates=dict(
                _client_certificate(one) for one in given.client_certificate
            ),
        )
        viewer_tls = given.tls and ViewerTls(LocalAuthority(given.tls))
    except (OSError, ValueError) as error:
        parser().error(str(error))
    if given.template:
        try:
            TemplateReader(paths=given.template).read()
        except (OSError, ValueError) as error:
            parser().error(
                "--template must be a template in JSON, such as "
                f"cdk.out/mysite-cdn-prod.template.json, got {error}"
            )
        reader: ApiReader | TemplateReader = TemplateReader(paths=given.template)
        credentials = None
    else:
        reader = ApiReader(client=new_client(given.endpoint))
        credentials = boto3.Session().get_credentials()
    edge = Edge(
        table=table,
        viewer_tls=viewer_tls,
        origin_tls=origin_tls,
        credentials=credentials,
        standby=given.standby == "maximum",
    )
    asyncio.run(serve(edge, reader, port=given.port, tls_port=given.tls_port))


def _client_certificate(entry: str) -> tuple[str, Path]:
    arn, _, path = entry.partition("=")
    try:
        # OpenSSL would ask the terminal for the password of a key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, password="")
    except OSError:
        raise ValueError(
            "--client-certificate must map an ARN to a file with a certificate and its key "
            "without a password in PEM, such as "
            f"'arn:aws:acm:us-east-1:123456789012:certificate/1=client.pem', got {entry!r}"
        ) from None
    return arn, Path(path)


def _authorities(path: Path | None) -> Path | None:
    if path and not (path.is_file() and b"BEGIN CERTIFICATE" in path.read_bytes()):
        raise ValueError(
            "--origin-ca must name a file with a certificate in PEM, such as ca.pem, got "
            f"{str(path)!r}"
        )
    return path


async def serve(
    edge: Edge, reader: ApiReader | TemplateReader, *, port: int, tls_port: int
) -> None:
    """Until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    try:
        listening_on = await edge.start(port, tls_port)
    except OSError as error:
        raise SystemExit(
            "--port and --tls-port must be free, such as 8100 and 8443, got "
            f"{port} and {tls_port}: {error.strerror}"
        ) from None

    is_ready = False

    def configure(configuration: Configuration) -> None:
        nonlocal is_ready
        edge.configure(configuration)
        if not is_ready:
            is_ready = True
            tls = f" and https://{HOST}:{edge.tls_port}" if edge.tls_port else ""
            log_to_stdout(f"edge ready on http://{HOST}:{listening_on}{tls}")

    work = [follow(reader.read, configure, log=log_to_stdout)]
    if isinstance(reader, ApiReader):
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


if __name__ == "__main__":
    main()
