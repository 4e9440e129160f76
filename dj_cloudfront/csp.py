"""The CDN's hosts in a Content Security Policy. Imports no Django: it is for ``settings.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cdn_model import csp as model
from cdn_model.csp import covers
from dj_cloudfront.config import Cdn

Policy = Mapping[str, object]
"""Directives and their sources, as in ``SECURE_CSP`` and in ``DIRECTIVES`` of django-csp."""

STATIC = (
    "script-src",
    "style-src",
    "img-src",
    "font-src",
    "connect-src",
    "media-src",
    "manifest-src",
)
"""What static files are used as. ``connect-src`` is ``fetch()``."""

MEDIA = ("img-src", "media-src")
"""What uploads are used as; ``media-src`` is video and sound."""

_POSSIBLE = (*STATIC, "frame-src", "object-src")


def with_cdn(
    policy: Policy,
    cdn: Cdn,
    *,
    static: Iterable[str] = STATIC,
    media: Iterable[str] = MEDIA,
    private: Iterable[str] = MEDIA,
) -> dict[str, object]:
    """The policy with the CDN's hosts, for the kinds of files that come from there.

    A directive that is missing gets the sources of ``default-src`` and the host, since it then
    stands in place of ``default-src``, which itself stays as it is. Where neither is there,
    nothing is forbidden and nothing is added. A directive of ``'none'`` stays: it says that
    the page has no such files. Names with an ``-elem`` are served too, where they are there.
    https://www.w3.org/TR/CSP3/#directive-fallback-list

    :param policy: For ``SECURE_CSP``, for ``@csp_override()`` or for django-csp. It is not
        changed. Name ``default-src``: django-csp sends ``'self'`` when it is not named.
    :param static: The directives that allow the host of static files. Default: ``STATIC``.
    :param media: The directives that allow the host of uploads, such as
        ``(*csp.MEDIA, "frame-src")`` for PDF files in a frame. Default: ``MEDIA``.
    :param private: The directives that allow the host of private files. Default: ``MEDIA``.
    :returns: A new policy. With local URLs, and for a distribution that is not deployed, nothing is added.
    :raises ValueError: for a directive that no host of files belongs into.
    """
    result = dict(policy)
    names = {
        "static": tuple(static),
        "media": tuple(media),
        "private": tuple(private),
    }
    for what, directives in names.items():
        _check(what, directives)
    if cdn.static_origin is not None:
        for name in names["static"]:
            _allow(result, name, cdn.static_origin, cdn.static_url)
    if cdn.media_origin is not None:
        for name in names["media"]:
            _allow(result, name, cdn.media_origin, cdn.media_url)
    if cdn.private_origin is not None:
        for name in names["private"]:
            _allow(result, name, cdn.private_origin, cdn.private_url)
    return result


def deciding_directive(policy: Policy, name: str) -> tuple[str, list[object]] | None:
    """The directive that decides for another one, itself or what it falls back to.

    :returns: Its name and its sources; None when the policy says nothing, and so allows all.
    """
    sent = {
        directive: sources
        for directive in policy
        if (sources := _sources(policy, directive)) is not None
    }
    return model.effective(sent, _names(name)[0])


def is_closed(sources: Iterable[object]) -> bool:
    """Whether a directive says that the page has no such files: ``'none'``, or no source."""
    return set(sources) <= {"'none'"}


def trusts_scripts(name: str, sources: Iterable[object]) -> bool:
    """Whether browsers pass over the hosts of a directive, for ``'strict-dynamic'`` is there."""
    return name.startswith("script-src") and "'strict-dynamic'" in sources


def _check(what: str, directives: Iterable[str]) -> None:
    for name in directives:
        if name == "worker-src":
            raise ValueError(
                f"{what} must not hold 'worker-src', because no policy lets a page start a "
                "worker of another host: serve its script from the site itself"
            )
        if what != "static" and name == "script-src":
            raise ValueError(
                f"{what} must not hold 'script-src', because any upload would then run as a "
                "script of the site: keep scripts among the static files"
            )
        if name not in _POSSIBLE:
            raise ValueError(
                f"{what} must hold directives out of {', '.join(_POSSIBLE)}, got {name!r}"
            )


def _allow(policy: dict[str, object], name: str, origin: str, url: str) -> None:
    own = {directive: _sources(policy, directive) for directive in _names(name)}
    present = {
        directive: sources for directive, sources in own.items() if sources is not None
    }
    for directive, sources in present.items():
        if not is_closed(sources):
            _add(policy, directive, sources, origin, url)
    if not present and (default := _sources(policy, "default-src")) is not None:
        open_to = [source for source in default if source != "'none'"]
        _add(policy, name, open_to, origin, url)


def _add(
    policy: dict[str, object], name: str, sources: list[object], origin: str, url: str
) -> None:
    if not trusts_scripts(name, sources) and not covers(sources, url):
        policy[name] = [*sources, origin]


def _names(name: str) -> tuple[str, ...]:
    return (f"{name}-elem", name) if name in ("script-src", "style-src") else (name,)


def _sources(policy: Policy, name: str) -> list[object] | None:
    """A directive's sources. None when it is not sent, as with None and False."""
    value = policy.get(name)
    if value is None or value is False:
        return None
    if isinstance(value, str):
        return [*value.split()]
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return [*value] if isinstance(value, Iterable) else []
