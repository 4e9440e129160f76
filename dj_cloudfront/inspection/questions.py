"""What a place is asked: for files, for what must not be there, for what it must not show."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds.filesystem import STATE_DIR
from dj_cloudfront.builds.index import INDEX_NAME
from dj_cloudfront.inspection.odd_paths import odd_targets
from dj_cloudfront.inspection.places import Place, Tree

CODINGS = {"identity": "identity", "gzip": "gzip", "br": "br,gzip"}
"""What is asked for, by the name of what is hoped for. CloudFront sends these and no others."""

# The lock is there for certain where builds are published; the others are what is looted.
_HIDDEN = {
    Tree.STATIC: (f"/{STATE_DIR}/lock",),
    Tree.MEDIA: ("/.env", "/.git/HEAD", "/.htaccess"),
}


class About(StrEnum):
    """What a question wants to know."""

    FILE = "file"
    MISSING = "missing"
    MISSING_AGAIN = "missing again"
    OTHER_BUILD = "other build"
    PREFLIGHT = "preflight"
    FOLDER = "folder"
    HIDDEN = "hidden"
    OUTSIDE = "outside"
    ODD = "odd"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request.

    :param subject: The file or path, as a report names it.
    :param target: The path inside the tree; the whole target if it is ``raw``.
    :param coding: A key of ``CODINGS``.
    """

    about: About
    subject: str
    target: str
    method: str = "GET"
    raw: bool = False
    coding: str = "identity"
    with_origin: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


def missing_questions(tree: Tree, build: str) -> Iterator[Question]:
    """Two names that nobody has."""
    folder = f"/{build}" if tree is Tree.STATIC else ""
    suffix = "css" if tree is Tree.STATIC else "png"
    for _ in range(2):
        path = f"{folder}/check-{secrets.token_hex(8)}.{suffix}"
        yield Question(about=About.MISSING, subject=path, target=path, with_origin=True)


def path_of(tree: Tree, build: str, name: str) -> str:
    """Where a server has a file of a build."""
    return f"/{tree}/{build}/{filepath_to_uri(name)}"


def file_questions(build: str, names: Iterable[str]) -> Iterator[Question]:
    """Each file once, as plain as can be."""
    for name in names:
        yield _file(build, name, "identity", with_origin=False)


def variant_questions(build: str, names: Iterable[str]) -> Iterator[Question]:
    """Each file in every coding, with ``Origin`` and without: CloudFront keeps each apart."""
    for name in names:
        for coding in CODINGS:
            for with_origin in (False, True):
                if with_origin or coding != "identity":
                    yield _file(build, name, coding, with_origin=with_origin)


def build_questions(build: str, name: str, *, has_index: bool) -> Iterator[Question]:
    """What a build must answer besides its files."""
    path = f"/{build}/{filepath_to_uri(name)}"
    yield Question(
        about=About.PREFLIGHT,
        subject=path,
        target=path,
        method="OPTIONS",
        with_origin=True,
        headers={
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-requested-with",
        },
    )
    other = f"/{build}-{secrets.token_hex(4)}/{filepath_to_uri(name)}"
    yield Question(about=About.OTHER_BUILD, subject=other, target=other)
    folder = filepath_to_uri(name).rpartition("/")[0]
    for path in (
        f"/{build}",
        f"/{build}/",
        *([f"/{build}/{folder}"] if folder else []),
    ):
        yield Question(about=About.FOLDER, subject=path, target=path)
    if has_index:
        path = f"/{build}/{INDEX_NAME}"
        yield Question(about=About.HIDDEN, subject=path, target=path)


def tree_questions(
    place: Place, *, pages: Iterable[str], stray: str | None
) -> Iterator[Question]:
    """What a tree must not show.

    :param pages: Paths of the site's pages, such as ``/`` and ``/admin/``.
    :param stray: The path of a static file on the server, which media must not show.
    """
    yield Question(about=About.FOLDER, subject="/", target="/")
    for path in _HIDDEN[place.tree]:
        yield Question(about=About.HIDDEN, subject=path, target=path)
    outside = [*pages]
    if stray is not None and place.tree is Tree.MEDIA:
        outside.append(stray)
    if place.is_origin:
        for target in outside:
            yield Question(about=About.OUTSIDE, subject=target, target=target, raw=True)
    host = place.client.address.host
    for target in odd_targets(outside, prefix=place.prefix, host=host):
        yield Question(about=About.ODD, subject=target, target=target, raw=True)


def _file(build: str, name: str, coding: str, *, with_origin: bool) -> Question:
    return Question(
        about=About.FILE,
        subject=name,
        target=f"/{build}/{filepath_to_uri(name)}",
        coding=coding,
        with_origin=with_origin,
    )
