"""A build appears: written where nobody looks, shown by one rename, never changed again."""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.builds import compression, filesystem, layout
from dj_cloudfront.builds.build_tree import (
    BuildTree,
    DryRunTarget,
    FolderTarget,
    Previous,
)
from dj_cloudfront.builds.file_content import BytesContent, Content, FileContent, read
from dj_cloudfront.builds.filesystem import Progress
from dj_cloudfront.builds.hashed_folders import assign, check_subfolders, make_folders
from dj_cloudfront.builds.index import Index, kept_urls, read_index, render
from dj_cloudfront.builds.outward_references import OutwardReference, outward_references
from dj_cloudfront.builds.references import Reference, ReferenceScanner, check_prefix


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
    :param references: Those that leave the build, or did before they were rewritten.
    :param hashed_folders: The hashed folder that pages name for each folder.
    :param unhashed_reasons: Why a folder has no hash of its own, though hashed ones are wanted.
        None for a build that was there.
    :param reused_url_bytes: How many bytes have the URL that they had in the previous build, of
        ``bytes``, which are all without companions. None for a build that was there.
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
    hashed_folders: Mapping[str, str]
    unhashed_reasons: Mapping[str, str] | None
    reused_url_bytes: int | None
    bytes: int
    seconds: float

    @property
    def folder_complaints(self) -> list[str]:
        """A line for a person about each of ``unhashed_reasons``."""
        return [
            f"{folder} has no URL of its own: {why}"
            if "/" in folder
            else f"{folder} keeps the build's URL: {why}"
            for folder, why in (self.unhashed_reasons or {}).items()
        ]


