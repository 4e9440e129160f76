"""A Content Security Policy that keeps the CDN out: Django's own, or that of django-csp."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage

from cdn_model.csp import covers
from dj_cloudfront.checks import ids
from dj_cloudfront.checks.folders import index_of
from dj_cloudfront.checks.ids import SystemCheck
from dj_cloudfront.config import Cdn
from dj_cloudfront.csp import (
    Policy,
    deciding_directive,
    is_closed,
    trusts_scripts,
)

_SELF = "'self'"
_NONCES = ("'nonce-", "<CSP_NONCE")
_OLD = "CSP_"
# Of the files of a build; anything else is a matter of the page.
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("woff2", "woff", "ttf", "otf"), "font-src"),
    **dict.fromkeys(("mp4", "webm", "ogv", "mp3", "ogg", "oga", "wav"), "media-src"),
    "webmanifest": "manifest-src",
}


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """What almost every page has: scripts, stylesheets and images."""
    wanted = []
    if cdn.static_origin is not None:
        kinds = ("script-src", "style-src", "img-src")
        wanted += [(kind, cdn.static_url) for kind in kinds]
    if cdn.media_origin is not None:
        wanted.append(("img-src", cdn.media_url))
    for setting, policy in policies():
        if lacking := _lacking(policy, wanted):
            yield _found(ids.POLICY, setting, lacking)


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """What the build on this server holds beside them. With a policy it reads the index."""
    sent = [*policies()]
    if not sent or cdn.static_origin is None:
        return
    if (index := index_of(cdn)) is None:
        return
    ends = {
        PurePosixPath(name).suffix.removeprefix(".").lower() for name in index.files
    }
    kinds = sorted({_KINDS[end] for end in ends & _KINDS.keys()})
    for setting, policy in sent:
        if lacking := _lacking(policy, [(kind, cdn.static_url) for kind in kinds]):
            yield _found(ids.POLICY_OF_KINDS, setting, lacking)


def policies() -> Iterator[tuple[str, Policy]]:
    """The policies of the settings by their names, as they are sent."""
    for name in ("SECURE_CSP", "SECURE_CSP_REPORT_ONLY"):
        if isinstance(policy := getattr(settings, name, None), Mapping) and policy:
            yield name, policy
    for name in ("CONTENT_SECURITY_POLICY", "CONTENT_SECURITY_POLICY_REPORT_ONLY"):
        if isinstance(config := getattr(settings, name, None), Mapping) and config:
            # django-csp adds this one when it is not named.
            yield name, {"default-src": [_SELF], **config.get("DIRECTIVES", {})}
    if old := _settings_of_django_csp_3():
        yield f"{_OLD}*", {"default-src": [_SELF], **old}


def _settings_of_django_csp_3() -> dict[str, object]:
    names = [name for name in dir(settings) if name.startswith(_OLD)]
    found = {
        name.removeprefix(_OLD).lower().replace("_", "-"): getattr(settings, name)
        for name in names
        if name.endswith(("_SRC", "_SRC_ELEM")) and getattr(settings, name) is not None
    }
    if found:
        # It adds the nonce to these when it sends the policy.
        for name in getattr(settings, "CSP_INCLUDE_NONCE_IN", None) or ():
            sources = found.get(name, [])
            found[name] = [
                *(sources.split() if isinstance(sources, str) else sources),
                "'nonce-'",
            ]
    return found


def _lacking(policy: Policy, wanted: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The origins that a policy keeps out, by directive."""
    found: dict[str, list[str]] = {}
    for kind, url in wanted:
        decides = deciding_directive(policy, kind)
        if decides is not None and not _lets_in(kind, *decides, url):
            found.setdefault(kind, []).append(_origin(url))
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _lets_in(kind: str, name: str, sources: list[object], url: str) -> bool:
    """Whether files may come from there, or the site says that there are none of the kind."""
    if name != "default-src" and is_closed(sources):
        return True
    by_nonce = kind in ("script-src", "style-src") and any(map(_is_nonce, sources))
    return by_nonce or trusts_scripts(kind, sources) or covers(sources, url)


def _is_nonce(source: object) -> bool:
    """Also the stand-ins of Django, a string, and of django-csp, which is none."""
    return not isinstance(source, str) or source.startswith(_NONCES)


def _found(
    check: SystemCheck, setting: str, lacking: Mapping[str, list[str]]
) -> CheckMessage:
    hint = ""
    if setting == f"{_OLD}*":
        names = " and ".join(
            f"{_OLD}{name.upper().replace('-', '_')}" for name in lacking
        )
        hint = f"add the hosts to {names}, beside the sources that are there"
    return check.found(_message(setting, lacking), hint)


def _message(setting: str, lacking: Mapping[str, list[str]]) -> str:
    hosts = "; ".join(
        f"{' and '.join(origins)} in {name}" for name, origins in lacking.items()
    )
    name, origins = next(iter(lacking.items()))
    example = f"{name!r}: [{', '.join(map(repr, (_SELF, *origins)))}]"
    return f"{setting} must let the CDN in, such as {example}, but it lacks {hosts}"
