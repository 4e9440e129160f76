"""``cdn-review.toml``: what is unprotected, what is acknowledged, and how to install the app."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "cdn-review.toml"

_KEYS = ("unprotected", "acknowledged", "install")
_CHANGE = re.compile(r"[A-Za-z0-9-]{1,128}/[a-z-]{1,40}/[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the file says. Without a file, every environment is protected.

    :param unprotected: Names of stacks, or short names of environments such as ``dev``.
    :param acknowledged: Reasons by the ids of changes; empty where one is yet to be written.
    :param install: Shell commands that install what a fresh checkout of the app needs. They
        run in the app's folder, with its ``.venv/bin`` and ``node_modules/.bin`` first on
        PATH.
    """

    unprotected: tuple[str, ...] = ()
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    install: tuple[str, ...] = ()


def read_settings(folder: Path) -> Settings:
    """The settings in the file beside a ``cdk.json``, or the defaults.

    :raises ValueError: with one sentence, when the file says what cannot be right.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    return parse_settings(path.read_bytes())


def parse_settings(data: bytes) -> Settings:
    """The settings in the bytes of a file.

    :raises ValueError: likewise.
    """
    try:
        given = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{FILE} must be TOML, in UTF-8: {str(error)[:120]}") from None
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise _error(f"a key must be one of {', '.join(_KEYS)}", unknown[0])
    return Settings(
        unprotected=_texts(
            given.get("unprotected", []),
            r"[A-Za-z][A-Za-z0-9-]*",
            "unprotected must be a list of environments or stacks, such as ['dev']",
        ),
        acknowledged=_acknowledged(given.get("acknowledged", [])),
        install=_texts(
            given.get("install", []),
            r"(?s).*\S.*",
            "install must be a command or a list of commands, such as 'npm ci'",
        ),
    )


def _error(rule: str, given: object) -> ValueError:
    return ValueError(f"{FILE}: {rule}, got {given!r}")


def _texts(given: Any, pattern: str, rule: str) -> tuple[str, ...]:
    """A text, or a list of texts."""
    texts = given if isinstance(given, list) else [given]
    for text in texts:
        if not isinstance(text, str) or not re.fullmatch(pattern, text, re.ASCII):
            raise _error(rule, given)
    return tuple(texts)


def _acknowledged(given: Any) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for table in given if isinstance(given, list) else [given]:
        if not isinstance(table, dict) or set(table) != {"change", "reason"}:
            raise _error("each [[acknowledged]] must have a change and a reason", table)
        change, reason = table["change"], table["reason"]
        if not isinstance(change, str) or not _CHANGE.fullmatch(change):
            example = "'prod/access-widened/1a2b3c4d'"
            raise _error(
                f"change must be the id of a report, such as {example}", change
            )
        if change in reasons:
            raise _error("a change must be acknowledged once", change)
        if not isinstance(reason, str):
            raise _error(f"reason of {change!r} must be a text", reason)
        reasons[change] = reason.strip()
    return reasons
