"""A template without its choices of notation: equal for equal meanings, and never deep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

NO_VALUE = {"Ref": "AWS::NoValue"}
_DEEPEST = 100
_PLACE = re.compile(r"\$\{(!?)([^${}]{0,512})\}")


def canonical(value: object) -> str:
    """One text for equal values, whatever the order of their keys is."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )


def has_conditions(value: object) -> bool:
    """Whether parts of a template depend on its conditions."""
    # Looking at text needs no recursion, which hostile nesting could exhaust.
    return '"Fn::If"' in canonical(_Notation(branch=-1, names={}).of(value))


def normal(value: object, *, branch: int, names: Mapping[str, str]) -> Any:
    """A template, or a piece of one, in one notation.

    ``Fn::Sub`` and ``Fn::Join`` of literal text become that text, ``AWS::NoValue`` goes, and
    what is nested deeper than any template is cut.

    :param branch: What a condition becomes: 0 its first value, 1 its second.
    :param names: Other names for logical ids.
    """
    found = _Notation(branch=branch, names=names).of(value)
    return None if found == NO_VALUE else found


@dataclass(frozen=True, kw_only=True)
class _Notation:
    branch: int
    names: Mapping[str, str]

    def of(self, value: object, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return "nested too deeply"
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, list | tuple):
            found = (self.of(one, depth + 1) for one in value)
            return [one for one in found if one != NO_VALUE]
        return value

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Fn::If" and _is_list(argument, 3) and self.branch >= 0:
                return self.of(argument[1 + self.branch], depth + 1)
            if function == "Ref" and isinstance(argument, str):
                return {"Ref": self._name(argument)}
            if function == "Fn::GetAtt":
                return self._attribute(argument, depth)
            if function == "Fn::Join" and _is_list(argument, 2):
                return self._join(argument, depth)
            if function == "Fn::Sub":
                return self._sub(argument, depth)
        found = {str(key): self.of(one, depth + 1) for key, one in value.items()}
        return {key: one for key, one in found.items() if one != NO_VALUE}

    def _attribute(self, argument: object, depth: int) -> Any:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not (_is_list(argument, 2) and isinstance(argument[0], str)):
            return {"Fn::GetAtt": self.of(argument, depth + 1)}
        return {
            "Fn::GetAtt": [self._name(argument[0]), self.of(argument[1], depth + 1)]
        }

    def _join(self, argument: Any, depth: int) -> Any:
        delimiter, pieces = argument[0], self.of(argument[1], depth + 1)
        if not (isinstance(delimiter, str) and isinstance(pieces, list)):
            return {"Fn::Join": [self.of(delimiter, depth + 1), pieces]}
        between: list[Any] = []
        for piece in pieces:
            between += [piece, delimiter]
        return _joined(between[:-1])

    def _sub(self, argument: Any, depth: int) -> Any:
        text, given = argument, {}
        if _is_list(argument, 2) and isinstance(argument[1], Mapping):
            text, given = argument
        if not isinstance(text, str):
            return {"Fn::Sub": self.of(argument, depth + 1)}
        pieces: list[Any] = []
        position = 0
        for place in _PLACE.finditer(text):
            pieces += [text[position : place.start()]]
            position = place.end()
            name = place[2]
            if place[1]:
                pieces += ["${" + name + "}"]
            elif name in given:
                pieces += [self.of(given[name], depth + 1)]
            elif "." in name:
                pieces += [self._attribute(name, depth)]
            else:
                pieces += [{"Ref": self._name(name)}]
        return _joined([*pieces, text[position:]])

    def _name(self, name: str) -> str:
        return self.names.get(name, name)


def _is_list(value: object, length: int) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and len(value) == length


def _joined(pieces: Iterable[Any]) -> Any:
    """Text if it is all literal, the one value if it is only that, or a plain join."""
    done: list[Any] = []
    for piece in pieces:
        if piece == "":
            continue
        if isinstance(piece, str) and done and isinstance(done[-1], str):
            done[-1] += piece
        else:
            done.append(piece)
    if not done:
        return ""
    return done[0] if len(done) == 1 else {"Fn::Join": ["", done]}
