"""JSON of unknown origin: bounded before it is parsed, and one meaning or none."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

from cdn_review.packs import limits

_STRUCTURE = re.compile(r'\\.|["\[\]{},]', re.DOTALL)


def read_bytes(path: Path, *, most: int) -> bytes:
    """What a file holds, of which no more than ``most`` bytes and one are ever read.

    :raises ValueError: when it is longer, cannot be read, or is no regular file.
    """
    try:
        # A named pipe would wait for ever for somebody to write.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError(f"{path.name} must be a file, and it is none")
            data = file.read(most + 1)
    except OSError as error:
        reason = (error.strerror or "it failed").lower()
        raise ValueError(
            f"{path.name} must be a file that can be read, and it is not: {reason}"
        ) from None
    if len(data) > most:
        raise ValueError(
            f"{path.name} must have at most {most} bytes, and it has more: nothing that is "
            "compared here is that long"
        )
    return data


def parse(data: bytes, *, name: str) -> Any:
    """The value of a JSON text.

    :raises ValueError: for what is not JSON, means two things (a key given twice, NaN), is
        nested deeper than any template, or cannot be written again (half a surrogate pair).
    """
    try:
        text = data.decode()
        _check_structure(text)
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_float,
            parse_int=_int,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise ValueError(f"{name} must be UTF-8 throughout, and it is not") from None
    except RecursionError:
        raise ValueError(_too_deep(name)) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{name} must be JSON, and it is not: {error.msg.lower()} in line {error.lineno}"
        ) from None
    except ValueError as error:
        raise ValueError(f"{name} must be sound JSON, and it is not: {error}") from None
    return value


def _check_structure(text: str) -> None:
    """How deep it is and how much, before anything is made of it."""
    depth = values = 0
    is_in_string = False
    for found in _STRUCTURE.finditer(text):
        mark = found.group()
        if mark == '"':
            is_in_string = not is_in_string
        elif is_in_string:
            continue
        elif mark in "[{":
            depth, values = depth + 1, values + 1
        elif mark in "]}":
            depth -= 1
        elif mark == ",":
            values += 1
        if depth > limits.DEPTH:
            raise ValueError(f"it is nested more than {limits.DEPTH} levels deep")
        if values > limits.VALUES:
            raise ValueError(f"it has more than {limits.VALUES} values")


def _too_deep(name: str) -> str:
    return f"{name} must be nested at most {limits.DEPTH} levels deep, and it is deeper"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice in one object")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("it has a number that is none, such as NaN")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it has a number that is too large")
    return number


def _int(text: str) -> int:
    if len(text) > limits.NUMBER_DIGITS:
        raise ValueError("it has a number that is too large")
    return int(text)