class Publication:
    """A build that is being written. Others wait from the first file until the end.

    A context manager too, which abandons the build unless it was finished. An ``OSError`` of
    a method abandons it, too.

    :param root: The folder that holds the builds.
    :param precompress: Codings of companions to make: ``gzip``, ``br``.
    :param reference_prefix: Such as ``/static/``: where the files were before the CDN.
        References that leave the build are reported. Default: none are looked for.
    :param rewrite_references: Whether those in stylesheets that begin with it are made
        relative.
    :param base_url: Of the build, such as ``https://static.example.com/b1/``, to find URLs of
        other builds.
    :param hashed_folders: Whether folders get a URL that holds a hash of their content; or the
        folders below the top ones that get one of their own.
    :param dry_run: Write nothing, wait for nobody, and say what would be written.
    :raises ValueError: with one sentence, when one of these cannot be.
    """

    def __init__(
        self,
        root: Path,
        version: str,
        *,
        precompress: Sequence[str] = (),
        reference_prefix: str | None = None,
        rewrite_references: bool = False,
        base_url: str = "",
        hashed_folders: bool | Sequence[str] = False,
        progress: Progress | None = None,
        dry_run: bool = False,
    ) -> None:
        self.root = Path(root)
        self.version = check_build_version(version)
        self.path = layout.hidden_folder(self.root, version)
        self.previous: Path | None = None
        self._codings = compression.check_codings(precompress)
        prefix = None if reference_prefix is None else check_prefix(reference_prefix)
        self._scanner = ReferenceScanner(
            version, prefix, rewrite=rewrite_references, base_url=base_url
        )
        self._hashes = hashed_folders is not False
        self._subfolders = check_subfolders(hashed_folders)
        self._outward: dict[str, list[OutwardReference]] = {}
        self._progress = progress or (lambda what, done, total: None)
        self._dry_run = dry_run
        self._existing: Index | None = None
        self._previous_index: Index | None = None
        self._tree: BuildTree | None = None
        self._held = contextlib.ExitStack()
        self._is_over = False
        self._began = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.abandon()

    def begin(self) -> BuildTree:
        """Wait for others now, rather than with the first file.

        :raises ValueError: with one sentence, when the build was finished or abandoned, or
            its folder holds something else.
        :raises OSError: with one sentence, when the disk or a permission does not allow it.
        """
        if self._is_over:
            raise ValueError(
                f"build {self.version!r} must be filled before it is finished or abandoned"
            )
        if self._tree is None:
            try:
                with self._explaining():
                    self._tree = self._begin()
            except BaseException:
                self.abandon()
                raise
        return self._tree

    def add(self, name: str, source: Path) -> None:
        """Add a file with the bytes of ``source``: linked to the same bytes, or copied.

        :param name: Relative to the build, with ``/`` between folders.
        :param source: A link is followed; the build has what it leads to.
        :raises ValueError: as :meth:`begin`, or when no file can have this name.
        :raises OSError: as :meth:`begin`, or when the source cannot be read.
        """
        tree = self.begin()
        layout.check_name(name)
        with self._explaining(source), FileContent(source) as content:
            self._add(tree, name, content)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a file with these bytes.

        :raises ValueError: as :meth:`begin`, or when no file can have this name.
        :raises OSError: as :meth:`begin`.
        """
        tree = self.begin()
        layout.check_name(name)
        with self._explaining():
            self._add(tree, name, BytesContent(data))

    def remove(self, name: str) -> None:
        """Take a file out again, such as before another one of its name.

        :raises KeyError: when none of this name was added.
        """
        with self._explaining():
            self.begin().remove(name)
        self._scanner.forget(name)
        self._outward.pop(name, None)

    def exists(self, name: str) -> bool:
        """Whether a file of this name was added."""
        return self._tree is not None and name in self._tree.entries

    def is_unchanged(self, name: str) -> bool:
        """Whether the previous build has the same bytes under the name of a file added."""
        return self._tree is not None and self._tree.entries[name].origin == name

    def open(self, name: str) -> BinaryIO:
        """The bytes of a file that was added.

        :raises FileNotFoundError: when none of this name was added.
        """
        tree = self.begin()
        if name not in tree.entries:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        with tree.open(name) as content:
            return io.BytesIO(read(content))

    def finish(self) -> Published:
        """Make the companions, write the index, sync, and show the build by one rename.

        :raises ValueError: with one sentence, when the version exists with other content, or
            a companion that was given is not its plain file's.
        :raises OSError: as :meth:`begin`.
        """
        tree = self.begin()
        try:
            with self._explaining():
                return self._finish(tree)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Remove what was written, and let go of the lock. Nothing, once it is finished."""
        self._is_over = True
        self._held.close()

    @contextlib.contextmanager
    def _explaining(self, source: Path | None = None) -> Iterator[None]:
        """An error of the disk is a sentence, after which nothing more can be done."""
        try:
            yield
        except OSError as error:
            self.abandon()
            of_source = source is not None and error.filename == os.fspath(source)
            place = Path.cwd() if of_source else self.path
            what = f"publishing {self.version!r}"
            raise filesystem.explained(error, what, place) from None

    def _add(self, tree: BuildTree, name: str, content: Content) -> None:
        content = self._scanner.scan(name, content)
        tree.add(name, content)
        if self._hashes and (
            found := [*outward_references(name, content, self._subfolders)]
        ):
            self._outward[name] = found

    def _begin(self) -> BuildTree:
        self._began = time.monotonic()
        if not self._dry_run:
            self._held.enter_context(
                filesystem.locked(self.root, progress=self._progress)
            )
            for path in layout.incomplete_builds(self.root):
                # What another user has left must not stop a release.
                with contextlib.suppress(OSError):
                    layout.remove_incomplete(path)
        target = self.root / self.version
        self._existing = existing_build(target)
        if self._existing is not None:
            previous: Previous | None = self._read(target, self._existing)
        else:
            previous = self._read_newest()
        folder = DryRunTarget() if self._dry_run else self._new_folder()
        self._held.callback(folder.close)
        return BuildTree(folder, previous)

    def _read(self, path: Path, index: Index) -> Previous:
        self.previous, self._previous_index = path, index
        previous = Previous(path, index)
        self._held.callback(previous.close)
        return previous

    def _read_newest(self) -> Previous | None:
        """The newest build with an index. A damaged one is no reason to publish nothing."""
        for version in reversed(layout.published(self.root)):
            path = self.root / version
            with contextlib.suppress(ValueError):
                if index := read_index(path):
                    return self._read(path, index)
        return None

    def _new_folder(self) -> FolderTarget:
        self._held.callback(self._remove)
        return FolderTarget(self.path)

    def _remove(self) -> None:
        if self.path == self.root / self.version:
            return
        # What cannot be removed now is hidden, and the next one removes it.
        with contextlib.suppress(OSError):
            filesystem.remove_tree(self.path)

    def _finish(self, tree: BuildTree) -> Published:
        if not tree.entries:
            raise ValueError(
                f"a build must hold at least one file, but {self.version!r} got none: see "
                "STATICFILES_DIRS and INSTALLED_APPS"
            )
        compression.check_companions(tree)
        if self._existing is not None:
            return self._confirm_existing(self._existing, tree)
        compression.make_companions(tree, self._codings, self._progress)
        index = tree.index(self.version)
        unhashed: Mapping[str, str] = {}
        if self._hashes:
            references = itertools.chain.from_iterable(self._outward.values())
            hashed, unhashed = assign(index, self._subfolders, references)
            index = replace(index, hashed_folders=hashed)
        self._progress("syncing", 0, 1)
        size = tree.finish(render(index))
        if not self._dry_run:
            # Before the build, whose pages name them from the start.
            make_folders(self.root, self.path, index)
            self._show()
        self._progress("syncing", 1, 1)
        linked = sum(one.linked for one in tree.entries.values())
        reused_url_bytes, _ = kept_urls(index, self._previous_index)
        return replace(
            self._published(index),
            linked=linked,
            copied=len(index.files) - linked,
            bytes_written=size,
            unhashed_reasons=unhashed,
            reused_url_bytes=reused_url_bytes,
            already_there=False,
        )

    def _show(self) -> None:
        target = self.root / self.version
        os.rename(self.path, target)
        self.path = target
        filesystem.fsync_folder(self.root)

    def _confirm_existing(self, existing: Index, tree: BuildTree) -> Published:
        check_unchanged(existing, tree)
        if not self._dry_run:
            # One that was copied from elsewhere may have come without them. And the sync is
            # for one that was killed between the rename and its own.
            path = self.root / self.version
            # Companions may have been removed since; of other files that is refused.
            there = {
                name: file
                for name, file in existing.files.items()
                if (path / name).exists()
            }
            make_folders(self.root, path, replace(existing, files=there))
        return self._published(existing)

    def _published(self, index: Index) -> Published:
        """As for a build that was there already."""
        return Published(
            version=self.version,
            path=self.root / self.version,
            files=len(index.files),
            linked=0,
            copied=0,
            bytes_written=0,
            companions=sum(map(index.is_companion, index.files)),
            already_there=True,
            references=self._scanner.found(index.files),
            hashed_folders=index.hashed_folders,
            unhashed_reasons=None,
            reused_url_bytes=None,
            bytes=kept_urls(index, None)[1],
            seconds=time.monotonic() - self._began,
        )


