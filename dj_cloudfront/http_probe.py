"""HTTP and TLS as CloudFront asks: targets byte for byte, no redirect followed, no cache.

Reads and time are bounded, and certificates verified. Without Django: ``cdn check``,
``cdn find`` and ``python -m cdn_review preflight`` ask through it.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_BLOCK = 1 << 16
# An answer may take this many times as long as a single wait.
_PATIENCE = 10
# An address that failed so often in a row is not asked again.
_ENOUGH = 3
# https://www.openssl.org/docs/man3.0/man3/X509_STORE_CTX_get_error.html
_CERTIFICATE = {
    9: "that is not valid yet",
    10: "that has expired",
    **dict.fromkeys((62, 64), "for another name"),
    **dict.fromkeys(
        (18, 19, 20, 21), "of an authority that this machine does not trust"
    ),
}
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE")

NO_BROTLI = "Brotli is not installed here"
"""Why an answer in ``br`` could not be decoded: no fault of the answer."""


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
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
class HttpResponse:
    """What came back. The body is not kept, because a file may be large.

    :param wire: The SHA-256 of the body as it was sent.
    :param content: The SHA-256 of the decoded body, or None when it cannot be decoded.
    :param decode_error: Why it cannot be decoded; empty when it can.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    wire: str
    content: str | None
    decode_error: str

    def all(self, name: str) -> list[str]:
        """The values of a header, in the order in which they were sent."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The values of a header in one line; empty when there is none."""
        return ", ".join(self.all(name))

    @property
    def media_type(self) -> str:
        """``Content-Type`` in lower case and without parameters."""
        return self.get("Content-Type").partition(";")[0].strip().lower()

    def is_like(self, other: HttpResponse) -> bool:
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
    :param most_bytes: Of a body; the rest is left unread. Default: all of it is read.
    """

    def __init__(
        self,
        address: ServerAddress,
        *,
        timeout: float,
        context: ssl.SSLContext | None = None,
        most_bytes: int | None = None,
    ) -> None:
        self.address = address
        self.expires: float | None = None
        """When the certificate does, in seconds since 1970; None before an answer."""
        self._timeout = timeout
        self._context = context
        self._most_bytes = most_bytes
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
    ) -> HttpResponse:
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
        text = failure_message(
            error, self.address.connect_to, self.address.port, self._timeout
        )
        is_certificate = isinstance(error, ssl.SSLCertVerificationError)
        found = UnreachableError(text, is_certificate=is_certificate)
        with self._lock:
            self._failed += 1
            self._last = found
        return found

    def _ask(
        self, method: str, target: str, headers: Mapping[str, str]
    ) -> HttpResponse:
        try:
            used = self._idle.get_nowait()
        except queue.Empty:
            return self._send(self._open(), method, target, headers)
        try:
            return self._send(used, method, target, headers)
        except (ConnectionError, ssl.SSLError):
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
            connection.sock = self._secured(raw)
        except BaseException:
            raw.close()
            raise
        return connection

    def _secured(self, raw: socket.socket) -> socket.socket:
        if self._context is None:
            return raw
        name = self.address.server_name
        secured = self._context.wrap_socket(raw, server_hostname=name)
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
    ) -> HttpResponse:
        end = time.monotonic() + self._timeout * _PATIENCE
        # The timeout of a socket begins anew with each byte.
        late = threading.Timer(self._timeout * _PATIENCE, _leave, (connection.sock,))
        late.daemon = True
        late.start()
        try:
            connection.putrequest(
                method, target, skip_host=True, skip_accept_encoding=True
            )
            connection.putheader("Host", self.address.host)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as response:
                answer, is_whole = self._read(response)
                closes = response.will_close or not is_whole
            _check_time(end)
        except (OSError, http.client.HTTPException):
            connection.close()
            _check_time(end)
            raise
        except BaseException:
            connection.close()
            raise
        finally:
            late.cancel()
        if closes:
            connection.close()
        else:
            self._idle.put(connection)
        return answer

    def _read(self, response: http.client.HTTPResponse) -> tuple[HttpResponse, bool]:
        """The answer, and whether all of its body was read."""
        digest = Digest(response.headers.get("Content-Encoding", ""))
        size = 0
        is_whole = True
        for data in _pieces(response):
            digest.add(data)
            size += len(data)
            if self._most_bytes is not None and size >= self._most_bytes:
                is_whole = False
                break
        answer = HttpResponse(
            status=response.status,
            headers=tuple(response.getheaders()),
            wire=digest.wire,
            content=digest.content,
            decode_error=digest.decode_error,
        )
        return answer, is_whole


def tls_context() -> ssl.SSLContext:
    """As strict as CloudFront: a chain, the name, TLS 1.2. SSL_CERT_FILE adds authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it comes: ``read()`` would wait for a whole block of it."""
    left = response.length
    while left != 0:
        data = response.read1(_BLOCK if left is None else min(_BLOCK, left))
        if not data:
            break
        left = None if left is None else left - len(data)
        yield data
    if left:
        raise http.client.IncompleteRead(b"", left)


def _check_time(end: float) -> None:
    """:raises TimeoutError: when the answer did not end in time."""
    if time.monotonic() >= end:
        raise TimeoutError


def _leave(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class Digest:
    """Takes a body piece by piece.

    :param coding: What ``Content-Encoding`` says; empty for none.
    """

    def __init__(self, coding: str) -> None:
        self._wire = hashlib.sha256()
        self._content = hashlib.sha256()
        self._size = 0
        self._coding = coding.strip().lower()
        self._error = ""
        self._decode, self._is_whole = self._decoder()

    def add(self, data: bytes) -> None:
        """The next piece as it was sent."""
        self._wire.update(data)
        self._size += len(data)
        if self._error:
            return
        try:
            self._content.update(self._decode(data))
        except Exception as error:  # zlib.error and brotli.error have no common base
            self._error = f"is no {self._coding} ({error})"

    @property
    def wire(self) -> str:
        """The SHA-256 of what was sent."""
        return self._wire.hexdigest()

    @property
    def content(self) -> str | None:
        """The SHA-256 of what it decodes to; None when it does not."""
        return None if self.decode_error else self._content.hexdigest()

    @property
    def decode_error(self) -> str:
        """Why it cannot be decoded; empty when it can, as when there was no body."""
        if not self._error and self._size and not self._is_whole():
            return f"is no whole {self._coding}"
        return self._error if self._size else ""

    def _decoder(self) -> tuple[Callable[[bytes], bytes], Callable[[], bool]]:
        if self._coding in ("gzip", "x-gzip"):
            unzip = zlib.decompressobj(wbits=31)
            return unzip.decompress, lambda: unzip.eof
        if self._coding == "br":
            return self._brotli()
        if self._coding not in ("", "identity"):
            self._error = f"has the unknown coding {self._coding!r}"
        return bytes, lambda: True

    def _brotli(self) -> tuple[Callable[[bytes], bytes], Callable[[], bool]]:
        try:
            import brotli  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            self._error = NO_BROTLI
            return bytes, lambda: True
        decompressor: Any = brotli.Decompressor()
        return decompressor.process, decompressor.is_finished


def failure_message(error: Exception, host: str, port: int, timeout: float) -> str:
    """What went wrong, without a subject: it follows the name of the target."""
    where = f"{host} port {port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        wrong = _CERTIFICATE.get(error.verify_code, "that is refused")
        return f"has a certificate {wrong} ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        if reason in _NO_TLS:
            return f"speaks no TLS on {where}"
        return f"breaks off TLS on {where} ({reason.replace('_', ' ').lower()})"
    if isinstance(error, socket.gaierror):
        return f"cannot be found: DNS knows no address of {host}"
    if isinstance(error, TimeoutError):
        return f"gave no whole answer in time ({where}, {timeout:g} s for each wait)"
    if isinstance(error, ConnectionRefusedError):
        return f"refuses connections: nothing listens on {where}"
    if isinstance(error, ConnectionError | http.client.IncompleteRead):
        return f"ended the connection in the middle of an answer ({where})"
    if isinstance(error, http.client.HTTPException):
        return f"did not answer in HTTP/1.1 ({where}, {type(error).__name__})"
    told = error.strerror if isinstance(error, OSError) else None
    return f"cannot be reached at {where}: {told or str(error) or type(error).__name__}"
