"""Content Security Policy: which directive decides, and what a source lets in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

Sources = TypeVar("Sources")

# https://www.w3.org/TR/CSP3/#directive-fallback-list
_FALLBACKS = {
    "frame-src": ("child-src",),
    "script-src-attr": ("script-src",),
    "script-src-elem": ("script-src",),
    "style-src-attr": ("style-src",),
    "style-src-elem": ("style-src",),
    "worker-src": ("child-src", "script-src"),
}
_DEFAULT_PORTS = {"http": 80, "https": 443}


def effective(
    directives: Mapping[str, Sources], name: str
) -> tuple[str, Sources] | None:
    """The directive that decides for another one, itself or what it falls back to.

    :param directives: Those of a policy, with their sources.
    :returns: Its name and its sources; None when the policy says nothing, and so allows all.
    """
    default = ("default-src",) if "-src" in name else ()
    chain = (name, *_FALLBACKS.get(name, ()), *default)
    return next(
        ((each, directives[each]) for each in chain if each in directives), None
    )


def covers(sources: Iterable[object], url: str) -> bool:
    """Whether a list of sources allows the files below a URL of another origin.

    https://www.w3.org/TR/CSP3/#match-url-to-source-list
    """
    return any(
        _matches(source, url)
        for source in sources
        if isinstance(source, str) and not source.startswith("'")
    )


def _matches(source: str, url: str) -> bool:
    asked = urlsplit(url)
    if source == "*":
        return True
    if source.endswith(":"):
        return _is_scheme(source[:-1], asked.scheme)
    scheme, separator, rest = source.rpartition("://")
    authority, _, path = rest.partition("/")
    host, _, port = authority.partition(":")
    return (
        (not separator or _is_scheme(scheme, asked.scheme))
        and _is_host(host.lower(), asked.hostname or "")
        and _is_port(port, asked)
        and (not path or (path.endswith("/") and asked.path.startswith(f"/{path}")))
    )


def _is_scheme(allowed: str, asked: str) -> bool:
    return allowed.lower() in (asked, "http" if asked == "https" else asked)


def _is_host(allowed: str, asked: str) -> bool:
    if allowed.startswith("*."):
        return asked.endswith(allowed[1:])
    return allowed in ("*", asked)


def _is_port(allowed: str, asked: SplitResult) -> bool:
    default = _DEFAULT_PORTS[asked.scheme]
    return allowed in ("*", str(asked.port or default)) or (
        not allowed and asked.port in (None, default)
    )
