"""Values that a template keeps elsewhere in it: parameters' defaults, and mappings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cdn_review.delivery.plain import Json, mapping, text
from cdn_review.packs import Pack, Stack

_DEEPEST = 100
_PLACE = re.compile(r"\$\{([A-Za-z0-9]{1,255})\}")
# A value may have 4,096 bytes. All repetitions together are bounded, since a template can
# repeat one in every place.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_LONGEST_VALUE = 4096
_MOST_REPEATED = 4 * 1024 * 1024
# The name of a parameter is the default of these, not its value.
_STORED = "AWS::SSM::"


def resolved(pack: Pack) -> Pack:
    """The pack with each default in the places that refer to it.

    So a default that opens something counts as much as a value on the spot. What a deploy
    may be given instead of a default is not known.

    :raises ValueError: when they repeat so often that no template of this size is read.
    """
    return replace(
        pack, stacks={name: _resolved(one) for name, one in pack.stacks.items()}
    )


def _resolved(stack: Stack) -> Stack:
    template = stack.template
    constants = _Constants(
        defaults=_defaults(mapping(template.get("Parameters"))),
        mappings=mapping(template.get("Mappings")),
        region=stack.region,
    )
    if not (constants.defaults or constants.mappings):
        return stack
    sections = ("Conditions", "Outputs", "Resources")
    done = {
        key: constants.put_into(template[key]) for key in sections & template.keys()
    }
    return replace(stack, template={**template, **done})


def _defaults(parameters: Json) -> dict[str, Any]:
    found = {}
    for name, one in parameters.items():
        kind, default = str(mapping(one).get("Type")), mapping(one).get("Default")
        if not isinstance(default, str | int | float) or kind.startswith(_STORED):
            continue
        is_list = kind.startswith(("List<", "CommaDelimitedList"))
        parts = [part.strip() for part in str(default).split(",")]
        found[name] = parts if is_list else default
    return found


@dataclass(kw_only=True)
class _Constants:
    defaults: Mapping[str, Any]
    mappings: Json
    region: str
    repeated: int = 0

    def put_into(self, value: Any, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return value
        if isinstance(value, list):
            return [self.put_into(one, depth + 1) for one in value]
        if not isinstance(value, Mapping):
            return value
        done = {key: self.put_into(one, depth + 1) for key, one in value.items()}
        if len(done) != 1:
            return done
        ((function, argument),) = done.items()
        if function == "Ref" and isinstance(argument, str):
            return self._repeat(self.defaults.get(argument), done)
        if function == "Fn::FindInMap" and isinstance(argument, list):
            return self._looked_up(argument, done)
        if function == "Fn::Sub":
            return {function: self._substituted(argument)}
        return done

    def _looked_up(self, keys: list[Any], unknown: Any) -> Any:
        found: Any = self.mappings
        for key in keys[:3]:
            name = self.region if key == {"Ref": "AWS::Region"} else key
            known = isinstance(found, Mapping) and isinstance(name, str)
            if not known or name not in found:
                return unknown
            found = found[name]
        return self._repeat(found, unknown)

    def _repeat(self, value: Any, unknown: Any) -> Any:
        size = len(text(value))
        if value is None or size > _LONGEST_VALUE:
            return unknown
        self.repeated += size
        if self.repeated > _MOST_REPEATED:
            raise ValueError(
                "the defaults and mappings of a template must add up to at most "
                f"{_MOST_REPEATED} bytes where they are used, and these have more"
            )
        return value

    def _substituted(self, argument: Any) -> Any:
        if isinstance(argument, str):
            return _PLACE.sub(lambda place: self._text(place, {}), argument)
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            own = mapping(argument[1]) if len(argument) > 1 else {}
            done = _PLACE.sub(lambda place: self._text(place, own), argument[0])
            return [done, *argument[1:]]
        return argument

    def _text(self, place: re.Match[str], own: Json) -> str:
        default = self.defaults.get(place[1])
        is_known = isinstance(default, str | int | float) and place[1] not in own
        return text(self._repeat(default, place[0])) if is_known else place[0]
