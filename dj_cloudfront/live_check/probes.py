"""What a target is asked, and its answers: everything that the rules judge."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds.filesystem import STATE_DIR
from dj_cloudfront.builds.index import COMPANIONS, INDEX_NAME, File, Index
from dj_cloudfront.contract import Tree
from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.sampling import Build
from dj_cloudfront.live_check.targets import Target

CODINGS = {"identity": "identity", "gzip": "gzip", "br": "br,gzip"}
"""``Accept-Encoding`` by the coding that it asks for. CloudFront sends no others."""

# The lock is there for certain where builds are published; the others are what is looted.
_HIDDEN = {
    Tree.STATIC: (f"/{STATE_DIR}/lock",),
    Tree.MEDIA: ("/.env", "/.git/HEAD", "/.htaccess"),
}
# {page} is a path from the server's root without its first slash, such as admin/.
_SHAPES = (
    "/../{page}",
    "/%2e%2e/{page}",
    "/.%2e/{page}",
    "/%2E%2E/{page}",
    "/x/../../{page}",
    "/x/y/../../../{page}",
    "/..%2f{page}",
    "/%2e%2e%2f{page}",
    "/x/..//../{page}",
    "//{page}",
    "/..;/{page}",
    "/..%5c{page}",
    "/..\\{page}",
    "/%252e%252e/{page}",
    "/%25252e%25252e/{page}",
    "/..%252f{page}",
    "/%c0%ae%c0%ae/{page}",
    "/x%00/../../{page}",
    "/../{page}?x=1",
)
# As to a proxy (RFC 9112, 3.2.2): no edge sends them on, but a rule on "/static" may miss them.
_ABSOLUTE = ("http://{host}/{page}", "http://{host}{prefix}/../{page}")


class ProbeKind(StrEnum):
    """What a probe wants to know."""

    FILE = "file"
    MISSING = "missing"
    MISSING_AGAIN = "missing again"
    OTHER_BUILD = "other build"
    PREFLIGHT = "preflight"
    FOLDER = "folder"
    HIDDEN = "hidden"
    OUTSIDE = "outside"
    PATH_TRAVERSAL = "path traversal"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One request.

    :param subject: The file or path, as a report names it.
    :param path: Inside the tree; the whole target if it is ``raw``.
    :param coding: A key of ``CODINGS``.
    """

    kind: ProbeKind
    subject: str
    path: str
    method: str = "GET"
    raw: bool = False
    coding: str = "identity"
    with_origin: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """A probe with its answer."""

    probe: Probe
    answer: HttpResponse

    @property
    def subject(self) -> str:
        """The file, and how it was asked for if not in the plainest way."""
        probe = self.probe
        ways = [probe.coding] if probe.coding != "identity" else []
        ways += ["with Origin"] if probe.with_origin else []
        return f"{probe.subject} ({', '.join(ways)})" if ways else probe.subject


@dataclass(frozen=True, kw_only=True)
class ProbeResults:
    """All that a target answered.

    :param index: What the build holds; None where no file was asked for.
    :param site: The origin of the site's pages, as in the header ``Origin``.
    :param failures: Why there was no answer, a sentence each, and whether the certificate
        is the reason.
    """

    target: Target
    site: str
    index: Index | None = None
    answered: tuple[ProbeResult, ...] = ()
    failures: Mapping[str, bool] = field(default_factory=dict)

    def of_kind(self, kind: ProbeKind) -> list[ProbeResult]:
        return [result for result in self.answered if result.probe.kind is kind]

    @property
    def files(self) -> list[ProbeResult]:
        """The answers for files of the build that are files."""
        asked = self.of_kind(ProbeKind.FILE)
        return [result for result in asked if result.answer.status == 200]

    def file(self, result: ProbeResult) -> File | None:
        """What the build has under the name that was asked for."""
        return self.index.files.get(result.probe.subject) if self.index else None

    def companion(self, result: ProbeResult, coding: str) -> File | None:
        """The compressed form that was published with a file, if there is one."""
        suffix = COMPANIONS.get(coding.strip().lower())
        if self.index is None or suffix is None:
            return None
        return self.index.files.get(result.probe.subject + suffix)

    def is_nothing(self, answer: HttpResponse) -> bool:
        """Whether a missing file gets the same answer."""
        return any(
            answer.is_like(result.answer) for result in self.of_kind(ProbeKind.MISSING)
        )


