"""One file on its way from its source to the CDN."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import storages
from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds.index import File
from dj_cloudfront.builds.layout import published
from dj_cloudfront.config import Cdn
from dj_cloudfront.http_probe import Answer, UnreachableError
from dj_cloudfront.live_check.arguments import RequestOptions
from dj_cloudfront.live_check.probes import CODINGS
from dj_cloudfront.live_check.sampling import read_file, safe_index
from dj_cloudfront.live_check.targets import (
    Target,
    TargetKind,
    Tree,
    cdn_target,
    cdn_urls,
    host_for,
    origin_targets,
    site_of,
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that a finder knows, or an upload on the disk.

    :param found_by: The finder's name.
    """

    path: str
    found_by: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The file in a published build.

    :param name: Its name there, hashed where pages use the hashed one.
    :param is_same: Whether the original has the bytes of the source; None without a source.
    :param is_used: Whether pages of this process refer to this build.
    """

    build: str
    name: str
    size: int
    sha256: str
    is_same: bool | None
    is_used: bool


@dataclass(frozen=True, kw_only=True)
class TraceStep:
    """What a server or the CDN said.

    :param trouble: Why there was no answer; empty when there was.
    :param is_same: Whether the bytes are those on this disk; None where that is not known.
    """

    kind: TargetKind
    place: str
    url: str
    status: int | None
    trouble: str
    is_same: bool | None
    cache: str = ""
    age: str = ""
    cache_control: str = ""
    allow_origin: str = ""
    encoding: str = ""
    content_type: str = ""


def cleaned(told: TraceStep, clean: Callable[[str], str]) -> TraceStep:
    """The same with all that a server may have put into it made clean."""
    return replace(
        told,
        trouble=clean(told.trouble),
        cache=clean(told.cache),
        age=clean(told.age),
        cache_control=clean(told.cache_control),
        allow_origin=clean(told.allow_origin),
        encoding=clean(told.encoding),
        content_type=clean(told.content_type),
    )


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The whole way.

    :param name: As ``{% static %}`` takes it.
    :param build: The build that the URL of the page has; empty for media and local URLs.
    :param url: What pages refer to; empty when they cannot.
    :param url_trouble: Why they cannot.
    :param builds: How many builds are published on this disk.
    """

    tree: Tree
    name: str
    build: str
    url: str
    url_trouble: str
    sources: tuple[Source, ...]
    copies: tuple[Copy, ...]
    builds: int
    told: tuple[TraceStep, ...]

    @property
    def used_copy(self) -> Copy | None:
        """The copy that pages refer to."""
        return next((copy for copy in self.copies if copy.is_used), None)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file, and the build if a URL named one.

    :param name: Relative to the build, or to the root of media. Of a URL it may be hashed.
    :param build: None for a plain name and for local URLs.
    """

    tree: Tree
    name: str
    build: str | None


def read_wanted(
    text: str, urls: Mapping[Tree, str], is_build: Callable[[str], bool]
) -> Wanted:
    """A name or URL as a value.

    :param urls: Where the CDN has each tree.
    :param is_build: Whether a folder of this name is a build.
    :raises ValueError: with one sentence, when it is a URL of neither tree.
    """
    if "://" not in text and not text.startswith("/"):
        return Wanted(tree=Tree.STATIC, name=text, build=None)
    parts = urlsplit(text)
    tree, path = _inside(parts, urls)
    if tree is None or not path:
        raise ValueError(
            "NAME must be a static file's name, such as 'css/site.css', or its URL, such as "
            f"'{_example(urls)}', got {text!r}"
        )
    first, slash, rest = path.partition("/")
    if tree is Tree.STATIC and slash and is_build(first):
        return Wanted(tree=tree, name=rest, build=first)
    return Wanted(tree=tree, name=path, build=None)


def _inside(parts: SplitResult, urls: Mapping[Tree, str]) -> tuple[Tree | None, str]:
    path = unquote(parts.path)
    for tree, url in urls.items():
        if parts.netloc and parts.netloc == urlsplit(url).netloc:
            return tree, path.removeprefix("/")
    for tree in Tree:
        if path.startswith(f"/{tree}/"):
            return tree, path.removeprefix(f"/{tree}/")
    return None, ""


def _example(urls: Mapping[Tree, str]) -> str:
    base = urls.get(Tree.STATIC, "/static/")
    return f"{base}b1/css/site.css"


def static_sources(name: str) -> Iterator[Source]:
    """Each file of this name that a finder has. The first one is published.

    :raises ValueError: with one sentence, when no file can have such a name.
    """
    seen = set()
    for finder in finders.get_finders():
        for path in _found(finder, name):
            if path.is_file() and path not in seen:
                seen.add(path)
                yield _source(path, type(finder).__name__)


def media_sources(name: str) -> Iterator[Source]:
    """The upload, when the storage of uploads is on this disk."""
    storage = storages["default"]
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        return
    except SuspiciousOperation as error:
        raise ValueError(_refused(name, error)) from None
    if path.is_file():
        yield _source(path, type(storage).__name__)


def original_name(name: str) -> str:
    """The name of the source, if this is what a manifest made of it."""
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    return next((plain for plain, made in hashed.items() if made == name), name)


def page_url(name: str) -> tuple[str, str]:
    """What ``{% static %}`` gives, or an empty URL and why it gives none."""
    try:
        return staticfiles_storage.url(name), ""
    except ValueError as error:
        return "", str(error)


def _found(finder: finders.BaseFinder, name: str) -> list[Path]:
    try:
        found = finder.find(name, find_all=True)
    except SuspiciousOperation as error:
        raise ValueError(_refused(name, error)) from None
    return [Path(path) for path in found or ()]


def _refused(name: str, error: Exception) -> str:
    return (
        "NAME must stay inside the folder of static files, such as 'css/site.css', "
        f"got {name!r} ({error})"
    )


def _source(path: Path, found_by: str) -> Source:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(
        path=str(path), found_by=found_by, size=path.stat().st_size, sha256=digest
    )


def copies(
    root: Path,
    builds: Sequence[str],
    *,
    name: str,
    used: tuple[str, str],
    source: Source | None,
) -> Iterator[Copy]:
    """The file in each build, oldest first.

    :param name: The source's name.
    :param used: The build and the name there that pages refer to.
    """
    for build in builds:
        is_used = build == used[0]
        served = used[1] if is_used else name
        original, copy = _in(root / build, name), _in(root / build, served)
        if copy is None:
            continue
        is_same = None
        if source is not None:
            is_same = (original or copy).sha256 == source.sha256
        yield Copy(
            build=build,
            name=served,
            size=copy.size,
            sha256=copy.sha256,
            is_same=is_same,
            is_used=is_used,
        )


def _in(build: Path, name: str) -> File | None:
    """What the index says, or the disk where there is no index."""
    index = safe_index(build)
    if index is not None:
        return index.files.get(name)
    path = build / name
    if path.is_file() and path.resolve().is_relative_to(build.resolve()):
        return read_file(path)
    return None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What ought to come.

    :param sha256: Of its bytes; None where nothing is known.
    :param brotli: Of the compressed form that was published with it; empty for none.
    """

    sha256: str | None = None
    brotli: str = ""


