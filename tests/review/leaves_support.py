"""Templates with one leaf changed, and whether the review tells of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from review_support import words

from cdn_review.compare import compare
from cdn_review.snapshot import Snapshot, Stack

FOREIGN = Path(__file__).with_name("foreign")
GOLDEN = Path(__file__).parents[1] / "snapshots"
COMPARED = re.compile(
    r"AWS::(CloudFront|WAFv2|Route53|CertificateManager|S3|Logs|SNS)::|"
    r"AWS::CloudWatch::Alarm$"
)
NO_VALUE = {"Ref": "AWS::NoValue"}
GONE = object()
# A parameter that every template is given, so that a Ref to it is no broken one.
PARAMETER = "ElsewhereGiven"
COMPUTED = (
    {"Fn::ImportValue": "mutant-of-another-stack"},
    {"Ref": PARAMETER},
    "{{resolve:ssm:/mutant}}",
)
# Values that CloudFormation takes for each other's place.
CHOICES = tuple(
    tuple(line.split())
    for line in """
    allow-all https-only redirect-to-https
    http-only match-viewer
    PriceClass_100 PriceClass_200 PriceClass_All
    http1.1 http2 http3 http2and3
    TLSv1 TLSv1.1 TLSv1.2
    TLSv1.2_2018 TLSv1.2_2019 TLSv1.2_2021 TLSv1.3_2025
    sni-only vip static-ip
    none all allExcept whitelist
    viewer-request origin-request
    viewer-response origin-response
    always never no-override
    s3 lambda mediastore
    DENY SAMEORIGIN
    same-origin unsafe-url origin
    required optional passthrough
    default media-quality-based
    ipv4 dualstack ipv6
    override disable
    Allow Deny
    GET POST PUT DELETE PATCH OPTIONS HEAD
    DE FR GB ZA NZ
    Enabled Disabled Suspended
    ENABLED DISABLED
    json plain parquet
    A AAAA CNAME
    PRIMARY SECONDARY
    direct tenant-only
    """.strip().splitlines()
)
# Those whose values are some of the others.
CHOICES_OF = {
    "RestrictionType": ("whitelist", "blacklist", "none"),
    "SelectionCriteria": ("default", "media-quality-based"),
}

Template = dict[str, Any]
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Mutant:
    """One place of a template, and the value that it gets."""

    source: str
    path: Path_
    was: Any
    becomes: Any

    @property
    def setting(self) -> str:
        """The name of the property, without the notation around its value."""
        steps = (step for step in self.path if isinstance(step, str))
        return [one for one in steps if not re.match("Fn::|Items$|Quantity$", one)][-1]

    @property
    def shape(self) -> str:
        """Where it is in resources of its type."""
        return shape(templates()[self.source], self.path)

    @property
    def operation(self) -> str:
        if self.was is GONE:
            return "added"
        if self.becomes is GONE:
            return "removed"
        return "computed" if is_computed(self.becomes) else "changed"

    def sides(self) -> tuple[Snapshot, Snapshot]:
        before = snapshots()[self.source]
        return before, self.applied_to(before)

    def applied_to(self, side: Snapshot) -> Snapshot:
        (stack,) = side.stacks.values()
        return snapshot(put(stack.template, self.path, self.becomes))

    def __str__(self) -> str:
        was, becomes = (
            "nothing" if value is GONE else json.dumps(value)[:100]
            for value in (self.was, self.becomes)
        )
        where = ".".join(map(str, self.path))
        return f"{self.source}: {where}: {was} -> {becomes}"


def snapshot(template: Template) -> Snapshot:
    return Snapshot(stacks={"shop": Stack(name="shop", template=template)})


def told(before: Snapshot, after: Snapshot) -> list[str]:
    return list(map(words, compare(before, after)))


# --- Templates ---


@cache
def templates() -> dict[str, Template]:
    found = {}
    for file in [*sorted(FOREIGN.glob("*.json")), *sorted(GOLDEN.glob("*.json"))]:
        template = json.loads(file.read_text("utf-8"))
        template.setdefault("Parameters", {})[PARAMETER] = {"Type": "String"}
        found[file.name.removesuffix(".template.json")] = template
    return found


@cache
def snapshots() -> dict[str, Snapshot]:
    return {name: snapshot(template) for name, template in templates().items()}


def put(node: Any, path: Path_, value: Any) -> Any:
    """The same with another value at the end of the path. All else is shared."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(node, dict):
        if not rest and value is GONE:
            return {key: one for key, one in node.items() if key != step}
        return {**node, step: put(node.get(step, {}), rest, value)}
    assert isinstance(node, list) and isinstance(step, int)
    if not rest and value is GONE:
        return node[:step] + node[step + 1 :]
    if step == len(node):
        return [*node, value]
    return [*node[:step], put(node[step], rest, value), *node[step + 1 :]]


def at(node: Any, path: Path_) -> Any:
    for step in path:
        node = node[step]
    return node


