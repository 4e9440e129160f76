"""Several processes publish, declare and prune at once, as servers with one disk do."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from prune_support import (
    AGES,
    ROOT,
    assert_whole,
    forget_times,
    in_trash,
    tree,
    use,
    versions,
)

from dj_cloudfront.builds import filesystem

HEAD = """
import random, sys, time
from datetime import timedelta
from pathlib import Path
from dj_cloudfront.builds import filesystem, pruning
from dj_cloudfront.builds.in_use import register_server
from dj_cloudfront.builds.publication import Publication
from dj_cloudfront.builds.retention import RetentionRules
root = Path(sys.argv[1])
def go(current="b5", keep=1, days=30, trash=1):
    return pruning.prune(root, current=current,
        rules=RetentionRules(keep=keep, superseded_for=timedelta(days=days)),
        trash_for=timedelta(days=trash))
"""
PRUNE = "outcome = go(); assert outcome.failures == [], outcome.failures"
HOLD = """
with filesystem.locked(root):
    print("locked", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def root(built):
    return built


@pytest.fixture
def started():
    """Processes of this test, which end with it."""
    processes = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(started, root, code):
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + code, root],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    return process


def hold(started, root):
    holder = start(started, root, HOLD)
    assert holder.stdout.readline() == "locked\n"
    return holder


def ended(process):
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints


def waits(process, root):
    """Until a process has come as far as the lock: it has it open, and does not end."""
    lock = str(root / ".cdn" / "lock")
    folder = f"/proc/{process.pid}/fd"
    for _ in range(600):
        if process.poll() is not None:
            return False
        names = [os.path.join(folder, name) for name in os.listdir(folder)]
        if lock in [os.readlink(name) for name in names if os.path.lexists(name)]:
            return True
        time.sleep(0.02)
    return False


def test_what_is_declared_while_pruning_waits_stays(root, started):
    use(root, "web1", "b5")
    forget_times(root)
    held = filesystem.locked(root)
    held.__enter__()
    pruning = start(started, root, PRUNE)
    try:
        assert waits(pruning, root)
        # As a rollback does that had the lock first.
        file = root / ".cdn" / "in-use" / "web1.json"
        file.write_text('{"server": "web1", "version": "b1"}')
    finally:
        held.__exit__(None, None, None)
    ended(pruning)
    assert versions(root) == ["b1", "b4", "b5"]


def test_declaring_waits_for_pruning_and_then_finds_the_build_gone(root, started):
    holder = hold(started, root)
    declaring = start(started, root, "register_server(root, 'b1', server='web1')")
    assert waits(declaring, root)
    os.rename(root / "b1", root / ".b1")
    holder.stdin.write("\n")
    ended(holder)
    _, complaints = declaring.communicate(timeout=60)
    assert declaring.returncode == 1
    assert "VERSION must be a build in" in complaints


def test_two_that_prune_at_once_do_the_work_once(root, started):
    held = {version: tree(root / version) for version in AGES}
    both = [start(started, root, PRUNE) for _ in range(2)]
    for process in both:
        ended(process)
    assert versions(root) == ["b4", "b5"]
    assert in_trash(root) == ["b1", "b2", "b3"]
    for path in (root / ".cdn" / "trash").glob("*/*"):
        assert tree(path) == held[path.name]


def test_a_build_that_is_being_published_is_not_taken_for_a_left_over_one(
    root, started
):
    publishing = start(
        started,
        root,
        """
with Publication(root, "b6") as publication:
    publication.add_bytes("css/site.css", b"p {}")
    print("half", flush=True)
    sys.stdin.readline()
    publication.add_bytes("js/app.js", b"app()")
    publication.finish()
""",
    )
    assert publishing.stdout.readline() == "half\n"
    assert list(root.glob(".b6.publishing-*"))
    pruning = start(started, root, PRUNE)
    assert waits(pruning, root)
    publishing.stdin.write("\n")
    ended(publishing)
    ended(pruning)
    assert versions(root) == ["b4", "b5", "b6"]
    assert_whole(root, "b4", "b5", "b6")


# -- all at once

SERVER = """
# A server that takes the newest build, now and then an older one, and cleans up.
name = sys.argv[2]
rounds = 0
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    there = sorted(p.name for p in root.iterdir() if p.name[0] == "c")
    wanted = random.choice(there[-3:])
    try:
        register_server(root, wanted, server=name)
    except ValueError as error:
        assert "VERSION must be a build" in str(error), error
        continue
    # It serves this build now: all of it has to be there, however much others prune.
    for _ in range(20):
        data = (root / wanted / f"{random.randrange(30)}.txt").read_bytes()
        assert len(data) == 2000, len(data)
    outcome = go(current=wanted, keep=2, days=0, trash=0)
    assert outcome.failures == [], outcome.failures
    rounds += 1
print(rounds)
"""
PUBLISHER = """
end = time.monotonic() + float(sys.argv[3])
number = 1000
while time.monotonic() < end:
    number += 1
    with Publication(root, f"c{number}") as publication:
        for name in range(30):
            version = number if name % 10 == 0 else 0
            publication.add_bytes(f"{name}.txt", f"{version}".ljust(2000).encode())
        publication.finish()
print(number - 1000)
"""


@pytest.mark.slow
def test_servers_that_publish_declare_and_prune_at_once_never_miss_a_file(
    tmp_path, started
):
    def run(code, name, seconds):
        process = subprocess.Popen(
            [sys.executable, "-c", HEAD + code, tmp_path, name, str(seconds)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    first = run(PUBLISHER, "first", 0.5)
    assert first.communicate(timeout=60)[1] == ""
    # Numbers go on where they ended, for what was published is there.
    code = PUBLISHER.replace("number = 1000", "number = 5000")
    processes = [run(code, "publisher", 10)]
    processes += [run(SERVER, f"web{number}", 10) for number in range(3)]
    rounds = []
    for process in processes:
        said, complaints = process.communicate(timeout=120)
        assert process.returncode == 0, complaints
        rounds.append(int(said))
    # Which of them the lock favours is left to chance, more so on a busy machine.
    published, *pruned = rounds
    assert published > 1
    assert sum(pruned) > 5
    there = versions(tmp_path)
    assert len(there) < 15
    assert_whole(tmp_path, *there)
