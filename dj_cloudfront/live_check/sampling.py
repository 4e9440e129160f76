"""Which files of a build are asked for: some of every type, and what has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds.index import File, Index, read_index
from dj_cloudfront.builds.layout import published

_TYPES = {
    "script": ("js", "mjs"),
    "style": ("css",),
    "font": ("woff2", "woff", "ttf", "otf", "eot"),
    "vector": ("svg",),
    "image": ("png", "jpg", "jpeg", "gif", "webp", "avif", "ico"),
    "data": ("json", "map", "txt", "xml", "webmanifest"),
    "code": ("wasm",),
    "page": ("html", "htm"),
}
_TYPE = {suffix: kind for kind, suffixes in _TYPES.items() for suffix in suffixes}
# A larger one is asked for only when it is its type's only one, or has changed.
_LARGE = 5_000_000


def suffix_of(name: str) -> str:
    """In lower case and without the dot."""
    return PurePosixPath(name).suffix.lower().removeprefix(".")


def _type_of(name: str) -> str:
    return _TYPE.get(suffix_of(name), "other")


@dataclass(frozen=True, kw_only=True)
class Build:
    """A build on this disk, and what of it is asked for.

    :param version: The name of its folder, which is the one in URLs.
    :param has_index: Whether its index says what it holds; otherwise its files were read.
    :param sample: The files to ask for in every form.
    :param others: The files to ask for once.
    :param total: How many files there are, without the compressed companions.
    """

    version: str
    index: Index
    has_index: bool
    sample: tuple[str, ...]
    others: tuple[str, ...]
    total: int

    def path_of(self, name: str) -> str:
        """Where pages ask for a file, inside the tree."""
        folder = self.index.hashed_folder_of(name) or self.version
        return f"/{folder}/{filepath_to_uri(name)}"


def read_build(root: Path, version: str, *, sample: int, everything: bool) -> Build:
    """What a published build holds, and what of it to ask for.

    :param sample: About how many files to ask for in every form.
    :param everything: Ask for all other files too.
    :raises ValueError: with one sentence, when it is not there, empty or damaged.
    """
    index, has_index = _known_files(root / version)
    files = {
        name: file
        for name, file in index.files.items()
        if not index.is_companion(name) and not _is_hidden(name)
    }
    if not files:
        raise ValueError(
            f"build {version} must hold files, but {root / version} has none"
        )
    changed = _changed_since_previous(root, version, index)
    names = _choose(files, number=sample, changed=changed, version=version)
    names += _of_each_hashed_folder(index, sorted(files), names)
    others = sorted(set(files).difference(names)) if everything else ()
    return Build(
        version=version,
        index=index,
        has_index=has_index,
        sample=tuple(names),
        others=tuple(others),
        total=len(files),
    )


def _of_each_hashed_folder(
    index: Index, names: Iterable[str], chosen: Iterable[str]
) -> list[str]:
    # A server may lack a single one.
    missing = {*index.hashed_folders.values()}
    missing -= {index.hashed_folder_of(name) for name in chosen}
    found = []
    for name in names:
        hashed = index.hashed_folder_of(name)
        if hashed in missing:
            missing.remove(hashed)
            found.append(name)
    return found


def _known_files(build: Path) -> tuple[Index, bool]:
    # Without an index, as after plain collectstatic, the files themselves are read.
    try:
        index = read_index(build)
        if index is not None:
            return index, True
        if build.is_dir():
            files = {name: read_file(build / name) for name in _names(build)}
            return Index(version=build.name, files=files), False
    except PermissionError as error:
        raise ValueError(
            f"build {build.name} must be readable for this command, but {error.filename} is "
            "not: run it as the user who publishes, or publish under umask 022"
        ) from None
    raise ValueError(
        f"build {build.name} must be published on this machine, where its index is read, "
        f"but {build} does not exist: run this where it is, or 'manage.py cdn publish' here"
    )


def _changed_since_previous(root: Path, version: str, index: Index) -> set[str]:
    builds = published(root)
    earlier = builds[: builds.index(version)] if version in builds else []
    indexes = (safe_index(root / name) for name in reversed(earlier))
    before = next(filter(None, indexes), index).files
    return {name for name, file in index.files.items() if before.get(name) != file}


def safe_index(build: Path) -> Index | None:
    """The index of another build; a damaged one counts as missing."""
    try:
        return read_index(build)
    except (ValueError, OSError):
        return None


def _choose(
    files: Mapping[str, File], *, number: int, changed: Collection[str], version: str
) -> list[str]:
    """The same names every time for the same build.

    At least two of every type, then files that have changed, then others up to ``number``.
    Another build gives another order, so that in time everything is asked for.
    """

    def order(name: str) -> bytes:
        return hashlib.sha256(f"{version}/{name}".encode()).digest()

    names = sorted(files, key=order)
    small = [name for name in names if files[name].size <= _LARGE]
    # The largest of a type is most likely one that is worth compressing.
    largest = sorted(small, key=lambda name: -files[name].size)
    # The first of a type counts, and a large one only where there is no other.
    first = {_type_of(name): name for name in reversed((*small, *names))}
    second = {_type_of(name): name for name in reversed(largest)}
    must = dict.fromkeys((*first.values(), *second.values()))
    rest = sorted(names, key=lambda name: name not in changed)
    return list(dict.fromkeys((*must, *rest)))[: max(number, len(must))]


def _names(build: Path) -> list[str]:
    paths = (path.relative_to(build) for path in build.rglob("*") if path.is_file())
    return sorted(name for path in paths if not _is_hidden(name := path.as_posix()))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def read_file(path: Path) -> File:
    """Size and digest of a file on this disk."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return File(size=path.stat().st_size, sha256=digest.hexdigest())
