"""Reading JSON objects strictly: each value is taken by type, each error names its path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from constructs_lib.validation import (
    check_region_name,
    did_you_mean,
    nearest,
    truncated_repr,
)

_TEN_YEARS = 315_360_000
# As many days are the longest that Python counts.
_LARGEST = 999_999_999
_LONGEST_KEY = 64
_PLAIN_KEY = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_KEY}}}")


Read = TypeVar("Read")
Default = TypeVar("Default")
Sections = Mapping[str, Collection[str]]
"""The keys of each object in cdk.json, by the object's own key."""


class Section:
    """One JSON object at a path, such as ``environments.prod``, with a closed set of keys.

    Whatever reads a value raises ``ValueError`` with one sentence that names its path.
    """

    def __init__(
        self, path: str, value: object, *, name: str, sections: Sections
    ) -> None:
        """Check the object's shape.

        :param name: Which of the sections it is.
        :raises ValueError: when it is no object or has a key that is not among the known ones.
        """
        self.path = path
        self._sections = sections
        self._values = as_object(path, value)
        for key in self._values:
            if key not in sections[name]:
                raise ValueError(self._unknown(key, sections[name]))

    def _unknown(self, key: str, known: Collection[str]) -> str:
        places, near = places_of(key, self._sections), nearest(key, known)
        if places:
            return f"{self.at(key)} belongs in {places}{f', or {near}' if near else ''}"
        return (
            f"{self.at(key)} must be one of {', '.join(sorted(known))}"
            f"{did_you_mean(key, known)}"
        )

    def at(self, key: str) -> str:
        """The path of a key."""
        return child(self.path, key)

    def _wrong(self, key: str, rule: str) -> ValueError:
        value = truncated_repr(self.get(key))
        return ValueError(f"{self.at(key)} must be {rule}, got {value}")

    @contextmanager
    def named(self, **keys: str) -> Iterator[None]:
        """Errors of the constructs' own values, which name the argument, get its path.

        :param keys: Keys by argument, where the two differ by more than a unit.
        """
        try:
            yield
        except ValueError as error:
            sentence = str(error)
            if sentence.startswith(self.path):
                raise
            argument = re.split(r"\W", sentence, maxsplit=1)[0]
            rest = sentence.removeprefix(argument)
            key = keys.get(argument, f"{argument}_seconds")
            if argument == self.path.rpartition(".")[2]:
                raise ValueError(f"{self.path}{rest}") from None
            if argument in keys or key in self._values:
                raise ValueError(f"{self.at(key)}{rest}") from None
            raise ValueError(f"{self.path}.{sentence}") from None

    def has(self, key: str) -> bool:
        """Whether the key is given, be it as null."""
        return key in self._values

    def get(self, key: str) -> object:
        """The raw value, or None when the key is absent."""
        return self._values.get(key)

    def text(self, key: str, *, like: str) -> str | None:
        """A string, or None when the key is absent."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(key, f"a string such as {like!r}")

    def required(self, key: str, *, like: str) -> str:
        """A string that has to be given."""
        value = self.text(key, like=like)
        if value is None:
            raise ValueError(f"{self.at(key)} must be given, such as {like!r}")
        return value

    def matching(self, key: str, pattern: str, *, rule: str, like: str) -> str | None:
        """A string of a shape, or None when the key is absent."""
        value = self.text(key, like=like)
        if value is None or re.fullmatch(pattern, value):
            return value
        raise self._wrong(key, f"{rule}, such as {like!r}")

    def text_or_off(self, key: str, *, default: str | None, like: str) -> str | None:
        """A string, None for ``false``, the default when the key is absent."""
        value = self.get(key)
        if value is False:
            return None
        return default if value is None else self.text(key, like=like)

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of a few strings; the first when the key is absent."""
        value = self.text(key, like=choices[0])
        if value is None:
            return choices[0]
        if value in choices:
            return value
        raise ValueError(
            f"{self.at(key)} must be one of {', '.join(choices)}"
            f"{did_you_mean(value, choices)}"
        )

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        raise self._wrong(key, "true or false")

    def mapping(self, key: str, *, like: str) -> dict[str, str]:
        """An object of strings, empty when the key is absent."""
        value = self.get(key)
        if value is None:
            return {}
        if isinstance(value, Mapping) and all(
            isinstance(v, str) for v in value.values()
        ):
            return dict(value)
        raise self._wrong(key, f"an object of strings such as {like}")

    def texts(
        self, key: str, *, like: str, default: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """A list of strings, the default when the key is absent."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self._wrong(key, f"a list of strings such as [{json.dumps(like)}]")

    def number(self, key: str, *, default: int) -> int:
        """A whole number."""
        value = self.get(key)
        if value is None:
            return default
        if type(value) is int and abs(value) <= _LARGEST:
            return value
        if type(value) is int:
            raise self._wrong(key, f"at most {_LARGEST}, such as {default}")
        raise self._wrong(key, f"a whole number, such as {default}")

    def optional_number(self, key: str, *, like: int) -> int | None:
        """A whole number above zero, or None when the key is absent."""
        if self.get(key) is None:
            return None
        value = self.number(key, default=like)
        if value > 0:
            return value
        raise self._wrong(key, f"above 0, such as {like}")

    def region(self, key: str) -> str | None:
        """A region's name, or None when the key is absent."""
        value = self.text(key, like="us-east-1")
        if value is not None:
            check_region_name(self.at(key), value)
        return value

    def at_most_one(self, *names: str) -> None:
        """Refuse keys that exclude each other."""
        given = [name for name in names if self.get(name) is not None]
        if len(given) > 1:
            raise ValueError(
                f"{self.at(given[0])} and {self.at(given[1])} must not both be given"
            )

    def seconds(self, key: str, *, default: Default) -> timedelta | Default:
        """A whole number of seconds, from 0 to ten years."""
        value = self.get(key)
        if value is None:
            return default
        if type(value) is int and 0 <= value <= _TEN_YEARS:
            return timedelta(seconds=value)
        raise self._wrong(key, "a whole number of seconds, such as 86400")

    def section(self, key: str) -> Section:
        """A nested object, empty when the key is absent."""
        value = {} if self.get(key) is None else self.get(key)
        return Section(self.at(key), value, name=key, sections=self._sections)

    def optional(self, key: str, read: Callable[[Section], Read]) -> Read | None:
        """What is read of a nested object, or None when the key is absent."""
        return None if self.get(key) is None else read(self.section(key))


def child(path: str, key: str) -> str:
    """The path of a key: ``environments.prod``, or ``environments['a b']`` for an odd one."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{truncated_repr(key, longest=_LONGEST_KEY)}]"


def as_object(path: str, value: object) -> Mapping[str, object]:
    """A JSON object.

    :raises ValueError: when the value is something else.
    """
    if isinstance(value, Mapping):
        return value
    raise ValueError(
        f"{path} must be a JSON object such as {{...}}, got {truncated_repr(value)}"
    )


def places_of(key: str, sections: Sections) -> str:
    """The sections that have a key, for a sentence."""
    *others, last = [name for name, keys in sections.items() if key in keys] or [""]
    return f"{', '.join(others)} or {last}" if others else last
