"""Intrinsic functions of a template, resolved into one notation for one choice of conditions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, TypeGuard

from cdn_model.values import Json, canonical, mapping, text

NO_VALUE = {"Ref": "AWS::NoValue"}
# CloudFront and its policies exist in the commercial partition alone.
_PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
_DEEPEST = 100
_PLACE = re.compile(r"\$\{(!?)([^${}]{0,512})\}")
_INDEX = re.compile(r"\d{1,4}", re.ASCII)
_LONGEST_MAPPING = 256
# What is compared grows with the power of two.
_MOST_CONDITIONS = 6

Assignment = Mapping[str, bool]
"""Whether each condition holds, by the canonical text of what it compares."""


@dataclass(frozen=True)
class Resolver:
    """Resolves intrinsic functions as far as the template itself has the values.

    ``Fn::Sub``, ``Fn::Join`` and ``Fn::GetAtt`` get one notation, ``Fn::FindInMap`` of
    literal keys, ``Fn::Select`` of a literal list and ``Fn::If`` become their value, ``AWS::NoValue`` goes. A parameter
    stays a computed value: ``{"Ref": {"Parameter": …, "Default": …}}``.

    :param names: Other names for logical ids.
    :param region: What ``AWS::Region`` is, if it is known.
    """

    template: Json
    assignment: Assignment = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    region: str = ""

    def resolve(self, value: object) -> Any:
        """The value in one notation; ``None`` where there is none."""
        resolved = self._of(value, 0)
        return None if resolved == NO_VALUE else resolved

    def resources(self) -> dict[str, Json]:
        """The resources that exist under this choice of conditions, by their new names."""
        found = mapping(self.template.get("Resources"))
        return {
            self.names.get(name, name): mapping(self.resolve(resource))
            for name, resource in found.items()
            if self.exists(mapping(resource))
        }

    def exists(self, resource: Json) -> bool:
        condition = resource.get("Condition")
        return not isinstance(condition, str) or self.holds(condition) is not False

    def holds(self, condition: str) -> bool | None:
        """Whether a condition holds; ``None`` if that is not part of the choice."""
        if condition in self._holding:
            return self._holding[condition]
        return self._truth({"Condition": condition}, 0)

    @cached_property
    def _holding(self) -> dict[str, bool | None]:
        conditions = mapping(self.template.get("Conditions"))
        return {
            name: self._truth(expression, 1) for name, expression in conditions.items()
        }

    def _truth(self, expression: object, depth: int) -> bool | None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html"""
        operator, argument = _only_item(expression)
        if depth > _DEEPEST:
            return None
        if operator == "Condition" and isinstance(argument, str):
            conditions = mapping(self.template.get("Conditions"))
            if argument in conditions:
                return self._truth(conditions[argument], depth + 1)
        if operator in ("Fn::Not", "Fn::And", "Fn::Or") and isinstance(argument, list):
            parts = [self._truth(part, depth + 1) for part in argument]
            if operator == "Fn::Not":
                return None if None in parts else not any(parts)
            decisive = operator == "Fn::Or"
            if decisive in parts:
                return decisive
            return None if None in parts else not decisive
        if operator == "Fn::Equals" and _are_literals(argument):
            return bool(argument[0] == argument[1])
        return self.assignment.get(canonical(expression))

    def _of(self, value: object, depth: int) -> Any:
        if isinstance(value, (str, int, float)) or value is None:
            return value
        if depth > _DEEPEST:
            return "nested too deeply"
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, list):
            parts = (self._of(part, depth + 1) for part in value)
            return [part for part in parts if part != NO_VALUE]
        return str(value)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function in _FUNCTIONS:
                return _FUNCTIONS[function](self, argument, depth)
        return {
            key: resolved
            for key, part in value.items()
            if (resolved := self._of(part, depth + 1)) != NO_VALUE
        }

    def _ref(self, argument: object, depth: int) -> Any:
        if not isinstance(argument, str):
            return {"Ref": argument}
        if argument in _PSEUDO:
            return _PSEUDO[argument]
        if argument == "AWS::Region" and self.region:
            return self.region
        parameter = mapping(self.template.get("Parameters")).get(argument)
        if parameter is not None:
            return {"Ref": _parameter(argument, mapping(parameter))}
        return {"Ref": self.names.get(argument, argument)}

    def _attribute(self, argument: object, depth: int) -> Any:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not _is_list(argument, 2) or not isinstance(argument[0], str):
            return {"Fn::GetAtt": argument}
        name = self.names.get(argument[0], argument[0])
        return {"Fn::GetAtt": [name, self._of(argument[1], depth + 1)]}

    def _join(self, argument: object, depth: int) -> Any:
        if not _is_list(argument, 2):
            return {"Fn::Join": argument}
        delimiter, parts = argument[0], self._of(argument[1], depth + 1)
        if not (isinstance(delimiter, str) and isinstance(parts, list)):
            return {"Fn::Join": [delimiter, parts]}
        between: list[Any] = []
        for part in parts:
            between += [part, delimiter]
        return _joined(between[:-1])

    def _sub(self, argument: object, depth: int) -> Any:
        template: object = argument
        given: Json = {}
        if _is_list(argument, 2):
            template, given = argument[0], mapping(argument[1])
        if not isinstance(template, str):
            return {"Fn::Sub": argument}
        parts: list[Any] = []
        position = 0
        for place in _PLACE.finditer(template):
            parts.append(template[position : place.start()])
            position = place.end()
            literal, name = place[1], place[2]
            if literal:
                parts.append("${" + name + "}")
            elif name in given:
                parts.append(self._of(given[name], depth + 1))
            elif "." in name:
                parts.append(self._attribute(name, depth))
            else:
                parts.append(self._ref(name, depth))
        return _joined([*parts, template[position:]])

    def _if(self, argument: object, depth: int) -> Any:
        if not _is_list(argument, 3) or not isinstance(argument[0], str):
            return {"Fn::If": argument}
        holds = self.holds(argument[0])
        if holds is None:
            return {
                "Fn::If": [argument[0], *(self._of(a, depth + 1) for a in argument[1:])]
            }
        return self._of(argument[1] if holds else argument[2], depth + 1)

    def _select(self, argument: object, depth: int) -> Any:
        """An element of a literal list; of any other, the index as text."""
        parts = self._of(argument, depth + 1)
        if not _is_list(parts, 2):
            return {"Fn::Select": parts}
        index, values = text(parts[0]), parts[1]
        is_known = isinstance(values, list) and _INDEX.fullmatch(index)
        if is_known and int(index) < len(values):
            return values[int(index)]
        return {"Fn::Select": [index, values]}

    def _find_in_map(self, argument: object, depth: int) -> Any:
        keys = self._of(argument, depth + 1)
        if not isinstance(keys, list) or not keys:
            return {"Fn::FindInMap": keys}
        value: Any = self.template.get("Mappings")
        for key in keys[:3]:
            if not isinstance(value, dict) or not isinstance(key, str):
                break
            value = value.get(key)
        if value is not None and not isinstance(value, dict):
            return value
        # The deploy looks up one of the rows: which one matters only if they differ.
        rows = mapping(mapping(self.template.get("Mappings")).get(str(keys[0])))
        column = {row: mapping(cells).get(str(keys[-1])) for row, cells in rows.items()}
        values = {canonical(value) for value in column.values()}
        content = values.pop() if len(values) == 1 else canonical(column)
        if len(content) > _LONGEST_MAPPING:
            content = hashlib.sha256(content.encode()).hexdigest()
        return {"Fn::FindInMap": [*keys[1:], content]}


