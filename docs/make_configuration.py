"""Writes what docs/configuration.md takes from the code: python docs/make_configuration.py

Keys, types, defaults, ids and outputs come from the table of options, the signatures, their
docstrings and a template. Texts beside them are kept from the page, by key.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import aws_cdk as cdk  # noqa: E402
from aws_cdk.assertions import Template  # noqa: E402

import constructs_lib  # noqa: E402
from constructs_lib.options import OPTIONS  # noqa: E402
from constructs_lib.origin_options import OriginOptions  # noqa: E402
from stacks import CdnStack, Environment  # noqa: E402
from stacks.distribution_config import json_key  # noqa: E402

PAGE = ROOT / "docs" / "configuration.md"
MISSING = "?"
SECRET = {
    "arn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite-a1B2c3",
    "version": "3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11",
}
# The public half of a pair whose private half was thrown away.
KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmtfziRbWDSoqYn1EmrzPqA3sW+Oj\n"
    "TzhZ8tV+z65MPU8/E3xFas2pMmc9UaezPW6W85XP3gfatgBgujuYtxzCSw==\n"
    "-----END PUBLIC KEY-----\n"
)
# The object of each table of keys, by the words that lead to the table.
TABLES = {
    "An environment:": "",
    "The options of distributions.": "",
    "`origin`, as an object": "origin",
    "`origin_secret`:": "origin_secret",
    "`monitoring`:": "monitoring",
    "`logs`:": "logs",
    "`legacy_logs`:": "legacy_logs",
    "`cors`, as an object": "cors",
    "`hosted_zone`:": "hosted_zone",
    "`static`, `media` and `private` have one more": "static",
    "`media` and `private` have another": "media",
    "`bucket`.": "media.bucket",
    "`media.signing_keys` and `private.signing_keys`": "private.signing_keys",
    "`headers`:": "media.headers",
    "`policy_ids`.": "static.policy_ids",
}
METHODS = {
    "DjangoOrigin.server": constructs_lib.DjangoOrigin.server,
    "DjangoOrigin.load_balancer": constructs_lib.DjangoOrigin.load_balancer,
    "DjangoOrigin.vpc": constructs_lib.DjangoOrigin.vpc,
    "Cors.allow_origins": constructs_lib.Cors.allow_origins,
    "OriginOptions": OriginOptions,
}


def environment(**values: object) -> Environment:
    """An environment of cdk.json with these keys."""
    given = {"origin": "www.example.com", **values}
    context = {"site": "mysite", "environments": {"prod": given}}
    return Environment.all_from_context(context)[0]


def template(**values: object) -> dict[str, Any]:
    """The template of such an environment."""
    described = environment(**values)
    app = cdk.App(
        context=json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"],
        analytics_reporting=False,
    )
    stack = CdnStack(app, described.stack_name, environment=described)
    found = dict(Template.from_stack(stack).to_json())
    return found


def accepted(path: str) -> list[str]:
    """The keys that an object of an environment takes, by what it says of another one."""
    values: dict[str, Any] = {"cors": "any_origin"}
    inner = values
    for key in filter(None, path.split(".")):
        inner[key] = {}
        inner = inner[key]
    inner["no-such-key"] = 1
    try:
        environment(**values)
    except ValueError as error:
        found = re.search(r"must be one of (.*), got", str(error))
        assert found, error
        return found[1].split(", ")
    raise AssertionError(f"{path} must refuse an unknown key")


def arguments(of: Any) -> Iterator[tuple[str, str, object]]:
    """Name, type and default of what a class or a function takes."""
    if of in (OriginOptions, constructs_lib.DistributionOptions):
        for name, hint in of.__annotations__.items():
            yield name, hint.__forward_arg__, None
        return
    # The CDK's metaclass hides the signature of a construct's class.
    signature = inspect.signature(of.__init__ if isinstance(of, type) else of)
    for name, one in signature.parameters.items():
        if name in ("self", "scope", "construct_id") or one.kind == one.VAR_KEYWORD:
            continue
        is_required = one.default is one.empty and one.kind != one.VAR_POSITIONAL
        yield (
            name,
            str(one.annotation),
            inspect.Parameter.empty
            if is_required
            else (None if one.default is one.empty else one.default),
        )


def documented(of: Any) -> dict[str, tuple[str, str]]:
    """Meaning and default of each argument, as docstrings have them."""
    text = f"{of.__doc__}\n{getattr(of.__init__, '__doc__', '')}"
    found = {}
    for name, words in re.findall(
        r":param (\w+): (.*?)(?=\n *:|\n *\n|\Z)", text, re.S
    ):
        words = re.sub(r":\w+:`([^`]+)`", r"`\1`", " ".join(words.split()))
        meaning, _, default = words.replace("``", "`").partition("Default: ")
        found[name] = meaning.strip().rstrip("."), default.strip().rstrip(".")
    return found


def value(default: object) -> str:
    """A default as a cell has it."""
    if isinstance(default, timedelta):
        days, rest = default.days, default.seconds
        return f"{days} days".replace("1 days", "1 day") if days else f"{rest} seconds"
    if isinstance(default, StrEnum):
        return f"`{type(default).__name__}.{default.name}`"
    if default is None or not default and not isinstance(default, bool):
        return "none"
    if isinstance(default, bool | str | int | tuple):
        return f"`{json.dumps(default) if isinstance(default, str) else default!r}`"
    return f"`{type(default).__name__}()`"


def choices(annotation: str) -> str:
    """The values of an enumeration."""
    kind = getattr(constructs_lib, annotation.removesuffix(" | None"), None)
    if not (isinstance(kind, type) and issubclass(kind, StrEnum)):
        return ""
    return f". One of {', '.join(f'`{one.name}`' for one in kind)}"


def argument_rows(of: Any) -> list[list[str]]:
    """Argument, type, default and meaning."""
    texts = documented(of)
    fields = getattr(of, "__dataclass_fields__", {})
    rows = []
    for name, annotation, default in arguments(of):
        meaning, said = texts.get(name, ("", ""))
        if default is inspect.Parameter.empty:
            default_cell = "required"
        elif said:
            default_cell = said
        elif (
            name in fields
            and default is not None
            and not isinstance(default, timedelta | bool | str | int | tuple)
        ):
            default_cell = value(fields[name].default_factory())
        else:
            default_cell = value(default)
        cell = f"{meaning}{choices(annotation)}".lstrip(". ")
        rows.append([f"`{name}`", f"`{annotation}`", default_cell, cell or "–"])
    return rows


NAMED_BY = ("ErrorCode", "HeaderName", "Header")
CONFIGS = {
    "CachePolicy": "CachePolicyConfig",
    "ResponseHeadersPolicy": "ResponseHeadersPolicyConfig",
    "Distribution": "DistributionConfig",
}
# What is the site's own, or ties resources together.
NOT_A_DEFAULT = re.compile(
    r"\.(Name|Comment|Aliases|CachePolicyId|ResponseHeadersPolicyId|TargetOriginId)$"
    r"|\.Origins\.0\.(Id|DomainName)$|\.AcmCertificateArn$|-Policy\.Override$"
    r"|Cache-Control\.Override$|X-Origin-Secret$|TrustedKeyGroups"
)


def flat(leaf: Any, path: str) -> Iterator[tuple[str, object]]:
    """Leaves by path. Items of a list are found by what names them."""
    if isinstance(leaf, dict) and "Ref" not in leaf:
        for key, inner in leaf.items():
            yield from flat(inner, f"{path}.{key}")
    elif isinstance(leaf, list) and leaf and isinstance(leaf[0], dict):
        if all(set(item) == {"Header"} for item in leaf):
            yield path, [item["Header"] for item in leaf]
            return
        for index, item in enumerate(leaf):
            name = next((item[key] for key in NAMED_BY if key in item), index)
            rest = {k: v for k, v in item.items() if k not in NAMED_BY}
            for inner, below in flat(rest, f"{path}.{name}"):
                # One value beside the name needs no name of its own.
                yield re.sub(r"\.(HeaderValue|Value)$", "", inner), below
    else:
        yield path, leaf


def defaults() -> dict[str, dict[str, object]]:
    """The defaults of each distribution by property, with all that shows one switched on."""
    found = template(
        certificate_arn="arn:aws:acm:us-east-1:111122223333:certificate/1234-abcd",
        origin_secret=SECRET,
        static={"domain_names": ["static.example.com"]},
        media={"domain_names": ["media.example.com"]},
        private={
            "domain_names": ["private.example.com"],
            "signing_keys": {"keys": {"a": KEY}, "signing_key": "a"},
        },
    )["Resources"]
    by_tree: dict[str, dict[str, object]] = {}
    for tree in ("static", "media", "private"):
        by_tree[tree] = {
            path: leaf
            for name, resource in found.items()
            for kind in [resource["Type"].rpartition("::")[2]]
            if name.startswith(f"Cdn{tree.capitalize()}") and kind in CONFIGS
            for path, leaf in flat(resource["Properties"][CONFIGS[kind]], kind)
            if not NOT_A_DEFAULT.search(path)
        }
    return by_tree


def default_rows(kept: list[list[str]]) -> list[list[str]]:
    """What, property, and a value for each distribution."""
    by_tree = defaults()
    rows, seen = [], set()
    for what, paths, *_ in kept:
        named = re.findall(r"`([^`]+)`", paths)
        seen |= set(named)
        values = [
            {json.dumps(found.get(path, MISSING)) for path in named}
            for found in by_tree.values()
        ]
        assert all(len(each) == 1 for each in values), f"{paths} must have one value"
        cells = [each.pop() for each in values]
        cells = ["–" if cell == json.dumps(MISSING) else f"`{cell}`" for cell in cells]
        if set(cells) != {"–"}:
            rows.append([what, paths, *cells])
    for path in sorted({path for found in by_tree.values() for path in found} - seen):
        rows.append([MISSING, f"`{path}`", MISSING, MISSING, MISSING])
    return rows


def key_rows(lead: str, path: str, kept: list[list[str]]) -> list[list[str]]:
    """The keys of an object, in the order of the page, new ones last."""
    keys = set(accepted(path))
    options = {json_key(name): option for name, option in OPTIONS.items()}
    shared = set(accepted("static")) - {"domain_names"}
    if lead.startswith("An environment"):
        keys -= shared
    elif lead.startswith("The options"):
        keys &= shared
    elif lead.startswith("`static`, `media`"):
        keys = {"domain_names"}
    elif lead.startswith("`media` and"):
        keys = set(accepted("private")) - set(accepted("static"))
    by_key = {re.findall(r"`([^`]+)`", row[0])[0]: row for row in kept}
    names = [key for key in by_key if key in keys] + sorted(keys - set(by_key))
    rows = []
    for name in names:
        row = list(by_key.get(name, [f"`{name}`", *[MISSING] * 5]))
        kind = (
            options[name].kind if path in ("", "static") and name in options else None
        )
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            row[1], row[2] = "string", f'`"{next(iter(kind)).value}"`'
        elif kind in (bool, list):
            row[1] = "boolean" if kind is bool else "list of strings"
        rows.append(row)
    return rows


def id_rows(kept: list[list[str]], kind: str) -> list[list[str]]:
    """Logical ids or outputs, as a template has them."""
    texts = {re.findall(r"`([^`]+)`", row[0])[0]: row[1] for row in kept}
    return [[f"`{name}`", texts.get(name, MISSING)] for name in template()[kind]]


def rewritten(page: str) -> str:
    """The page with its tables made anew."""
    # Blocks of code have no tables; a heading says whose a table is.
    parts = re.split(r"((?:^\|.*\n)+)", page, flags=re.M)
    heading = lead = ""
    for index, part in enumerate(parts):
        if not part.startswith("|"):
            heading = (re.findall(r"^#+ (.+)$", part, re.M) or [heading])[-1]
            lead = part.strip().rpartition("\n")[2]
            continue
        head, _, *lines = part.splitlines()
        kept = [_cells(line) for line in lines]
        maker = _maker(heading.strip("`"), lead, head)
        if maker:
            columns, rows = maker(kept)
            parts[index] = _table(columns, rows)
    return "".join(parts)


def _maker(
    heading: str, lead: str, head: str
) -> Callable[[list[list[str]]], tuple[list[str], list[list[str]]]] | None:
    of = METHODS.get(heading) or getattr(constructs_lib, heading, None)
    if of is not None and re.match(r"\| (argument|option) ", head):
        columns = ["argument", "type", "default", "meaning"]
        return lambda kept: (columns, argument_rows(of))
    if heading == "Defaults":
        columns = ["what", "property", "static", "media", "private"]
        return lambda kept: (columns, default_rows(kept))
    if head.startswith("| key | type |"):
        for words, path in TABLES.items():
            if lead.startswith(words):
                return lambda kept: (_cells(head), key_rows(words, path, kept))
    if head.startswith("| logical id |"):
        return lambda kept: (_cells(head), id_rows(kept, "Resources"))
    if lead.startswith("These outputs every stack"):
        return lambda kept: (_cells(head), id_rows(kept, "Outputs"))
    return None


def _cells(line: str) -> list[str]:
    return [
        cell.strip().replace("\\|", "|")
        for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))
    ]


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
