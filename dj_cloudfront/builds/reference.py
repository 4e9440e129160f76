"""A reference in a file of a build that leads out of the build."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReferenceKind(StrEnum):
    """Where it stands."""

    CSS = "css"
    CUSTOM_PROPERTY = "custom property"
    SCRIPT = "script"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A root-absolute reference.

    :param name: The file's name in the build.
    :param line: Counted from 1.
    :param url: As a browser reads it, such as ``/static/img/logo.svg``.
    :param relative: What leads to the same file of the build, such as ``../img/logo.svg``.
        None where nothing relative does.
    """

    name: str
    line: int
    url: str
    relative: str | None
    kind: ReferenceKind = ReferenceKind.CSS

    @property
    def complaint(self) -> str:
        """A line for a person."""
        place = f"{self.name}:{self.line}: "
        if self.kind == ReferenceKind.SCRIPT:
            return (
                f"{place}{self.url!r} leads to the site, which has it under the build's URL "
                "only: let the bundler write relative URLs, such as base: './' for Vite or "
                "publicPath: 'auto' for webpack"
            )
        if self.kind == ReferenceKind.CUSTOM_PROPERTY:
            return (
                f"{place}url({self.url}) in a custom property leads out of the build, and a "
                "relative one would be resolved where var() is used: write url() into the "
                "rules that use it, or set the property in a page with {% static %}"
            )
        said = f"{place}url({self.url}) leads out of the build, to where the CDN has nothing: "
        if self.relative is None:
            return f"{said}refer to a file of the build, or write the whole URL"
        return f"{said}write {self.relative}, or let rewrite_references do it"
