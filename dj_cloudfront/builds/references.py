"""References that leave the build: ``url(/static/…)`` on the CDN's host is 404.

Those in stylesheets are reported, and rewritten on request; those in scripts are reported.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from dj_cloudfront.builds.file_content import BytesContent, Content, read

_PREFIX = re.compile(r"/|/[^/?#\s]+(/[^/?#\s]+)*/")
_SCRIPTS = (".js", ".mjs", ".cjs", ".webmanifest")
# webpack's public path; and the one that replaces it, __webpack_public_path__ of a module.
_PUBLIC_PATH = re.compile(rb"[\w$]\.p\s*=\s*$")
_PATH_OF_A_MODULE = re.compile(
    rb"[\w$]\.p\s*=\s*(?![\"'`=\s])[^;{}]{0,80}?"
    rb"\b(?:document|window|self|globalThis|location|import\.meta)\b"
)


class ReferenceKind(StrEnum):
    """Where it stands."""

    CSS = "css"
    CUSTOM_PROPERTY = "custom property"
    SCRIPT = "script"
    OTHER_BUILD = "other build"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A root-absolute reference, or a whole URL of another build.

    :param name: The file's name in the build.
    :param line: Counted from 1.
    :param url: As a browser reads it, such as ``/static/img/logo.svg``.
    :param relative: What leads to the same file of the build, such as ``../img/logo.svg``.
        None where nothing relative does.
    """

    name: str
    line: int
    url: str
    relative: str | None
    kind: ReferenceKind = ReferenceKind.CSS

    @property
    def complaint(self) -> str:
        """A line for a person."""
        place = f"{self.name}:{self.line}: "
        if self.kind == ReferenceKind.OTHER_BUILD:
            return (
                f"{place}{self.url} is no URL of this build: make the file again for this "
                "BUILD_VERSION and this host, or let its tool write relative URLs"
            )
        if self.kind == ReferenceKind.SCRIPT:
            return (
                f"{place}{self.url!r} leads to the site, which has it under the build's URL "
                "only: let the bundler write relative URLs, such as base: './' for Vite or "
                "publicPath: 'auto' for webpack"
            )
        if self.kind == ReferenceKind.CUSTOM_PROPERTY:
            return (
                f"{place}url({self.url}) in a custom property leads out of the build, and a "
                "relative one would be resolved where var() is used: write url() into the "
                "rules that use it, or set the property in a page with {% static %}"
            )
        said = f"{place}url({self.url}) leads out of the build, to where the CDN has nothing: "
        if self.relative is None:
            return f"{said}refer to a file of the build, or write the whole URL"
        return f"{said}write {self.relative}, or let rewrite_references do it"


def check_prefix(prefix: str) -> str:
    """What references begin with that leave the build.

    :raises ValueError: with one sentence, when it is no path of a folder.
    """
    if _PREFIX.fullmatch(prefix):
        return prefix
    raise ValueError(
        "reference_prefix must be a path that begins and ends with a slash, such as "
        f"'/static/', got {prefix!r}"
    )


class ReferenceScanner:
    """Looks into the files of a build as they are added.

    :param version: Of the build.
    :param prefix: Such as ``/static/``: where the files were before the CDN. None to find none.
    :param rewrite: Whether references in stylesheets that begin with it are made relative.
    :param base_url: Of the build, such as ``https://static.example.com/b1/``.
    """

    def __init__(
        self, version: str, prefix: str | None, *, rewrite: bool, base_url: str = ""
    ) -> None:
        self._version = version
        self._prefix = prefix
        self._rewrite = rewrite
        self._other_build = _other_build(base_url, version)
        self._noted: dict[str, list[Reference]] = {}

    def scan(self, name: str, content: Content) -> Content:
        """The content to publish, which is another one if something was rewritten in it."""
        lower, prefix = name.lower(), self._prefix
        if prefix is None or not lower.endswith((".css", *_SCRIPTS)):
            return content
        data = read(content)
        others = self._other_builds(name, data)
        if not lower.endswith(".css"):
            self._noted[name] = others + script_references(name, data, prefix)
            return content
        found = references_in(name, data, prefix, self._version)
        self._noted[name] = others + found
        if self._rewrite and any(one.relative for one in found):
            return BytesContent(made_relative(name, data, prefix))
        return content

    def forget(self, name: str) -> None:
        """The file was taken out of the build."""
        self._noted.pop(name, None)

    def found(self, names: Collection[str]) -> tuple[Reference, ...]:
        """All that leaves the build, by file and line.

        :param names: Of the files of the build. Text in a script is a reference only if it
            names one of them, or a folder.
        """
        known = {"", *names}
        for name in names:
            while "/" in name:
                name = name.rpartition("/")[0]
                known.add(f"{name}/")
        return tuple(
            one
            for name in sorted(self._noted)
            for one in self._noted[name]
            if one.kind != ReferenceKind.SCRIPT or self._target(one) in known
        )

    def _other_builds(self, name: str, data: bytes) -> list[Reference]:
        """The first URL of another build. Whoever wrote one wrote them all."""
        text = data.replace(b"\\/", b"/")
        match = self._other_build.search(text) if self._other_build else None
        if match is None:
            return []
        return [
            Reference(
                name=name,
                line=text.count(b"\n", 0, match.start()) + 1,
                url=match[0].decode("utf-8", "replace"),
                relative=None,
                kind=ReferenceKind.OTHER_BUILD,
            )
        ]

    def _target(self, reference: Reference) -> str:
        path = re.split(r"[?#]", reference.url, maxsplit=1)[0]
        return unquote(path.removeprefix(self._prefix or ""))


