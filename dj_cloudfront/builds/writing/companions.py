"""The companions of a build: linked with their files, checked if given, or made."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from dj_cloudfront.builds import compress
from dj_cloudfront.builds.index import COMPANIONS, companion_of
from dj_cloudfront.builds.writing.content import Given, Opened, describe, read
from dj_cloudfront.builds.writing.tree import Tree

Progress = Callable[[str, int, int], None]

_CODING = {suffix: coding for coding, suffix in COMPANIONS.items()}


def check_given(tree: Tree) -> None:
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
        try:
            same = compress.is_compressed_form(
                coding, _bytes(tree, name), _bytes(tree, plain)
            )
        except ValueError as error:
            raise ValueError(f"{error}, got {name!r}") from None
        if not same:
            raise ValueError(
                f"a companion must hold the bytes of its plain file, got {name!r} with others "
                f"than {plain!r}: compress it again, or leave it out (collectstatic --ignore)"
            )


def make(tree: Tree, codings: Sequence[str], progress: Progress) -> None:
    """Link the previous build's companions of what did not change, and make the others.

    Threads make them: the compressors let go of Python's lock.
    """
    wanted = [
        (name, coding, companion)
        for name in tree.entries
        for coding, companion in compress.companion_names(name, codings).items()
        if companion not in tree.entries
    ]
    missing = [one for one in wanted if not _link(tree, *one)]
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        made = pool.map(
            lambda one: compress.compress(one[1], _bytes(tree, one[0])), missing
        )
        for done, data in enumerate(made, 1):
            if data is not None:
                tree.add(missing[done - 1][2], Given(data))
            progress("compressing", done, len(missing))
    finally:
        # Whoever interrupts it does not wait for thousands of files.
        pool.shutdown(cancel_futures=True)


def _link(tree: Tree, name: str, coding: str, companion: str) -> bool:
    origin = tree.entries[name].origin
    if origin is None or tree.previous is None:
        return False
    there = origin + COMPANIONS[coding]
    known = tree.previous.files.get(there)
    if known is None:
        return False
    try:
        content = Opened(there, folder=tree.previous.folder)
    except (OSError, ValueError):
        return False
    with content:
        # Nothing to compare it with but the index: compressing again would cost too much.
        if describe(content) != known:
            return False
        tree.add(companion, content)
    return True


def _was_checked(tree: Tree, name: str, plain: str) -> bool:
    """Whether the previous build has them, as companion and plain file."""
    origin = tree.entries[plain].origin
    suffix = name.removeprefix(plain)
    return origin is not None and tree.entries[name].origin == origin + suffix


def _bytes(tree: Tree, name: str) -> bytes:
    with tree.open(name) as content:
        return read(content)
