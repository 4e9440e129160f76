"""Folders whose URL holds a hash of their content: which URLs survive, what is on the disk."""

from __future__ import annotations

import os
import shutil

import pytest
from builds_support import (
    SITE,
    assert_all_whole,
    files_of,
    publish_files,
    release,
    share_bytes,
)

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.index import read_index
from dj_cloudfront.builds.layout import hashed_folders, is_hashed_folder, published

CHANGED = SITE | {"site/css/site.css": b"body { color: blue }\n" * 20}


def hashed(root, files, **options):
    return release(root, "b1", files, **options).hashed_folders


# -- which URLs survive


def test_a_folder_that_did_not_change_keeps_its_url(root):
    first = release(root, "b1", SITE)
    second = release(root, "b2", CHANGED)
    assert second.hashed_folders["admin"] == first.hashed_folders["admin"]
    assert second.hashed_folders["site"] != first.hashed_folders["site"]
    admin = sum(len(data) for name, data in SITE.items() if name.startswith("admin/"))
    assert (first.reused_url_bytes, second.reused_url_bytes) == (0, admin)
    assert second.bytes == sum(map(len, CHANGED.values()))
    assert_all_whole(root)


@pytest.mark.parametrize(
    "changes",
    [
        {"admin/css/base.css": b"p {}"},
        {"admin/css/new.css": b"p {}"},
        {"admin/css/base.css": None},
        {"admin/css/base.css": None, "admin/css/x.css": SITE["admin/css/base.css"]},
    ],
    ids=["changed", "added", "removed", "renamed"],
)
def test_whatever_changes_in_a_folder_changes_its_url(root, tmp_path, changes):
    before = hashed(root, SITE)
    files = {name: data for name, data in (SITE | changes).items() if data is not None}
    after = hashed(tmp_path / "after", files)
    assert after["admin"] != before["admin"]
    assert after["site"] == before["site"]


def test_equal_folders_of_different_names_are_two(root):
    found = hashed(root, {"a/x.css": b"p", "b/x.css": b"p"})
    assert found["a"] != found["b"]


def test_no_name_depends_on_what_was_published_before(tmp_path):
    """Two servers with different histories publish one build: each has the other's URLs."""
    one, other = tmp_path / "one" / "static", tmp_path / "other" / "static"
    release(one, "b1", SITE)
    release(one, "b2", SITE | {"admin/css/base.css": b"q {}"})
    publish_files(other, "b0", {"site/old.css": b"old"})
    for root in (one, other):
        release(root, "b3", CHANGED, precompress=["gzip"])
    indexes = [read_index(root / "b3") for root in (one, other)]
    assert indexes[0] == indexes[1]
    for name in indexes[0].hashed_folders.values():
        assert files_of(one / name) == files_of(other / name)


def test_companions_do_not_decide(root, tmp_path):
    """Another version of a compressor must not give another URL."""
    packed = hashed(tmp_path / "packed", SITE, precompress=["gzip"])
    assert hashed(root, SITE) == packed


def test_going_back_finds_the_urls_of_then(root):
    first = hashed(root, SITE)
    release(root, "b2", CHANGED)
    assert release(root, "b3", SITE).hashed_folders == first
    assert len(hashed_folders(root)) == 3
    assert_all_whole(root)


SUBFOLDERS = ["site/img", "site/vendor"]


def test_a_subfolder_keeps_its_url_when_what_is_around_it_changes(root):
    files = SITE | {"site/img/a.png": b"a" * 900, "site/vendor/lib.mjs": b"lib()"}
    first = release(root, "b1", files, hashed_folders=SUBFOLDERS).hashed_folders
    changed = files | {"site/js/app.mjs": b"changed()"}
    second = release(root, "b2", changed, hashed_folders=SUBFOLDERS).hashed_folders
    assert [first[one] == second[one] for one in (*SUBFOLDERS, "site")] == [
        True,
        True,
        False,
    ]
    index = read_index(root / "b2")
    assert index.hashed_folder_of("site/img/a.png") == first["site/img"]
    assert index.hashed_folder_of("site/image.png") == second["site"]
    # What refers down into a subfolder finds it.
    assert (root / first["site"] / "site/img/a.png").is_file()
    assert_all_whole(root)


