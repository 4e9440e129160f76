"""References that may lead out of their folder: ``../`` in text of all kinds, pages aside."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from dj_cloudfront.builds.file_content import Content, read
from dj_cloudfront.builds.references import unescaped

PAGES = (".html", ".htm", ".xhtml", ".xht")
_SCRIPTS = (".js", ".mjs", ".cjs")
# In these a reference may be only the first part of what is asked for.
_PARTS = (*_SCRIPTS, ".svg", ".json", ".webmanifest", ".gltf")
_KINDS = (*_PARTS, ".css")
# What stands in quotes, in parentheses, between the parts of a template string or as the
# name of a source map, and has a dot segment. A slash in front: scripts put one before it.
# Each part is bounded, so that the time grows with the length alone.
_TOKEN = re.compile(
    rb"""(?:["'`(}]\s{0,80}+|(?<=ingURL)=)"""
    rb"""([^"'`()\s<>{}]{0,200}?(?<![^/"'`(}=!\s])"""
    rb"""(?:\.{1,2}/[^"'`()\s<>{}]{0,800}|\.\.(?=["'`])))"""
)
# In other text: playlists, models, XML, source maps.
_IN_TEXT = re.compile(rb"""(?:\A|[\s"'`(>=,;])(\.{1,2}/[^"'`()\s<>{}]{0,800})""")
_ESCAPED = re.compile(rb"\\(?:x|u00|u\{0{0,4})2([ef])\}?", re.IGNORECASE)
# The plugin of an AMD module, such as text!../a.txt.
_PLUGIN = re.compile(r"^[^/]*!")
# Dots that a script only compares with are no path that it asks for.
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
    :param is_part: Whether more of the path may be put behind it.
    """

    name: str
    line: int
    text: str
    target: str
    is_script: bool
    is_part: bool


def outward_references(
    name: str, content: Content, subfolders: Collection[str]
) -> Iterator[OutwardReference]:
    """Those that leave the file's top folder, or that cross the border of a subfolder.

    Of files at the root, scripts alone count: what they import has the build's URL.
    """
    is_script = name.lower().endswith(_SCRIPTS)
    if name.lower().endswith(PAGES) or not (is_script or "/" in name):
        return
    is_known = name.lower().endswith(_KINDS)
    if not is_known and b"\0" in next(content.blocks(), b"")[:4096]:
        return
    top, *below = name.split("/")
    may_go_down = not below or any(
        folder.startswith(f"{top}/") for folder in subfolders
    )
    data = _without_escapes(name, read(content))
    # What every such reference has. Most files have none, and this takes next to no time.
    signs = [b"/.."] if len(below) > 1 else [b".."]
    if not any(sign in data for sign in ([b"./", b".."] if may_go_down else signs)):
        return
    for match in (_TOKEN if is_known else _IN_TEXT).finditer(data):
        before = data[max(0, match.start() - 20) : match.start()]
        if not match[1].strip(b"./") and _COMPARED.search(before):
            continue
        if is_script and match[1] == b".." and not _AS_URL.search(before):
            continue
        # A template string goes on behind the dollar.
        text = match[1].decode("utf-8", "replace").removesuffix("$")
        target = _target(name, text)
        leaves = target.partition("/")[0] != top
        if leaves or any(_is_between(name, target, folder) for folder in subfolders):
            yield OutwardReference(
                name=name,
                line=data.count(b"\n", 0, match.start(1)) + 1,
                text=text,
                target=target,
                is_script=is_script,
                is_part=name.lower().endswith(_PARTS),
            )


def _without_escapes(name: str, data: bytes) -> bytes:
    if b"%" in data:
        data = data.replace(b"%2e", b".").replace(b"%2E", b".")
    if name.lower().endswith(".css"):
        return unescaped(data)
    if name.lower().endswith((*_SCRIPTS, ".json", ".webmanifest", ".gltf", ".map")):
        if b"\\" not in data:
            return data
        data = _ESCAPED.sub(lambda one: b"." if one[1] in b"eE" else b"/", data)
        # PHP writes JSON so.
        return data.replace(b"\\/", b"/")
    if b"&" not in data:
        return data
    text = html.unescape(data.decode("utf-8", "surrogateescape"))
    return text.encode("utf-8", "surrogateescape")


def _target(name: str, text: str) -> str:
    path = unquote(re.split(r"[?#]", text, maxsplit=1)[0])
    path = _PLUGIN.sub("", path).lstrip("/")
    found = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return "" if found == "." else found


def _is_between(name: str, target: str, folder: str) -> bool:
    """Whether one of both is in a folder and the other is not."""
    return name.startswith(f"{folder}/") != f"{target}/".startswith(f"{folder}/")
