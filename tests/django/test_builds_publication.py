"""Publishing a build: linked where it did not change, shown whole."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import stat
from dataclasses import replace
from pathlib import Path

import crash_support
import pytest
from builds_support import (
    FILES,
    assert_all_whole,
    assert_whole,
    files_of,
    hidden,
    publish,
    publish_files,
    share_bytes,
    sources,
    write_files,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from dj_cloudfront.builds import filesystem, layout
from dj_cloudfront.builds.index import INDEX_NAME
from dj_cloudfront.builds.layout import published
from dj_cloudfront.builds.publication import Publication


@pytest.fixture
def umask():
    """Sets the umask and sets it back."""
    before = os.umask(0o022)
    os.umask(before)
    yield os.umask
    os.umask(before)


# What appears


def test_a_build_holds_the_bytes_of_its_sources_and_an_index(root):
    done = publish_files(root, "b1", FILES)
    assert files_of(root / "b1") == FILES
    assert_whole(root / "b1")
    assert (done.version, done.path, done.files) == ("b1", root / "b1", len(FILES))
    assert not done.already_there


def test_nothing_shows_before_the_build_is_finished(root, tmp_path):
    folder = write_files(tmp_path / "src", FILES)
    with Publication(root, "b1") as publication:
        for name, source in sources(folder):
            publication.add(name, source)
            assert published(root) == []
            assert hidden(root) == [publication.path.name]
        publication.finish()
    assert published(root) == ["b1"]
    assert hidden(root) == []


def test_an_error_in_between_leaves_nothing(root):
    with pytest.raises(RuntimeError), Publication(root, "b1") as publication:
        publication.add_bytes("site.css", b"p {}")
        raise RuntimeError
    assert hidden(root) == []


def test_fails_when_a_build_is_filled_after_its_end(root):
    publication = Publication(root, "b1")
    publication.add_bytes("site.css", b"p {}")
    publication.finish()
    for late in (lambda: publication.add_bytes("a.css", b""), publication.finish):
        with pytest.raises(
            ValueError, match="'b1' must be filled before it is finished"
        ):
            late()
    publication.abandon()
    assert files_of(root / "b1") == {"site.css": b"p {}"}


def test_fails_when_there_is_no_file(root):
    with pytest.raises(
        ValueError, match="must hold at least one file, but 'b1' got none"
    ):
        publish(root, "b1", [])
    assert published(root) == []


@pytest.mark.parametrize("version", ["", "../b1", ".b1", "a/b", "b" * 65])
def test_fails_when_the_version_is_no_safe_folder_name(root, version):
    with pytest.raises(ValueError, match="build_version must be 1 to 64 letters"):
        publish_files(root, version, FILES)
    assert not root.exists()


def test_a_file_larger_than_a_block_is_copied_and_linked_like_others(root):
    large = os.urandom(3 * (1 << 20) + 5)
    publish_files(root, "b1", {"a.bin": large})
    assert publish_files(root, "b2", {"a.bin": large}).linked == 1
    changed = large[:-1] + bytes([large[-1] ^ 1])
    assert publish_files(root, "b3", {"a.bin": changed}).linked == 0
    assert_all_whole(root)


# What is linked


def test_what_did_not_change_is_a_link_and_the_rest_is_written(root):
    publish_files(root, "b1", FILES)
    done = publish_files(root, "b2", {**FILES, "css/site.css": b"new", "new.js": b"1"})
    assert (done.linked, done.copied) == (len(FILES) - 1, 2)
    assert share_bytes(root / "b1/img/logo.svg", root / "b2/img/logo.svg")
    assert not share_bytes(root / "b1/css/site.css", root / "b2/css/site.css")
    assert files_of(root / "b1") == FILES
    assert_all_whole(root)


def test_bytes_decide_and_times_do_not(root, tmp_path):
    folder = write_files(tmp_path / "src", {"a.css": b"old!", "b.css": b"same"})
    publish(root, "b1", sources(folder))
    before = (folder / "a.css").stat()
    (folder / "a.css").write_bytes(b"new!")
    os.utime(folder / "a.css", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(folder / "b.css", ns=(1, 1))
    assert publish(root, "b2", sources(folder)).linked == 1
    assert files_of(root / "b2") == {"a.css": b"new!", "b.css": b"same"}


def test_a_source_is_never_linked(root, tmp_path):
    folder = write_files(tmp_path / "src", FILES)
    for version in ("b1", "b2"):
        publish(root, version, sources(folder))
        for name, source in sources(folder):
            assert not share_bytes(source, root / version / name)


def test_the_same_bytes_are_once_on_the_disk_within_a_build(root):
    done = publish_files(root, "b1", {"a.js": b"x" * 500, "a.0123.js": b"x" * 500})
    assert (done.linked, done.copied) == (1, 1)
    assert share_bytes(root / "b1/a.js", root / "b1/a.0123.js")


def test_the_newest_build_with_an_index_is_the_one_that_is_linked(root):
    publish_files(root, "b1", {"a.css": b"one"})
    publish_files(root, "b2", {"a.css": b"two"})
    write_files(root / "b3", {"a.css": b"three"})
    assert publish_files(root, "b4", {"a.css": b"two"}).linked == 1
    # A damaged one stops nothing.
    for version in ("b2", "b4"):
        path = root / version / INDEX_NAME
        path.chmod(0o644)
        path.write_bytes(b"{")
    assert publish_files(root, "b5", {"a.css": b"one"}).linked == 1


def test_a_file_that_was_lost_or_damaged_in_the_previous_build_is_written_anew(root):
    publish_files(root, "b1", FILES)
    (root / "b1/robots.txt").unlink()
    damaged = root / "b1/css/site.css"
    damaged.chmod(0o644)
    damaged.write_bytes(b"#" * len(FILES["css/site.css"]))
    done = publish_files(root, "b2", FILES)
    assert done.copied == 2
    assert_whole(root / "b2")


def test_what_somebody_changed_in_place_is_described_as_it_is(root):
    publish_files(root, "b1", {"a.css": b"one", "b.css": b"b"})
    path = root / "b1/a.css"
    path.chmod(0o644)
    path.write_bytes(b"two")
    later = (root / "b1" / INDEX_NAME).stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))
    publish_files(root, "b2", {"a.css": b"two", "b.css": b"b"})
    assert_whole(root / "b2")


def test_a_link_in_the_previous_build_is_not_linked(root, tmp_path):
    publish_files(root, "b1", {"a.css": b"a"})
    os.rename(root / "b1/a.css", tmp_path / "a.css")
    (root / "b1/a.css").symlink_to(tmp_path / "a.css")
    assert publish_files(root, "b2", {"a.css": b"a"}).linked == 0
    assert not (root / "b2/a.css").is_symlink()


# Who may read it


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("mask", "folder", "file"), [(0o022, 0o755, 0o444), (0o027, 0o750, 0o440)]
)
def test_files_are_for_reading_by_whom_the_umask_lets(root, umask, mask, folder, file):
    umask(mask)
    publish_files(root, "b1", FILES)
    for path in (root / "b1").rglob("*"):
        assert permissions(path) == (folder if path.is_dir() else file), path
    assert permissions(root / "b1") == folder


def test_a_file_that_the_web_server_could_not_read_is_not_linked(root, umask):
    umask(0o077)
    publish_files(root, "b1", FILES)
    umask(0o022)
    assert publish_files(root, "b2", FILES).linked == 0
    assert permissions(root / "b2/robots.txt") == 0o444
    assert publish_files(root, "b3", FILES).linked == len(FILES)


# Others at work


def test_what_a_dead_publisher_left_is_removed_by_the_next_one(root):
    publish_files(root, "b1", FILES)
    for version in ("b1", "b2", "b7.1"):
        write_files(root / f".{version}.publishing-00ff", {"css/half": b"half"})
    kept = write_files(root / ".b2.publishing", {"a": b"a"})
    publish_files(root, "b2", FILES)
    assert hidden(root) == [kept.name]


def test_what_a_living_publisher_writes_is_left_alone(root):
    with Publication(root, "b1") as publication:
        publication.add_bytes("site.css", b"p {}")
        taken = pytest.raises(OSError, match="must be free within 0.1 seconds")
        with taken, filesystem.locked(root, seconds=0.1):
            pytest.fail("two at a time")
        publication.finish()
    assert files_of(root / "b1") == {"site.css": b"p {}"}


def test_a_publisher_whose_folder_is_being_removed_shows_nothing(root, monkeypatch):
    """As on a shared disk on which locks do not hold between servers."""
    publish_files(root, "b1", FILES)
    with Publication(root, "b2") as publication:
        for name, data in FILES.items():
            publication.add_bytes(name, data)

        # The other server is not through with it when this one comes to its end.
        def remove_a_part(path):
            (path / "robots.txt").unlink()

        monkeypatch.setattr(filesystem, "remove_tree", remove_a_part)
        layout.remove_incomplete(publication.path)
        with pytest.raises(OSError, match="publishing 'b2' must be able to use"):
            publication.finish()
    assert published(root) == ["b1"]


def test_a_build_that_appeared_meanwhile_is_not_replaced(root):
    with Publication(root, "b1") as publication:
        publication.add_bytes("site.css", b"p {}")
        write_files(root / "b1", {"other.css": b""})
        with pytest.raises(OSError, match="publishing 'b1' must be able to use"):
            publication.finish()
    assert files_of(root / "b1") == {"other.css": b""}
    assert hidden(root) == []


def publish_in_turn(root, versions):
    return [publish_files(root, version, FILES).already_there for version in versions]


def test_of_several_that_publish_one_build_at_once_one_does_and_the_others_see_it(root):
    write_files(root.with_name("static-sources"), FILES)
    versions = [f"b{number}" for number in range(6)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        told = pool.starmap(publish_in_turn, [(root, versions)] * 3)
    assert [sorted(one) for one in zip(*told, strict=True)] == [[False, True, True]] * 6
    assert published(root) == versions and hidden(root) == []
    assert_all_whole(root)


NAMES = st.sampled_from(["a.css", "b.css", "c/a.css", "c/b.js", "c/d/a.js", "e.txt"])
CONTENTS = st.sampled_from([b"", b"1", b"2", b"two", b"3" * 400, b"4" * 400])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(NAMES, CONTENTS, min_size=1), min_size=2, max_size=4))
def test_any_builds_hold_their_own_files_whatever_came_before(builds):
    with crash_support.quick_folder() as folder:
        for number, files in enumerate(builds):
            done = publish_files(
                folder / "static", f"b{number}", files, precompress=["gzip"]
            )
            assert done.linked + done.copied == done.files
        for number, files in enumerate(builds):
            build = folder / "static" / f"b{number}"
            assert_whole(build)
            found = files_of(build)
            plain = {n: data for n, data in found.items() if not n.endswith(".gz")}
            assert plain == files
            for name in found.keys() - files.keys():
                assert gzip.decompress(found[name]) == files[name.removesuffix(".gz")]


# Dry runs


def test_a_dry_run_says_what_would_be_and_writes_nothing(root):
    publish_files(root, "b1", FILES, precompress=["gzip"])
    before = {path: path.lstat().st_mtime_ns for path in (root, *root.rglob("*"))}
    files = {**FILES, "css/site.css": b"p { margin: 0 }" * 100, "new.js": b"1"}
    told = publish_files(root, "b2", files, precompress=["gzip"], dry_run=True)
    after = {path: path.lstat().st_mtime_ns for path in (root, *root.rglob("*"))}
    assert after == before
    done = publish_files(root, "b2", files, precompress=["gzip"])
    assert replace(told, seconds=0) == replace(done, seconds=0)
    assert done.linked and done.companions


# What a storage needs


def test_a_file_that_was_added_can_be_read_listed_and_taken_out_again(root):
    for dry_run in (True, False):
        with Publication(root, "b1", dry_run=dry_run) as publication:
            publication.add_bytes("css/a.css", b"one")
            assert publication.exists("css/a.css")
            assert not publication.exists("css")
            assert publication.open("css/a.css").read() == b"one"
            publication.remove("css/a.css")
            assert not publication.exists("css/a.css")
            publication.add_bytes("css/a.css", b"two")
            publication.add_bytes("b.css", b"two")
            with pytest.raises(FileNotFoundError):
                publication.open("c.css")
            publication.finish()
    assert files_of(root / "b1") == {"css/a.css": b"two", "b.css": b"two"}


# Sources


def test_a_link_in_the_sources_is_published_as_the_file_it_leads_to(root, tmp_path):
    outside = write_files(tmp_path / "outside", {"b.css": b"b"})
    (tmp_path / "b.css").symlink_to(outside / "b.css")
    publish(root, "b1", [("b.css", tmp_path / "b.css")])
    assert files_of(root / "b1") == {"b.css": b"b"}
    assert not (root / "b1/b.css").is_symlink()


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "nothing"])
def test_fails_when_a_source_is_no_regular_file(root, tmp_path, kind):
    path = tmp_path / "odd"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else tmp_path / "gone.css")
    sentence = (
        "odd, but it got 'No such file|a source must be a regular file, got '.*odd'"
    )
    with pytest.raises((OSError, ValueError), match=sentence):
        publish(root, "b1", [("a.css", path)])
    assert published(root) == [] and hidden(root) == []


def test_a_source_that_grows_while_it_is_read_is_described_as_it_was_read(root):
    """/proc shows files whose size is said to be nothing."""
    status = Path("/proc/self/limits")
    if not status.exists():
        pytest.skip("there is no /proc")
    publish(root, "b1", [("limits.txt", status)])
    assert (root / "b1/limits.txt").stat().st_size > 0
    assert_whole(root / "b1")