@pytest.mark.parametrize(
    "subfolders", [["vendor/lib"], ["vendor/lib", "vendor/lib/three"]]
)
@pytest.mark.parametrize("again", ["b1", "b2"])
def test_a_subfolder_with_all_files_of_the_one_around_it_shares_its_hash(
    root, subfolders, again
):
    files = {"vendor/lib/three/x.js": b"run()"}
    for version in ("b1", again):
        found = release(root, version, files, hashed_folders=subfolders).hashed_folders
    assert set(found) == {"vendor", *subfolders}
    assert hashed_folders(root) == [found["vendor"]] == [*set(found.values())]
    assert_all_whole(root)


# -- what is on the disk


def test_hashed_folders_are_links_and_take_no_room(root):
    found = hashed(root, SITE, precompress=["gzip"])
    assert sorted(set(found.values())) == hashed_folders(root)
    for name in ("site/css/site.css", "site/css/site.css.gz", "site/js/app.mjs"):
        assert share_bytes(root / found["site"] / name, root / "b1" / name)
    assert "robots.txt" not in {path.name for path in root.glob("_*/*")}


def test_where_there_are_no_links_the_files_are_copied(root, monkeypatch):
    monkeypatch.setattr(filesystem, "link", lambda *_, **__: False)
    release(root, "b1", SITE)
    release(root, "b2", CHANGED)
    assert_all_whole(root)
    before = {path: path.stat().st_ino for path in root.glob("_*/**/*")}
    release(root, "b3", CHANGED)
    assert {path: path.stat().st_ino for path in root.glob("_*/**/*")} == before


def test_without_the_option_nothing_is_different(root):
    found = publish_files(root, "b1", SITE)
    assert (found.hashed_folders, found.unhashed_reasons) == ({}, {})
    assert hashed_folders(root) == []
    assert b"hashed_folders" not in (root / "b1" / ".cdn-index.json").read_bytes()


def test_a_dry_run_says_the_same_and_makes_none(root):
    would = hashed(root, SITE, dry_run=True)
    assert not root.exists()
    assert would == hashed(root, SITE)


@pytest.mark.parametrize("lost", ["folders", "companion", "both"])
def test_what_was_lost_is_made_when_the_build_is_published_again(root, lost):
    """As after a copy from elsewhere; a companion that was removed is no reason to fail."""
    found = hashed(root, SITE, precompress=["gzip"])
    if lost != "folders":
        (root / "b1" / "site/css/site.css.gz").unlink()
    if lost != "companion":
        for name in found.values():
            shutil.rmtree(root / name)
    assert release(root, "b1", SITE).already_there
    assert (root / found["site"] / "site/js/app.mjs.gz").is_file()
    if lost == "folders":
        assert_all_whole(root)


def test_what_was_lost_in_one_is_made_by_the_next_build(root):
    found = hashed(root, SITE)
    (root / found["site"] / "site/css/site.css").unlink()
    shutil.rmtree(root / found["admin"] / "admin/img")
    release(root, "b2", SITE)
    assert_all_whole(root)


def test_companions_that_are_wanted_later_come_into_the_folders_that_are_there(root):
    first = hashed(root, SITE)
    assert release(root, "b2", SITE, precompress=["gzip"]).hashed_folders == first
    assert (root / first["site"] / "site/css/site.css.gz").is_file()


def test_no_build_can_have_the_name_of_one(root):
    for name in hashed(root, SITE).values():
        assert is_hashed_folder(name)
        with pytest.raises(ValueError, match="must be 1 to 64 letters"):
            check_build_version(name)
    assert published(root) == ["b1"]


def test_a_link_in_the_place_of_one_is_not_followed(root, tmp_path):
    folder = root / hashed(root, SITE)["site"]
    os.rename(folder, tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="must be able to use"):
        release(root, "b2", SITE)
    assert published(root) == ["b1"]
