"""One request on the wire, byte for byte as given, and what came back."""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dj_cloudfront.inspection.wire.decoding import Digest
from dj_cloudfront.inspection.wire.failures import is_about_certificate, sentence

_BLOCK = 1 << 16
_SHOWN = 2048
# A body may take this many times as long as a single wait.
_PATIENCE = 10
# A place that failed so often in a row is not asked again.
_ENOUGH = 3


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to connect, and the name to ask for there.

    :param connect_to: A name or an IP address.
    :param host: What ``Host`` says, with the port if it has to be there.
    :param server_name: The name that the certificate has to be for.
    """

    connect_to: str
    port: int
    host: str
    server_name: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. The body is not kept, for a file may be large.

    :param wire: Of the body as it was sent.
    :param content: Of the body once decoded, or None when it cannot be.
    :param trouble: Why it cannot be decoded; empty when it can.
    :param start: The first bytes as they were sent.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    wire: str
    content: str | None
    trouble: str
    start: bytes

    def all(self, name: str) -> list[str]:
        """The values of a header, in the order in which they were sent."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The values of a header in one line; empty when there is none."""
        return ", ".join(self.all(name))

    def is_like(self, other: Answer) -> bool:
        """The same status and the same body."""
        return (self.status, self.wire) == (other.status, other.wire)


class UnreachableError(Exception):
    """There was no answer; the text is one sentence."""

    def __init__(self, text: str, *, is_certificate: bool) -> None:
        super().__init__(text)
        self.is_certificate = is_certificate


class Client:
    """Asks at one address. Threads may share it; connections are used again.

    HTTP clients resolve ``..`` and ``%2e`` themselves and would hide the hole; this one
    puts the target on the wire as it is, and follows no redirect.

    :param timeout: Seconds to wait for a connection, and for each part of an answer.
    :param context: Which certificates to trust. Without one it speaks no TLS.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout: float,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.address = address
        self.expires: float | None = None
        """When the certificate does, in seconds since 1970; None before an answer."""
        self._timeout = timeout
        self._context = context
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._failed = 0
        self._last: UnreachableError | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close what is open. It can be used again."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request with exactly these headers, ``Host`` besides.

        :raises UnreachableError: when no whole answer came.
        """
        if self._last is not None and self._failed >= _ENOUGH:
            raise self._last
        try:
            answer = self._ask(method, target, headers or {})
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._count(error) from error
        self._failed = 0
        return answer

    def _count(self, error: Exception) -> UnreachableError:
        text = sentence(
            error, self.address.connect_to, self.address.port, self._timeout
        )
        found = UnreachableError(text, is_certificate=is_about_certificate(error))
        with self._lock:
            self._failed += 1
            self._last = found
        return found

    def _ask(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        try:
            used = self._idle.get_nowait()
        except queue.Empty:
            return self._send(self._open(), method, target, headers)
        try:
            return self._send(used, method, target, headers)
        except (ConnectionError, http.client.RemoteDisconnected, ssl.SSLError):
            # The server may close an idle connection at any moment.
            return self._send(self._open(), method, target, headers)

    def _open(self) -> http.client.HTTPConnection:
        address = self.address
        connection = http.client.HTTPConnection(address.connect_to, address.port)
        raw = socket.create_connection(
            (address.connect_to, address.port), self._timeout
        )
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sock = self._secured(raw, self._context)
        except BaseException:
            raw.close()
            raise
        return connection

    def _secured(
        self, raw: socket.socket, context: ssl.SSLContext | None
    ) -> socket.socket:
        if context is None:
            return raw
        name = self.address.server_name
        secured = context.wrap_socket(raw, server_hostname=name)
        ends = (secured.getpeercert() or {}).get("notAfter")
        if isinstance(ends, str):
            self.expires = ssl.cert_time_to_seconds(ends)
        return secured

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            connection.putrequest(
                method, target, skip_host=True, skip_accept_encoding=True
            )
            connection.putheader("Host", self.address.host)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as response:
                answer = self._read(response)
                closes = response.will_close
        except BaseException:
            connection.close()
            raise
        if closes:
            connection.close()
        else:
            self._idle.put(connection)
        return answer

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        digest = Digest(response.headers.get("Content-Encoding", ""))
        start = b""
        for data in self._pieces(response):
            start += data[: _SHOWN - len(start)]
            digest.add(data)
        return Answer(
            status=response.status,
            headers=tuple(response.getheaders()),
            wire=digest.wire,
            content=digest.content,
            trouble=digest.trouble,
            start=start,
        )

    def _pieces(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """The body as it comes: ``read()`` would wait for a whole block of it."""
        left = response.length
        end = time.monotonic() + self._timeout * _PATIENCE
        while left != 0:
            data = response.read1(_BLOCK if left is None else min(_BLOCK, left))
            if not data:
                break
            if time.monotonic() > end:
                raise TimeoutError
            left = None if left is None else left - len(data)
            yield data
        if left:
            raise http.client.IncompleteRead(b"", left)
