"""Visitors read the current build while others are published and pruned around it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from builds_support import assert_whole, publish, sources, write_files

from dj_cloudfront.builds import filesystem, pruning
from dj_cloudfront.builds.layout import hashed_folders, published
from dj_cloudfront.builds.retention import RetentionRules

READER = Path(__file__).with_name("readers.py")
READERS = 3


@contextmanager
def readers(root, found):
    """Some processes that read; what they saw is in ``found`` afterwards."""
    processes = [
        subprocess.Popen(
            [sys.executable, READER, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.stdin.close()
        for process in processes:
            found.append(json.loads(process.stdout.read()))
            process.stdout.close()
            process.wait(30)


def some_files(count):
    return {
        f"{kind}{number % 4}/{number}.{kind}": os.urandom(random.randint(100, 60_000))
        for number in range(count)
        for kind in ("css", "js", "svg")
    }


def release(root, version, files):
    """Publish, switch over, prune: what a deploy does."""
    publish(root, version, files, precompress=["gzip"], hashed_folders=True)
    filesystem.write_atomically(root / "current", version.encode())
    rules = RetentionRules(keep=1, superseded_for=timedelta(seconds=2))
    outcome = pruning.prune(root, current=version, rules=rules, trash_for=timedelta(0))
    assert outcome.failures == []


@pytest.mark.parametrize("count", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_no_file_is_missing_or_truncated_while_builds_come_and_go(tmp_path, count):
    root, folder = tmp_path / "static", tmp_path / "src"
    files = sources(write_files(folder, some_files(20)))
    release(root, "r0", files)
    found = []
    with readers(root, found):
        for number in range(1, count + 1):
            write_files(folder, some_files(2))
            release(root, f"r{number}", files)
    assert [one["bad"] for one in found] == [[]] * READERS
    assert sum(one["reads"] for one in found) > 100
    assert max(one["builds"] for one in found) > 1
    assert_whole(root / f"r{count}")
    assert hashed_folders(root) != []
    if count > 20:
        assert len(published(root)) < count, "nothing was pruned"


def test_a_file_that_is_changed_in_place_is_noticed(tmp_path):
    """What the test above would say if builds were changed as stock collectstatic does."""
    root = tmp_path / "static"
    release(root, "r0", sources(write_files(tmp_path / "src", some_files(2))))
    for path in root.glob("r0/*/*.*"):
        path.unlink()
        path.write_bytes(b"")
    found = []
    with readers(root, found):
        pass
    assert all("0 of " in why for one in found for why in one["bad"])
    assert all(one["bad"] for one in found)
