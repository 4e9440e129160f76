"""Looks for references that leave the build, in stylesheets and in scripts."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

from dj_cloudfront.builds.css_references import made_relative, references_in
from dj_cloudfront.builds.file_content import BytesContent, Content, read
from dj_cloudfront.builds.reference import Reference, ReferenceKind

_PREFIX = re.compile(r"/|/[^/?#\s]+(/[^/?#\s]+)*/")
_SCRIPTS = (".js", ".mjs", ".cjs", ".webmanifest")


class ReferenceScanner:
    """Looks into the files of a build as they are added.

    :param version: Of the build.
    :param find: A prefix, such as ``/static/``: where the files were before the CDN.
    :param rewrite: The same. References in stylesheets that begin with it are made relative.
    :raises ValueError: with one sentence, when a prefix is no path of a folder.
    """

    def __init__(self, version: str, *, find: str | None, rewrite: str | None) -> None:
        for what, prefix in (
            ("find_references", find),
            ("rewrite_references", rewrite),
        ):
            if prefix is not None and not _PREFIX.fullmatch(prefix):
                raise ValueError(
                    f"{what} must be a path that begins and ends with a slash, such as "
                    f"'/static/', got {prefix!r}"
                )
        self._version = version
        self._prefix = rewrite or find
        self._rewrites = rewrite is not None
        self._noted: dict[str, list[Reference]] = {}

    def scan(self, name: str, content: Content) -> Content:
        """The content to publish, which is another one if something was rewritten in it."""
        if self._prefix is None:
            return content
        if name.lower().endswith(_SCRIPTS):
            self._note(name, script_references(name, read(content), self._prefix))
            return content
        if not name.lower().endswith(".css"):
            return content
        data = read(content)
        found = references_in(name, data, self._prefix, self._version)
        self._note(name, found)
        if not self._rewrites or not any(one.relative for one in found):
            return content
        return BytesContent(made_relative(name, data, self._prefix))

    def forget(self, name: str) -> None:
        """The file was taken out of the build."""
        self._noted.pop(name, None)

    def found(self, names: Collection[str]) -> tuple[Reference, ...]:
        """All that leaves the build, by file and line.

        :param names: Of the files of the build. Text in a script is a reference only if it
            names one of them, or a folder.
        """
        known = {*names, *(part for name in names for part in _folders(name))}
        return tuple(
            one
            for name in sorted(self._noted)
            for one in self._noted[name]
            if one.kind != ReferenceKind.SCRIPT or self._target(one) in known
        )

    def _note(self, name: str, found: list[Reference]) -> None:
        if found:
            self._noted[name] = found

    def _target(self, reference: Reference) -> str:
        path = re.split(r"[?#]", reference.url, maxsplit=1)[0]
        return unquote(path.removeprefix(self._prefix or ""))


def script_references(name: str, data: bytes, prefix: str) -> list[Reference]:
    """The string literals of a script that begin with ``prefix``, each once."""
    text = data.replace(b"\\/", b"/")
    start = prefix.encode()
    if start not in text:
        return []
    literal = re.compile(
        rb"([\"'`])(" + re.escape(start) + rb"[^\"'`\\\s<>$]*)(?:\1|\$\{)"
    )
    first: dict[str, Reference] = {}
    for match in literal.finditer(text):
        url = match[2].decode("utf-8", "replace")
        if url not in first:
            line = text.count(b"\n", 0, match.start()) + 1
            first[url] = Reference(
                name=name,
                line=line,
                url=url,
                relative=None,
                kind=ReferenceKind.SCRIPT,
            )
    return list(first.values())


def _folders(name: str) -> list[str]:
    """The folders above a file, each with a slash at its end; the first is the build."""
    parts = name.split("/")[:-1]
    return [
        "".join(f"{part}/" for part in parts[:count]) for count in range(len(parts) + 1)
    ]
