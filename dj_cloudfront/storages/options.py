"""The OPTIONS that the storages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

CODINGS = {"gz": "gzip", "br": "br"}
"""What a companion adds to a name, and its content coding."""


@dataclass(frozen=True, kw_only=True)
class PublishingOptions:
    """How a build is written.

    :param precompress: Companions to write for files that compress well: ``gz``, ``br``.
    :param rewrite_references: Whether root-absolute references in stylesheets are made
        relative. Default: they are only reported.
    :param reference_prefix: What such references begin with.
    """

    precompress: Sequence[str] = ()
    rewrite_references: bool = False
    reference_prefix: str = "/static/"

    def __post_init__(self) -> None:
        if isinstance(self.precompress, str) or not set(self.precompress) <= set(
            CODINGS
        ):
            raise ImproperlyConfigured(
                "precompress must be a list with 'gz', 'br' or both, such as ['gz', 'br'], "
                f"got {self.precompress!r}"
            )
        prefix = self.reference_prefix
        if not prefix.startswith("/") or not prefix.endswith("/") or "//" in prefix:
            raise ImproperlyConfigured(
                "reference_prefix must begin and end with a slash, such as '/static/', "
                f"got {prefix!r}"
            )

    def arguments(self) -> dict[str, Any]:
        """The same for ``Publication``."""
        kind = "rewrite_references" if self.rewrite_references else "find_references"
        return {
            "precompress": [CODINGS[one] for one in self.precompress],
            kind: self.reference_prefix,
        }
