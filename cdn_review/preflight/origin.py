"""Whether the servers answer as CloudFront needs it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import secrets
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from cdn_review.preflight.clients import Clients
from cdn_review.preflight.target import Server, Target
from dj_cloudfront.contract import TREE_HEADER
from dj_cloudfront.findings import Finding, failed, passed, warned
from dj_cloudfront.http_probe import (
    Address,
    Answer,
    Client,
    UnreachableError,
    tls_context,
)

_SECONDS = 5.0
_MOST_BYTES = 65536
_SOON = dt.timedelta(days=14)
_CDNS = (
    ("via", re.compile(r"cloudfront|akamai|google", re.I)),
    ("x-amz-cf-id", re.compile("")),
    ("x-cache", re.compile(r"from cloudfront|\bTCP_\w+ from a", re.I)),
    ("cf-ray", re.compile("")),
    ("x-fastly-request-id", re.compile("")),
    ("x-served-by", re.compile(r"^cache-", re.I)),
    ("server", re.compile(r"cloudflare|akamai|cloudfront", re.I)),
)
_CACHED = re.compile(r"(?:max-age|s-maxage)=0*[1-9]", re.I)


def check_origin(target: Target, clients: Clients) -> Iterator[Finding]:
    """Reachable, with a valid certificate, and answering as a file server should."""
    reached: dict[tuple[str, int], bool] = {}
    for server in target.servers():
        place = (server.host, server.port)
        wrong = (
            None if place in reached or clients.origin_address else _dns(server.host)
        )
        if wrong:
            yield wrong
        if wrong or reached.get(place) is False:
            reached[place] = False
            continue
        client = _client(server, clients)
        try:
            findings = list(_answers(server, client))
        except UnreachableError as error:
            reached[place] = False
            hint = "start the server, and open the port to CloudFront"
            if error.is_certificate or "TLS" in str(error):
                hint = (
                    "install TLS 1.2 and a whole chain for the name: else it is a 502"
                )
            yield failed("origin", f"{server.host} {error}", hint)
            continue
        finally:
            client.close()
        if place not in reached:
            yield _reached(server, client)
        reached[place] = True
        yield from findings


def _client(server: Server, clients: Clients) -> Client:
    host, port = clients.origin_address or (server.host, server.port)
    return Client(
        Address(connect_to=host, port=port, host=server.host, server_name=server.host),
        timeout=_SECONDS,
        context=None if server.is_plain else tls_context(),
        most_bytes=_MOST_BYTES,
    )


def _dns(host: str) -> Finding | None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        hint = "add the record, or correct origin in cdk.json"
        return failed("origin", f"{host} has no address in DNS", hint)
    addresses = {str(one[4][0]).partition("%")[0] for one in found}
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


def _missing(server: Server, answer: Answer) -> Iterator[Finding]:
    for name, sign in _CDNS:
        if answer.all(name) and sign.search(answer.get(name)):
            message = f"{server.host} is itself behind a CDN: it sends {name.title()}"
            hint = "name the server itself: two CDNs in a row keep stale files"
            yield failed("origin", message, hint)
            return
    status, subject = answer.status, f"a missing file of the {server.role}"
    wrong = _status(server, answer, subject)
    if wrong:
        yield failed("origin", f"{server.host} {wrong[0]}", wrong[1])
        return
    yield passed("origin", f"{server.host} answers {status} for {subject}")
    if _CACHED.search(answer.get("cache-control")):
        hint = (
            "send Cache-Control: no-store with errors: 'manage.py cdn conf' prints how"
        )
        yield warned("origin", f"{server.host} lets {subject} be cached", hint)
    if answer.get("set-cookie"):
        hint = "serve files before sessions: cookies make copies that nobody shares"
        yield warned("origin", f"{server.host} sets cookies with {subject}", hint)
    if not server.cors_at_edge and not answer.get("access-control-allow-origin"):
        message = f"{server.host} sends no Access-Control-Allow-Origin with {subject}"
        hint = "fonts and modules of pages need it: 'manage.py cdn conf' prints it"
        yield warned("origin", message, hint)


def _status(server: Server, answer: Answer, subject: str) -> tuple[str, str] | None:
    """What is wrong and what to do about it; ``None`` for the status of a missing file."""
    status = answer.status
    if status in (404, 410) or (status == 403 and server.has_secret):
        return None
    message = f"answers {status} for {subject}"
    if 300 <= status < 400:
        where = urlsplit(answer.get("location"))
        to = where.hostname or where.path[:80] or "nowhere"
        hint = "let the web server answer 404 for files before any login"
        return f"redirects {subject} to {to}", hint
    if status in (401, 403):
        hint = "let CloudFront in: files of a CDN are public, and it cannot log in"
        return f"{message}: a login or a filter is in the way", hint
    if status >= 500:
        return message, "mend the server first: its log says why"
    return (
        message,
        "let the web server answer 404, or a misspelt name is kept for a year",
    )
