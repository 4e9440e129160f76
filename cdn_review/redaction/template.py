"""A template without accounts, addresses and secrets, wherever in it they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cdn_review.packs.pack import Stack
from cdn_review.redaction.secrets import hide, is_function, secret_keys
from cdn_review.redaction.text import redact_text

_JSON_IN_JSON = 3
# What a thing with the name of a secret holds it in: an output, and a parameter.
_HOLDERS = ("Value", "Default")


def redact_stack(stack: Stack) -> Stack:
    """The stack with marks in place of what must not leave this machine.

    Equal values get equal marks, so that a comparison of two redacted stacks sees what
    differs. Redacting what is redacted changes nothing.
    """
    return Stack(
        name=redact_text(stack.name),
        template=redact_value(stack.template),
        account=redact_text(stack.account),
        region=redact_text(stack.region),
        termination_protection=stack.termination_protection,
    )


def redact_value(value: Any, *, json_in_json: int = 0) -> Any:
    """Any piece of a template, likewise."""
    if isinstance(value, str):
        return _redact_json(value, json_in_json) or redact_text(value)
    if isinstance(value, Mapping):
        return _redact_mapping(value, json_in_json)
    if isinstance(value, list | tuple):
        return [redact_value(one, json_in_json=json_in_json) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    # An account id may be written as a number.
    redacted = redact_text(str(value))
    return value if redacted == str(value) else redacted


def _redact_mapping(value: Mapping[str, Any], json_in_json: int) -> dict[str, Any]:
    secret = secret_keys(value)
    done: dict[str, Any] = {}
    for key, one in value.items():
        if key in secret:
            one = _hide(one)
        name = redact_text(key)
        while name in done:
            name += "-again"
        done[name] = redact_value(one, json_in_json=json_in_json)
    return done


def _hide(value: Any) -> Any:
    """A mapping that has the name of a secret only describes it, and may hold it."""
    if not isinstance(value, Mapping) or is_function(value):
        return hide(value)
    return {key: hide(one) if key in _HOLDERS else one for key, one in value.items()}


def _redact_json(text: str, json_in_json: int) -> str:
    """A JSON text, such as the body of a dashboard, by its names; '' for any other."""
    if json_in_json >= _JSON_IN_JSON or not text.lstrip().startswith(("{", "[")):
        return ""
    try:
        value = json.loads(text)
        redacted = redact_value(value, json_in_json=json_in_json + 1)
        return "" if redacted == value else json.dumps(redacted, separators=(",", ":"))
    except (ValueError, RecursionError):
        return ""
