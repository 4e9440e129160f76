"""How long a review takes: many changes compared, and the command beside a synthesis."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.pairs import Figure, compare
from cdn_review.compare import compare as changes
from cdn_review.snapshot import Snapshot, snapshot_of, stack_of

ROOT = Path(__file__).resolve().parents[1]


def figures() -> Sequence[Figure]:
    """Our own templates with another text at one place, and the command on our own app."""
    return [_changes(), _diff()]


def _changes(count: int = 5_000) -> Figure:
    pairs = []
    for path in sorted((ROOT / "tests" / "snapshots").glob("*.template.json")):
        text = path.read_text("utf-8")
        for value in re.finditer(r': "[^"\\]+(?=")', text):
            pairs.append((text, f"{text[: value.end()]}x{text[value.end() :]}"))
    seconds, loops = 0.0, 0.0
    for pair in islice(cycle(pairs), count):
        before, after = map(_side, pair)
        start = time.process_time()
        changes(before, after)
        seconds += time.process_time() - start
        start = time.process_time()
        sum(len(str(number)) for number in range(1_000))
        loops += time.process_time() - start
    what, most = f"{count:,} changes of one text", "10 s of one core"
    # A core that other programs share needs longer for this, and for plain Python.
    theirs = 10 * max(1, loops / count / 0.000065)
    return Figure(
        what=what, alternative=most, ours=seconds, theirs=theirs, pairs=1, limit=1.25
    )


def _side(text: str) -> Snapshot:
    return snapshot_of([stack_of(json.loads(text), name="site")], name="")


def _diff() -> Figure:
    """With a cached base, only the working tree is synthesized."""
    review = (sys.executable, "-m", "cdn_review", "diff", "--against", "HEAD")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {**os.environ, "XDG_CACHE_HOME": folder, "PATH": path}
        synth = ("node_modules/.bin/cdk", "synth", "-q", "-o", f"{folder}/cdk.out")

        def run(*words: str) -> None:
            done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True)
            assert done.returncode in (0, 1), done.stderr.decode()

        what = ("diff with a cached base", lambda: run(*review), "cdk synth")
        return compare(*what, lambda: run(*synth), pairs=5, limit=1.5)
