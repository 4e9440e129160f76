"""Publishing a build and hashing names, against stock `collectstatic` into a new folder."""

from __future__ import annotations

import filecmp
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import limits
from benchmarks.django_builds import Workshop, workshop
from benchmarks.pairs import Figure, compare
from benchmarks.site import names

_SITE = "a site of 5,000 files and 100 MB, 1 % of the files changed"


def figures() -> Sequence[Figure]:
    with workshop() as shop:
        return [
            _time(shop),
            _time_of_hashed_folders(shop),
            _bytes_written(shop),
            _disk(shop),
            _disk_of_hashed_folders(shop),
        ]


def hashing() -> Sequence[Figure]:
    """Against Django's `ManifestStaticFilesStorage`."""
    with workshop() as shop:
        found = compare(
            "publishing hashed names of 5,000 files and 100 MB, 1 % of the files changed",
            lambda: shop.publish("ManifestBuildStorage"),
            "the time of collectstatic with ManifestStaticFilesStorage",
            lambda: shop.collect("ManifestStaticFilesStorage"),
            pairs=3,
            limit=limits.HASHING,
            before=shop.clean,
        )
        _check_names(shop)
    return [found]


def _check_names(shop: Workshop) -> None:
    """That both have made the same of the same sources."""
    theirs = shop.collect("ManifestStaticFilesStorage")
    ours = shop.publish("ManifestBuildStorage")
    wanted = json.loads((theirs / "staticfiles.json").read_bytes())["paths"]
    found = json.loads((ours / ".staticfiles.json").read_bytes())["paths"]
    assert found == wanted and len(found) == len(names()), "the names must be Django's"
    everything = [*found, *found.values()]
    equal, *_ = filecmp.cmpfiles(ours, theirs, everything, shallow=False)
    assert len(equal) == len(everything), "the bytes must be Django's"


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


def _time_of_hashed_folders(shop: Workshop) -> Figure:
    """Two series of builds beside each other, so that each has a build before."""
    with_them, without = shop.root / "hashed", shop.root / "plain"
    return compare(
        f"publishing {_SITE}, with hashed_folders",
        lambda: shop.publish("BuildStorage", with_them, hashed_folders=True),
        "the time without",
        lambda: shop.publish("BuildStorage", without),
        pairs=9,
        limit=limits.HASHED_FOLDERS,
        # What one has written must not be the other's to wait for.
        before=os.sync,
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
        limit=limits.BYTES_WRITTEN,
    )


def _disk(shop: Workshop) -> Figure:
    shop.clean()
    (one,) = shop.root.glob("b*")
    alone = _used(one)
    two = shop.publish("BuildStorage")
    return _of_two("disk for two builds", _used(one, two), alone)


def _disk_of_hashed_folders(shop: Workshop) -> Figure:
    root = shop.root / "disk"
    one = shop.publish("BuildStorage", root, hashed_folders=True)
    alone = _used(one)
    shop.publish("BuildStorage", root, hashed_folders=True)
    return _of_two("disk for two builds with hashed_folders", _used(root), alone)


def _of_two(what: str, ours: int, theirs: int) -> Figure:
    return Figure(
        what=what,
        alternative="that of one",
        ours=ours,
        theirs=theirs,
        unit="bytes",
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


def _used(*folders: Path) -> int:
    """The blocks of all files and folders, each file counted once."""
    found = {}
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            stat = os.lstat(path)
            found[stat.st_ino] = stat.st_blocks * 512
    return sum(found.values())
