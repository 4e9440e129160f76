"""Folders whose URL holds a hash of their content, and survives a release that leaves them alone.

::

    <static_root>/_<hash>/<folder>/…    the files of each build that has the folder like this

The hash comes from names and bytes alone, never from what was published before. No build can
have such a name, since a build version begins with a letter or a digit.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.build_tree import FILE_MODE, FolderTarget
from dj_cloudfront.builds.file_content import FileContent
from dj_cloudfront.builds.index import Index
from dj_cloudfront.builds.layout import hashed_folders, hidden_folder
from dj_cloudfront.builds.outward_references import PAGES, OutwardReference


def check_subfolders(folders: bool | Sequence[str]) -> tuple[str, ...]:
    """Folders below the top ones that get a URL of their own; none for ``True`` or ``False``.

    :raises ValueError: with one sentence, when one is no such folder.
    """
    if isinstance(folders, bool):
        return ()
    if not isinstance(folders, list | tuple) or not all(map(_is_subfolder, folders)):
        raise ValueError(
            "hashed_folders must be True, or a list of folders below the top ones, such as "
            f"['site/img'], got {folders!r}"
        )
    return tuple(folders)


def _is_subfolder(folder: object) -> bool:
    parts = folder.split("/") if isinstance(folder, str) else []
    return len(parts) > 1 and not {"", ".", ".."} & set(parts)


def assign(
    index: Index, subfolders: Collection[str], references: Iterable[OutwardReference]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Give each folder its hash, or a reason why it has none.

    A top folder that refers to another one shares its hash, so that the reference leads to
    the very file that pages name. What refers to anything else above it has none, nor has
    what a script at the root refers to.

    :param subfolders: Folders below the top ones. A top folder has what is in them too, so what
        refers down finds it.
    :returns: The hashed folder of each folder, and why the others keep the build's URL.
    """
    folders = _Folders(index, subfolders)
    for name in index.files:
        if name.lower().endswith(PAGES):
            folders.leave_unhashed(
                name, f"{name} is a page, which may refer to anything"
            )
    for reference in references:
        folders.heed(reference)
    return folders.assignment()


