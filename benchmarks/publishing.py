"""Publishing a build, against stock `collectstatic` into a new folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import limits
from benchmarks.django_builds import Workshop, workshop
from benchmarks.pairs import Figure, compare

_SITE = "a site of 5,000 files and 100 MB, 1 % of the files changed"


def figures() -> Sequence[Figure]:
    with workshop() as shop:
        return [_time(shop), _bytes_written(shop), _disk(shop)]


def _time(shop: Workshop) -> Figure:
    return compare(
        f"publishing {_SITE}",
        lambda: shop.publish("BuildStorage"),
        "the time of stock collectstatic",
        lambda: shop.collect("StaticFilesStorage"),
        pairs=5,
        limit=limits.PUBLISHING,
        before=shop.clean,
    )


def _bytes_written(shop: Workshop) -> Figure:
    shop.clean()
    ours = _written_by(lambda: shop.publish("BuildStorage"))
    theirs = _written_by(lambda: shop.collect("StaticFilesStorage"))
    return Figure(
        what=f"bytes written for {_SITE}",
        alternative="those of stock collectstatic",
        ours=ours,
        theirs=theirs,
        unit="bytes",
        pairs=1,
        limit=limits.BYTES_WRITTEN,
    )


def _disk(shop: Workshop) -> Figure:
    shop.clean()
    (one,) = shop.root.glob("b*")
    alone = _used(one)
    shop.publish("BuildStorage")
    return Figure(
        what="disk for two builds",
        alternative="that of one",
        ours=_used(shop.root),
        theirs=alone,
        unit="bytes",
        pairs=1,
        limit=limits.DISK,
    )


def _written_by(run: Callable[[], object]) -> int:
    """What a process has the system write to the disk, file names included.

    `write_bytes` of https://man7.org/linux/man-pages/man5/proc_pid_io.5.html
    """
    before = _write_bytes()
    run()
    return _write_bytes() - before


def _write_bytes() -> int:
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def _used(folder: Path) -> int:
    """The blocks of all files and folders, each file counted once."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        stat = os.lstat(path)
        found[stat.st_ino] = stat.st_blocks * 512
    return sum(found.values())
