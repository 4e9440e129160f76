"""What a difference means: a rule for a path of a setting, and a line for a reader.

The first rule whose path matches decides. A difference without a rule is shown with both
values, so nothing that changes is silent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from os.path import commonprefix
from typing import Any

from cdn_model.values import Computed, canonical, is_computed, text
from cdn_review.change import BlockReason, Change, Tag, Topic
from cdn_review.leaves import (
    Hidden,
    Leaf,
    Leaves,
    NameSet,
    Present,
    PublicKey,
    decoded,
    hidden,
)
from cdn_review.message import Message, Trusted, Untrusted, format_message

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_MOST_LISTED = 12
_MOST_SHOWN = 100
_LONGEST_LIST = 400


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One leaf that differs.

    :param was: All leaves of the earlier side, for rules that look around.
    :param key: What the path names in brackets, such as a header.
    :param which: Tells several things of a kind apart, such as ``second``.
    """

    path: str
    before: Leaf
    after: Leaf
    was: Leaves = field(default_factory=dict)
    now: Leaves = field(default_factory=dict)
    key: str = ""
    which: str = ""

    @property
    def added(self) -> bool:
        return self.before is None

    @property
    def removed(self) -> bool:
        return self.after is None

    @property
    def gained(self) -> frozenset[Any]:
        """The elements that only the later list has."""
        return elements(self.after) - elements(self.before)

    @property
    def lost(self) -> frozenset[Any]:
        return elements(self.before) - elements(self.after)

    @property
    def values(self) -> tuple[object, ...]:
        return self.path, self.before, self.after


def say(
    topic: Topic,
    template: str,
    *values: object,
    note: str = "",
    block: BlockReason | None = None,
    tags: tuple[Tag, ...] = (),
    of: object = (),
) -> Change:
    """A line with a value in place of each ``{}``.

    :param of: What an acknowledgement of it holds for.
    """
    return Change(
        topic=topic,
        message=format_message(template, *values),
        note=note,
        block=block,
        tags=tags,
        fingerprint=_fingerprint(block, of),
    )


def _fingerprint(block: BlockReason | None, values: object) -> str:
    """Of what an acknowledgement holds for; empty where nothing has to be acknowledged."""
    if block is None:
        return ""
    data = f"{block} {canonical(_plain(values))}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:8]


Lines = Callable[[Difference], Iterable[Change]]
Note = str | Callable[[Difference], str]
Block = BlockReason | Callable[[Difference], BlockReason | None] | None
Tags = tuple[Tag, ...] | Callable[[Difference], tuple[Tag, ...]]


@dataclass(frozen=True)
class Rule:
    """What is said of the settings that a path matches.

    A message can have ``{before}``, ``{after}``, ``{key}``, ``{path}`` and ``{which}`` in it.

    :param path: A regular expression for the whole path. Its group is the ``key``.
    :param message: Of a setting that has another value.
    :param added: Of one that was not there, if that is said differently.
    :param removed: Of one that goes, likewise.
    :param when: Whether the note, the block and the tags apply.
    :param otherwise: The note where they do not.
    :param show: How values are shown.
    :param absent: How a value that is not there is shown.
    :param hides: Paths that say nothing more, as a regular expression with ``{key}`` in it.
    :param hides_when: By default when the setting is added or removed.
    :param lines: Makes the lines itself, in place of the message.
    """

    path: str
    message: str | Callable[[Difference], str] = ""
    _: KW_ONLY
    topic: Topic = Topic.OTHER
    added: str | None = None
    removed: str | None = None
    when: Callable[[Difference], object] = lambda d: True
    note: Note = ""
    otherwise: str = ""
    block: Block = None
    tags: Tags = ()
    show: Callable[[Leaf], object] | None = None
    absent: str = "not set"
    hides: str = ""
    hides_when: Callable[[Difference], bool] = lambda d: d.added or d.removed
    lines: Lines | None = None

    def apply(self, d: Difference) -> Iterator[Change]:
        """The lines for a difference whose path matches."""
        if self.lines is not None:
            yield from self.lines(d)
            return
        template = self.message(d) if callable(self.message) else self.message
        if d.added and self.added is not None:
            template = self.added
        if d.removed and self.removed is not None:
            template = self.removed
        if not template:
            return
        if isinstance(d.before or d.after, Present) and (d.added or d.removed):
            verb = "added" if d.added else "removed"
            template = template.replace("{after} instead of {before}", verb)
        message = self.message_for(d, template)
        if not self.when(d):
            note = self._by_default(d) or self.otherwise
            yield say(self.topic, "{}", message, note=note)
            return
        yield say(
            self.topic,
            "{}",
            message,
            note=self.note(d) if callable(self.note) else self.note,
            block=self.block(d) if callable(self.block) else self.block,
            tags=self.tags(d) if callable(self.tags) else self.tags,
            of=d.values,
        )

    def _by_default(self, d: Difference) -> str:
        """Of a parameter that has the other value by default: what differs all the same."""
        if isinstance(d.after, Computed) and d.after.default == text(d.before):
            return "the same by default, and a deploy can set another value"
        if isinstance(d.before, Computed) and d.before.default == text(d.after):
            return (
                "the same as by default, and a deploy can no longer set another value"
            )
        return ""

    def message_for(self, d: Difference, template: str) -> Message:
        """A message with its values filled in."""
        before, after = shown_pair(d.before, d.after, self.show, self.absent)
        path, which = short_path(d.path), Trusted(d.which)
        values = {"before": before, "after": after, "path": path, "which": which}
        names = re.findall(r"{(\w+)}", template)
        plain = re.sub(r"{\w+}", "{}", template)
        return format_message(plain, *({**values, "key": d.key}[n] for n in names))


