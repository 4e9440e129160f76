"""The form in which files are sent: type, compression, no cookie."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.builds.index import COMPANIONS
from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Problem
from dj_cloudfront.inspection.questions import About
from dj_cloudfront.inspection.rules.files import is_login
from dj_cloudfront.inspection.rules.rule import FAIL, WARN, Objection, rule, together
from dj_cloudfront.inspection.sampling import suffix_of

_SCRIPT = ("text/javascript", "application/javascript", "application/x-javascript")
# With nosniff, browsers refuse these under any other type. Of others it is untidy.
_STRICT = {
    "css": ("text/css",),
    "js": _SCRIPT,
    "mjs": _SCRIPT,
    "svg": ("image/svg+xml",),
}
_LOOSE = {
    "woff2": ("font/woff2", "application/font-woff2"),
    "woff": ("font/woff", "application/font-woff", "application/x-font-woff"),
    "ttf": ("font/ttf", "font/sfnt", "application/x-font-ttf"),
    "otf": ("font/otf", "font/sfnt", "application/x-font-opentype"),
    "wasm": ("application/wasm",),
    "json": ("application/json", "application/manifest+json"),
    "webmanifest": ("application/manifest+json", "application/json"),
    "png": ("image/png",),
    "jpg": ("image/jpeg",),
    "jpeg": ("image/jpeg",),
    "gif": ("image/gif",),
    "webp": ("image/webp",),
    "avif": ("image/avif",),
    "ico": ("image/x-icon", "image/vnd.microsoft.icon"),
}
_TEXT = {"css", "js", "mjs", "svg", "json", "map", "txt", "xml", "html", "htm"}
# CloudFront leaves smaller and larger ones alone.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
_COMPRESSED = range(1_000, 10_000_001)


def _files(evidence: Evidence) -> list[Said]:
    return [one for one in evidence.files if not is_login(one)]


@rule("type", WARN, FAIL, good="sends the right types", applies=_files)
def right_type(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        found for one in _files(evidence) for found in _type_objections(one)
    )


def _type_objections(said: Said) -> Iterator[Objection]:
    suffix = suffix_of(said.question.subject)
    expected = _STRICT.get(suffix) or _LOOSE.get(suffix)
    found = said.answer.get("Content-Type").partition(";")[0].strip().lower()
    if expected is not None and found not in expected:
        yield Objection(
            level=FAIL if suffix in _STRICT else WARN,
            sentence=f"sends .{suffix} as {found or 'no type'}, not as {expected[0]}",
            cure="tell the web server the type"
            + (": browsers refuse it under any other" if suffix in _STRICT else ""),
            subject=said.question.subject,
        )


def _worth_compressing(evidence: Evidence) -> list[Said]:
    return [
        one
        for one in _files(evidence)
        if suffix_of(one.question.subject) in _TEXT
        and (file := evidence.file(one)) is not None
        and file.size in _COMPRESSED
    ]


@rule(
    "compression",
    WARN,
    FAIL,
    good="sends text in the form that was asked for",
    applies=_worth_compressing,
)
def compression(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        found
        for one in _worth_compressing(evidence)
        for found in _compression_objections(evidence, one)
    )


def _compression_objections(evidence: Evidence, said: Said) -> Iterator[Objection]:
    asked, name = said.question.coding, said.question.subject
    coding = said.answer.get("Content-Encoding").strip().lower() or "identity"
    if asked == "identity" != coding:
        yield Objection(
            level=FAIL,
            sentence=f"sends {coding} to those who did not ask for it",
            cure="compress only for those who send Accept-Encoding",
            subject=name,
        )
    if coding != asked and evidence.companion(said, asked):
        yield Objection(
            level=WARN,
            sentence=f"does not send the {COMPANIONS[asked]} files that were published",
            cure="let it send compressed files, to proxies too: in nginx gzip_static on, "
            "gzip_proxied any, and brotli_static on where there is the module",
            subject=name,
        )
    elif asked != "identity" == coding and not evidence.place.is_origin:
        yield Objection(
            level=WARN,
            sentence="sends text uncompressed",
            cure="CloudFront compresses as it finds time: publish compressed files",
            subject=name,
        )
    if coding != "identity" and "accept-encoding" not in _vary(said):
        yield Objection(
            level=WARN,
            sentence="sends compressed text without Vary: Accept-Encoding",
            cure="let it say so, or caches mix the forms up: in nginx gzip_vary on",
            subject=name,
        )


def _vary(said: Said) -> str:
    return said.answer.get("Vary").lower()


def _plain(evidence: Evidence) -> list[Said]:
    return [*evidence.about(About.FILE), *evidence.about(About.MISSING)]


@rule("cookie", WARN, FAIL, good="sets no cookie", applies=_plain)
def cookie(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=WARN if evidence.place.is_origin else FAIL,
            sentence="sets a cookie with a file",
            cure="a cached cookie is everybody's: let the web server answer files, not Django",
            subject=one.question.subject,
        )
        for one in _plain(evidence)
        if one.answer.get("Set-Cookie")
    )


RULES = (right_type, compression, cookie)
