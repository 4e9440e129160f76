"""What a difference means: a rule for a path of a setting, and a line for a reader.

The first rule whose path matches decides. A difference without a rule is shown with both
values, so nothing that changes is silent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import lru_cache
from typing import Any

from cdn_model.values import Computed, canonical, text
from cdn_review.change import (
    BlockReason,
    Change,
    Message,
    Tag,
    Topic,
    Trusted,
    format_message,
)
from cdn_review.leaves import (
    Hidden,
    Leaf,
    Leaves,
    NameSet,
    Present,
    PublicKey,
    hidden,
)
from cdn_review.shown import elements, header, listed, short_path, shown_pair

SETTING = "the setting {path} is …"


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


def within(line: Change, where: Message, *values: object) -> Change:
    """The same line, for some paths or under some condition only."""
    mark = _fingerprint(line.block, (line.fingerprint, *values))
    return replace(line, message=(*where, *line.message), fingerprint=mark)


def _fingerprint(block: BlockReason | None, values: object) -> str:
    """Of what an acknowledgement holds for; empty where nothing has to be acknowledged."""
    if block is None:
        return ""
    data = f"{block} {canonical(_plain(values))}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:8]


def _plain(value: object) -> object:
    match value:
        case Hidden():
            return ["hidden", value.computed]
        case Present():
            return "present"
        case frozenset() | set():
            return sorted(canonical(_plain(one)) for one in value)
        case PublicKey():
            return hashlib.sha256(value.value.encode()).hexdigest()
        case Computed():
            return ["computed", value.text]
        case NameSet():
            return [value.all_but, sorted(value.names)]
        case list() | tuple():
            return [_plain(one) for one in value]
    return value


@dataclass(frozen=True)
class Rule:
    """What is said of the settings that a path matches.

    A message can have ``{before}``, ``{after}``, ``{gained}``, ``{lost}``, ``{key}``,
    ``{header}``, ``{path}`` and ``{which}`` in it; ``…`` stands for ``{after} instead of
    {before}``.

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
    note: str | Callable[[Difference], str] = ""
    otherwise: str = ""
    block: BlockReason | Callable[[Difference], BlockReason | None] | None = None
    tags: tuple[Tag, ...] | Callable[[Difference], tuple[Tag, ...]] = ()
    show: Callable[[Leaf], object] | None = None
    absent: str = "not set"
    hides: str = ""
    hides_when: Callable[[Difference], bool] = lambda d: d.added or d.removed
    lines: Callable[[Difference], Iterable[Change]] | None = None

    def apply(self, d: Difference) -> Iterator[Change]:
        """The lines for a difference whose path matches."""
        if self.lines is not None:
            yield from self.lines(d)
        elif template := self._template(d):
            message = self._message(d, template)
            if not self.when(d):
                note = _by_default(d) or self.otherwise
                yield say(self.topic, "{}", message, note=note)
                return
            yield say(
                self.topic,
                "{}",
                message,
                note=self.note(d) if callable(self.note) else self.note,
                block=self.block(d) if callable(self.block) else self.block,
                tags=self.tags(d) if callable(self.tags) else self.tags,
                of=(d.path, d.before, d.after),
            )

    def _template(self, d: Difference) -> str:
        special = self.added if d.added else self.removed if d.removed else None
        if special is not None:
            return special
        template = self.message(d) if callable(self.message) else self.message
        if isinstance(d.before or d.after, Present) and (d.added or d.removed):
            return template.replace("…", "added" if d.added else "removed")
        return template.replace("…", "{after} instead of {before}")

    def _message(self, d: Difference, template: str) -> Message:
        before, after = shown_pair(d.before, d.after, self.show, self.absent)
        values = {"before": before, "after": after, "path": short_path(d.path)}
        values |= {"key": d.key, "header": header(d.key), "which": Trusted(d.which)}
        places, names = _places(template)
        if {"gained", "lost"} & {*names}:
            values |= {"gained": listed(d.gained), "lost": listed(d.lost)}
        return format_message(places, *(values[name] for name in names))


@lru_cache(maxsize=1024)
def _places(template: str) -> tuple[str, list[str]]:
    return re.sub(r"{\w+}", "{}", template), re.findall(r"{(\w+)}", template)


def _by_default(d: Difference) -> str:
    """Of a parameter that has the other value by default: what differs all the same."""
    if isinstance(d.after, Computed) and d.after.default == text(d.before):
        return "the same by default, and a deploy can set another value"
    if isinstance(d.before, Computed) and d.before.default == text(d.after):
        return "the same as by default, and a deploy can no longer set another value"
    return ""


def about(topic: Topic, *rules: Rule) -> Iterator[Rule]:
    """Rules of one topic, but for those with one of their own."""
    for rule in rules:
        yield replace(rule, topic=topic) if rule.topic is Topic.OTHER else rule


@dataclass(frozen=True, eq=False)
class Rules:
    """A table of rules, and what is said of anything else."""

    rules: Sequence[Rule]
    fallback: Rule = Rule(".*", SETTING)

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