_FUNCTIONS = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._attribute,
    "Fn::Join": Resolver._join,
    "Fn::Sub": Resolver._sub,
    "Fn::If": Resolver._if,
    "Fn::Select": Resolver._select,
    "Fn::FindInMap": Resolver._find_in_map,
}


def assignments(*parts: tuple[Json, Iterable[object]]) -> list[dict[str, bool]]:
    """Every choice of the conditions that values of templates depend on.

    Conditions are told apart by what they compare, so that a renamed one is the same and
    one with another definition is another. Of more than six, the choices are: all hold,
    none holds, and each of them against all others.

    :param parts: Templates, each with values of it.
    """
    if not any(template.get("Conditions") for template, _ in parts):
        return [{}]
    atoms: dict[str, None] = {}
    for template, values in parts:
        conditions = mapping(template.get("Conditions"))
        for value in values:
            for name in _condition_names(value, 0):
                atoms |= dict.fromkeys(_atoms({"Condition": name}, conditions, 0))
    names = list(atoms)
    if len(names) <= _MOST_CONDITIONS:
        choices = product((True, False), repeat=len(names))
        found = [dict(zip(names, choice, strict=True)) for choice in choices]
        return [choice for choice in found if _is_possible(choice)] or [{}]
    bases = [dict.fromkeys(names, value) for value in (True, False)]
    flipped = [{**base, name: not base[name]} for base in bases for name in names]
    return [*bases, *flipped]


