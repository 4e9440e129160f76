"""``docs/fidelity.md``, made from the marks of the edge's tests: ``python tests/support/fidelity.py``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fidelity.md"
GUIDE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
AREAS = {
    "requests": "Requests",
    "key": "The cache key, and what reaches the origin",
    "caching": "Caching",
    "freshness": "How long responses are kept",
    "stale": "Expired copies",
    "bodies": "Bodies",
    "ranges": "Ranges",
    "failures": "Origins that fail, and error pages",
    "connections": "Limits",
    "headers": "Response headers",
    "viewers": "Viewers",
    "compression": "Compression",
    "signatures": "Private files",
    "tls": "TLS",
    "bucket": "Buckets",
    "invalidation": "Invalidations",
    "configuration": "Configuration",
}
HEAD = """# What the edge does as CloudFront, and what not

`cdn_edge` acts by CloudFront's developer guide. Nothing was compared with AWS itself: "as documented" means what the page says. Each row has a test in `tests/edge/` that holds it. The page is made from the marks of these tests by `python tests/support/fidelity.py`.

The public suite [http-cache-tests](https://cache-tests.fyi/) runs through the edge as well: `test_cache_tests.py` names each required test that fails, with the sentence of the guide that explains it.
"""
NOT_MODELLED = """
## Not modelled

A distribution that uses one of these gets a warning in the edge's log, once. Where an answer depends on it, `X-Edge-Unmodelled` names it on the answer; the rest changes no answer.

| CloudFront | source |
| --- | --- |
"""
SILENT = """
Without a word: several edge locations and regional caches, WebSocket (`Upgrade` is dropped), lists of ciphers, prices.
"""


@dataclass(frozen=True)
class Row:
    """What one mark says."""

    kind: str
    area: str
    test: str
    behavior: str
    source: str
    otherwise: str


def rows() -> Iterator[Row]:
    """All marks, in the order of the areas and of the tests in a file."""
    for name in AREAS:
        path = ROOT / "tests" / "edge" / f"test_edge_{name}.py"
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield from _of_test(name, node)


def _of_test(area: str, test: ast.FunctionDef) -> Iterator[Row]:
    for mark in test.decorator_list:
        kind = ast.unparse(mark.func).rpartition(".")[2] if _is_call(mark) else ""
        if kind not in ("documented", "not_modelled"):
            continue
        behavior, source = (ast.literal_eval(one) for one in mark.args)
        more = {one.arg: ast.literal_eval(one.value) for one in mark.keywords}
        otherwise = more.get("otherwise", "")
        yield Row(kind, area, test.name, behavior, source, otherwise)


def _is_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call)


def _link(source: str) -> str:
    if source.startswith("https://"):
        return f"[{source.rpartition('/')[2].upper()}]({source})"
    return f"[{source}]({GUIDE}{source}.html)"


def page() -> str:
    found = list(rows())
    parts = [HEAD]
    for area, title in AREAS.items():
        done = [r for r in found if (r.area, r.kind) == (area, "documented")]
        if not done:
            continue
        parts.append(
            f"\n## {title}\n\n| behavior | source | test |\n| --- | --- | --- |\n"
        )
        parts += [
            f"| {row.behavior} | {_link(row.source)} | `{row.test}` |\n" for row in done
        ]
    parts.append(
        "\n## Where sources differ\n\n| the edge | other sources |\n| --- | --- |\n"
    )
    parts += [f"| {r.behavior} | {r.otherwise} |\n" for r in found if r.otherwise]
    parts.append(NOT_MODELLED)
    missing = [row for row in found if row.kind == "not_modelled"]
    parts += [f"| {row.behavior} | {_link(row.source)} |\n" for row in missing]
    return "".join([*parts, SILENT])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
