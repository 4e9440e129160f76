"""How long our stacks take to synthesize."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pairs import Figure, compare

ROOT = Path(__file__).resolve().parents[1]


def figure() -> Figure:
    """Three environments against a bare CDK app with as many distributions."""
    return compare(
        "synthesis of three environments",
        lambda: _synthesize(ROOT / "app.py"),
        "a bare CDK app with as many plain distributions",
        lambda: _synthesize(ROOT / "benchmarks" / "bare_app.py"),
        pairs=9,
        limit=1.15,
    )


def _synthesize(script: Path) -> None:
    # Both get the context and the flags that the CLI would hand over.
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [sys.executable, str(script)],
            cwd=ROOT,
            env={
                **os.environ,
                "CDK_OUTDIR": out,
                "CDK_CONTEXT_JSON": json.dumps(context),
            },
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