def about(topic: Topic, *rules: Rule) -> Iterator[Rule]:
    """Rules of one topic, but for those with one of their own."""
    for rule in rules:
        yield replace(rule, topic=topic) if rule.topic is Topic.OTHER else rule


def alike(messages: Mapping[str, str], **common: Any) -> Iterator[Rule]:
    """Rules that differ in the path and the message alone."""
    return (Rule(path, message, **common) for path, message in messages.items())


@dataclass(frozen=True, eq=False)
class Rules:
    """A table of rules, and what is said of anything else."""

    rules: Sequence[Rule]
    fallback: Rule = Rule(".*", "the setting {path} is {after} instead of {before}")

    def lines(self, was: Leaves, now: Leaves, which: str = "") -> Iterator[Change]:
        """What is said of each leaf that differs.

        Leaves whose path begins with ``@`` are there for rules to look at.
        """
        found: list[tuple[Rule, Difference]] = []
        for path in sorted(was.keys() | now.keys()):
            before, after = was.get(path), now.get(path)
            if path.startswith("@") or same(before, after):
                continue
            rule, key = _rule_for(self, path)
            own = Difference(
                path=path,
                before=hidden(path, before),
                after=hidden(path, after),
                was=was,
                now=now,
                key=key,
                which=which,
            )
            found.append((rule, own))
        hiding = [
            (d.path, rule.hides.replace("{key}", re.escape(d.key)))
            for rule, d in found
            if rule.hides and rule.hides_when(d)
        ]
        for rule, d in found:
            if not any(by != d.path and re.fullmatch(p, d.path) for by, p in hiding):
                yield from rule.apply(d)


SETTING = "the setting {path} is {after} instead of {before}"


def table(topic: Topic, *rules: Rule, **of_others: Any) -> Rules:
    """Rules of one topic, and what is said of any other setting."""
    other = Rule(".*", SETTING, topic=topic, **of_others)
    return Rules(tuple(about(topic, *rules)), fallback=other)


@lru_cache(maxsize=4096)
def _rule_for(rules: Rules, path: str) -> tuple[Rule, str]:
    for rule in rules.rules:
        if matched := re.fullmatch(rule.path, path):
            return rule, next((group for group in matched.groups() if group), "")
    return rules.fallback, ""


def same(before: Leaf, after: Leaf) -> bool:
    """Whether two leaves are one value. ``True`` is not 1 here, and what is unset is off."""
    if before is None or after is None:
        present = after if before is None else before
        return present is None or present is False or present == ""
    return type(before) is type(after) and before == after


def elements(value: Leaf) -> frozenset[Any]:
    """The elements of a list; a scalar is a list of it."""
    if value is None or value == "":
        return frozenset()
    return value if isinstance(value, frozenset) else frozenset({value})


# --- Values as a reader says them ---


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
    escaped = [json.dumps(text).replace(" ", r"\u0020") for text in exact]
    is_text = isinstance(before, str) and isinstance(after, str) and show is None
    if is_text and exact[0][:_MOST_SHOWN] == exact[1][:_MOST_SHOWN]:
        pair = _windows(*exact)
    for first, second in (pair, _windows(*exact), _windows(*escaped)):
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
    if value is None:
        return Trusted("not set")
    if isinstance(value, bool):
        return Trusted("true" if value else "false")
    if isinstance(value, int | float):
        return Trusted(value)
    if isinstance(value, Hidden):
        return Trusted("another value")
    if isinstance(value, Present):
        return Trusted("set")
    if isinstance(value, Computed):
        return _shown_computed(value)
    if isinstance(value, NameSet):
        return shown_selection(value)
    if isinstance(value, frozenset):
        return listed(value)
    return str(value) if value else Trusted("empty")


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
    names = listed(value.names)
    if value.behavior == "whitelist" and value.names:
        return names
    if value.behavior == "allExcept" and value.names:
        return format_message("all but {}", names)
    known = {"all": "all", "allExcept": "all", "none": "none", "whitelist": "none"}
    return Trusted(known[value.behavior]) if value.behavior in known else value.behavior


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


def within(line: Change, where: Message, *values: object) -> Change:
    """The same line, for some paths or under some condition only."""
    mark = _fingerprint(line.block, (line.fingerprint, *values))
    return replace(line, message=(*where, *line.message), fingerprint=mark)


def _plain(value: object) -> object:
    if isinstance(value, Hidden):
        return ["hidden", value.computed]
    if isinstance(value, Present):
        return "present"
    if isinstance(value, frozenset | set):
        return sorted(canonical(_plain(one)) for one in value)
    if isinstance(value, PublicKey):
        return hashlib.sha256(value.value.encode()).hexdigest()
    if isinstance(value, Computed):
        return ["computed", value.text]
    if isinstance(value, NameSet):
        return [value.behavior, sorted(value.names)]
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
