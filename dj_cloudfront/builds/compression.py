"""Compressed companions: ``site.css.gz`` and ``site.css.br`` beside ``site.css``."""

from __future__ import annotations

import gzip
import io
import os
import posixpath
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dj_cloudfront.builds.build_tree import BuildTree
from dj_cloudfront.builds.file_content import BytesContent, FileContent, describe, read
from dj_cloudfront.builds.filesystem import Progress
from dj_cloudfront.builds.index import COMPANIONS, companion_of
from dj_cloudfront.builds.layout import LONGEST_PART

SMALLEST = 256
"""Smaller files, in bytes, get none: they fit into one packet anyway."""

WORTH = 0.9
"""A companion has at most this share of the plain file's bytes."""

COMPRESSIBLE = frozenset(
    [
        *(".atom", ".bmp", ".cjs", ".css", ".csv", ".cur", ".dae", ".eot"),
        *(".geojson", ".gltf", ".gpx", ".htm", ".html", ".ico", ".ics", ".js"),
        *(".json", ".jsonld", ".kml", ".less", ".map", ".markdown", ".md", ".mjs"),
        *(".obj", ".otf", ".rdf", ".rss", ".rst", ".scss", ".svg", ".text", ".tif"),
        *(".tiff", ".toml", ".ts", ".ttc", ".ttf", ".txt", ".vcf", ".vtt", ".wasm"),
        *(".wat", ".wav", ".webmanifest", ".xhtml", ".xml", ".xsl", ".xslt", ".yaml"),
        *(".yml"),
    ]
)
"""Endings of the types that compression makes smaller. Others are compressed already."""


def check_codings(codings: Sequence[str]) -> tuple[str, ...]:
    """The content codings, if companions can be made in each.

    :raises ValueError: with one sentence, when one is unknown or needs what is not installed.
    """
    for coding in codings:
        if coding not in COMPANIONS:
            raise ValueError(
                f"precompress must name content codings, such as 'gzip' or 'br', got {coding!r}"
            )
    if "br" in codings and _library() is None:
        raise ValueError(
            "precompress must name codings that are installed, such as 'gzip', got 'br': "
            "pip install dj-cloudfront[brotli]"
        )
    return tuple(dict.fromkeys(codings))


def companion_names(name: str, codings: Iterable[str]) -> dict[str, str]:
    """Companions that a file of this name ought to have, by coding.

    None for types that do not get smaller, and none where the name would be too long.
    """
    if posixpath.splitext(name)[1].lower() not in COMPRESSIBLE:
        return {}
    names = {coding: name + COMPANIONS[coding] for coding in codings}
    last = len(name.rpartition("/")[2].encode()) + max(map(len, COMPANIONS.values()))
    return names if last <= LONGEST_PART else {}


def compress(coding: str, data: bytes) -> bytes | None:
    """The compressed bytes, as small as can be; None where it is not worth it.

    The same bytes give the same result: no time and no name is in it.
    """
    if len(data) < SMALLEST:
        return None
    if coding == "br":
        compressed = bytes(_library().compress(data))
    else:
        gzipped = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        compressed = gzipped.compress(data) + gzipped.flush()
    return compressed if len(compressed) <= WORTH * len(data) else None


def _is_compressed_form(coding: str, compressed: bytes, plain: bytes) -> bool:
    if coding == "br":
        brotli = _library()
        try:
            return bool(brotli.decompress(compressed) == plain)
        except brotli.error:
            return False
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(compressed)) as file:
            # One byte more, so that a companion that goes on is noticed and not unpacked.
            return file.read(len(plain) + 1) == plain
    except (OSError, EOFError, zlib.error):
        return False


def _library() -> Any:
    """The extra ``brotli``; None if it is not installed."""
    try:
        import brotli  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return None
    return brotli


_CODING = {suffix: coding for coding, suffix in COMPANIONS.items()}


def check_companions(tree: BuildTree) -> None:
    """Whether each companion that was given has the bytes of its plain file.

    Web servers send it in the plain file's place, so one that was left from an older version
    would be the older version.

    :raises ValueError: with one sentence, when one has not.
    """
    for name in tree.entries:
        plain = companion_of(name)
        if (
            plain is None
            or plain not in tree.entries
            or _was_checked(tree, name, plain)
        ):
            continue
        coding = _CODING[name.removeprefix(plain)]
        if coding == "br" and _library() is None:
            raise ValueError(
                "a companion with brotli must be compared with its plain file, which needs "
                "the extra (pip install dj-cloudfront[brotli]): install it, or leave the file "
                f"out, got {name!r}"
            )
        if not _is_compressed_form(coding, _bytes(tree, name), _bytes(tree, plain)):
            raise ValueError(
                f"a companion must hold the bytes of its plain file, got {name!r} with others "
                f"than {plain!r}: compress it again, or leave it out (collectstatic --ignore)"
            )


def make_companions(
    tree: BuildTree, codings: Sequence[str], progress: Progress
) -> None:
    """Link the previous build's companions of what did not change, and make the others.

    Threads make them: the compressors let go of Python's lock.
    """
    wanted = [
        (name, coding, companion)
        for name in tree.entries
        for coding, companion in companion_names(name, codings).items()
        if companion not in tree.entries
    ]
    missing = [one for one in wanted if not _link(tree, *one)]
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        made = pool.map(lambda one: compress(one[1], _bytes(tree, one[0])), missing)
        for done, data in enumerate(made, 1):
            if data is not None:
                tree.add(missing[done - 1][2], BytesContent(data))
            progress("compressing", done, len(missing))
    finally:
        # Whoever interrupts it does not wait for thousands of files.
        pool.shutdown(cancel_futures=True)


def _link(tree: BuildTree, name: str, coding: str, companion: str) -> bool:
    origin = tree.entries[name].origin
    if origin is None or tree.previous is None:
        return False
    there = origin + COMPANIONS[coding]
    known = tree.previous.files.get(there)
    if known is None:
        return False
    try:
        content = FileContent(there, folder=tree.previous.folder)
    except (OSError, ValueError):
        return False
    with content:
        # Nothing to compare it with but the index: compressing again would cost too much.
        if describe(content) != known:
            return False
        tree.add(companion, content)
    return True


def _was_checked(tree: BuildTree, name: str, plain: str) -> bool:
    """Whether the previous build has them, as companion and plain file."""
    origin = tree.entries[plain].origin
    suffix = name.removeprefix(plain)
    return origin is not None and tree.entries[name].origin == origin + suffix


def _bytes(tree: BuildTree, name: str) -> bytes:
    with tree.open(name) as content:
        return read(content)
