"""A build appears: written where nobody looks, shown by one rename, never changed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from dj_cloudfront.builds.references import Reference

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Published:
    """What publishing did, or would do.

    :param path: The build's folder.
    :param files: How many files it holds, companions included.
    :param linked: How many of them are hard links to the previous build's.
    :param copied: How many were written.
    :param bytes_written: Of files and companions, the index included.
    :param companions: How many of the files are companions.
    :param already_there: Whether the same content was published before; nothing was done then.
    :param references: Root-absolute references in stylesheets, found or rewritten.
    """

    version: str
    path: Path
    files: int
    linked: int
    copied: int
    bytes_written: int
    companions: int
    already_there: bool
    references: tuple[Reference, ...]
    seconds: float


class Publication:
    """A build that is being written. Others wait from the first file until the end.

    A context manager too, which abandons the build unless it was finished.

    :param root: The folder that holds the builds.
    :param precompress: Codings of companions to make: ``gzip``, ``br``.
    :param find_references: A prefix, such as ``/static/``, that root-absolute references in
        stylesheets begin with. They are reported.
    :param rewrite_references: The same, and they are made relative.
    :param progress: Called with what is done, how many are done, and of how many.
    :param dry_run: Write nothing, and say what would be written.
    """

    path: Path
    """The hidden folder that is being filled."""
    previous: Path | None
    """The newest published build with an index, whose unchanged files are linked."""

    def __init__(
        self,
        root: Path,
        version: str,
        *,
        precompress: Sequence[str] = (),
        find_references: str | None = None,
        rewrite_references: str | None = None,
        progress: Progress | None = None,
        dry_run: bool = False,
    ) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.abandon()

    def add(self, name: str, source: Path) -> None:
        """Add a file with the bytes of ``source``: a link if the previous build has the same."""
        raise NotImplementedError

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a file with these bytes."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Take a file out again, for another one of its name."""
        raise NotImplementedError

    def exists(self, name: str) -> bool:
        """Whether a file of this name was added."""
        raise NotImplementedError

    def names(self) -> Iterator[str]:
        """The names of all files that were added."""
        raise NotImplementedError

    def open(self, name: str) -> BinaryIO:
        """A file that was added, to be read."""
        raise NotImplementedError

    def finish(self) -> Published:
        """Make the companions, write the index, sync, and show the build by one rename."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Remove what was written and let go of the lock. Nothing happens after ``finish``."""
        raise NotImplementedError


def publish(
    root: Path,
    version: str,
    sources: Iterable[tuple[str, Path]],
    *,
    precompress: Sequence[str] = (),
    find_references: str | None = None,
    rewrite_references: str | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> Published:
    """Publish a build from names and the files that hold their content.

    :raises ValueError: with one sentence, when a name, a source or the version cannot be
        published, or the version exists with other content.
    :raises OSError: with one sentence, when the disk or a permission does not allow it.
    """
    raise NotImplementedError