def missing_probes(tree: Tree, build: str) -> Iterator[Probe]:
    """Requests for two files that do not exist."""
    folder = f"/{build}" if tree is Tree.STATIC else ""
    suffix = "css" if tree is Tree.STATIC else "png"
    for _ in range(2):
        path = f"{folder}/check-{secrets.token_hex(8)}.{suffix}"
        yield _probe(ProbeKind.MISSING, path, with_origin=True)


def file_probes(build: Build) -> Iterator[Probe]:
    """Each file of the sample in every form, the others once, in the plainest way."""
    for name in build.sample:
        path = build.path_of(name)
        for coding in CODINGS:
            # CloudFront keeps each apart.
            for with_origin in (False, True):
                yield Probe(
                    kind=ProbeKind.FILE,
                    subject=name,
                    path=path,
                    coding=coding,
                    with_origin=with_origin,
                )
    for name in build.others:
        yield Probe(kind=ProbeKind.FILE, subject=name, path=build.path_of(name))
    # Where scripts ask that put a URL together, for files that pages name elsewhere.
    for name in build.sample:
        path = f"/{build.version}/{filepath_to_uri(name)}"
        if path != build.path_of(name):
            yield Probe(kind=ProbeKind.FILE, subject=name, path=path)
            return


def build_probes(build: Build) -> Iterator[Probe]:
    """Requests for a build besides those for its files."""
    file = filepath_to_uri(build.sample[0])
    top = f"/{build.version}"
    yield _probe(
        ProbeKind.PREFLIGHT,
        f"{top}/{file}",
        method="OPTIONS",
        with_origin=True,
        headers={
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-requested-with",
        },
    )
    yield _probe(ProbeKind.OTHER_BUILD, f"{top}-{secrets.token_hex(4)}/{file}")
    for path in dict.fromkeys((top, f"{top}/", f"{top}/{file}".rpartition("/")[0])):
        yield _probe(ProbeKind.FOLDER, path)
    if build.has_index:
        yield _probe(ProbeKind.HIDDEN, f"{top}/{INDEX_NAME}")


def tree_probes(
    target: Target, *, pages: Iterable[str], stray: str | None
) -> Iterator[Probe]:
    """Requests for what a tree must not show.

    :param pages: Paths of the site's pages, such as ``/`` and ``/admin/``.
    :param stray: The path of a static file on the server, which media must not show.
    """
    yield _probe(ProbeKind.FOLDER, "/")
    for path in _HIDDEN[target.tree]:
        yield _probe(ProbeKind.HIDDEN, path)
    outside = [*pages]
    if stray is not None and target.tree is Tree.MEDIA:
        outside.append(stray)
    if target.is_origin:
        for path in outside:
            yield _probe(ProbeKind.OUTSIDE, path, raw=True)
    host = target.client.address.host
    for path in path_traversal_probes(outside, prefix=target.prefix, host=host):
        yield _probe(ProbeKind.PATH_TRAVERSAL, path, raw=True)


def _probe(kind: ProbeKind, path: str, **options: Any) -> Probe:
    return Probe(kind=kind, subject=path, path=path, **options)


def path_traversal_probes(
    pages: Iterable[str], *, prefix: str, host: str
) -> Iterator[str]:
    """Every shape for every page.

    :param pages: Paths such as ``/admin/``.
    :param prefix: What an edge puts in front, such as ``/static``; empty to ask the edge.
    :param host: The name that is asked for.
    """
    for page in dict.fromkeys(pages):
        path = page.removeprefix("/")
        for shape in _SHAPES:
            yield prefix + shape.format(page=path)
        for shape in _ABSOLUTE:
            yield shape.format(page=path, prefix=prefix, host=host)
