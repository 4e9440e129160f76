"""Pruning and declaring, ended or denied the disk at each thing that they do to it."""

from __future__ import annotations

import errno
import os
import random
import shutil

import pytest
from crash_support import KILL, Fault, every_point, quick_folder
from prune_support import (
    A_DAY,
    AGES,
    FILES,
    NO_TRASH,
    assert_whole,
    forget_times,
    go,
    in_trash,
    make_build,
    make_builds,
    set_age,
    tree,
    use,
    versions,
)

from dj_cloudfront.builds.in_use import (
    last_used,
    register_server,
    registered_servers,
    unregister_server,
)
from dj_cloudfront.builds.index import read_index
from dj_cloudfront.builds.layout import hashed_folders

MORE = FILES | {f"img/{number}.png": b"%d" % number for number in range(2)}

FULL = Fault(errno=errno.ENOSPC, stays=True)
DENIED = [
    *(FULL, Fault(errno=errno.ENOSPC), Fault(errno=errno.EDQUOT, stays=True)),
    *(Fault(errno=errno.EACCES), Fault(errno=errno.EIO)),
    Fault(errno=errno.EROFS, stays=True),
]


@pytest.fixture
def root():
    with quick_folder() as folder:
        yield folder / "static"


def fill(root):
    """Old builds, two that were in the trash, one brought back, one left over."""
    if root.exists():
        shutil.rmtree(root)
    root.mkdir()
    before = None
    for version, age in {"t1": 900, "t2": 800, "t3": 700, **AGES}.items():
        make_build(
            root,
            version,
            age=age,
            files=MORE | {"v": version.encode(), f"only/{age // 200}": b"some"},
            like=before,
            hashed=True,
        )
        before = version
    use(root, "web1", "b4")
    forget_times(root)
    use(root, "web1", "b5", ago=40)
    trash = root / ".cdn" / "trash"
    trash.mkdir()
    for number, version in enumerate(("t1", "t2", "t3")):
        folder = trash / f"{version}-0000000{number}"
        folder.mkdir()
        os.rename(root / version, folder / version)
        set_age(folder, 2)
    os.rename(trash / "t3-00000002" / "t3", root / "t3")
    make_build(root, ".b6.publishing-0a1b2c3d", files=MORE, like="b5", index=False)


KEPT = ("b4", "b5", "t3")


def assert_nothing_is_lost(root, held):
    """What shows is whole, what is kept shows, what can be brought back is whole."""
    assert set(KEPT) <= set(versions(root)) <= {*AGES, "t3"}
    for version in versions(root):
        assert tree(root / version) == held[version]
    assert_whole(root, *versions(root))
    for path in (root / ".cdn" / "trash").glob("[!.]*/*"):
        assert tree(path) == held[path.name]
        # Brought back, it has the URLs of its pages too.
        for hashed in read_index(path).hashed_folders.values():
            assert (root / hashed).is_dir()


def assert_complete(root, trash_for):
    assert versions(root) == sorted(KEPT)
    trash = [path.name for path in (root / ".cdn" / "trash").iterdir()]
    assert [name for name in trash if name.startswith(".")] == []
    assert set(in_trash(root)) <= ({"b1", "b2", "b3"} if trash_for else set())
    assert not list(root.glob(".*.publishing-*"))
    assert_whole(root, *KEPT)
    builds = [root / version for version in KEPT]
    builds += (root / ".cdn" / "trash").glob("[!.]*/*")
    named = [set(read_index(path).hashed_folders.values()) for path in builds]
    assert set(hashed_folders(root)) == set.union(*named)


def survives(root, trash_for, fault, step=1):
    """Try each point, or one of so many; returns how many were tried."""
    fill(root)
    held = {v: tree(root / v) for v in versions(root)}
    held |= {p.name: tree(p) for p in (root / ".cdn" / "trash").glob("*/*")}
    points = 0
    tries = every_point(
        lambda: go(root, trash_for=trash_for).failures,
        fault,
        before=lambda: fill(root),
        first=random.randint(1, step),
        step=step,
    )
    for outcome in tries:
        points += 1
        assert_nothing_is_lost(root, held)
        if fault is not KILL and outcome.error is None and outcome.result == []:
            # Nothing was said, so nothing may be missing but what the next run tidies up.
            assert versions(root) == sorted(KEPT)
        if outcome.error is not None:
            assert isinstance(outcome.error, OSError)
        assert go(root, trash_for=trash_for).failures == []
        assert_complete(root, trash_for)
    return points