def _other_build(base_url: str, version: str) -> re.Pattern[bytes] | None:
    """URLs of the CDN's host and not of this build. None where the URLs have no host."""
    parts = urlsplit(base_url)
    if not parts.netloc:
        return None
    above = base_url.removesuffix(f"{version}/").encode()
    # An image is built with such a host, and gets another one when it runs.
    is_stand_in = (parts.hostname or "").endswith(".invalid")
    own = b"" if is_stand_in else rb"(?!" + re.escape(version).encode() + rb"/)"
    return re.compile(re.escape(above) + own + rb"[^\"'`()\\\s<>]+")


def script_references(name: str, data: bytes, prefix: str) -> list[Reference]:
    """The string literals of a script that begin with ``prefix``, each once."""
    text = data.replace(b"\\/", b"/")
    start = prefix.encode()
    if start not in text:
        return []
    literal = re.compile(
        rb"([\"'`])(" + re.escape(start) + rb"[^\"'`\\\s<>$]*)(?:\1|\$\{)"
    )
    is_replaced = _PATH_OF_A_MODULE.search(text) is not None
    first: dict[str, Reference] = {}
    for match in literal.finditer(text):
        before = max(0, match.start() - 20)
        if is_replaced and _PUBLIC_PATH.search(text, before, match.start()):
            continue
        url = match[2].decode("utf-8", "replace")
        if url not in first:
            line = text.count(b"\n", 0, match.start()) + 1
            kind = ReferenceKind.SCRIPT
            first[url] = Reference(
                name=name, line=line, url=url, relative=None, kind=kind
            )
    return list(first.values())


# -- stylesheets

_SPACE = rb"[ \t\r\n\f]"
_ESCAPE = rb"\\(?:[0-9a-fA-F]{1,6}(?:\r\n|[ \t\r\n\f])?|[^\n\r\f0-9a-fA-F])"
_NAME = rb"(?:[-\w\x80-\xff]|" + _ESCAPE + rb")++"

# No quantifier gives back what it has, so that the time grows with the length alone.
_TOKEN = re.compile(
    rb"(?P<comment>/\*.*?(?:\*/|\Z))"
    rb"|(?P<string>\"(?:[^\"\\\n\r\f]|\\(?:\r\n|.))*+\"?|'(?:[^'\\\n\r\f]|\\(?:\r\n|.))*+'?)"
    rb"|(?P<at>@" + _NAME + rb")|(?P<name>" + _NAME + rb")|(?P<sign>[^ \t\r\n\f])",
    re.DOTALL,
)
_BARE = re.compile(
    _SPACE + rb"*+(?P<bare>(?:[^\"'()\\\x00-\x20\x7f]|" + _ESCAPE + rb")*+)"
    + _SPACE + rb"*+(?:\)|\Z)"
)  # fmt: skip
_QUOTED = re.compile(_SPACE + rb"*+[\"']")
_BAD_URL = re.compile(rb"(?:[^)\\]|\\.)*+\)?", re.DOTALL)
_COLON = re.compile(rb"(?:" + _SPACE + rb"|/\*.*?\*/)*+:", re.DOTALL)
_ESCAPED = re.compile(
    rb"\\(?:(?P<hex>[0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(?P<line>\r\n|[\n\r\f])|(?P<one>.))",
    re.DOTALL,
)
# A slash where a reference may begin. What has none need not be looked at.
_ANY = re.compile(
    rb"[(\"'](?:[ \t\r\n\f]|\\[\n\r\f])*+(?:/(?![/*])|\\(?:/|0{0,4}2[fF]))"
)

_OF_STRINGS = {b"url", b"src", b"image", b"image-set", b"-webkit-image-set"}
# Their URLs are names, which nobody asks for.
_NAMES = {b"@namespace", b"@document", b"@-moz-document"}


