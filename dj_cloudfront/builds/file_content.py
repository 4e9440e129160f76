"""The bytes of one file, from wherever they come."""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from dj_cloudfront.builds.index import File

BLOCK = 1 << 20

# Without waiting: to open a pipe would take as long as nobody writes into it.
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class BytesContent:
    """Bytes in memory. A context manager, as an opened file is."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def blocks(self) -> Iterator[bytes]:
        if self.size <= BLOCK:
            yield self._data
            return
        for start in range(0, self.size, BLOCK):
            yield self._data[start : start + BLOCK]


class FileContent:
    """A file on the disk, read once if it is small. A context manager.

    :param folder: An open folder that the path is relative to.
    :raises ValueError: with one sentence, when it is no regular file.
    """

    def __init__(self, path: Path | str, *, folder: int | None = None) -> None:
        self.path = path
        # A source may be a link; what is inside a build may not.
        flags = _OPEN if folder is None else _OPEN | os.O_NOFOLLOW
        self._file = os.open(path, flags, dir_fd=folder)
        try:
            self.stat = os.fstat(self._file)
            if not stat.S_ISREG(self.stat.st_mode):
                raise ValueError(
                    f"a source must be a regular file, got {os.fspath(path)!r}: leave it "
                    "out (collectstatic --ignore)"
                )
            self.size = self.stat.st_size
            self._whole = self._read_small()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._file)

    def blocks(self) -> Iterator[bytes]:
        if self._whole is not None:
            yield self._whole
            return
        offset = 0
        while block := os.pread(self._file, BLOCK, offset):
            yield block
            offset += len(block)

    def _read_small(self) -> bytes | None:
        if self.size > BLOCK:
            return None
        # A byte more than there should be: whoever gets it has a file that is growing.
        data = os.read(self._file, self.size + 1)
        return data if len(data) == self.size else None


Content = BytesContent | FileContent
"""Bytes that can be read from the start as often as they are needed."""


def read(content: Content) -> bytes:
    """All of the bytes."""
    return b"".join(content.blocks())


def describe(
    content: Content, also: Callable[[bytes], object] = lambda block: None
) -> File:
    """Size and hash, of what is read rather than of what the system says.

    :param also: What else is done with each block.
    """
    digest, size = hashlib.sha256(), 0
    for block in content.blocks():
        digest.update(block)
        also(block)
        size += len(block)
    return File(size=size, sha256=digest.hexdigest())


def same_bytes(one: Content, other: Content) -> bool:
    """Whether the bytes are the same."""
    if one.size != other.size:
        return False
    pairs = itertools.zip_longest(one.blocks(), other.blocks())
    return all(mine == theirs for mine, theirs in pairs)
