"""References in stylesheets that leave the build: ``url(/static/…)`` on the CDN's host is 404."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from dj_cloudfront.builds.reference import Reference, ReferenceKind

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
    # How deep the value of a custom property, and the block of @property, stand.
    custom: int | None = None
    registered: int | None = None
    begins, end = True, 0
    while match := _TOKEN.search(data, end):
        end, kind, text = match.end(), match.lastgroup, match[0]
        if kind == "comment":
            continue
        is_first, begins = begins, False
        is_custom = custom is not None or registered is not None
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
            registered = len(stack) if at == b"@property" else registered
            at, begins = b"", custom is None
        elif text == b"}":
            while stack and stack.pop() != b"{":
                pass
            custom = None if custom is not None and len(stack) < custom else custom
            registered = None if len(stack) < (registered or 0) else registered
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
