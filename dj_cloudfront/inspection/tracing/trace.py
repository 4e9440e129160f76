"""What is known of a file at each station of its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dj_cloudfront.inspection.places import Kind, Tree


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
class Told:
    """What a server or the CDN said.

    :param trouble: Why there was no answer; empty when there was.
    :param is_same: Whether the bytes are those on this disk; None where that is not known.
    """

    kind: Kind
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


def cleaned(told: Told, clean: Callable[[str], str]) -> Told:
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
    told: tuple[Told, ...]

    @property
    def used_copy(self) -> Copy | None:
        """The copy that pages refer to."""
        return next((copy for copy in self.copies if copy.is_used), None)
