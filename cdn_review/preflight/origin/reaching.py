"""DNS, TLS and one answer of a server."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to connect. A rehearsal connects elsewhere than DNS says."""

    host: str
    port: int
    elsewhere: tuple[str, int] | None = None
    is_plain: bool = False
    """Whether CloudFront speaks HTTP without TLS to it."""

    @property
    def place(self) -> tuple[str, int]:
        return self.elsewhere or (self.host, self.port)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered, without its body."""

    status: int
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


def resolved(host: str) -> list[str]:
    """The addresses of a name, none if DNS has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({str(one[4][0]).partition("%")[0] for one in found})


def is_public(address: str) -> bool:
    return ipaddress.ip_address(address).is_global


def context() -> ssl.SSLContext:
    """As strict as CloudFront: a chain, the name, TLS 1.2. SSL_CERT_FILE adds authorities."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def connect(address: Address) -> socket.socket:
    """:raises OSError: when nobody is there."""
    return socket.create_connection(address.place, SECONDS)


def shake_hands(address: Address) -> ssl.SSLSocket:
    """A connection with a certificate that is valid for the name.

    :raises OSError: when it cannot be made; ``ssl.SSLCertVerificationError`` if the
        certificate is why.
    """
    raw = connect(address)
    try:
        return context().wrap_socket(raw, server_hostname=address.host)
    except BaseException:
        raw.close()
        raise


def ask(address: Address, path: str, headers: Mapping[str, str]) -> Answer:
    """One GET over a connection of its own.

    :raises OSError: when nothing comes back, ``http.client.HTTPException`` when no HTTP does.
    """
    connection = http.client.HTTPConnection(address.host, timeout=SECONDS)
    channel = connect(address) if address.is_plain else shake_hands(address)
    connection.sock = channel
    # The timeout of a socket begins anew with each byte.
    ends = time.monotonic() + 3 * SECONDS
    late = threading.Timer(3 * SECONDS, _leave, (channel,))
    late.daemon = True
    late.start()
    try:
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": address.host, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        if time.monotonic() >= ends:
            raise TimeoutError("its answer does not end")
        # The body is left unread: it may be of any length.
        return Answer(status=response.status, headers=_joined(response.getheaders()))
    finally:
        late.cancel()
        connection.close()


def _leave(channel: socket.socket) -> None:
    with suppress(OSError):
        channel.shutdown(socket.SHUT_RDWR)


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    """What is said twice counts twice."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
