"""What the previous build knows of its hashed names, so that they need not be made again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

KEY = "dj_cloudfront"
"""Where a manifest keeps, beside what Django puts there, what each file refers to."""


@dataclass(frozen=True, kw_only=True)
class PreviousManifest:
    """The names of an earlier build.

    :param hashed: The hashed name of each file.
    :param references: The files whose hashed names are in a file, for those that were searched.
    """

    hashed: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def kept(
        self, names: Collection[str], is_unchanged: Callable[[str], bool]
    ) -> dict[str, str]:
        """The hashed names that hold still.

        A file keeps its name if it is unchanged and all that it refers to keep theirs.

        :param is_unchanged: Whether an original has the same bytes as in the earlier build.
        """
        known: dict[str, bool] = {}
        present = set(names)

        def holds(name: str) -> bool:
            if name not in known:
                # While it is asked for, so that a circle ends.
                known[name] = False
                known[name] = (
                    name in self.hashed
                    and name in present
                    and is_unchanged(name)
                    and all(holds(one) for one in self.references.get(name, ()))
                )
            return known[name]

        return {name: self.hashed[name] for name in names if holds(name)}


def render_references(
    fingerprint: str, references: Mapping[str, Collection[str]]
) -> object:
    """For a manifest, under ``KEY``."""
    return {
        "fingerprint": fingerprint,
        "references": {name: sorted(found) for name, found in references.items()},
    }


def read_previous_manifest(manifest: Path, fingerprint: str) -> PreviousManifest:
    """The names in a manifest; none, unless it was made in the same way.

    :param fingerprint: Of all that decides what comes of a file.
    """
    try:
        content = json.loads(manifest.read_bytes())
        own = content[KEY]
        hashed, references = dict(content["paths"]), dict(own["references"])
        names = [*hashed, *hashed.values(), *itertools.chain(*references.values())]
        known = own["fingerprint"] == fingerprint
    except (OSError, ValueError, TypeError, KeyError):
        # It only saves time, and the names come out the same without it.
        return PreviousManifest()
    if not known or not all(isinstance(name, str) for name in names):
        return PreviousManifest()
    return PreviousManifest(hashed=hashed, references=references)
