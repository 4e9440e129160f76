"""References that may lead out of their folder: ``../`` in stylesheets, scripts, SVG and data."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from dj_cloudfront.builds.css_references import unescaped
from dj_cloudfront.builds.file_content import Content, read

_SCRIPTS = (".js", ".mjs", ".cjs")
_XML = (".svg", ".xml", ".xsl")
_KINDS = (*_SCRIPTS, *_XML, ".css", ".json", ".webmanifest", ".gltf")
# What stands in quotes, in parentheses, between the parts of a template string or as the
# name of a source map, and has a dot segment. A slash in front: scripts put one before it.
# Each part is bounded, so that the time grows with the length alone.
_TOKEN = re.compile(
    rb"""(?:["'`(}]\s{0,80}+|(?<=ingURL)=)"""
    rb"""([^"'`()\s<>{}]{0,200}?(?<![^/"'`(}=\s])"""
    rb"""(?:\.{1,2}/[^"'`()\s<>{}]{0,800}|\.\.(?=["'`])))"""
)
# What a script only compares with is no path that it asks for.
_COMPARED = re.compile(
    rb"(?:(?:startsWith|endsWith|[iI]ndexOf|includes)\(|[=!]=|\bcase)\s*$"
)
# Elsewhere two dots alone are a part of a path that a script takes to pieces.
_AS_URL = re.compile(rb"\bURL\(\s*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class OutwardReference:
    """A reference from a file of a build to another place of it.

    :param text: As it stands there, such as ``../../admin/img/x.svg``.
    :param target: The same relative to the build; empty for the build itself.
    :param is_script: Whether it is text of a script, which may be only a part of a path.
    """

    name: str
    line: int
    text: str
    target: str
    is_script: bool


def outward_references(
    name: str, content: Content, finer: Collection[str]
) -> Iterator[OutwardReference]:
    """Those that leave the file's top folder, or that cross the border of a finer one.

    Of files at the root, scripts alone count: what they import has the build's URL.
    """
    is_script = name.lower().endswith(_SCRIPTS)
    if not name.lower().endswith(_KINDS) or not (is_script or "/" in name):
        return
    top, *below = name.split("/")
    may_go_down = not below or any(folder.startswith(f"{top}/") for folder in finer)
    data = _without_escapes(name, read(content))
    # What every such reference has. Most files have none, and this takes next to no time.
    sign = b"./" if may_go_down else b"/.." if len(below) > 1 else b".."
    if sign not in data:
        return
    for match in _TOKEN.finditer(data):
        before = data[max(0, match.start() - 20) : match.start()]
        if _COMPARED.search(before):
            continue
        if is_script and match[1] == b".." and not _AS_URL.search(before):
            continue
        # A template string goes on behind the dollar.
        text = match[1].decode("utf-8", "replace").removesuffix("$")
        target = _target(name, text)
        leaves = target.partition("/")[0] != top
        if leaves or any(_is_between(name, target, folder) for folder in finer):
            yield OutwardReference(
                name=name,
                line=data.count(b"\n", 0, match.start()) + 1,
                text=text,
                target=target,
                is_script=is_script,
            )


def _without_escapes(name: str, data: bytes) -> bytes:
    data = data.replace(b"%2e", b".").replace(b"%2E", b".")
    if name.lower().endswith(".css"):
        return unescaped(data)
    # PHP writes JSON so.
    return data.replace(b"\\/", b"/")


def _target(name: str, text: str) -> str:
    if name.lower().endswith(_XML):
        text = html.unescape(text)
    path = unquote(re.split(r"[?#]", text, maxsplit=1)[0]).lstrip("/")
    found = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return "" if found == "." else found


def _is_between(name: str, target: str, folder: str) -> bool:
    """Whether one of both is in a folder and the other is not."""
    return name.startswith(f"{folder}/") != f"{target}/".startswith(f"{folder}/")
