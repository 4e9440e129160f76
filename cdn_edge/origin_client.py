"""Requests to the origin: never anywhere but to this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

import httptools
from botocore.credentials import Credentials
from multidict import CIMultiDict

from cdn_edge.body import BodyError, BodyStream
from cdn_edge.configuration import Origin, wildcards_over
from cdn_edge.listener import LONGEST_HEAD
from cdn_edge.messages import (
    BODYLESS,
    HOP_BY_HOP,
    Failure,
    OriginRequest,
    Response,
    error_response,
)
from cdn_edge.origin_access import signature
from cdn_edge.tls import OriginTls, is_allowed


class Address(NamedTuple):
    """A place on this machine.

    :param tls: Whether TLS is spoken there, where a distribution asks for it.
    """

    host: str
    port: int
    tls: bool = False


_REPEATED = frozenset({"GET", "HEAD"})
# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH.
_OTHER_NAME = 62


def origin_table(entries: Iterable[str]) -> Mapping[str, Address]:
    """From ``dev.example.com=127.0.0.1:8000``: which local address is which origin.

    An address that begins with ``https://`` gets TLS, and any other plain HTTP.
    A name may have the port of the origin, such as ``dev.example.com:8443``, or stand for many,
    such as ``*.amazonaws.com`` for the buckets of a local S3.
    """
    return dict(_entry(entry) for entry in entries)


def _entry(entry: str) -> tuple[str, Address]:
    name, _, given = entry.partition("=")
    address = given.removeprefix("https://")
    text, _, port = address.rpartition(":")
    host = text.strip("[]")
    with suppress(ValueError):
        is_loopback = ipaddress.ip_address(host).is_loopback
        if name and is_loopback and port.isdecimal() and 0 < int(port) < 65536:
            return name.lower(), Address(host, int(port), tls=address != given)
    raise ValueError(
        "--origin must map an origin's domain name to a loopback address, such as "
        f"'dev.example.com=127.0.0.1:8000', got {entry!r}"
    )


class OriginClient:
    """The client side of the edge. Nothing is repeated but what is written here.

    :param table: Local addresses by the origins' domain names.
    :param credentials: Of AWS, to sign requests to buckets. None: nothing is signed.
    """

    def __init__(
        self,
        table: Mapping[str, Address],
        tls: OriginTls,
        credentials: Credentials | None = None,
    ) -> None:
        self._table = table
        self._tls = tls
        self._credentials = credentials
        self._idle: dict[tuple[object, ...], list[_Connection]] = {}
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()

    def close(self) -> None:
        for connection in list(self._open):
            connection.close()

    async def send(
        self, request: OriginRequest, body: BodyStream | None = None
    ) -> Response:
        """Errors of the connection come back as CloudFront's own 502 and 504.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
        """
        origin = request.origin
        if self._credentials:
            request.headers.update(signature(request, self._credentials))
        try:
            async with asyncio.timeout(origin.completion_timeout) as deadline:
                response = await self._attempts(request, body)
        except TimeoutError as error:
            return _failure(origin, error)
        if isinstance(response.body, BodyStream) and origin.completion_timeout:
            ends_at = deadline.when() or 0
            response.body.end_at(ends_at)
        return response

    async def _attempts(
        self, request: OriginRequest, body: BodyStream | None
    ) -> Response:
        origin = request.origin
        address = self._address(origin, request.scheme)
        if address is None:
            name = origin.domain_name
            reason = (
                f"The origin {name} has no local address. Start the edge with "
                f"--origin {name}=127.0.0.1:PORT"
            )
            return error_response(502, reason, Failure.CONNECTION)
        attempts = origin.connection_attempts
        for attempt in range(1, attempts + 1):
            try:
                connection = await self._connect(address, request)
            except OSError as error:
                if attempt == attempts:
                    return _failure(origin, error)
                continue
            try:
                return await connection.ask(request, body)
            except OSError as error:
                connection.close()
                if attempt == attempts or request.method not in _REPEATED:
                    return _failure(origin, error)
            except BaseException:
                connection.close()
                raise
        raise AssertionError("unreachable: the last attempt returns")

    def _address(self, origin: Origin, scheme: str) -> Address | None:
        name = origin.domain_name
        names = (f"{name}:{origin.port(scheme)}", name, *wildcards_over(name))
        return next(filter(None, map(self._table.get, names)), None)

    async def _connect(self, address: Address, request: OriginRequest) -> _Connection:
        if not (address.tls and request.scheme == "https"):
            return await self._connected(address, request.origin, None)
        # The certificate is for the origin's name, or for the Host that is forwarded.
        host = request.headers.get("Host", "").partition(":")[0]
        names = dict.fromkeys((host, request.origin.domain_name))
        for name in names:
            try:
                return await self._connected(address, request.origin, name)
            except ssl.SSLCertVerificationError as error:
                if error.verify_code != _OTHER_NAME:
                    raise
                refused = error
        raise refused

    async def _connected(
        self, address: Address, origin: Origin, name: str | None
    ) -> _Connection:
        """:param name: For TLS, what the certificate must name. None: plain HTTP."""
        tls = name and (origin.ssl_protocols, origin.client_certificate)
        key = (address, name, tls)
        idle = self._idle.setdefault(key, [])
        while idle:
            connection = idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(origin.connection_timeout):
            _, made = await loop.create_connection(
                lambda: _Connection(idle),
                address.host,
                address.port,
                ssl=self._tls.context(origin) if name else None,
                server_hostname=name,
            )
        secure = made.ssl_object
        if secure and not is_allowed(secure, origin.ssl_protocols):
            made.close()
            raise ssl.SSLError(f"{secure.version()} is not allowed")
        self._open.add(made)
        return made


class _Connection(asyncio.Protocol):
    """One connection to an origin, for one request at a time.

    :param idle: Where it waits for its next request.
    """

    def __init__(self, idle: list[_Connection]) -> None:
        self._idle = idle
        self._loop = asyncio.get_running_loop()
        self._head: asyncio.Future[Response] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._body: BodyStream | None = None
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._size = 0
        self._head_read = 0
        self._method = ""
        self._in_head = True
        self._done = True
        self._reusable = True
        self._expires_at = 0.0
        self._origin: Origin | None = None
        self._drained: asyncio.Future[None] | None = None

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        found: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return found

    @property
    def is_usable(self) -> bool:
        return (
            self._reusable
            and not self._transport.is_closing()
            and self._loop.time() < self._expires_at
        )

    def close(self) -> None:
        self._reusable = False
        self._transport.abort()

    async def ask(self, request: OriginRequest, body: BodyStream | None) -> Response:
        """
        :raises OSError: when the connection breaks, or what comes is no response.
        :raises TimeoutError: when the origin is silent.
        :raises BodyError: when the viewer breaks off the request's body.
        """
        if self._transport.is_closing():
            raise ConnectionError("the origin closed the connection")
        self._method, self._origin = request.method, request.origin
        self._parser = httptools.HttpResponseParser(self)
        self._head = self._loop.create_future()
        self._body, self._done = None, False
        chunked = body is not None and body.size is None
        self._transport.write(_request_head(request, chunked=chunked))
        if body:
            await self._upload(body, chunked)
        async with asyncio.timeout(request.origin.read_timeout):
            return await self._head

    async def _upload(self, body: BodyStream, chunked: bool) -> None:
        """Send the body, or as much as the origin wants before it responds."""
        assert self._head and self._origin
        async for data in body.chunks():
            if self._head.done():
                self._reusable = False
                return
            self._transport.write(
                b"%x\r\n%b\r\n" % (len(data), data) if chunked else data
            )
            if self._drained:
                async with asyncio.timeout(self._origin.read_timeout):
                    await self._drained
        if chunked:
            self._transport.write(b"0\r\n\r\n")

    # -- of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def data_received(self, data: bytes) -> None:
        if self._done:
            # What nobody has asked for must not answer the next request.
            self.close()
            return
        assert self._parser
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self._done:
                self._fail(OSError(f"no HTTP response: {error}"))
            self.close()
            return
        self._read(len(data))

    def _read(self, size: int) -> None:
        self._head_read = self._head_read + size if self._in_head else 0
        if self._done:
            self._release()
        elif self._head_read > 2 * LONGEST_HEAD:
            self._fail(OSError("the head is too long"))
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._reusable = False
        if self in self._idle:
            self._idle.remove(self)
        self.resume_writing()
        if self._done:
            return
        # Without a length and without chunks, the end of the connection is that of the body.
        if self._body and self._body.size is None and not error and self._is_to_the_end:
            self._body.finish()
            self._done = True
        else:
            self._fail(ConnectionError("the origin closed the connection"))

    # -- of the parser

    def on_message_begin(self) -> None:
        if self._done:
            self._reusable = False
            return
        self._headers, self._in_head, self._size = CIMultiDict(), True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head and not self._done:
            text = value.decode("latin-1").strip(" \t")
            self._headers.add(name.decode("latin-1"), text)
            self._size += len(name) + len(value) + 4

    def on_headers_complete(self) -> None:
        assert self._parser and self._head and self._origin
        if self._done:
            return
        self._in_head = False
        status = self._parser.get_status_code()
        if self._size > LONGEST_HEAD:
            self._fail(OSError("the head is too long"))
            return
        if 100 <= status < 200 and status != 101:
            return
        codings = self._headers.getall("Transfer-Encoding", ())
        is_known = [*map(str.lower, codings)] in ([], ["chunked"])
        if not (200 <= status < 600 and is_known):
            self._fail(OSError(f"no response: {status} {codings}"))
            return
        length = self._headers.get("Content-Length")
        bodyless = self._method == "HEAD" or status in BODYLESS
        self._is_to_the_end = length is None and not codings and not bodyless
        self._reusable &= self._parser.should_keep_alive() and not self._is_to_the_end
        if self._head.done():
            return
        if bodyless:
            self._finish()
        else:
            self._body = BodyStream(
                size=None if length is None else int(length),
                pause=self._pause,
                leave=self.close,
                patience=self._origin.read_timeout,
            )
        self._head.set_result(
            Response(
                status=status,
                headers=_end_to_end(self._headers, keep_length=bodyless),
                body=self._body or b"",
            )
        )

    def on_body(self, data: bytes) -> None:
        if self._done:
            self._reusable = False
        elif self._body:
            self._body.feed(data)

    def on_message_complete(self) -> None:
        if self._done or not self._head or not self._head.done():
            return  # an interim response
        self._finish()

    # -- within

    def _finish(self) -> None:
        self._done = True
        if self._body:
            self._body.finish()

    def _release(self) -> None:
        if not self._reusable or self._transport.is_closing():
            self.close()
            return
        assert self._origin
        self._expires_at = self._loop.time() + self._origin.keepalive_timeout
        self._transport.resume_reading()
        self._idle.append(self)

    def _fail(self, error: Exception) -> None:
        self._done, self._reusable = True, False
        if self._head and not self._head.done():
            self._head.set_exception(error)
            # Nobody may be waiting any more.
            self._head.exception()
        if self._body:
            self._body.finish(BodyError(str(error)))

    def _pause(self, on: bool) -> None:
        if self._transport.is_closing():
            return
        if on:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


def _request_head(request: OriginRequest, *, chunked: bool) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    lines += ["", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _end_to_end(headers: CIMultiDict[str], *, keep_length: bool) -> CIMultiDict[str]:
    named = ",".join(headers.getall("Connection", ()))
    dropped = HOP_BY_HOP | {name.strip().lower() for name in named.split(",")}
    if not keep_length:
        dropped |= {"content-length"}
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in dropped
    )


def _failure(origin: Origin, error: Exception) -> Response:
    name = origin.domain_name
    if isinstance(error, TimeoutError):
        reason = (
            f"CloudFront wasn't able to get a response of the origin {name} in time."
        )
        return error_response(504, reason, Failure.TIMEOUT)
    reason = f"CloudFront wasn't able to connect to the origin {name}."
    return error_response(502, reason, Failure.CONNECTION)