class _Folders:
    """What is known of the folders of a build while its references are looked at."""

    def __init__(self, index: Index, subfolders: Collection[str]) -> None:
        self._index = index
        lowest = {name.rpartition("/")[0] for name in index.files}
        self._all = {*lowest, *(parent for name in lowest for parent in _parents(name))}
        self._all.discard("")
        self._names_of: dict[str, list[str]] = {}
        for name in index.files:
            if top := top_of(name):
                self._names_of.setdefault(top, []).append(name)
        self._subfolders = sorted(set(subfolders) & self._all, key=len, reverse=True)
        self._joined = {top: top for top in self._names_of}
        self._unhashed = {
            folder: "the build has no such folder"
            for folder in subfolders
            if folder not in self._all
        }

    def leave_unhashed(self, name: str, why: str) -> None:
        for folder in (top_of(name), *self._subfolders):
            if folder and _is_inside(name, folder):
                self._unhashed.setdefault(folder, why)

    def heed(self, reference: OutwardReference) -> None:
        name, target = reference.name, reference.target
        is_there = target in self._index.files or target in self._all
        if not is_there and not self._may_be_there(reference):
            return
        why = f"{name}:{reference.line} refers to {reference.text}"
        for folder in self._subfolders:
            inside = [_is_inside(one, folder) for one in (name, target)]
            # A module is one module only as long as it has one URL.
            if inside == [True, False] or (
                inside == [False, True] and reference.is_script
            ):
                self._unhashed.setdefault(folder, why)
        top, other = top_of(name), top_of(target) or target
        if top == other:
            return
        if not top:
            if other in self._joined:
                self._unhashed.setdefault(other, why)
        elif is_there and other in self._joined:
            self._joined[self._root(top)] = self._root(other)
        else:
            self._unhashed.setdefault(top, why)

    def _may_be_there(self, reference: OutwardReference) -> bool:
        """Whether it is the beginning of what is asked for.

        It ends at a space, and scripts add to what stands there or in data. What leads nowhere
        does so under any URL, and what leads out of the build, since that and a hashed folder
        have the same depth. But a script may come back.
        """
        target = reference.target
        if not target:
            return reference.is_part
        if target.startswith(".."):
            return reference.is_script
        return any(name.startswith(target) for name in self._index.files)

    def assignment(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        groups: dict[str, list[str]] = {}
        for top in sorted(self._joined):
            groups.setdefault(self._root(top), []).append(top)
        hashed = {}
        for tops in groups.values():
            blamed = next((top for top in tops if top in self._unhashed), None)
            if blamed is None:
                names = [name for top in tops for name in self._names_of[top]]
                hashed.update(dict.fromkeys(tops, self._hash(names)))
                continue
            for top in tops:
                self._unhashed.setdefault(top, f"it shares files with {blamed}")
        for folder in self._subfolders:
            if folder not in self._unhashed:
                names = self._names_of[top_of(folder)]
                inside = [name for name in names if _is_inside(name, folder)]
                hashed[folder] = self._hash(inside)
        return dict(sorted(hashed.items())), dict(sorted(self._unhashed.items()))

    def _root(self, top: str) -> str:
        while self._joined[top] != top:
            top = self._joined[top]
        return top

    def _hash(self, names: Iterable[str]) -> str:
        """Of names and bytes. Companions say nothing new, and differ with the compressor."""
        lines = (
            f"{name}\0{self._index.files[name].sha256}\n"
            for name in sorted(names)
            if not self._index.is_companion(name)
        )
        digest = hashlib.sha256("".join(lines).encode())
        return f"_{digest.hexdigest()[:24]}"


def top_of(name: str) -> str:
    """The first folder of a path; empty for a file at the root."""
    return name.partition("/")[0] if "/" in name else ""


def _is_inside(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}/")


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name


def make_folders(root: Path, build: Path, index: Index) -> None:
    """Make the hashed folders of a build by links to its files, durably and each at once.

    One that is there gets what it lacks, such as companions.

    :param build: Where its files are, which may be hidden still. They are synced.
    """

    # A folder has the hash of the one around it, if that has nothing else.
    @functools.cache
    def around(folder: str) -> set[str]:
        given = (index.hashed_folders.get(one) for one in (folder, *_parents(folder)))
        return {hashed for hashed in given if hashed}

    names_of: dict[str, list[str]] = {}
    for name in index.files:
        for hashed in around(name.rpartition("/")[0]):
            names_of.setdefault(hashed, []).append(name)
    there = set(hashed_folders(root))
    for hashed, names in names_of.items():
        make = _complete if hashed in there else _make
        make(root, hashed, build, names)
    filesystem.fsync_folder(root)


def _make(root: Path, hashed: str, build: Path, names: Sequence[str]) -> None:
    hidden = hidden_folder(root, hashed)
    try:
        _fill(hidden, build, names)
        os.rename(hidden, root / hashed)
    except BaseException:
        # What cannot be removed now is hidden, and the next one removes it.
        with contextlib.suppress(OSError):
            filesystem.remove_tree(hidden)
        raise


def _fill(folder: Path, build: Path, names: Sequence[str]) -> None:
    with contextlib.ExitStack() as held:
        source = os.open(build, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        held.callback(os.close, source)
        target = FolderTarget(folder)
        held.callback(target.close)
        folders = sorted({parent for name in names for parent in _parents(name)})
        for one in folders:
            target.make_folder(one)
        written = [name for name in names if not target.link(name, name, folder=source)]
        for name in written:
            with FileContent(name, folder=source) as content:
                target.write(name, content)
        target.sync(written, folders)


def _complete(root: Path, hashed: str, build: Path, names: Sequence[str]) -> None:
    folder = root / hashed
    # Whoever prunes goes by this time, even where no lock holds. Another user's folder that
    # lacks nothing is good as it is.
    with contextlib.suppress(PermissionError):
        os.utime(folder)
    for name in names:
        if not os.path.lexists(f"{folder}/{name}"):
            _add(folder / name, build / name)


def _add(path: Path, source: Path) -> None:
    filesystem.make_folder(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    if not filesystem.link(source, temporary):
        filesystem.write_new(temporary, source.read_bytes(), mode=FILE_MODE)
    filesystem.rename(temporary, path)
