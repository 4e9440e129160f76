"""``cdn-review.toml``: which environments are unprotected, and what is acknowledged."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdn_review.packs import limits
from cdn_review.packs.checking import shown
from cdn_review.packs.strict_json import read_bytes

FILE = "cdn-review.toml"
_KEYS = {"unprotected", "acknowledged"}
_ENVIRONMENT = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}", re.ASCII)
_CHANGE = re.compile(
    r"[A-Za-z0-9-]{1,128}/[a-z0-9-]{1,128}/[a-z-]{1,40}/[0-9a-f]{8}", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the file says. Without one, every environment is protected.

    :param acknowledged: Reasons by the ids of changes.
    """

    unprotected: tuple[str, ...] = ()
    acknowledged: Mapping[str, str] = field(default_factory=dict)


def read_settings(folder: Path) -> Settings:
    """The settings of an app, from the file beside its cdk.json; the defaults without one.

    :raises ValueError: with one sentence, when the file says what cannot be right.
    """
    path = folder / FILE
    if not path.exists():
        return Settings()
    return parse_settings(read_bytes(path, most=limits.SETTINGS_BYTES))


def parse_settings(data: bytes) -> Settings:
    """The settings of the bytes of a file, likewise."""
    if len(data) > limits.SETTINGS_BYTES:
        raise ValueError(f"{FILE} must have at most {limits.SETTINGS_BYTES} bytes")
    try:
        given = tomllib.loads(data.decode())
    except UnicodeError:
        raise ValueError(f"{FILE} must be UTF-8 throughout, and it is not") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error)[:120].lower()
        raise ValueError(f"{FILE} must be TOML, and it is not: {reason}") from None
    try:
        return checked_settings(given)
    except ValueError as error:
        raise ValueError(f"{FILE}: {error}") from None


def checked_settings(given: Mapping[str, Any]) -> Settings:
    """Settings of unknown origin.

    :raises ValueError: with one sentence.
    """
    for key in given:
        if key not in _KEYS:
            raise ValueError(
                f"a key must be 'unprotected' or 'acknowledged', got {shown(key)}"
            )
    acknowledged = given.get("acknowledged", [])
    if (
        not isinstance(acknowledged, list)
        or len(acknowledged) > limits.ACKNOWLEDGEMENTS
    ):
        raise ValueError(
            "acknowledged must be a list of at most "
            f"{limits.ACKNOWLEDGEMENTS} tables, such as [[acknowledged]]"
        )
    reasons: dict[str, str] = {}
    for one in acknowledged:
        change, reason = _acknowledgement(one)
        if change in reasons:
            raise ValueError(
                f"a change must be acknowledged once, got {change!r} twice"
            )
        reasons[change] = reason
    return Settings(
        unprotected=_unprotected(given.get("unprotected", [])), acknowledged=reasons
    )


def _unprotected(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or len(given) > limits.STACKS:
        raise ValueError("unprotected must be a list of environments, such as ['dev']")
    for name in given:
        if not isinstance(name, str) or not _ENVIRONMENT.fullmatch(name):
            raise ValueError(
                f"unprotected must be a list of environments, such as ['dev'], got "
                f"{shown(name)}"
            )
    return tuple(sorted(set(given)))


def _acknowledgement(given: Any) -> tuple[str, str]:
    if not isinstance(given, dict) or set(given) != {"change", "reason"}:
        raise ValueError("each [[acknowledged]] must have a change and a reason alone")
    change, reason = given["change"], given["reason"]
    if not isinstance(change, str) or not _CHANGE.fullmatch(change):
        raise ValueError(
            "change must be an id that a comparison has given, such as "
            f"'prod/static-distribution/distribution-replaced/1a2b3c4d', got {shown(change)}"
        )
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError(
            f"reason must say why {change!r} is right, got {shown(reason)}"
        )
    if len(reason) > limits.REASON_CHARACTERS:
        raise ValueError(
            f"reason must have at most {limits.REASON_CHARACTERS} characters, got "
            f"{len(reason)} for {change!r}"
        )
    return change, reason.strip()
