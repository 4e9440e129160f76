"""Publishing on disks without links, full or read-only, and without the right to."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from pathlib import Path

import crash_support
import pytest
from builds_support import (
    FILES,
    assert_all_whole,
    assert_whole,
    files_of,
    hidden,
    mounted,
    publish,
    publish_files,
    remount,
    share_bytes,
    sources,
    write_files,
)

from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.index import INDEX_NAME
from dj_cloudfront.builds.layout import published


def as_nobody(action):
    """What an action raises when a user without rights runs it, in a fork."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    outcome = crash_support.attempt(lambda: (os.setuid(65534), action()), sys.maxsize)
    return outcome.error


def open_to_all(*folders):
    for folder in folders:
        for parent in (folder, *folder.parents):
            parent.chmod(parent.stat().st_mode | 0o055)


def test_fails_with_one_sentence_when_nothing_may_be_written(root, tmp_path):
    folder = write_files(tmp_path / "src", FILES)
    publish(root, "b1", sources(folder))
    open_to_all(root, folder)
    error = as_nobody(lambda: publish(root, "b2", sources(folder)))
    assert str(error) == (
        f"publishing 'b2' must be able to use {root}/.cdn/lock, but it got 'Permission "
        "denied': run it as the user that owns the folder, or give this one the right"
    )


def test_fails_with_one_sentence_when_a_source_may_not_be_read(root, tmp_path):
    folder = write_files(tmp_path / "src", {"a.css": b"a", "b.css": b"b"})
    (folder / "b.css").chmod(0)
    root.mkdir(mode=0o777)
    root.chmod(0o777)
    open_to_all(root, folder)
    error = as_nobody(lambda: publish(root, "b1", sources(folder)))
    assert f"must be able to use {folder}/b.css, but it got 'Permission" in str(error)
    assert published(root) == [] and hidden(root) == []


@pytest.mark.parametrize("hashed", [False, True])
def test_another_user_copies_what_he_may_not_link(root, tmp_path, hashed):
    """Linux lets nobody link the files of others, unless he may write them."""
    folder = write_files(tmp_path / "src", FILES)

    def release(version):
        publish(root, version, sources(folder), hashed_folders=hashed)

    release("b1")
    open_to_all(root, folder)
    for path in (root, root / ".cdn", root / ".cdn/lock"):
        path.chmod(0o777)
    assert as_nobody(lambda: release("b2")) is None
    assert_whole(root / "b2")
    guarded = Path("/proc/sys/fs/protected_hardlinks").read_text().strip() == "1"
    linked = share_bytes(root / "b1/robots.txt", root / "b2/robots.txt")
    assert linked is not guarded


def test_fails_with_one_sentence_on_a_full_disk_and_works_once_there_is_room(root):
    files = {f"{number}.bin": os.urandom(200_000) for number in range(6)}
    with mounted(root):
        publish_files(root, "b1", FILES)
        with pytest.raises(OSError) as caught:
            publish_files(root, "b2", {**FILES, **files})
        assert re.fullmatch(
            rf"publishing 'b2' must be able to use {root}/\.b2\.publishing-\w+/\d\.bin, but it got "
            "'No space left on device': make room on the disk, such as with 'manage.py cdn "
            "prune', and run it again",
            str(caught.value),
        )
        assert caught.value.errno == errno.ENOSPC
        assert published(root) == ["b1"] and hidden(root) == []
        remount(root, "size=4m")
        publish_files(root, "b2", {**FILES, **files})
        assert_all_whole(root)


def test_fails_with_one_sentence_on_a_disk_that_is_read_only(root):
    with mounted(root):
        publish_files(root, "b1", FILES)
        remount(root, "ro")
        with pytest.raises(
            OSError, match="'Read-only file system': mount the disk for"
        ):
            publish_files(root, "b2", FILES)
        assert publish_files(root, "b2", FILES, dry_run=True).linked == len(FILES)


@pytest.fixture
def no_links(monkeypatch):
    """Let the system refuse links with an error of this number."""

    def deny(number):
        def refuse(*arguments, **options):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "link", refuse)

    return deny


@pytest.mark.parametrize("error", ["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "ENOSYS"])
def test_files_are_copied_where_there_can_be_no_links(root, no_links, error):
    publish_files(root, "b1", FILES)
    no_links(getattr(errno, error))
    done = publish_files(root, "b2", FILES)
    assert (done.linked, done.copied) == (0, len(FILES))
    assert files_of(root / "b2") == FILES
    assert_all_whole(root)


def test_files_are_copied_from_another_disk(root):
    """The previous build is a disk of its own."""
    with mounted(root / "b1"):
        publish_files(root, "b0", FILES)
        for name, data in files_of(root / "b0").items():
            write_files(root / "b1", {name: data})
        shutil.copy2(root / "b0" / INDEX_NAME, root / "b1" / INDEX_NAME)
        filesystem.remove_tree(root / "b0")
        done = publish_files(root, "b2", FILES)
        assert (done.linked, done.copied) == (0, len(FILES))
        assert_whole(root / "b2")


def test_fails_when_a_link_cannot_be_made_for_another_reason(root, no_links):
    publish_files(root, "b1", FILES)
    no_links(errno.EIO)
    with pytest.raises(OSError, match="publishing 'b2' must be able to use") as caught:
        publish_files(root, "b2", FILES)
    assert caught.value.errno == errno.EIO
    assert published(root) == ["b1"] and hidden(root) == []
