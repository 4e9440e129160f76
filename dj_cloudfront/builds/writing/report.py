"""What publishing did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.builds.references import Reference


@dataclass(frozen=True, kw_only=True)
class Published:
    """What publishing did, or would do.

    :param path: The build's folder.
    :param files: How many files it holds, companions included.
    :param linked: How many of them are links to bytes that were there before.
    :param copied: How many were written.
    :param bytes_written: Of files, companions and the index.
    :param companions: How many of the files are companions.
    :param already_there: Whether the same content was published before: then nothing was done.
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
