"""Parts of GitHub's JSON, in the types that its documentation names."""

from __future__ import annotations

from typing import Any, TypeVar

_T = TypeVar("_T")


def pick(data: Any, *keys: str, kind: type[_T]) -> _T:
    """The part of an answer under these keys.

    Raises ValueError if it is not there, or of another type.
    """
    found = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    is_bool = isinstance(found, bool) and kind is not bool
    if not isinstance(found, kind) or is_bool:
        raise ValueError(
            f"GitHub's answer must have {'.'.join(keys)} of type {kind.__name__}, "
            f"got {type(found).__name__}"
        )
    return found


def pick_or(data: Any, *keys: str, default: _T) -> _T:
    """The same with a value for what is not there, such as a deleted fork."""
    try:
        return pick(data, *keys, kind=type(default))
    except ValueError:
        return default