def ask(
    place: Target, *, build: str, name: str, site: str, expected: Expected
) -> TraceStep:
    """Ask as a browser does for a font or a module, from a page of the site.

    :param build: Empty for media.
    """
    path = f"/{build}/{filepath_to_uri(name)}" if build else f"/{filepath_to_uri(name)}"
    url = f"{place.url}{place.prefix}{path}"
    headers = {"Accept-Encoding": CODINGS["br"], "Origin": site}
    try:
        answer = place.ask(path, headers=headers)
    except UnreachableError as error:
        return TraceStep(
            kind=place.kind,
            place=place.url,
            url=url,
            status=None,
            trouble=str(error),
            is_same=None,
        )
    return TraceStep(
        kind=place.kind,
        place=place.url,
        url=url,
        status=answer.status,
        trouble="",
        is_same=_is_same(answer, expected),
        cache=answer.get("X-Cache"),
        age=answer.get("Age"),
        cache_control=answer.get("Cache-Control"),
        allow_origin=answer.get("Access-Control-Allow-Origin"),
        encoding=answer.get("Content-Encoding") or "identity",
        content_type=answer.get("Content-Type"),
    )


def _is_same(answer: Answer, expected: Expected) -> bool | None:
    if answer.status != 200 or expected.sha256 is None:
        return None
    if answer.content is None:
        return True if answer.wire == expected.brotli else None
    return answer.content == expected.sha256


Urls = Mapping[Tree, str]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What to find, and where to ask."""

    cdn: Cdn
    options: RequestOptions
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
) -> Iterator[TraceStep]:
    for place in _targets(search, tree, urls):
        told = ask(
            place,
            build=used.build,
            name=used.name,
            site=site_of(place, search.options, search.allowed_hosts),
            expected=expected,
        )
        place.client.close()
        yield cleaned(told, search.options.without_secrets)


def _targets(search: Search, tree: Tree, urls: Urls) -> Iterator[Target]:
    options = search.options
    for url in options.origins:
        host = host_for(url, options, search.allowed_hosts)
        yield from origin_targets(url, options, host=host, trees=[tree])
    if tree in urls:
        yield cdn_target(urls[tree], options, tree=tree)
