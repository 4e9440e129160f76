"""The digest of a body, as it was sent and once decoded, without keeping it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Any

NO_BROTLI = "Brotli is not installed here"
"""Why an answer in ``br`` could not be decoded: no fault of the answer."""


class Digest:
    """Takes a body piece by piece.

    :param coding: What ``Content-Encoding`` says; empty for none.
    """

    def __init__(self, coding: str) -> None:
        self._wire = hashlib.sha256()
        self._content = hashlib.sha256()
        self._size = 0
        self._coding = coding.strip().lower()
        self._trouble = ""
        self._decode, self._is_whole = self._decoder()

    def add(self, data: bytes) -> None:
        """The next piece as it was sent."""
        self._wire.update(data)
        self._size += len(data)
        if self._trouble:
            return
        try:
            self._content.update(self._decode(data))
        except Exception as error:  # zlib.error and brotli.error have no common base
            self._trouble = f"is no {self._coding} ({error})"

    @property
    def wire(self) -> str:
        """The SHA-256 of what was sent."""
        return self._wire.hexdigest()

    @property
    def content(self) -> str | None:
        """The SHA-256 of what it decodes to; None when it does not."""
        return None if self.trouble else self._content.hexdigest()

    @property
    def trouble(self) -> str:
        """Why it cannot be decoded; empty when it can, as when there was no body."""
        if not self._trouble and self._size and not self._is_whole():
            return f"is no whole {self._coding}"
        return self._trouble if self._size else ""

    def _decoder(self) -> tuple[Callable[[bytes], bytes], Callable[[], bool]]:
        if self._coding in ("gzip", "x-gzip"):
            unzip = zlib.decompressobj(wbits=31)
            return unzip.decompress, lambda: unzip.eof
        if self._coding == "br":
            return self._brotli()
        if self._coding not in ("", "identity"):
            self._trouble = f"has the unknown coding {self._coding!r}"
        return bytes, lambda: True

    def _brotli(self) -> tuple[Callable[[bytes], bytes], Callable[[], bool]]:
        try:
            import brotli  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            self._trouble = NO_BROTLI
            return bytes, lambda: True
        decompressor: Any = brotli.Decompressor()
        return decompressor.process, decompressor.is_finished
