"""The index of a build: what it holds, by name, size and content."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

INDEX_NAME = ".cdn-index.json"

COMPANIONS = {"gzip": ".gz", "br": ".br"}
"""The content codings of a companion, and what it adds to a name."""

HASHED_FOLDER = re.compile(r"_[0-9a-f]{24}")
"""The name of a hashed folder, which no build can have: a version has no such first character."""

_ENDINGS = tuple(COMPANIONS.values())
_FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file of a build.

    :param size: In bytes.
    :param sha256: Of its bytes, in hexadecimal digits.
    """

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Index:
    """What a build holds.

    :param files: By name, relative to the build and with ``/`` between folders. Companions
        (``site.css.gz``) and hashed names are among them; the index itself is not.
    :param hashed_folders: The hashed folder that has a folder of the build too, by its name.
    """

    version: str
    files: Mapping[str, File]
    hashed_folders: Mapping[str, str] = field(default_factory=dict)

    def is_companion(self, name: str) -> bool:
        """Whether a file is the compressed form of another one of the build."""
        return companion_of(name) in self.files

    def hashed_folder_of(self, name: str) -> str | None:
        """The hashed folder that pages name for a file or a folder of the build."""
        folder = name.rstrip("/")
        while folder and folder not in self.hashed_folders:
            folder = folder.rpartition("/")[0]
        return self.hashed_folders.get(folder)


def companion_of(name: str) -> str | None:
    """The name of the plain file, if this is the name of a companion."""
    return name.rpartition(".")[0] if name.endswith(_ENDINGS) else None


def kept_urls(index: Index, previous: Index | None) -> tuple[int, int]:
    """How many bytes have the URL that they had in another build, and how many there are.

    Without companions. Under a build's own URL nothing is kept.
    """
    is_kept: dict[str, bool] = {}
    kept = every = 0
    for name, file in index.files.items():
        if index.is_companion(name):
            continue
        every += file.size
        folder = name.rpartition("/")[0]
        if folder not in is_kept:
            hashed = index.hashed_folder_of(folder)
            before = previous.hashed_folder_of(folder) if previous else None
            is_kept[folder] = hashed is not None and hashed == before
        kept += file.size * is_kept[folder]
    return kept, every


def read_index(build: Path) -> Index | None:
    """The index in a build's folder; None when it has none, as after plain ``collectstatic``.

    :raises ValueError: with one sentence, when it is damaged.
    """
    path = build / INDEX_NAME
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return _parse(data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} must be an index as publishing writes it, but it is damaged "
            f"({error or type(error).__name__}): publish the build again under a new name"
        ) from None


def render(index: Index) -> bytes:
    """The index as it is written; the same files give the same bytes."""
    files = {
        name: {"size": file.size, "sha256": file.sha256}
        for name, file in sorted(index.files.items())
    }
    content: dict[str, object] = {"format": _FORMAT, "version": index.version}
    if index.hashed_folders:
        content["hashed_folders"] = dict(sorted(index.hashed_folders.items()))
    content["files"] = files
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _parse(data: bytes) -> Index:
    content = json.loads(data)
    if content["format"] != _FORMAT:
        raise ValueError(f"its format is {content['format']!r}, not {_FORMAT}")
    version = content["version"]
    if not isinstance(version, str):
        raise ValueError(f"its version is {version!r}")
    files = {
        name: File(size=int(entry["size"]), sha256=str(entry["sha256"]))
        for name, entry in content["files"].items()
    }
    hashed_folders = dict(content.get("hashed_folders", {}))
    for folder, hashed in hashed_folders.items():
        if not HASHED_FOLDER.fullmatch(hashed):
            raise ValueError(f"its hashed folder for {folder!r} is {hashed!r}")
    return Index(version=version, files=files, hashed_folders=hashed_folders)
