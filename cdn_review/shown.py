"""Values as a reader says them: told apart, and untrusted unless they are in our own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sized
from itertools import accumulate
from os.path import commonprefix
from typing import Any

from cdn_model.values import Computed, canonical, is_computed, text
from cdn_review.change import Trusted, Untrusted, format_message
from cdn_review.leaves import Hidden, Leaf, NameSet, Present, PublicKey, decoded

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_MOST_LISTED = 12
_MOST_SHOWN = 100
_LONGEST_LIST = 400


def shown_pair(
    before: Leaf,
    after: Leaf,
    show: Callable[[Leaf], object] | None = None,
    absent: str = "not set",
) -> tuple[object, object]:
    """Two values, so that a reader can tell them apart if they differ."""
    pair = [
        Trusted(absent) if value is None else (show or shown)(value)
        for value in (before, after)
    ]
    exact = [_exact(before), _exact(after)]
    is_text = isinstance(before, str) and isinstance(after, str) and show is None
    if is_text and exact[0][:_MOST_SHOWN] == exact[1][:_MOST_SHOWN]:
        pair = _windows(*exact)
    for first, second in (pair, _windows(*exact)):
        read = format_message("{}", first), format_message("{}", second)
        if read[0] != read[1] or before == after:
            return first, second
    return Trusted("the earlier value"), Trusted("another value")


def _windows(before: str, after: str) -> list[object]:
    """Long texts from where they differ."""
    start = max(len(commonprefix([before, after])) - 20, 0)
    return [f"{'…' if start else ''}{text[start:]}" for text in (before, after)]


def _exact(value: Leaf) -> str:
    """A value as text, at full length."""
    if isinstance(value, Computed):
        return value.text
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(element_text, value)))
    return element_text(value)


def shown(value: Leaf) -> object:
    """A value in a message: untrusted, unless it is in our own words."""
    match value:
        case None | "":
            return Trusted("not set" if value is None else "empty")
        case bool():
            return Trusted(text(value))
        case int() | float():
            return Trusted(value)
        case Hidden():
            return Trusted("another value")
        case Present():
            return Trusted("set")
        case Computed():
            return _shown_computed(value)
        case NameSet():
            return shown_selection(value)
        case frozenset():
            return listed(value)
    return str(value)


def _shown_computed(value: Computed) -> object:
    """What a deploy fills in, by where it comes from."""
    expression = decoded(value)
    match _call(expression):
        case "Ref", {"Parameter": name, "StoredIn": place}:
            return format_message("the parameter {} ({})", name, place)
        case "Ref", {"Parameter": name, "Default": default} if default:
            return format_message("the parameter {} (by default {})", name, default)
        case "Ref", {"Parameter": name}:
            return format_message("the parameter {}", name)
        case "Ref", str(name):
            return name if "::" in name else Trusted(f"the {_role(name)}")
        case "Fn::GetAtt", [name, "DomainName"]:
            return Trusted(f"the domain name of the {_role(name)}")
        case "Fn::GetAtt", [name, *_]:
            return Trusted(f"the {_role(name)}")
        case "Fn::ImportValue", str(name):
            return format_message("the export {}", name)
    return _with_placeholders(expression)


def _with_placeholders(value: object) -> str:
    """``https://${Name}``, or ``${Select 0 of Name}``."""
    match _call(value):
        case "", _:
            return text(value)
        case "Fn::Join", ["", [*parts]]:
            return "".join(map(_with_placeholders, parts))
    return f"${{{_placeholder(value)}}}"


def _placeholder(value: object) -> str:
    match _call(value):
        case "", _ if isinstance(value, list):
            return ", ".join(map(_placeholder, value))
        case "", _:
            return text(value)
        case "Ref", {"Parameter": name}:
            return text(name)
        case "Fn::GetAtt", [*parts]:
            return ".".join(map(text, parts))
        case "Fn::Join", ["", _]:
            return _with_placeholders(value)
        case ("Fn::Select" | "Fn::Split") as name, [first, second]:
            return f"{name[4:]} {canonical(first)} of {_placeholder(second)}"
        case "Fn::FindInMap", [*keys, _]:
            return f"FindInMap of {_placeholder(keys)}"
        case "Ref" | "Fn::ImportValue", argument:
            return _placeholder(argument)
        case name, argument:
            return f"{name[4:]} of {_placeholder(argument)}"


