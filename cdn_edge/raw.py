"""Reading the dicts of the AWS API.

The emulator leaves out what a template did not set, where AWS fills in its defaults; so any
key may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Raw:
    """A dict of the API in which any key may be missing."""

    def __init__(self, value: object) -> None:
        self._value: Mapping[str, object] = value if isinstance(value, Mapping) else {}

    def __bool__(self) -> bool:
        return bool(self._value)

    @property
    def mapping(self) -> Mapping[str, object]:
        return self._value

    def text(self, name: str, default: str = "") -> str:
        value = self._value.get(name)
        return default if value is None else str(value)

    def number(self, name: str, default: int) -> int:
        return int(self.text(name) or default)

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._value.get(name, default))

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def section(self, name: str) -> Raw:
        return Raw(self._value.get(name))

    def items(self, name: str) -> tuple[Raw, ...]:
        return tuple(Raw(item) for item in self._items(name))

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(str(item) for item in self._items(name))

    def _items(self, name: str) -> Sequence[object]:
        section = self._value.get(name)
        found = section.get("Items") if isinstance(section, Mapping) else None
        return found if isinstance(found, (list, tuple)) else ()
