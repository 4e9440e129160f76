"""Rules on content: right bytes, type and compression, no cookie, everywhere the same headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_cloudfront.builds.index import COMPANIONS
from dj_cloudfront.http_probe import NO_BROTLI, HttpResponse
from dj_cloudfront.live_check.check_report import TargetFinding
from dj_cloudfront.live_check.probes import Probe, ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.availability import (
    files_and_missing,
    is_login,
    served_files,
)
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    findings,
    result_rule,
)
from dj_cloudfront.live_check.sampling import suffix_of

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
# A browser guesses their encoding, by the visitor's language.
_GUESSED = {"csv", "htm", "html", "txt"}
_TEXT = {"css", "js", "mjs", "svg", "json", "map", "txt", "xml", "html", "htm"}
# CloudFront leaves smaller and larger ones alone.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
_COMPRESSED = range(1_000, 10_000_001)


def has_right_bytes(results: ProbeResults, result: ProbeResult) -> bool | None:
    """Whether an answer is what was published; None where that cannot be told here."""
    answer, file = result.answer, results.file(result)
    if file is None:
        return None
    if answer.content is not None:
        return answer.content == file.sha256
    companion = results.companion(result, answer.get("Content-Encoding"))
    if companion is not None and companion.sha256 == answer.wire:
        return True
    return None if answer.decode_error == NO_BROTLI else False


@result_rule(
    "bytes",
    "sends the bytes that were published",
    of=lambda results: results.files,
    shows_form=True,
)
def right_bytes(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if not is_login(result) and has_right_bytes(results, result) is False:
        hint = "bytes under a name must never change: publish a new version"
        if not results.target.is_origin:
            hint += ", or invalidate these paths"
        yield Violation(FAIL, _difference(results, result.answer), hint)


def _difference(results: ProbeResults, answer: HttpResponse) -> str:
    if answer.decode_error:
        return f"sends a body that {answer.decode_error}"
    if not results.target.is_origin and answer.get("Age"):
        return "has a copy of other bytes than the build has, from earlier"
    return "sends other bytes than the build has"


@result_rule("type", "sends the right types", of=served_files)
def right_type(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    suffix = suffix_of(result.probe.subject)
    expected = _STRICT.get(suffix) or _LOOSE.get(suffix)
    found = result.answer.media_type
    sent = result.answer.get("Content-Type").lower()
    if suffix in _GUESSED and sent and "charset=" not in sent:
        message = f"sends .{suffix} without a charset, which browsers then guess"
        yield Violation(WARN, message, f"send {found}; charset=utf-8")
    if expected is None or found in expected:
        return
    message = f"sends .{suffix} as {found or 'no type'}, not as {expected[0]}"
    hint = "tell the web server the type"
    if suffix in _STRICT:
        yield Violation(FAIL, message, hint + ": browsers refuse it under any other")
    else:
        yield Violation(WARN, message, hint)


def _worth_compressing(results: ProbeResults) -> list[ProbeResult]:
    return [
        result
        for result in served_files(results)
        if suffix_of(result.probe.subject) in _TEXT
        and (file := results.file(result)) is not None
        and file.size in _COMPRESSED
    ]


@result_rule(
    "compression",
    "sends text in the encoding that was asked for",
    of=_worth_compressing,
)
def compression(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    asked = result.probe.coding
    coding = result.answer.get("Content-Encoding").strip().lower() or "identity"
    if asked == "identity" != coding:
        message = f"sends {coding} although Accept-Encoding does not name it"
        hint = "compress only for requests with Accept-Encoding"
        yield Violation(FAIL, message, hint)
    if coding != asked and results.companion(result, asked):
        message = f"does not send the {COMPANIONS[asked]} files that were published"
        hint = (
            "let it send compressed files, to proxies too: in nginx gzip_static on, "
            "gzip_proxied any, and brotli_static on where there is the module"
        )
        yield Violation(WARN, message, hint)
    elif asked != "identity" == coding and not results.target.is_origin:
        message = "sends text uncompressed"
        hint = "CloudFront compresses only when it has time: publish compressed files"
        yield Violation(WARN, message, hint)
    vary = result.answer.get("Vary").lower()
    # What the CDN itself has compressed is no business of the server.
    is_ours = results.target.is_origin or results.companion(result, coding)
    if is_ours and coding != "identity" and "accept-encoding" not in vary:
        message = "sends compressed text without Vary: Accept-Encoding"
        hint = "send it, or caches mix up the encodings: in nginx gzip_vary on"
        yield Violation(WARN, message, hint)


@result_rule("cookie", "sets no cookie", of=files_and_missing)
def cookie(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if result.answer.get("Set-Cookie"):
        level = WARN if results.target.is_origin else FAIL
        hint = "a cached cookie reaches every viewer: let the web server answer files, not Django"
        yield Violation(level, "sets a cookie with a file", hint)


RULES = (right_bytes, right_type, compression, cookie)

_OF_A_FILE = ("Content-Type", "Cache-Control")
# The edge may add these or change them by its policy, and compress by itself.
_OF_A_SERVER = ("Access-Control-Allow-Origin", "Content-Encoding")


def agreement(all_results: Sequence[ProbeResults]) -> Iterator[TargetFinding]:
    """Each target that was asked for files is compared with the first of them.

    Bytes are compared with the index instead, by the rule ``bytes``.
    """
    asked = [results for results in all_results if results.files]
    for results in asked[1:]:
        yield from findings(
            "agreement",
            results.target,
            _disagreements(asked[0], results),
            "sends the same headers as the first server",
        )


def _disagreements(first: ProbeResults, other: ProbeResults) -> Iterator[Violation]:
    is_origin = other.target.is_origin
    names = _OF_A_FILE + (_OF_A_SERVER if is_origin else ())
    hint = (
        "give all servers the same configuration"
        if is_origin
        else "the CDN has copies from before a change: publish a new version, or invalidate "
        "these paths"
    )
    answers = _by_probe(first)
    for probe, result in _by_probe(other).items():
        before = answers.get(probe, result)
        for name in names:
            if before.answer.get(name) != result.answer.get(name):
                message = f"sends another {name} than {first.target.url}"
                yield Violation(WARN, message, hint, result.subject)


def _by_probe(results: ProbeResults) -> dict[Probe, ProbeResult]:
    return {result.probe: result for result in results.files}
