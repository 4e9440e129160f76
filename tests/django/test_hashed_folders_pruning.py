"""Hashed folders go when no build names them any more, and are counted until then."""

from __future__ import annotations

import os

import pytest
from builds_support import assert_all_whole, publish_files
from prune_support import A_DAY, NO_TRASH, ONE, cdn, cdn_json, set_age, site

from dj_cloudfront.builds import pruning
from dj_cloudfront.builds.index import INDEX_NAME, read_index
from dj_cloudfront.builds.inventory import take_inventory, usage
from dj_cloudfront.builds.layout import hashed_folders, published
from dj_cloudfront.builds.retention import RetentionRules

VENDOR = {"vendor/big.js": b"v" * 9000}


@pytest.fixture
def root(tmp_path):
    """Four builds, each with a folder of its own state beside one that never changes."""
    root = tmp_path / "static"
    for version, age in {"b1": 400, "b2": 300, "b3": 200, "b4": 100}.items():
        files = VENDOR | {"site/app.js": version.encode() * 100}
        publish_files(root, version, files, hashed_folders=True)
        set_age(root / version / INDEX_NAME, age)
        set_age(root / folder(root, version, "site"), age)
    set_age(root / folder(root, "b1", "vendor"), 400)
    return root


def folder(root, version, name):
    return read_index(root / version).hashed_folders[name]


def go(root, *, rules=ONE, trash_for=A_DAY, preview=False):
    act = pruning.preview if preview else pruning.prune
    return act(root, current="b4", rules=rules, trash_for=trash_for)


def sites(root):
    """The hashed folders of ``site/``."""
    return {path.parent.name for path in root.glob("_*/site")}


def test_a_hashed_folder_stays_as_long_as_a_build_that_is_kept_names_it(root):
    gone = {folder(root, version, "site") for version in ("b1", "b2")}
    outcome = go(root, trash_for=NO_TRASH)
    assert set(outcome.hashed_folders) == gone
    assert published(root) == ["b3", "b4"]
    assert len(sites(root)) == 2
    assert folder(root, "b4", "vendor") in hashed_folders(root)
    assert_all_whole(root)


def test_a_build_in_the_trash_keeps_its_urls_until_it_is_deleted(root):
    outcome = go(root)
    assert [one.version for one in outcome.moved] == ["b1", "b2"]
    assert outcome.hashed_folders == [] and len(sites(root)) == 4
    os.rename(outcome.moved[0].path, root / "b1")
    assert_all_whole(root)
    set_age(outcome.moved[1].folder, 2)
    gone = read_index(outcome.moved[1].path).hashed_folders["site"]
    assert go(root).hashed_folders == [gone]
    assert_all_whole(root)


@pytest.mark.parametrize("trash_for", [A_DAY, NO_TRASH])
def test_a_preview_says_what_would_go(root, trash_for):
    for path in (one.folder for one in go(root).moved):
        set_age(path, 2)
    would = go(root, preview=True, trash_for=trash_for)
    before = hashed_folders(root)
    assert len(would.hashed_folders) == 2
    done = go(root, trash_for=trash_for)
    assert done.hashed_folders == would.hashed_folders
    assert set(before) - set(hashed_folders(root)) == set(done.hashed_folders)


def test_what_nobody_names_goes_only_at_the_age_of_builds(root):
    """Somebody may be publishing what names it, where no lock holds."""
    orphan = root / ("_" + "0" * 24)
    (orphan / "site").mkdir(parents=True)
    rules = RetentionRules(keep=9)
    assert go(root, rules=rules).hashed_folders == []
    set_age(orphan, 29)
    assert go(root, rules=rules).hashed_folders == []
    set_age(orphan, 31)
    assert go(root, rules=rules).hashed_folders == [orphan.name]
    assert not orphan.exists()


def test_one_that_is_used_again_is_as_young_as_that(root):
    old = folder(root, "b1", "site")
    go(root, trash_for=NO_TRASH, rules=RetentionRules(keep=3))
    assert old not in hashed_folders(root)
    old = folder(root, "b2", "site")
    files = VENDOR | {"site/app.js": b"b2" * 100}
    publish_files(root, "b5", files, hashed_folders=True)
    (root / "b2").rename(root.parent / "b2")
    (root / "b5").rename(root.parent / "b5")
    assert go(root).hashed_folders == []
    assert old in hashed_folders(root)


@pytest.mark.parametrize("where", ["here", "in the trash"])
@pytest.mark.parametrize("data", [b"{", None], ids=["damaged", "lost"])
def test_nothing_goes_while_a_damaged_or_lost_index_may_name_it(root, where, data):
    moved = go(root).moved
    path = moved[0].path if where == "in the trash" else root / "b3"
    (path / INDEX_NAME).unlink()
    if data is not None:
        (path / INDEX_NAME).write_bytes(data)
    set_age(moved[1].folder, 2)
    outcome = go(root)
    assert (outcome.hashed_folders, outcome.unreadable) == ([], [path])
    assert len(sites(root)) == 4
    with site(root, "b4"):
        complaints = cdn("prune")[1]
    assert f"2 hashed folders stay, because {path} may name them" in complaints


def test_a_link_with_the_name_of_one_stays(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = root / ("_" + "0" * 24)
    link.symlink_to(outside)
    go(root, trash_for=NO_TRASH)
    assert link.is_symlink() and outside.is_dir()


def test_a_builds_own_bytes_are_what_removing_it_frees(root):
    def used():
        found = {
            path.stat().st_ino: path.stat().st_size
            for path in root.rglob("*")
            if path.is_file()
        }
        return sum(size for size in found.values() if size)

    own = usage(take_inventory(root))["b1"].own
    assert own == 200 + (root / "b1" / INDEX_NAME).stat().st_size
    set_age(root / folder(root, "b1", "site"), 400)
    before = used()
    go(root, trash_for=NO_TRASH, rules=RetentionRules(keep=3))
    assert published(root) == ["b2", "b3", "b4"]
    assert before - used() >= own


def test_the_list_shows_how_much_kept_its_url(root):
    with site(root, "b4"):
        said, _ = cdn("list")
        head, *rows = said.splitlines()
        assert head.split() == [
            *("VERSION", "PUBLISHED", "FILES", "SIZE", "OWN", "KEPT", "STATE")
        ]
        kept = [row[head.index("KEPT") : head.index("STATE")].split() for row in rows]
        assert kept == [["97", "%"], ["97", "%"], ["97", "%"], ["0", "%"]]
        newest = cdn_json("list")["builds"][0]
        assert newest["kept"] == 9000
        assert newest["hashed_folders"] == dict(read_index(root / "b4").hashed_folders)


def test_prune_says_how_many_went(root):
    with site(root, "b4"):
        options = ("prune", "--keep", "1", "--trash", "0")
        would = "would be deleted for good, as no build names them: 2 hashed folders\n"
        assert would in cdn(*options)[0]
        found = cdn_json(*options, "--yes")
        assert len(found["hashed_folders"]) == 2
        assert "hashed folders" not in cdn(*options, "--yes")[0]