def shape(template: Template, path: Path_) -> str:
    kind = template["Resources"][path[1]]["Type"]
    steps = ["*" if isinstance(step, int) else str(step) for step in path[3:]]
    return f"{kind} {'.'.join(steps)}".replace(
        "CacheBehaviors.*", "DefaultCacheBehavior"
    )


# --- Mutants ---


def is_computed(value: Any) -> bool:
    """Whether CloudFormation works the value out. A Fn::If is both of its values."""
    if isinstance(value, str):
        return value.startswith("{{resolve:")
    if not isinstance(value, dict) or len(value) != 1:
        return False
    key = next(iter(value))
    return value != NO_VALUE and (
        key == "Ref" or (key.startswith("Fn::") and key != "Fn::If")
    )


def nodes(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """All below and the value itself. What is computed has nothing below."""
    yield path, value
    if is_computed(value) or value == NO_VALUE:
        return
    if isinstance(value, dict):
        if "Fn::If" in value:
            _, *sides = value["Fn::If"]
            for number, side in enumerate(sides, 1):
                yield from nodes(side, (*path, "Fn::If", number))
            return
        for key, one in value.items():
            yield from nodes(one, (*path, key))
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from nodes(one, (*path, number))


def another(value: Any, beside: list[Any], setting: str = "") -> Any:
    """A value of the same type that is no neighbor's."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    if value.isdigit():
        return str(int(value) + 1)
    for choice in (CHOICES_OF.get(setting, ()), *CHOICES):
        if value in choice:
            free = [one for one in choice if one not in (value, *beside)]
            return free[0] if free else None
    return f"{value}-changed" if value else "changed"


def mutants(source: str) -> Iterator[Mutant]:
    """Every change of one place in the resources that are compared."""
    template = templates()[source]
    for name, resource in template["Resources"].items():
        if not COMPARED.match(resource["Type"]):
            continue
        base: Path_ = ("Resources", name, "Properties")
        for path, value in nodes(resource.get("Properties", {}), base):
            yield from _mutants_at(source, template, path, value)


def _mutants_at(
    source: str, template: Template, path: Path_, value: Any
) -> Iterator[Mutant]:
    if len(path) > 3 and path[-2] != "Fn::If":
        yield Mutant(source, path, value, GONE)
    computed = COMPUTED[sum(map(len, map(str, path))) % len(COMPUTED)]
    if is_computed(value):
        yield Mutant(source, path, value, COMPUTED[0])
        yield Mutant(source, path, value, "literal")
    elif isinstance(value, dict):
        yield from _added_to(source, template, path, value)
    elif isinstance(value, list):
        if value and isinstance(value[0], str):
            more = another(value[0], value)
            if more is not None:
                yield Mutant(source, (*path, len(value)), GONE, more)
        if len(path) > 3:
            yield Mutant(source, path, value, computed)
    else:
        parent = at(template, path[:-1])
        beside = parent if isinstance(parent, list) else []
        changed = another(value, beside, str(path[-1]))
        if changed is not None:
            yield Mutant(source, path, value, changed)
        yield Mutant(source, path, value, computed)


def _added_to(
    source: str, template: Template, path: Path_, value: dict[str, Any]
) -> Iterator[Mutant]:
    if "Fn::If" in value:
        name, yes, no = value["Fn::If"]
        others = [one for one in template["Conditions"] if one != name]
        yield Mutant(source, (*path, "Fn::If", 0), name, others[0])
        yield Mutant(source, path, value, {"Fn::If": [name, no, yes]})
        return
    if value == NO_VALUE:
        return
    yield Mutant(source, (*path, "Zzz"), GONE, "zzz")
    known = dict(_known().get(shape(template, path), {}))
    for either, other in (("Aliases", "CNAMEs"), ("CNAMEs", "Aliases")):
        if either in value:
            known.pop(other, None)
    if path[-1] == "DefaultCacheBehavior":
        known.pop("PathPattern", None)
    for key in (key for key in known if key not in value):
        yield Mutant(source, (*path, key), GONE, known[key])


@cache
def _known() -> dict[str, dict[str, Any]]:
    """The properties that a place has anywhere, with a value for each."""
    found: dict[str, dict[str, Any]] = {}
    for template in templates().values():
        for name, resource in template["Resources"].items():
            base: Path_ = ("Resources", name, "Properties")
            for path, value in nodes(resource.get("Properties", {}), base):
                if isinstance(value, dict) and not is_computed(value):
                    place = found.setdefault(shape(template, path), {})
                    for key, one in value.items():
                        if not re.search('"Ref"|Fn::', json.dumps(one)):
                            place.setdefault(key, one)
    for place in found.values():
        place.pop("Fn::If", None)
        place.pop("Ref", None)
    return found


@cache
def sample(wanted: int) -> dict[str, list[Mutant]]:
    """Of mutants that differ by their template and place alone, at most so many."""
    seen: Counter[tuple[str, str]] = Counter()
    chosen: dict[str, list[Mutant]] = {}
    for source in templates():
        chosen[source] = []
        for mutant in mutants(source):
            key = (mutant.shape, mutant.operation)
            seen[key] += 1
            if seen[key] <= wanted:
                chosen[source].append(mutant)
    return chosen
