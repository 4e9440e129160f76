"""DNS, TLS and one answer of a server."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = 5.0
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to connect. A rehearsal connects elsewhere than DNS says."""

    host: str
    port: int
    elsewhere: tuple[str, int] | None = None

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


def shake_hands(address: Address) -> ssl.SSLSocket:
    """A connection with a certificate that is valid for the name.

    :raises OSError: when it cannot be made; ``ssl.SSLCertVerificationError`` if the
        certificate is why.
    """
    raw = socket.create_connection(address.place, SECONDS)
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
    connection.sock = shake_hands(address)
    try:
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": address.host, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        response.read(_MOST_BYTES)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found)
    finally:
        connection.close()
