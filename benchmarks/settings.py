"""What `config()` adds to loading Django's settings."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.pairs import Figure, compare
from dj_cloudfront import config

_ROUNDS = 200


def figure() -> Figure:
    """Reading and checking the outputs, against reading them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cdn-outputs.json"
        outputs = {
            "StaticDomainName": "d1.cloudfront.net",
            "MediaDomainName": "d2.cloudfront.net",
        }
        path.write_text(json.dumps({"mysite-cdn-prod": outputs}), "utf-8")

        def ours() -> None:
            for _ in range(_ROUNDS):
                cdn = config(path, build_version="b1", static_root="/srv/static")
                assert cdn.static_url and cdn.media_url

        def theirs() -> None:
            for _ in range(_ROUNDS):
                with path.open() as file:
                    found = json.load(file)["mysite-cdn-prod"]
                assert found["StaticDomainName"] and found["MediaDomainName"]

        found = compare(
            f"config(), {_ROUNDS} times",
            ours,
            "json.load of the same file",
            theirs,
            pairs=21,
            limit=4,
        )
    assert found.ours / _ROUNDS < 0.001, "config() must stay under 1 ms"
    return found
