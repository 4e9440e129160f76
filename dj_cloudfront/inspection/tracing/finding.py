"""The whole way of a file, station by station."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds.layout import published
from dj_cloudfront.config import Cdn
from dj_cloudfront.inspection.options import Options
from dj_cloudfront.inspection.places import (
    Place,
    Tree,
    cdn_place,
    cdn_urls,
    host_for,
    origin_places,
    site_of,
)
from dj_cloudfront.inspection.sampling import safe_index
from dj_cloudfront.inspection.tracing.copies import copies
from dj_cloudfront.inspection.tracing.live import Expected, ask
from dj_cloudfront.inspection.tracing.sources import (
    media_sources,
    original_name,
    page_url,
    static_sources,
)
from dj_cloudfront.inspection.tracing.trace import Told, Trace, cleaned
from dj_cloudfront.inspection.tracing.wanted import Wanted, read_wanted

Urls = Mapping[Tree, str]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to find, and where to ask."""

    cdn: Cdn
    options: Options
    name: str
    allowed_hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Used:
    """What pages refer to: the build, empty where there is none, the name in it, the URL."""

    build: str
    name: str
    url: str
    trouble: str = ""


def find(search: Search) -> Trace:
    """Follow a file. The servers are asked before the CDN.

    :raises ValueError: with one sentence, when the name can be no file's.
    """
    urls, _ = cdn_urls(search.cdn)
    builds = {*published(Path(search.cdn.builds_root)), search.cdn.build_version}
    wanted = read_wanted(search.name, urls, lambda name: name in builds)
    if wanted.tree is Tree.MEDIA:
        return _media(search, wanted, urls)
    return _static(search, wanted, urls)


def _static(search: Search, wanted: Wanted, urls: Urls) -> Trace:
    root = Path(search.cdn.builds_root)
    builds = published(root)
    name = original_name(wanted.name)
    sources = tuple(static_sources(name))
    used = _used(search, wanted, name, urls)
    found = tuple(
        copies(
            root,
            builds,
            name=name,
            used=(used.build, used.name),
            source=sources[0] if sources else None,
        )
    )
    expected = Expected(
        sha256=next((copy.sha256 for copy in found if copy.is_used), None),
        brotli=_brotli(root, used) if used.build else "",
    )
    return Trace(
        tree=Tree.STATIC,
        name=name,
        build=used.build,
        url=used.url,
        url_trouble=used.trouble,
        sources=sources,
        copies=found,
        builds=len(builds),
        told=tuple(_told(search, Tree.STATIC, urls, used, expected))
        if used.build
        else (),
    )


def _media(search: Search, wanted: Wanted, urls: Urls) -> Trace:
    sources = tuple(media_sources(wanted.name))
    url = f"{urls.get(Tree.MEDIA, '/media/')}{filepath_to_uri(wanted.name)}"
    expected = Expected(sha256=sources[0].sha256 if sources else None)
    used = Used(build="", name=wanted.name, url=url)
    return Trace(
        tree=Tree.MEDIA,
        name=wanted.name,
        build="",
        url=url,
        url_trouble="",
        sources=sources,
        copies=(),
        builds=0,
        told=tuple(_told(search, Tree.MEDIA, urls, used, expected)),
    )


def _used(search: Search, wanted: Wanted, name: str, urls: Urls) -> Used:
    base = urls.get(Tree.STATIC, "")
    if wanted.build is not None:
        path = f"{wanted.build}/{filepath_to_uri(wanted.name)}"
        url = f"{base or '/static/'}{path}"
        return Used(build=wanted.build, name=wanted.name, url=url)
    url, trouble = page_url(name)
    build = "" if search.cdn.is_local else search.cdn.build_version or ""
    if base and url.startswith(base):
        # The storage may refer to an earlier build, and to a hashed name.
        referred = read_wanted(url, urls, lambda one: True)
        if referred.build is not None:
            return Used(build=referred.build, name=referred.name, url=url)
    return Used(build=build, name=name, url=url, trouble=trouble)


def _brotli(root: Path, used: Used) -> str:
    index = safe_index(root / used.build)
    companion = index.files.get(f"{used.name}.br") if index else None
    return companion.sha256 if companion else ""


def _told(
    search: Search, tree: Tree, urls: Urls, used: Used, expected: Expected
) -> Iterator[Told]:
    for place in _places(search, tree, urls):
        told = ask(
            place,
            build=used.build,
            name=used.name,
            site=site_of(place, search.options, search.allowed_hosts),
            expected=expected,
        )
        place.client.close()
        yield cleaned(told, search.options.without_secrets)


def _places(search: Search, tree: Tree, urls: Urls) -> Iterator[Place]:
    options = search.options
    for url in options.origins:
        host = host_for(url, options, search.allowed_hosts)
        yield from origin_places(url, options, host=host, trees=[tree])
    if tree in urls:
        yield cdn_place(urls[tree], options, tree=tree)
