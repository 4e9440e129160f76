"""Whether the origin servers answer as CloudFront needs it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from cdn_review.preflight.clients import Clients
from cdn_review.preflight.planned_stack import PlannedStack, Server
from dj_cloudfront.contract import TREE_HEADER
from dj_cloudfront.findings import Finding, failed, passed, warned
from dj_cloudfront.http_probe import (
    Client,
    HttpResponse,
    ServerAddress,
    UnreachableError,
    tls_context,
)

_SECONDS = 5.0
_MOST_BYTES = 65536
_SOON = dt.timedelta(days=14)
# What CDNs send: their own headers, or their names in others.
_CDNS = {
    "via": "cloudfront|akamai|google",
    "x-amz-cf-id": "",
    "x-cache": r"from cloudfront|\bTCP_\w+ from a",
    "cf-ray": "",
    "x-fastly-request-id": "",
    "x-served-by": "^cache-",
    "server": "cloudflare|akamai|cloudfront",
}
_CACHED = re.compile(r"(?:max-age|s-maxage)=0*[1-9]", re.I)
# What is wrong with other answers than 404, and what to do about it.
_WRONG = (
    (
        range(300, 400),
        ": it redirects to {}",
        "let the web server answer 404 for files before any login",
    ),
    (
        (401, 403),
        ": a login or a filter is in the way",
        "let CloudFront in: files of a CDN are public, and it cannot log in",
    ),
    (range(500, 600), "", "mend the server first: its log says why"),
    (
        range(1000),
        "",
        "let the web server answer 404, or a misspelt name is kept for a year",
    ),
)


def check_origin(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """Reachable, with a valid certificate, and answering as a file server should."""
    places: dict[tuple[str, int], list[Server]] = {}
    for server in planned.servers():
        places.setdefault((server.host, server.port), []).append(server)
    for servers in places.values():
        yield from _at_address(servers, clients)


def _at_address(servers: list[Server], clients: Clients) -> Iterator[Finding]:
    first = servers[0]
    wrong = None if clients.origin_address else _dns(first.host)
    if wrong:
        yield wrong
        return
    host, port = clients.origin_address or (first.host, first.port)
    client = Client(
        ServerAddress(
            connect_to=host, port=port, host=first.host, server_name=first.host
        ),
        timeout=_SECONDS,
        context=None if first.is_plain else tls_context(),
        most_bytes=_MOST_BYTES,
    )
    with closing(client):
        try:
            found = [
                finding for server in servers for finding in _answers(server, client)
            ]
        except UnreachableError as error:
            hint = "start the server, and open the port to CloudFront"
            if error.is_certificate or "TLS" in str(error):
                hint = (
                    "install TLS 1.2 and a whole chain for the name: else it is a 502"
                )
            yield failed("origin", f"{first.host} {error}", hint)
            return
        yield _reached(first, client)
        yield from found


def _dns(host: str) -> Finding | None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        hint = "add the record, or correct origin in cdk.json"
        return failed("origin", f"{host} has no address in DNS", hint)
    addresses = {str(info[4][0]).partition("%")[0] for info in found}
    if all(ipaddress.ip_address(address).is_global for address in addresses):
        return None
    hint = "use its public name, or a VPC origin: docs/origins.md has it"
    return failed("origin", f"{host} has an address that is not on the internet", hint)


def _reached(server: Server, client: Client) -> Finding:
    if client.expires is None:
        return passed("origin", f"{server.host} is reachable, without TLS")
    left = dt.datetime.fromtimestamp(client.expires, dt.UTC) - dt.datetime.now(dt.UTC)
    if left < _SOON:
        message = f"the certificate of {server.host} ends in {left.days} days"
        return warned("origin", message, "renew it: CloudFront answers 502 afterwards")
    return passed("origin", f"{server.host} is reachable, with a valid certificate")


def _answers(server: Server, client: Client) -> Iterator[Finding]:
    """What it answers for a missing file, and for a page outside of the tree.

    :raises UnreachableError: when there is no whole answer.
    """
    headers = {"User-Agent": "Amazon CloudFront"}
    if server.tree:
        headers[TREE_HEADER] = server.tree
    path = f"{server.path}/preflight-{secrets.token_hex(8)}.css"
    asked = {**headers, "Origin": f"https://{server.host}"}
    yield from _missing(server, client.ask(path, headers=asked))
    if not server.tree:
        return
    status = client.ask("/admin/", headers=headers).status
    if 400 <= status < 500 and status != 401:
        message = f"{server.host} keeps pages of Django from the {server.role}"
        yield passed("tree", message)
    else:
        message = f"{server.host} answers the {server.role} {status} for /admin/"
        hint = (
            "add CdnTreeMiddleware, and the web server's rules of 'manage.py cdn conf'"
        )
        yield failed("tree", message, hint)


def _missing(server: Server, answer: HttpResponse) -> Iterator[Finding]:
    host, status = server.host, answer.status
    subject = f"a missing file of the {server.role}"
    for name, sign in _CDNS.items():
        if answer.all(name) and re.search(sign, answer.get(name), re.I):
            message = f"{host} is itself behind a CDN: it sends {name.title()}"
            hint = "name the server itself: two CDNs in a row keep stale files"
            yield failed("origin", message, hint)
            return
    message = f"{host} answers {status} for {subject}"
    if status not in (404, 410) and not (status == 403 and server.has_secret):
        where = urlsplit(answer.get("location"))
        to = where.hostname or where.path[:80] or "nowhere"
        why, hint = next((why, hint) for held, why, hint in _WRONG if status in held)
        yield failed("origin", message + why.format(to), hint)
        return
    yield passed("origin", message)
    if _CACHED.search(answer.get("cache-control")):
        hint = (
            "send Cache-Control: no-store with errors: 'manage.py cdn conf' prints how"
        )
        yield warned("origin", f"{host} lets {subject} be cached", hint)
    if answer.get("set-cookie"):
        hint = "serve files before sessions: cookies make copies that nobody shares"
        yield warned("origin", f"{host} sets cookies with {subject}", hint)
    if not server.cors_at_edge and not answer.get("access-control-allow-origin"):
        message = f"{host} sends no Access-Control-Allow-Origin with {subject}"
        hint = "fonts and modules of pages need it: 'manage.py cdn conf' prints it"
        yield warned("origin", message, hint)
