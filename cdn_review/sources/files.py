"""Packs, assemblies and templates that are files already."""

from __future__ import annotations

from pathlib import Path

from cdn_review.packs import Pack
from cdn_review.packs.assembly import MANIFEST, read_assembly, read_template
from cdn_review.packs.files import read_pack
from cdn_review.packs.preparing import prepare


def read_side(path: Path) -> Pack:
    """One side of a comparison: a pack, a folder such as cdk.out, or one template.

    A template is a stack named after its file.

    :raises ValueError: when it is none of them.
    """
    if path.is_dir():
        if not (path / MANIFEST).is_file():
            raise ValueError(
                f"a folder must be what cdk synth makes, such as cdk.out, and {path} has no "
                f"{MANIFEST}"
            )
        return prepare(read_assembly(path), revision=path.name)
    if path.name.endswith(".template.json"):
        return prepare([read_template(path)], revision=path.name)
    return read_pack(path)