@pytest.mark.parametrize(
    ("trash_for", "fault"), [(A_DAY, KILL), (NO_TRASH, KILL), (A_DAY, FULL)], ids=str
)
def test_ended_or_denied_here_and_there_nothing_is_lost(root, trash_for, fault):
    assert survives(root, trash_for, fault, step=11) > 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", [KILL, *DENIED], ids=str)
@pytest.mark.parametrize("trash_for", [A_DAY, NO_TRASH], ids=["trash", "at-once"])
def test_ended_or_denied_at_any_point_nothing_is_lost(root, trash_for, fault):
    assert survives(root, trash_for, fault) > 20


def full(monkeypatch):
    """Nothing new can be made, as on a disk without a free block."""
    opened = os.open

    def deny(path, flags, *arguments, **options):
        if flags & os.O_CREAT and not os.path.lexists(path):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return opened(path, flags, *arguments, **options)

    def deny_folder(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(os, "open", deny)
    monkeypatch.setattr(os, "mkdir", deny_folder)


def test_builds_can_be_deleted_from_a_full_disk(root, monkeypatch):
    """It takes no new file, no folder and no byte, but for the notes, which can wait."""
    fill(root)
    full(monkeypatch)
    failures = go(root, trash_for=NO_TRASH).failures
    assert versions(root) == sorted(KEPT)
    assert in_trash(root) == []
    assert failures
    assert all("/last-used/" in one and "No space left" in one for one in failures)
    monkeypatch.undo()
    assert go(root, trash_for=NO_TRASH).failures == []
    assert_complete(root, NO_TRASH)


def test_on_a_full_disk_the_trash_is_emptied_though_no_build_can_go_there(
    root, monkeypatch
):
    fill(root)
    full(monkeypatch)
    failures = go(root, trash_for=A_DAY).failures
    assert set(versions(root)) == {*AGES, "t3"}
    assert in_trash(root) == []
    assert any("/trash/.moving-b1-" in one for one in failures)
    monkeypatch.undo()
    assert go(root, trash_for=A_DAY).failures == []
    assert_complete(root, A_DAY)


# -- declarations


def declared(root):
    return {one.server: one.version for one in registered_servers(root)}


def fill_declared(root, declared="b4"):
    if root.exists():
        shutil.rmtree(root)
    root.mkdir()
    make_builds(root, {"b1": 400, "b4": 100, "b5": 50})
    if declared:
        use(root, "web1", declared)
        forget_times(root)


def test_a_declaration_that_was_ended_says_the_old_build_or_the_new_one(root):
    tries = every_point(
        lambda: register_server(root, "b5", server="web1"),
        before=lambda: fill_declared(root),
    )
    seen = set()
    for _ in tries:
        (said,) = declared(root).values()
        seen.add(said)
        if said == "b5":
            assert "b4" in last_used(root)
        register_server(root, "b5", server="web1")
        assert declared(root) == {"web1": "b5"}
        assert "b4" in last_used(root)
    assert seen == {"b4", "b5"}


def test_the_first_declaration_that_was_ended_still_dates_every_build(root):
    tries = every_point(
        lambda: register_server(root, "b5", server="web1"),
        before=lambda: fill_declared(root, declared=None),
        step=2,
    )
    for _ in tries:
        register_server(root, "b5", server="web1")
        assert declared(root) == {"web1": "b5"}
        assert set(last_used(root)) == {"b1", "b4", "b5"}


def test_a_server_is_forgotten_only_when_its_build_is_dated(root):
    tries = every_point(
        lambda: unregister_server(root, "web1"), before=lambda: fill_declared(root)
    )
    for outcome in tries:
        assert declared(root) or "b4" in last_used(root), outcome
        if declared(root):
            unregister_server(root, "web1")
        assert "b4" in last_used(root)


def test_a_declaration_that_the_disk_denies_is_an_error_and_loses_nothing(root):
    tries = every_point(
        lambda: register_server(root, "b5", server="web1"),
        Fault(errno=errno.EACCES),
        before=lambda: fill_declared(root),
    )
    for outcome in tries:
        (said,) = declared(root).values()
        if outcome.error is None:
            assert said == "b5"
        else:
            assert isinstance(outcome.error, OSError)
        assert said == "b4" or "b4" in last_used(root)
