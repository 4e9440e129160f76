"""Where a template holds secrets, by the names of things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cdn_review.redaction import marks
from cdn_review.redaction.text import REFERENCE
from dj_cloudfront.contract import TREE_HEADER

_SECRET_NAME = re.compile(
    r"(?:password|passwd|pwd|passphrase|secret|secretstring|secretstringtemplate"
    r"|secretvalue|token|apikey|privatekey|secretkey|accesskey|(?<!allow)credentials?"
    r"|authorization)\Z"
)
_NAMES_OF_A_PAIR = ("Name", "Key", "Header", "ParameterKey")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
_REFERENCES = {"Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::FindInMap", "Condition"}
# Inside Fn::Sub, ``${Name}`` is a reference, too.
_PLACE = re.compile(rf"{REFERENCE.pattern}|(\$\{{[^{{}}]*\}})")
_OPENING, _CLOSING = "{{resolve:", "}}"


def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret, such as ``DbPassword`` or ``X-Api-Key``."""
    return _SECRET_NAME.search(re.sub(r"[-_.: ]", "", name[-200:]).lower()) is not None


def secret_keys(mapping: Mapping[str, Any]) -> set[str]:
    """The keys of this mapping whose values are secrets."""
    found = {key for key in mapping if is_secret_name(key)}
    if "HeaderName" in mapping and not _is_tree_header(mapping["HeaderName"]):
        found.add("HeaderValue")
    if str(mapping.get("NoEcho")).lower() == "true":
        found.add("Default")
    if any(is_secret_name(str(mapping.get(name, ""))) for name in _NAMES_OF_A_PAIR):
        found.add("Value")
    return found & set(mapping)


def is_function(value: object) -> bool:
    """Whether CloudFormation computes it, as with ``Ref`` and ``Fn::Join``."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (name,) = value
    return name in _REFERENCES or str(name).startswith("Fn::")


def hide(value: Any) -> Any:
    """A secret without its literal parts. References stay, since they are no secret."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {name: _hide_in(str(name), one) for name, one in value.items()}
    if isinstance(value, list):
        return [hide(one) for one in value]
    return _hide_text(str(value), re.compile(REFERENCE.pattern))


def _hide_in(function: str, argument: Any) -> Any:
    if function in _REFERENCES:
        return argument
    if function == "Fn::Join" and _is_join(argument):
        return [argument[0], _hide_pieces(argument[1])]
    if function == "Fn::Sub":
        text, *more = (
            argument if isinstance(argument, list) and argument else [argument]
        )
        if isinstance(text, str):
            hidden = _hide_text(text, _PLACE)
            return [hidden, *map(hide, more)] if more else hidden
    if function == "Fn::If" and isinstance(argument, list):
        return [*argument[:1], *map(hide, argument[1:])]
    return hide(argument)


def _is_join(argument: Any) -> bool:
    return (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[1], list)
    )


def _hide_pieces(pieces: list[Any]) -> list[Any]:
    """Of a Fn::Join: a reference may begin in one piece and end in a later one."""
    done: list[Any] = []
    is_inside = False
    for piece in pieces:
        if not isinstance(piece, str):
            done.append(piece if is_inside else hide(piece))
            continue
        hidden = ""
        while piece:
            part, found, rest = piece.partition(_CLOSING if is_inside else _OPENING)
            hidden += part if is_inside else marks.hidden(part) if part else ""
            hidden += found
            is_inside, piece = is_inside != bool(found), rest
        done.append(hidden)
    return done


def _hide_text(text: str, places: re.Pattern[str]) -> str:
    done, position = "", 0
    for place in places.finditer(text):
        literal = text[position : place.start()]
        done += (marks.hidden(literal) if literal else "") + place.group()
        position = place.end()
    rest = text[position:]
    return done + (marks.hidden(rest) if rest else "")


def _is_tree_header(name: object) -> bool:
    return isinstance(name, str) and name.lower() == TREE_HEADER.lower()
