"""References in stylesheets that leave the build: ``url(/static/…)`` on the CDN's host is 404."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

# One pass from left to right, so that what stands in a comment or in a string is skipped.
_CSS = re.compile(
    rb"""
    /\*.*?(?:\*/|\Z)
    | url\(\s*(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<bare>[^"'()\s]*))\s*\)
    | @import\s*(?:"(?P<import_double>[^"\n]*)"|'(?P<import_single>[^'\n]*)')
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A root-absolute reference in a stylesheet.

    :param name: The stylesheet's name in the build.
    :param line: Counted from 1.
    :param url: As it stands there, such as ``/static/img/logo.svg``.
    :param relative: What leads to the same file of the build, such as ``../img/logo.svg``.
    """

    name: str
    line: int
    url: str
    relative: str


def find_references(name: str, data: bytes, prefix: str) -> list[Reference]:
    """The references of a stylesheet that begin with ``prefix``, in their order.

    :param prefix: Such as ``/static/``: where the files were before the CDN.
    """
    return [reference for reference, _, _ in _found(name, data, prefix)]


def rewrite_references(
    name: str, data: bytes, prefix: str
) -> tuple[bytes, list[Reference]]:
    """The stylesheet with these references made relative, and the references."""
    parts, found, end = [], [], 0
    for reference, start, stop in _found(name, data, prefix):
        parts += [data[end:start], reference.relative.encode()]
        found.append(reference)
        end = stop
    return b"".join([*parts, data[end:]]), found


def is_stylesheet(name: str) -> bool:
    return name.lower().endswith(".css")


def _found(name: str, data: bytes, prefix: str) -> Iterator[tuple[Reference, int, int]]:
    start = prefix.encode()
    if start not in data:
        return
    for match in _CSS.finditer(data):
        group = match.lastgroup
        if group is None or not match[group].startswith(start):
            continue
        url = match[group].decode("utf-8", "surrogateescape")
        reference = Reference(
            name=name,
            line=data.count(b"\n", 0, match.start(group)) + 1,
            url=url,
            relative=_relative(name, url.removeprefix(prefix)),
        )
        yield reference, match.start(group), match.end(group)


def _relative(name: str, target: str) -> str:
    path, mark, rest = re.fullmatch(r"([^?#]*)([?#]?)(.*)", target, re.DOTALL).groups()
    return posixpath.relpath(path or ".", posixpath.dirname(name) or ".") + mark + rest