def existing_build(path: Path) -> Index | None:
    """What is published in this folder; None when it does not exist or is empty.

    :raises ValueError: with one sentence, when it is no folder, or has no sound index.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(mode):
        raise ValueError(
            f"{path} must be a build's folder or not exist, but it is a link or a file: move "
            "it away, or publish under another BUILD_VERSION"
        )
    if next(path.iterdir(), None) is None:
        return None
    if index := read_index(path):
        return index
    raise ValueError(
        f"{path} must not hold files before it is published, such as those of COMPRESS_ROOT or "
        "of another collectstatic: let them write elsewhere and remove the folder, or publish "
        "under another BUILD_VERSION"
    )


def check_unchanged(published: Index, tree: BuildTree) -> None:
    """Whether a tree is the published build, companions aside.

    :param tree: Filled with the published build as its previous one.
    :raises ValueError: with one sentence, when it is not.
    """
    index = tree.index(published.version)
    found = []
    for name in sorted({*published.files, *index.files}):
        if published.is_companion(name) or index.is_companion(name):
            continue
        old, new = published.files.get(name), index.files.get(name)
        if old is None:
            found.append(f"{name!r} is not in it")
        elif new is None:
            found.append(f"{name!r} is in it and is no longer among the files")
        elif old != new:
            found.append(f"{name!r} has other bytes in it")
        elif tree.entries[name].origin != name:
            found.append(f"{name!r} has been changed in it since")
    if found:
        more = len(found) - 1
        files = "1 more file differs" if more == 1 else f"{more} more files differ"
        raise ValueError(
            f"build {published.version!r} must keep what was published, but {found[0]}"
            f"{f' and {files}' if more else ''}: publish under a BUILD_VERSION that was never "
            "used"
        )
