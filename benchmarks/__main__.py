"""``python -m benchmarks [NAME ...] [--json]``: measure, compare, print ratios."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from benchmarks import (
    edge,
    media,
    publishing,
    releases,
    review,
    settings,
    synthesis,
    urls,
)
from benchmarks.pairs import Figure

BENCHMARKS: dict[str, Callable[[], Sequence[Figure]]] = {
    "synthesis": lambda: [synthesis.figure()],
    "config": lambda: [settings.figure()],
    "publish": publishing.figures,
    "hash": publishing.hashing,
    "releases": releases.figures,
    "url": urls.figures,
    "media": media.figures,
    "review": review.figures,
    "edge": lambda: [edge.figure()],
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"NAME must be one of {', '.join(BENCHMARKS)}, got {unknown[0]!r}")
    figures: list[Figure] = []
    for name in arguments.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += BENCHMARKS[name]()
    if arguments.json:
        print(json.dumps([figure.as_dict() for figure in figures], indent=2))
    else:
        print("\n".join(figure.line() for figure in figures))
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
