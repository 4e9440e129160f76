"""What the finders find, as ``collectstatic`` would collect it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import FileSystemStorage, Storage

_OPENING = {name: getattr(FileSystemStorage, name) for name in ("open", "_open")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file of a finder.

    :param name: In the build, with ``/`` between folders.
    :param path: In the finder's storage.
    """

    name: str
    path: str
    storage: Storage

    @property
    def where(self) -> str:
        """For a person: the path on the disk, or in its storage."""
        return str(self._path() or f"{self.path} in {self.storage!r}")

    @contextmanager
    def file(self) -> Iterator[Path]:
        """A file on this machine's disk with the content: the very one, where there is one."""
        path = self._path()
        if path is not None:
            yield path
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            with self.storage.open(self.path) as content, copy.open("wb") as file:
                for chunk in content.chunks():
                    file.write(chunk.encode() if isinstance(chunk, str) else chunk)
            yield copy

    def _path(self) -> Path | None:
        """None where the storage has other content than a file that it may name."""
        storage = self.storage
        if not isinstance(storage, FileSystemStorage):
            return None
        # Not type(): the default storage is behind a proxy.
        kind = storage.__class__
        if any(getattr(kind, name) is not own for name, own in _OPENING.items()):
            return None
        # Without the storage's check of a path, which it has just listed.
        return Path(os.path.join(storage.location, self.path))


@dataclass(frozen=True, kw_only=True)
class Found:
    """:param hidden: Those that another one of the same name comes before."""

    sources: Sequence[Source]
    hidden: Sequence[Source]


def find_sources(ignore: Sequence[str] = ()) -> Found:
    """All that the finders find; of several files of one name the first counts.

    :param ignore: Glob patterns beside those of the staticfiles app.
    """
    own = getattr(apps.get_app_config("staticfiles"), "ignore_patterns", ())
    patterns = [os.path.normpath(pattern) for pattern in (*ignore, *own)]
    first: dict[str, Source] = {}
    hidden = []
    for finder in get_finders():
        for path, storage in finder.list(patterns):
            prefix = getattr(storage, "prefix", None)
            name = os.path.join(prefix, path) if prefix else path
            source = Source(name=name.replace(os.sep, "/"), path=path, storage=storage)
            if first.setdefault(source.name, source) is not source:
                hidden.append(source)
    return Found(sources=tuple(first.values()), hidden=hidden)