def references_in(
    name: str, data: bytes, prefix: str, version: str = ""
) -> list[Reference]:
    """The root-absolute references of a stylesheet, in their order.

    :param prefix: Such as ``/static/``: where the files were before the CDN.
    :param version: Of the build, whose own folder the CDN's host has.
    """
    return [one for one, _, _ in _found(name, data, prefix, version)]


def made_relative(name: str, data: bytes, prefix: str) -> bytes:
    """The stylesheet with those references that can be leading to the same files relatively."""
    parts, end = [], 0
    for reference, start, stop in _found(name, data, prefix, ""):
        if reference.relative is None:
            continue
        relative = reference.relative.encode("utf-8", "surrogateescape")
        parts += [data[end:start], _quoted(relative)]
        end = stop
    return b"".join([*parts, data[end:]])


def _found(
    name: str, data: bytes, prefix: str, version: str
) -> Iterator[tuple[Reference, int, int]]:
    if not _ANY.search(data):
        return
    own = f"/{version}/".encode() if version else b"//"
    for start, stop, is_custom in _urls(data):
        url = re.sub(rb"[\t\n\r]", b"", unescaped(data[start:stop]).strip(b"\0 "))
        if not url.startswith(b"/") or url[1:2] in (b"/", b"\\") or url.startswith(own):
            continue
        target = url.removeprefix(prefix.encode())
        relative = _relative(name, target) if target is not url else None
        reference = Reference(
            name=name,
            line=data.count(b"\n", 0, start) + 1,
            url=url.decode("utf-8", "replace"),
            relative=None if is_custom else relative,
            kind=ReferenceKind.CUSTOM_PROPERTY if is_custom else ReferenceKind.CSS,
        )
        yield reference, start, stop


def _urls(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where each URL stands, and whether it is the value of a custom property.

    A browser resolves that one where ``var()`` is used, not where it stands.
    """
    at, stack = b"", list[bytes]()
    # How deep the value of a custom property stands.
    custom: int | None = None
    begins, end = True, 0
    while match := _TOKEN.search(data, end):
        end, kind, text = match.end(), match.lastgroup, match[0]
        if kind == "comment":
            continue
        is_first, begins = begins, False
        is_custom = custom is not None
        if kind == "at":
            at = unescaped(text).lower()
        elif kind == "string":
            inside = stack[-1] if stack else b""
            is_import = at == b"@import" and inside in (b"", b"{")
            is_url = inside in _OF_STRINGS or is_import
            if is_url and at not in _NAMES and len(text) > 1 and text[:1] == text[-1:]:
                yield match.start() + 1, end - 1, is_custom
            at = b"" if is_import else at
        elif kind == "name" and data[end : end + 1] == b"(":
            function, end = unescaped(text).lower(), end + 1
            if function != b"url" or _QUOTED.match(data, end):
                stack.append(function)
            elif bare := _BARE.match(data, end):
                end = bare.end()
                if at not in _NAMES:
                    yield bare.start("bare"), bare.end("bare"), is_custom
            elif bad := _BAD_URL.match(data, end):
                end = bad.end()
        elif kind == "name":
            if is_first and text.startswith(b"--") and _COLON.match(data, end):
                custom = len(stack)
        elif text == b"{":
            stack.append(b"{")
            at, begins = b"", custom is None
        elif text == b"}":
            while stack and stack.pop() != b"{":
                pass
            custom = None if custom is not None and len(stack) < custom else custom
            at, begins = b"", custom is None
        elif text in (b"(", b"["):
            stack.append(text)
        elif text in (b")", b"]"):
            if stack and stack[-1] != b"{":
                stack.pop()
        elif text == b";" and (not stack or stack[-1] == b"{"):
            custom = None if custom == len(stack) else custom
            at, begins = b"", custom is None


def unescaped(text: bytes) -> bytes:
    """With the characters that escapes stand for."""
    return _ESCAPED.sub(_character, text) if b"\\" in text else text


def _character(match: re.Match[bytes]) -> bytes:
    if match["hex"]:
        code = int(match["hex"], 16)
        is_one = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
        return chr(code if is_one else 0xFFFD).encode()
    return match["one"] or b""


def _quoted(url: bytes) -> bytes:
    """So that it can stand in quotation marks of either kind, and without."""
    return re.sub(rb"[\x00-\x20\x7f\"'()\\]", lambda one: b"%%%02X" % ord(one[0]), url)


def _relative(name: str, target: bytes) -> str | None:
    """From the stylesheet to a file of the build; None if the path leaves it again."""
    text = target.decode("utf-8", "surrogateescape")
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    if posixpath.normpath(path).startswith(".."):
        return None
    relative = posixpath.relpath(f"/{path}", posixpath.dirname(f"/{name}"))
    if path.endswith("/") or not path:
        relative += "/"
    if ":" in relative.partition("/")[0]:
        # Otherwise what stands before the colon would be a scheme.
        relative = f"./{relative}"
    return relative + text[len(path) :]
