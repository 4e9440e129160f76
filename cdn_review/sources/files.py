"""One side of a comparison from what is on disk: a pack, a cdk.out folder, a template."""

from __future__ import annotations

from pathlib import Path

from cdn_review.packs import Pack, limits
from cdn_review.packs.assembly import MANIFEST, read_assembly, read_template
from cdn_review.packs.files import read_pack
from cdn_review.packs.preparing import prepare

_TEMPLATE = ".template.json"


def read_side(path: Path) -> Pack:
    """The pack that this path is, or becomes.

    A template is a stack named after its file. A folder and a template have no
    cdn-review.toml: all in them is protected, and nothing is acknowledged.

    :raises ValueError: with one sentence, when it is none of them.
    """
    if path.is_dir():
        if not (path / MANIFEST).exists():
            raise ValueError(
                "a folder to compare must be one that 'cdk synth' has written, such as "
                f"cdk.out, and {str(path)!r} has no {MANIFEST}"
            )
        return prepare(read_assembly(path), revision=_name(path))
    if path.name.endswith(_TEMPLATE):
        return prepare([read_template(path)], revision=_name(path))
    return read_pack(path)


def _name(path: Path) -> str:
    return str(path)[-limits.NAME_CHARACTERS :]