def _condition_names(value: object, depth: int) -> Iterator[str]:
    """Those of each ``Fn::If``, and of a resource's ``Condition``."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        name = value.get("Condition")
        if isinstance(name, str):
            yield name
        argument = value.get("Fn::If")
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            yield argument[0]
        for part in value.values():
            if isinstance(part, (dict, list)):
                yield from _condition_names(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, (dict, list)):
                yield from _condition_names(part, depth + 1)


def _atoms(expression: object, conditions: Json, depth: int) -> Iterator[str]:
    """The comparisons that a condition is made of."""
    operator, argument = _only_item(expression)
    if depth > _DEEPEST:
        return
    if operator == "Condition" and isinstance(argument, str) and argument in conditions:
        yield from _atoms(conditions[argument], conditions, depth + 1)
    elif operator in ("Fn::Not", "Fn::And", "Fn::Or") and isinstance(argument, list):
        for part in argument:
            yield from _atoms(part, conditions, depth + 1)
    elif not (operator == "Fn::Equals" and _are_literals(argument)):
        yield canonical(expression)


def _are_literals(sides: object) -> bool:
    return _is_list(sides, 2) and all(isinstance(side, str) for side in sides)


def _is_possible(assignment: Assignment) -> bool:
    """A parameter has one value: it does not equal two literals."""
    compared: set[str] = set()
    for atom, holds in assignment.items():
        sides = mapping(json.loads(atom)).get("Fn::Equals") if holds else None
        if _is_list(sides, 2) and isinstance(sides[1], str):
            left = canonical(sides[0])
            if left in compared:
                return False
            compared.add(left)
    return True


def describe_condition(atom: str, templates: Iterable[Json]) -> tuple[str, str, str]:
    """A condition for a reader: a parameter and its value, or the condition's name.

    :returns: ``("parameter", name, value)`` or ``("condition", name, "")``.
    """
    expression = json.loads(atom)
    sides = mapping(expression).get("Fn::Equals")
    if _is_list(sides, 2) and isinstance(sides[1], str):
        name = mapping(sides[0]).get("Ref")
        if isinstance(name, str):
            return "parameter", name, sides[1]
    for template in templates:
        for name, definition in mapping(template.get("Conditions")).items():
            if canonical(definition) == atom:
                return "condition", str(name), ""
    return "condition", text(mapping(expression).get("Condition")) or atom, ""


def _parameter(name: str, parameter: Json) -> Any:
    """A parameter, with its default unless that is only the name of the value."""
    default = parameter.get("Default")
    if default is None:
        return {"Parameter": name}
    if text(parameter.get("Type")).startswith("AWS::SSM::"):
        return {"Parameter": name, "StoredIn": text(default)}
    if text(parameter.get("NoEcho")) == "true":
        digest = hashlib.sha256(text(default).encode()).hexdigest()
        return {"Parameter": name, "Hidden": digest}
    return {"Parameter": name, "Default": text(default)}


def _only_item(value: object) -> tuple[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        return "", None
    ((key, argument),) = value.items()
    return str(key), argument


def _is_list(value: object, length: int) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and len(value) == length


def _joined(parts: Iterable[Any]) -> Any:
    """Text if all of it is literal, the only value if it is alone, else a plain join."""
    merged: list[Any] = []
    for part in parts:
        if part == "":
            continue
        if isinstance(part, int | float) and not isinstance(part, bool):
            part = str(part)
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    if not merged:
        return ""
    return merged[0] if len(merged) == 1 else {"Fn::Join": ["", merged]}
