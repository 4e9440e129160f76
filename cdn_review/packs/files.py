"""Pack files: the redacted templates of one state, to be compared elsewhere."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from cdn_review.packs import limits
from cdn_review.packs.checking import checked_stack, shown
from cdn_review.packs.pack import Pack, Stack
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import Settings, checked_settings
from cdn_review.packs.strict_json import parse, read_bytes

FORMAT = 1
_KEYS = {"format", "revision", "unprotected", "acknowledged", "stacks"}
_STACK_KEYS = {"account", "region", "termination_protection", "template"}


def read_pack(path: Path) -> Pack:
    """The pack in a file, which anybody may have written.

    :raises ValueError: with one sentence, for all that is not a pack within bounds.
    """
    data = read_bytes(path, most=limits.PACK_BYTES)
    return parse_pack(data, name=path.name)


def parse_pack(data: bytes, *, name: str = "the pack") -> Pack:
    """The pack in these bytes, likewise."""
    if len(data) > limits.PACK_BYTES:
        raise ValueError(f"{name} must have at most {limits.PACK_BYTES} bytes")
    try:
        return _pack(parse(data, name=name))
    except RecursionError:
        raise ValueError(
            f"{name} must be a pack, and it is nested too deeply"
        ) from None


def write_pack(pack: Pack, path: Path) -> None:
    """Write a pack, whole or not at all. What was not redacted is redacted now.

    Equal packs give equal bytes.

    :raises ValueError: when it is larger than what is read.
    """
    data = render_pack(pack)
    if len(data) > limits.PACK_BYTES:
        raise ValueError(
            f"a pack must have at most {limits.PACK_BYTES} bytes, got {len(data)}: "
            "the app has too many stacks for one comparison"
        )
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def render_pack(pack: Pack) -> bytes:
    """The bytes of a pack file."""
    settings = Settings(unprotected=pack.unprotected, acknowledged=pack.acknowledged)
    ready = prepare(pack.stacks.values(), revision=pack.revision, settings=settings)
    content = {
        "format": FORMAT,
        "revision": ready.revision,
        "unprotected": list(ready.unprotected),
        "acknowledged": dict(ready.acknowledged),
        "stacks": {
            name: {
                "account": stack.account,
                "region": stack.region,
                "termination_protection": stack.termination_protection,
                "template": stack.template,
            }
            for name, stack in ready.stacks.items()
        },
    }
    text = json.dumps(
        content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False
    )
    return text.encode() + b"\n"


def _pack(content: Any) -> Pack:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"a pack must have the format {FORMAT}, and this one has not: write it anew "
            "with this version of cdn-review"
        )
    if set(content) != _KEYS:
        raise ValueError("a pack must have the parts of its format, and no other")
    revision, stacks = content["revision"], content["stacks"]
    if not isinstance(revision, str) or len(revision) > limits.NAME_CHARACTERS:
        raise ValueError(f"revision must be a short text, got {shown(revision)}")
    if not isinstance(stacks, dict) or len(stacks) > limits.STACKS:
        raise ValueError(f"stacks must be an object of at most {limits.STACKS}")
    return prepare(
        [_stack(name, one) for name, one in stacks.items()],
        revision=revision,
        settings=_settings(content),
    )


def _settings(content: dict[str, Any]) -> Settings:
    reasons = content["acknowledged"]
    if not isinstance(reasons, dict):
        raise ValueError("acknowledged must be an object in a pack")
    return checked_settings(
        {
            "unprotected": content["unprotected"],
            "acknowledged": [
                {"change": change, "reason": reason}
                for change, reason in reasons.items()
            ],
        }
    )


def _stack(name: str, content: Any) -> Stack:
    if not isinstance(content, dict) or set(content) != _STACK_KEYS:
        raise ValueError("a stack in a pack must have the parts of its format alone")
    return checked_stack(name=name, **content)
