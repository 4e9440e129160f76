"""``cdn find``: follow a file from its source through builds and servers to the CDN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import storages
from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds.index import File
from dj_cloudfront.builds.layout import is_hashed_folder, published
from dj_cloudfront.config import Cdn
from dj_cloudfront.contract import Tree
from dj_cloudfront.http_probe import HttpResponse, UnreachableError
from dj_cloudfront.live_check.arguments import RequestOptions
from dj_cloudfront.live_check.probes import CODINGS
from dj_cloudfront.live_check.sampling import read_file, safe_index
from dj_cloudfront.live_check.targets import (
    TREES,
    Target,
    TargetKind,
    cdn_target,
    cdn_urls,
    origin_targets,
    site_of,
)

Urls = Mapping[Tree, str]
_Digests = tuple[str | None, str | None]
"""The SHA-256 of the file and of its published ``.br``; None where it is not known."""

_HEADERS = {
    "cache": "X-Cache",
    "age": "Age",
    "cache_control": "Cache-Control",
    "allow_origin": "Access-Control-Allow-Origin",
    "encoding": "Content-Encoding",
    "content_type": "Content-Type",
}


@dataclass(frozen=True, kw_only=True)
class OriginalFile:
    """A file that a finder knows, or an upload on the disk.

    :param found_by: The class of the finder or of the storage.
    """

    path: str
    found_by: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
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
    """How a server or the CDN answers for the file.

    :param target: The URL of the server or of the CDN.
    :param status: None when there was no answer.
    :param error: Why there was no answer; empty when there was.
    :param is_same: Whether the bytes are those on this disk; None where that is not known.
    """

    kind: TargetKind
    target: str
    url: str
    status: int | None = None
    error: str = ""
    is_same: bool | None = None
    cache: str = ""
    age: str = ""
    cache_control: str = ""
    allow_origin: str = ""
    encoding: str = ""
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What was found of a file, from its source to the CDN.

    :param name: As ``{% static %}`` takes it.
    :param build: The build in the URL of the page; empty for media and local URLs.
    :param url: What pages refer to; empty when they cannot.
    :param url_error: Why they cannot.
    :param builds: How many builds are published on this disk.
    """

    tree: Tree
    name: str
    build: str
    url: str
    url_error: str = ""
    sources: tuple[OriginalFile, ...] = ()
    copies: tuple[PublishedFile, ...] = ()
    builds: int = 0
    steps: tuple[TraceStep, ...] = ()

    @property
    def used_copy(self) -> PublishedFile | None:
        """The copy that pages refer to."""
        return next((copy for copy in self.copies if copy.is_used), None)

    def as_data(self) -> Mapping[str, object]:
        """For ``--json``. The keys are a public interface."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class _WantedFile:
    """The file that pages or a given URL refer to.

    :param name: Of a URL it may be hashed.
    :param build: Empty for media and local URLs.
    :param hashed_folder: What stands in the URL in place of the build; empty if that does.
    """

    tree: Tree
    name: str
    build: str = ""
    hashed_folder: str = ""
    url: str = ""
    error: str = ""


def find(
    name: str,
    *,
    cdn: Cdn,
    options: RequestOptions,
    allowed_hosts: Sequence[str],
    asks_cdn: bool,
) -> Trace:
    """Follow a file. The servers are asked before the CDN.

    :raises ValueError: with one sentence, when the name can be no file's.
    """
    urls, _ = cdn_urls(cdn)
    root = Path(cdn.builds_root)
    builds = published(root)
    wanted = _reference(name, urls, {*builds, cdn.build_version})
    tree = wanted.tree
    targets = [
        target
        for url in options.origins
        for target in origin_targets(
            url, options, allowed_hosts=allowed_hosts, trees=[tree]
        )
    ]
    if tree in urls and asks_cdn:
        targets.append(cdn_target(urls[tree], options, tree=tree))

    def steps(used: _WantedFile, expected: _Digests) -> tuple[TraceStep, ...]:
        return tuple(
            _step(target, used, expected, options, allowed_hosts) for target in targets
        )

    if tree is Tree.MEDIA:
        upload = _upload(wanted.name)
        return Trace(
            tree=tree,
            name=wanted.name,
            build="",
            url=f"{urls.get(tree, '/media/')}{filepath_to_uri(wanted.name)}",
            sources=(upload,) if upload else (),
            steps=steps(wanted, (upload.sha256 if upload else None, None)),
        )
    wanted = _of_a_build(wanted, root, (cdn.build_version, *reversed(builds)))
    # The name of the source, if this is what a manifest made of it.
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    plain = {made: name for name, made in hashed.items()}
    name = plain.get(wanted.name, wanted.name)
    sources = tuple(_static_sources(name))
    used = _used(cdn, wanted, name, urls)
    copies = tuple(_copies(root, builds, name, used, sources))
    sha256 = next((copy.sha256 for copy in copies if copy.is_used), None)
    index = safe_index(root / used.build) if used.build else None
    brotli = index.files.get(f"{used.name}.br") if index else None
    return Trace(
        tree=tree,
        name=name,
        build=used.build,
        url=used.url,
        url_error=used.error,
        sources=sources,
        copies=copies,
        builds=len(builds),
        steps=steps(used, (sha256, brotli.sha256 if brotli else None))
        if used.build
        else (),
    )


# -- the name


def _reference(text: str, urls: Urls, builds: set[str | None] | None) -> _WantedFile:
    """A name as ``{% static %}`` takes it, or a URL of either tree.

    :param builds: Folders that are builds. None: whatever comes first is one.
    """
    if "://" not in text and not text.startswith("/"):
        return _WantedFile(tree=Tree.STATIC, name=text)
    parts = urlsplit(text)
    path = unquote(parts.path)
    tree, inside = None, ""
    for each in TREES:
        if path.startswith(f"/{each}/"):
            tree, inside = each, path.removeprefix(f"/{each}/")
        if parts.netloc and parts.netloc == urlsplit(urls.get(each, "")).netloc:
            tree, inside = each, path.removeprefix("/")
            break
    if tree is None or not inside:
        raise ValueError(
            "NAME must be a static file's name, such as 'css/site.css', or its URL, such as "
            f"'{urls.get(Tree.STATIC, '/static/')}b1/css/site.css', got {text!r}"
        )
    build, slash, name = inside.partition("/")
    is_known = builds is None or build in builds or is_hashed_folder(build)
    if tree is Tree.STATIC and slash and is_known:
        return _WantedFile(tree=tree, name=name, build=build)
    return _WantedFile(tree=tree, name=inside)


def _of_a_build(
    wanted: _WantedFile, root: Path, builds: Iterable[str | None]
) -> _WantedFile:
    """With the first of the builds whose pages have the hashed folder in their URLs."""
    if not is_hashed_folder(wanted.build):
        return wanted
    for build in filter(None, builds):
        index = safe_index(root / build)
        if index and wanted.build in index.hashed_folders.values():
            return replace(wanted, build=build, hashed_folder=wanted.build)
    return replace(wanted, hashed_folder=wanted.build)


def _used(cdn: Cdn, wanted: _WantedFile, name: str, urls: Urls) -> _WantedFile:
    base = urls.get(Tree.STATIC, "")
    if wanted.build:
        folder = wanted.hashed_folder or wanted.build
        path = f"{folder}/{filepath_to_uri(wanted.name)}"
        return replace(wanted, url=f"{base or '/static/'}{path}")
    try:
        url, refusal = staticfiles_storage.url(name), ""
    except ValueError as error:
        url, refusal = "", str(error)
    if base and url.startswith(base):
        # The storage may refer to an earlier build, and to a hashed name.
        referred = _reference(url, urls, None)
        referred = _of_a_build(referred, Path(cdn.builds_root), [cdn.build_version])
        if referred.build:
            return replace(referred, url=url)
    build = "" if cdn.is_local else cdn.build_version or ""
    return replace(wanted, name=name, build=build, url=url, error=refusal)


# -- on this disk


def _static_sources(name: str) -> Iterator[OriginalFile]:
    seen = set()
    for finder in finders.get_finders():
        try:
            found = finder.find(name, find_all=True)
        except SuspiciousOperation as error:
            raise _refusal(name, error) from None
        for path in map(Path, found or ()):
            if path.is_file() and path not in seen:
                seen.add(path)
                yield _source(path, finder)


def _upload(name: str) -> OriginalFile | None:
    storage = storages["default"]
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        return None
    except SuspiciousOperation as error:
        raise _refusal(name, error) from None
    return _source(path, storage) if path.is_file() else None


def _refusal(name: str, error: Exception) -> ValueError:
    return ValueError(
        "NAME must stay inside the folder of static files, such as 'css/site.css', "
        f"got {name!r} ({error})"
    )


def _source(path: Path, finder: object) -> OriginalFile:
    file = read_file(path)
    return OriginalFile(
        path=str(path),
        found_by=type(finder).__name__,
        size=file.size,
        sha256=file.sha256,
    )


def _copies(
    root: Path,
    builds: Sequence[str],
    name: str,
    used: _WantedFile,
    sources: Sequence[OriginalFile],
) -> Iterator[PublishedFile]:
    for build in builds:
        is_used = build == used.build
        served = used.name if is_used else name
        original, copy = _in(root / build, name), _in(root / build, served)
        if copy is None:
            continue
        is_same = (original or copy).sha256 == sources[0].sha256 if sources else None
        yield PublishedFile(
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


# -- at the servers and the CDN


def _step(
    target: Target,
    used: _WantedFile,
    expected: _Digests,
    options: RequestOptions,
    allowed_hosts: Sequence[str],
) -> TraceStep:
    """As a browser asks for a font or a module, from a page of the site."""
    parts = (used.hashed_folder or used.build, filepath_to_uri(used.name))
    path = "/".join((target.prefix, *filter(None, parts)))
    site = site_of(target, options, allowed_hosts)
    step = TraceStep(kind=target.kind, target=target.url, url=f"{target.url}{path}")
    clean = options.without_secrets
    try:
        headers = {"Accept-Encoding": CODINGS["br"], "Origin": site}
        answer = target.ask(path, headers=headers)
    except UnreachableError as error:
        return replace(step, error=clean(str(error)))
    finally:
        target.client.close()
    shown: dict[str, Any] = {
        key: clean(answer.get(name)) for key, name in _HEADERS.items()
    }
    shown["encoding"] = shown["encoding"] or "identity"
    is_same = _is_same(answer, expected)
    return replace(step, status=answer.status, is_same=is_same, **shown)


def _is_same(answer: HttpResponse, expected: _Digests) -> bool | None:
    plain, brotli = expected
    if answer.status != 200 or plain is None:
        return None
    if answer.content is None:
        # Without Brotli here, the form that was published is known by its own digest.
        return True if answer.wire == brotli else None
    return answer.content == plain