def _call(value: object) -> tuple[str, Any]:
    """The intrinsic function, if the value is one, and its argument."""
    if not isinstance(value, dict) or not is_computed(value):
        return "", None
    ((function, argument),) = value.items()
    return function, argument


def _role(name: object) -> str:
    """References name roles by now; what is no role is shown without what could be markup."""
    return re.sub(r"[^A-Za-z0-9_/. ()-]", "", text(name))


def shown_selection(value: Leaf) -> object:
    """``none``, ``all``, the names, or all but the names."""
    if not isinstance(value, NameSet):
        return shown(value)
    if not value.all_but:
        return listed(value.names)
    if value.names:
        return format_message("all but {}", listed(value.names))
    return Trusted("all")


def duration(seconds: Leaf) -> object:
    """``1 day``, ``90 minutes``, ``0 seconds``: in the largest unit that comes out whole."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return Trusted("no limit") if seconds is None else shown(seconds)
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return count(seconds // size, unit)
    return Trusted("0 seconds")


def listed(values: Iterable[Any]) -> object:
    """The values in order, each by itself, as many as a line can have."""
    found = {element_text(value): _element(value) for value in values}
    if not found:
        return Trusted("none")
    names = sorted(found)
    lengths = accumulate(map(len, names), initial=0)
    shown = [
        n for n, length in zip(names, lengths, strict=False) if length < _LONGEST_LIST
    ]
    shown = shown[:_MOST_LISTED]
    parts = [format_message("{}", found[name]) for name in shown]
    if len(shown) < len(names):
        parts.append((f"{len(names) - len(shown)} more",))
    message: list[str | Untrusted] = [*parts[0]]
    for part in parts[1:]:
        message += [" and " if part is parts[-1] else ", ", *part]
    return tuple(message)


def _element(value: Any) -> object:
    if isinstance(value, PublicKey):
        return value.name or Trusted("a key without a name")
    return value if isinstance(value, str) else shown(value)


def element_text(value: Any) -> str:
    """An element of a list, as text."""
    part = _element(value)
    if isinstance(part, tuple):
        return "".join(p.text if isinstance(p, Untrusted) else p for p in part)
    return str(part)


def short_path(path: str) -> str:
    """A path of a setting: of a long one the end, which tells most."""
    return path if len(path) <= _MOST_SHOWN else f"…{path[-_MOST_SHOWN:]}"


def count(number: int, noun: str, plural: str = "") -> Trusted:
    """``1 key``, ``2 keys``."""
    return Trusted(f"{number} {noun if number == 1 else plural or noun + 's'}")


def plural(names: Sized, one: str, many: str = "") -> str:
    """The words for one name, or those for several."""
    return one if len(names) == 1 else many or f"{one}s"


def words(known_words: Mapping[str, str]) -> Callable[[Leaf], object]:
    """Shows values in our own words, as far as there are any."""

    def show(value: Leaf) -> object:
        word = known_words.get(str(value))
        return Trusted(word) if word else shown(value)

    return show


def header(name: str) -> str:
    """A header as it is mostly written: names of headers have no case."""
    if name.lower() == "etag":
        return "ETag"
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))


def known(value: Leaf) -> Leaf:
    """A value as far as a template has it: of a parameter its default, else ``None``."""
    return value.default if isinstance(value, Computed) else value


def elements(value: Leaf) -> frozenset[Any]:
    """The elements of a list; a scalar is a list of it."""
    if value is None or value == "":
        return frozenset()
    return value if isinstance(value, frozenset) else frozenset({value})
