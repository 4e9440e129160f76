"""What touches the disk, and the lock."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from builds_support import ROOT, write_files

from dj_cloudfront.builds import filesystem


def test_a_new_file_is_never_written_over_anything(tmp_path):
    filesystem.write_new(tmp_path / "a", b"one")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            filesystem.write_new(tmp_path / name, b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_replaced_at_once_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a"
    filesystem.write_atomically(path, b"one")
    with open(path, "rb") as reader:
        filesystem.write_atomically(path, b"two")
        assert reader.read() == b"one"
    assert path.read_bytes() == b"two"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_tree_is_removed_and_links_in_it_are_not_followed(tmp_path):
    outside = write_files(tmp_path / "outside", {"kept": b"kept"})
    tree = write_files(tmp_path / "tree", {"a/b/c": b"", "d": b""})
    (tree / "folder").symlink_to(outside)
    (tree / "file").symlink_to(outside / "kept")
    filesystem.remove_tree(tree)
    assert not tree.exists()
    (tmp_path / "link").symlink_to(outside)
    filesystem.remove_tree(tmp_path / "link")
    filesystem.remove_tree(tmp_path / "never there")
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (outside / "kept").read_bytes() == b"kept"


def test_a_folder_is_synced_where_it_can_be_and_a_file_always(tmp_path, monkeypatch):
    filesystem.write_new(tmp_path / "a", b"")

    def refuse(number):
        def fsync(file):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", fsync)

    refuse(errno.EINVAL)
    filesystem.fsync_folder(tmp_path)
    with pytest.raises(OSError):
        filesystem.fsync_path(tmp_path / "a")
    refuse(errno.EIO)
    with pytest.raises(OSError):
        filesystem.fsync_folder(tmp_path)


# The lock


HOLD = """
import sys
from pathlib import Path
from dj_cloudfront.builds import filesystem
with filesystem.locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has the lock, until its standard input ends."""
    command = [sys.executable, "-c", HOLD, tmp_path]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.stdin.close()


def test_one_at_a_time(tmp_path, holder):
    with pytest.raises(OSError) as caught, filesystem.locked(tmp_path, seconds=0.1):
        pytest.fail("two at a time")
    assert str(caught.value) == (
        f"{tmp_path}/.cdn/lock must be free within 0.1 seconds, but process {holder.pid} on "
        f"{os.uname().nodename} still publishes or prunes there: wait for it, or end it if "
        "it hangs"
    )
    holder.stdin.close()
    with filesystem.locked(tmp_path, seconds=30):
        pass


def test_whoever_waits_is_told(tmp_path, holder):
    told = []

    def tell(*progress):
        told.append(progress)
        holder.stdin.close()

    with filesystem.locked(tmp_path, seconds=30, progress=tell):
        pass
    what = "waiting for another to publish or prune"
    assert told == [(what, 0, 1), (what, 1, 1)]
    with filesystem.locked(tmp_path, progress=lambda *one: pytest.fail("nobody waits")):
        pass


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path, holder):
    holder.kill()
    with filesystem.locked(tmp_path, seconds=30):
        pass


def test_the_lock_is_no_way_to_a_file_outside(tmp_path):
    outside = write_files(tmp_path / "outside", {"precious": b"precious"})
    root = tmp_path / "static"
    (root / ".cdn").mkdir(parents=True)
    (root / ".cdn/lock").symlink_to(outside / "precious")
    with pytest.raises(OSError), filesystem.locked(root):
        pytest.fail("locked")
    assert (outside / "precious").read_bytes() == b"precious"


def test_a_full_disk_is_no_reason_not_to_make_room(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with filesystem.locked(tmp_path):
        pass
    monkeypatch.setattr(os, "pwrite", refuse)
    with filesystem.locked(tmp_path):
        pass


# Errors as sentences


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "make room on the disk, such as with 'manage.py cdn prune'"),
        (errno.EDQUOT, "make room on the disk, such as with 'manage.py cdn prune'"),
        (errno.EACCES, "run it as the user that owns the folder"),
        (errno.EPERM, "run it as the user that owns the folder"),
        (errno.EROFS, "mount the disk for writing"),
        (errno.EIO, "mend it and run it again"),
    ],
)
def test_each_error_has_its_cure_and_keeps_its_number(tmp_path, number, cure):
    error = filesystem.explained(OSError(number, "why", "css/a"), "it", tmp_path)
    assert str(error).startswith(f"it must be able to use {tmp_path}/css/a, but it got")
    assert f"'why': {cure}" in str(error)
    assert error.errno == number
