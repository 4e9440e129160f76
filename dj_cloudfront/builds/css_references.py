"""References in stylesheets that leave the build: ``url(/static/…)`` on the CDN's host is 404."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dj_cloudfront.builds.file_content import BytesContent, Content, read

_PREFIX = re.compile(r"/|/[^/?#\s]+(/[^/?#\s]+)*/")

# From left to right in one pass, so that comments and strings are skipped: a string ends at
# the line's end if nothing else ends it. No quantifier gives back what it has, so that the
# time grows with the length alone.
_CSS = re.compile(
    rb"""
    /\*.*?(?:\*/|\Z)
    | url\(\s*+(?:"(?P<double>[^"\n]*+)"|'(?P<single>[^'\n]*+)'|(?P<bare>[^"'()\s]*+))\s*+\)
    | @import\s*+(?:"(?P<import_double>[^"\n]*+)"|'(?P<import_single>[^'\n]*+)')
    | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'?
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


def references_in(name: str, data: bytes, prefix: str) -> list[Reference]:
    """The references of a stylesheet that begin with ``prefix``, in their order.

    :param prefix: Such as ``/static/``: where the files were before the CDN.
    """
    return [reference for reference, _, _ in _found(name, data, prefix)]


def made_relative(name: str, data: bytes, prefix: str) -> bytes:
    """The stylesheet with these references leading to the same files of the build."""
    parts, end = [], 0
    for reference, start, stop in _found(name, data, prefix):
        parts += [
            data[end:start],
            reference.relative.encode("utf-8", "surrogateescape"),
        ]
        end = stop
    return b"".join([*parts, data[end:]])


class ReferenceScanner:
    """Looks into the stylesheets of a build as they are added.

    :param find: A prefix. References that begin with it are noted.
    :param rewrite: A prefix. They are made relative as well.
    :raises ValueError: with one sentence, when a prefix is no path of a folder.
    """

    def __init__(self, *, find: str | None, rewrite: str | None) -> None:
        for what, prefix in (
            ("find_references", find),
            ("rewrite_references", rewrite),
        ):
            if prefix is not None and not _PREFIX.fullmatch(prefix):
                raise ValueError(
                    f"{what} must be a path that begins and ends with a slash, such as "
                    f"'/static/', got {prefix!r}"
                )
        self._prefix = rewrite or find
        self._rewrites = rewrite is not None
        self._noted: dict[str, list[Reference]] = {}

    def scan(self, name: str, content: Content) -> Content:
        """The content to publish, which is another one if something was rewritten in it."""
        if self._prefix is None or not name.lower().endswith(".css"):
            return content
        data = read(content)
        found = references_in(name, data, self._prefix)
        if not found:
            return content
        self._noted[name] = found
        if not self._rewrites:
            return content
        return BytesContent(made_relative(name, data, self._prefix))

    def forget(self, name: str) -> None:
        """The stylesheet was taken out of the build."""
        self._noted.pop(name, None)

    def found(self) -> tuple[Reference, ...]:
        """All that was noted, by stylesheet and line."""
        return tuple(one for name in sorted(self._noted) for one in self._noted[name])


def _found(name: str, data: bytes, prefix: str) -> Iterator[tuple[Reference, int, int]]:
    start = prefix.encode()
    if start not in data:
        return
    for match in _CSS.finditer(data):
        group = match.lastgroup
        if group is None or not match[group].startswith(start):
            continue
        relative = _relative(name, match[group].removeprefix(start))
        if relative is not None:
            reference = Reference(
                name=name,
                line=data.count(b"\n", 0, match.start(group)) + 1,
                url=match[group].decode("utf-8", "replace"),
                relative=relative,
            )
            yield reference, match.start(group), match.end(group)


def _relative(name: str, target: bytes) -> str | None:
    """From the stylesheet to a file of the build; None if the path leaves it again."""
    path, rest = _split(target.decode("utf-8", "surrogateescape"))
    if posixpath.normpath(path).startswith(".."):
        return None
    relative = posixpath.relpath(f"/{path}", posixpath.dirname(f"/{name}"))
    if path.endswith("/") or not path:
        relative += "/"
    if ":" in relative.partition("/")[0]:
        # Otherwise what stands before the colon would be a scheme.
        relative = f"./{relative}"
    return relative + rest


def _split(target: str) -> tuple[str, str]:
    """The path, and what follows from the first ``?`` or ``#`` on."""
    end = next((at for at, sign in enumerate(target) if sign in "?#"), len(target))
    return target[:end], target[end:]
