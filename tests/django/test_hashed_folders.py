"""Folders whose URL holds a hash of their content: what has one, and what must not."""

from __future__ import annotations

import os
import shutil

import pytest
from builds_support import assert_all_whole, files_of, publish_files, share_bytes

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.builds import filesystem
from dj_cloudfront.builds.index import read_index
from dj_cloudfront.builds.layout import hashed_folders, is_hashed_folder, published

SITE = {
    "admin/css/base.css": b"p { background: url(../img/logo.svg) }\n" * 20,
    "admin/img/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n" * 20,
    "site/css/site.css": b"body { color: red }\n" * 20,
    "site/js/app.mjs": b'import { one } from "./lib/one.mjs";\n' * 20,
    "site/js/lib/one.mjs": b"export const one = 1;\n" * 20,
    "robots.txt": b"User-agent: *\n",
}
CHANGED = SITE | {"site/css/site.css": b"body { color: blue }\n" * 20}


def release(root, version, files, **options):
    return publish_files(root, version, files, **{"hashed_folders": True} | options)


def folders_of(files, tmp_path, **options):
    """What each folder gets, and why others get nothing."""
    found = release(tmp_path / "static", "b1", files, **options)
    return found.hashed_folders, found.build_folders


# -- which URLs survive


def test_a_folder_that_did_not_change_keeps_its_url(tmp_path):
    root = tmp_path / "static"
    first = release(root, "b1", SITE)
    second = release(root, "b2", CHANGED)
    assert second.hashed_folders["admin"] == first.hashed_folders["admin"]
    assert second.hashed_folders["site"] != first.hashed_folders["site"]
    admin = sum(len(data) for name, data in SITE.items() if name.startswith("admin/"))
    assert second.kept_bytes == admin
    assert second.bytes == sum(map(len, CHANGED.values()))
    assert first.kept_bytes == 0
    assert_all_whole(root)


@pytest.mark.parametrize(
    "changes",
    [
        {"admin/css/base.css": b"p {}"},
        {"admin/css/new.css": b"p {}"},
        {"admin/css/base.css": None},
        {
            "admin/css/base.css": None,
            "admin/css/other.css": SITE["admin/css/base.css"],
        },
    ],
    ids=["changed", "added", "removed", "renamed"],
)
def test_whatever_changes_in_a_folder_changes_its_url(tmp_path, changes):
    before, _ = folders_of(SITE, tmp_path / "before")
    files = {name: data for name, data in (SITE | changes).items() if data is not None}
    after, _ = folders_of(files, tmp_path / "after")
    assert after["admin"] != before["admin"]
    assert after["site"] == before["site"]


def test_equal_folders_of_different_names_are_two(tmp_path):
    found, _ = folders_of({"a/x.css": b"p", "b/x.css": b"p"}, tmp_path)
    assert found["a"] != found["b"]


def test_no_name_depends_on_what_was_published_before(tmp_path):
    """Two servers with different histories publish one build: each has the other's URLs."""
    one, other = tmp_path / "one" / "static", tmp_path / "other" / "static"
    release(one, "b1", SITE)
    release(one, "b2", SITE | {"admin/css/base.css": b"q {}"})
    publish_files(other, "b0", {"site/old.css": b"old"})
    release(one, "b3", CHANGED, precompress=["gzip"])
    release(other, "b3", CHANGED, precompress=["gzip"])
    indexes = [read_index(root / "b3") for root in (one, other)]
    assert indexes[0] == indexes[1]
    for hashed in indexes[0].hashed_folders.values():
        assert files_of(one / hashed) == files_of(other / hashed)


def test_companions_do_not_decide(tmp_path):
    """Another version of a compressor must not give another URL."""
    plain, _ = folders_of(SITE, tmp_path / "plain")
    packed, _ = folders_of(SITE, tmp_path / "packed", precompress=["gzip"])
    assert plain == packed


def test_going_back_finds_the_urls_of_then(tmp_path):
    root = tmp_path / "static"
    release(root, "b1", SITE)
    release(root, "b2", CHANGED)
    again = release(root, "b3", SITE)
    assert again.hashed_folders == read_index(root / "b1").hashed_folders
    assert len(hashed_folders(root)) == 3
    assert_all_whole(root)


def test_a_new_server_has_every_url_of_what_it_publishes(tmp_path):
    root = tmp_path / "new" / "static"
    found = release(root, "b7", CHANGED)
    assert sorted(set(found.hashed_folders.values())) == hashed_folders(root)
    assert_all_whole(root)


# -- what is on the disk


def test_hashed_folders_are_links_and_take_no_room(tmp_path):
    root = tmp_path / "static"
    found = release(root, "b1", SITE, precompress=["gzip"])
    for name in ("site/css/site.css", "site/css/site.css.gz", "site/js/app.mjs"):
        hashed = root / found.hashed_folders["site"] / name
        assert share_bytes(hashed, root / "b1" / name)
    assert "robots.txt" not in {path.name for path in root.glob("_*/*")}


def test_where_there_are_no_links_the_files_are_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(filesystem, "link", lambda *_, **__: False)
    root = tmp_path / "static"
    release(root, "b1", SITE)
    release(root, "b2", CHANGED)
    assert_all_whole(root)
    before = {path: path.stat().st_ino for path in root.glob("_*/**/*")}
    release(root, "b3", CHANGED)
    assert {path: path.stat().st_ino for path in root.glob("_*/**/*")} == before


def test_without_the_option_nothing_is_different(tmp_path):
    root = tmp_path / "static"
    found = publish_files(root, "b1", SITE)
    assert (found.hashed_folders, found.build_folders) == ({}, {})
    assert hashed_folders(root) == []
    assert b"hashed_folders" not in (root / "b1" / ".cdn-index.json").read_bytes()


def test_a_dry_run_says_the_same_and_makes_none(tmp_path):
    root = tmp_path / "static"
    would = release(root, "b1", SITE, dry_run=True)
    assert not root.exists()
    assert would.hashed_folders == release(root, "b1", SITE).hashed_folders


def test_a_build_copied_without_them_gets_them_when_it_is_published_again(tmp_path):
    root = tmp_path / "static"
    release(root, "b1", SITE)
    for hashed in hashed_folders(root):
        shutil.rmtree(root / hashed)
    assert release(root, "b1", SITE).already_there
    assert_all_whole(root)


@pytest.mark.parametrize("what", ["folders", "companion"])
def test_a_companion_that_was_removed_is_no_reason_to_fail(tmp_path, what):
    root = tmp_path / "static"
    hashed = release(root, "b1", SITE, precompress=["gzip"]).hashed_folders["site"]
    (root / "b1" / "site/css/site.css.gz").unlink()
    if what == "folders":
        shutil.rmtree(root / hashed)
    assert release(root, "b1", SITE).already_there
    assert (root / hashed / "site/js/app.mjs.gz").is_file()


def test_what_was_lost_or_changed_in_one_is_mended(tmp_path):
    root = tmp_path / "static"
    found = release(root, "b1", SITE)
    site, admin = (root / found.hashed_folders[one] for one in ("site", "admin"))
    (site / "site/css/site.css").unlink()
    (site / "site/css/site.css").write_bytes(b"x")
    shutil.rmtree(admin / "admin/img")
    release(root, "b2", SITE)
    assert_all_whole(root)


def test_companions_that_are_wanted_later_come_into_the_folders_that_are_there(
    tmp_path,
):
    root = tmp_path / "static"
    first = release(root, "b1", SITE)
    second = release(root, "b2", SITE, precompress=["gzip"])
    assert second.hashed_folders == first.hashed_folders
    assert (root / first.hashed_folders["site"] / "site/css/site.css.gz").is_file()


def test_no_build_can_have_the_name_of_one(tmp_path):
    found = release(tmp_path / "static", "b1", SITE)
    for hashed in found.hashed_folders.values():
        assert is_hashed_folder(hashed)
        with pytest.raises(ValueError, match="must be 1 to 64 letters"):
            check_build_version(hashed)
    assert published(tmp_path / "static") == ["b1"]


# -- safe or not at all

REASON = {
    "a script that names the build": ("site/js/a.js", b'base("../../")'),
    "a script that names a file at the root": (
        "site/js/a.js",
        b'go("../../robots.txt")',
    ),
    "a script that puts a name together": ("site/js/a.js", b"go(`../../adm` + rest)"),
    "a script behind a slash": ("site/js/a.js", b"go(here + '/../../' + what)"),
    "a script that goes down first": ("site/js/a.js", b"go('lib/../../../')"),
    "a script that leaves the build": ("site/js/a.js", b'go("../../../other")'),
    "a stylesheet": ("site/css/a.css", b"p { background: url( ../../robots.txt ) }"),
    "a stylesheet that imports": ("site/css/a.css", b'@import "../../robots.txt";'),
    "an encoded name": ("site/css/a.css", b"p { src: url(../../robots%2Etxt?x#y) }"),
    "an SVG": ("site/img/a.svg", b'<svg><image href="../../robots.txt"/></svg>'),
    "a manifest": ("site/app.webmanifest", b'{"src": "../robots.txt"}'),
    "a page": ("site/help/index.html", b"<p>help</p>"),
    "a template string": ("site/js/a.js", b"import(`../../${name}.js`)"),
    "a template string with its base": (
        "site/js/a.js",
        b"import(`${base(x)}/../../robots.txt`)",
    ),
    "the folder above": ("site/a.js", b"new URL('..', import.meta.url)"),
    "two folders above": ("site/js/a.js", b"new URL('../..', import.meta.url)"),
    "a worker": (
        "site/js/a.js",
        b'new Worker(new URL("../../robots.txt", import.meta.url))',
    ),
    "a script with escaped slashes": ("site/js/a.js", b"go('..\\/..\\/robots.txt')"),
    "a source map": ("site/js/a.js", b"//# sourceMappingURL=../../robots.txt"),
    "a source map of a stylesheet": (
        "site/css/a.css",
        b"/*# sourceMappingURL=../../robots.txt */",
    ),
    "an import map": ("site/maps/a.json", b'{"imports": {"a": "../../robots.txt"}}'),
    "JSON with escaped slashes": ("site/maps/a.json", b'["..\\/..\\/robots.txt"]'),
    "a name with a space": ("site/css/a.css", b"p { src: url('../../my robots.txt') }"),
    "an escaped name": ("site/css/a.css", b"p { src: url(../../my\\ robots.txt) }"),
    "escaped dots": ("site/css/a.css", b"p { src: url(\\2e\\2e/../robots.txt) }"),
    "encoded dots": ("site/css/a.css", b"p { src: url('%2e%2E/../robots.txt') }"),
    "many spaces": (
        "site/css/a.css",
        b"p { src: url(" + b" " * 40 + b"../../robots.txt) }",
    ),
    "a name with parentheses": (
        "site/css/a.css",
        b'p { src: url("../../my robots (1).txt") }',
    ),
    "a name with an apostrophe": (
        "site/css/a.css",
        b'p { src: url("../../it\'s.txt") }',
    ),
    "the beginning of a path in an SVG": (
        "site/img/a.svg",
        b'<svg><script>import("../../" + x)</script></svg>',
    ),
    "the beginning of a path in JSON": ("site/maps/a.json", b'{"base": "../../"}'),
    "the build in JSON": ("site/maps/a.json", b'{"base": "../.."}'),
    "a plugin of AMD": ("site/js/a.js", b"define(['text!../../robots.txt'], f)"),
    "a path that is compared and loaded": (
        "site/js/a.js",
        b'known.includes("../../robots.txt") && import(known)',
    ),
    "dots as numbers": ("site/js/a.js", b'go("\\x2e\\u002e/\\u{2E}.\\x2frobots.txt")'),
    "dots as numbers in JSON": ("site/maps/a.json", b'["\\u002e./../robots.txt"]'),
    "slashes as numbers": (
        "site/img/a.svg",
        b"<svg><use href='..&#x2F;..&#47;robots.txt'/></svg>",
    ),
    "a playlist": ("site/v/a.m3u8", b"../../robots.txt\n"),
    "a manifest of a video": ("site/v/a.mpd", b"<BaseURL>../../robots.txt</BaseURL>"),
    "a material": ("site/v/a.mtl", b"map_Kd ../../robots.txt"),
    "a model": ("site/v/a.dae", b"<init_from>../../robots.txt</init_from>"),
    "the sources of a map": ("site/a.js.map", b'{"sources": ["../robots.txt"]}'),
    "a page in XML": ("site/help/index.xht", b"<p>help</p>"),
    "a name in XML": ("site/img/a.svg", b"<svg><use href='../../a&amp;b.svg'/></svg>"),
}


@pytest.mark.parametrize("name,data", REASON.values(), ids=REASON)
def test_a_folder_that_may_refer_out_of_itself_keeps_the_builds_url(
    tmp_path, name, data
):
    names = ("my robots.txt", "my robots (1).txt", "it's.txt", "a&b.svg")
    at_root = dict.fromkeys(names, b"x")
    hashed, kept = folders_of(SITE | at_root | {name: b"\n\n" + data}, tmp_path)
    assert set(hashed) == {"admin"}
    assert list(kept) == ["site"]
    assert kept["site"].startswith(name)
    assert name.endswith((".html", ".xht")) or f"{name}:3 refers to " in kept["site"]


HARMLESS = {
    "inside": ("site/css/a.css", b"p { background: url(../img/x.png) }"),
    "up and down": ("site/js/a/b.js", b'import "../../css/../js/app.mjs";'),
    "a comparison": (
        "site/a.js",
        b'if (x.startsWith("../") || x.indexOf("../") > 0 || x === "../") y()',
    ),
    "a part of a path": ("site/a.js", b'if (part == "..") up(); parts.push("..")'),
    "spread values": ("site/a.js", b"go(...all, [...some])"),
    "the folder itself": ("site/js/a.js", b'new URL("..", import.meta.url)'),
    "nothing of the build": ("site/a.js", b'return "../dictionary"'),
    "nowhere": ("site/css/a.css", b"p { background: url(../../nothing.png) }"),
    "an address": ("site/css/a.css", b"p { background: url(https://a.example/../x) }"),
    "a comment": ("site/js/a.js", b"// see ../../robots.txt\n"),
    "a picture": ("site/img/a.png", b'\x89PNG\r\n\x1a\n\0 "../../robots.txt"'),
    "sources that are not published": ("site/a.js.map", b'["../src/a.ts", "../"]'),
}


@pytest.mark.parametrize("name,data", HARMLESS.values(), ids=HARMLESS)
def test_a_folder_that_refers_to_itself_has_a_url_of_its_own(tmp_path, name, data):
    hashed, kept = folders_of(SITE | {name: data}, tmp_path)
    assert (set(hashed), kept) == ({"admin", "site"}, {})


def test_a_script_that_hides_where_it_goes_is_not_found(tmp_path):
    """The limit, which docs/publishing.md names."""
    hidden = b'go([".", ".", "/"].join("").repeat(2) + "robots.txt")'
    hashed, _ = folders_of(SITE | {"site/js/a.js": hidden}, tmp_path)
    assert "site" in hashed


@pytest.mark.parametrize(
    "name,data",
    [
        ("site/css/a.css", b"p { background: url('../../admin/img/logo.svg') }"),
        ("site/js/a.mjs", b'import "../../admin/img/logo.svg";'),
        ("site/js/a.mjs", b'const base = "../../admin/";'),
        ("site/maps/a.json", b'{"imports": {"admin/": "../../admin/"}}'),
    ],
)
def test_folders_that_refer_to_each_other_share_a_hash(tmp_path, name, data):
    files = SITE | {name: data, "other/x.css": b"p"}
    hashed, kept = folders_of(files, tmp_path)
    assert hashed["site"] == hashed["admin"] != hashed["other"]
    assert kept == {}
    folder = tmp_path / "static" / hashed["site"]
    assert sorted(path.name for path in folder.iterdir()) == ["admin", "site"]
    assert_all_whole(tmp_path / "static")


def test_what_shares_files_with_a_folder_that_has_none_has_none_either(tmp_path):
    files = SITE | {
        "site/css/a.css": b"p { background: url(../../admin/img/logo.svg) }",
        "admin/help.html": b"<p>",
    }
    hashed, kept = folders_of(files, tmp_path)
    assert hashed == {}
    assert kept["site"] == "it shares files with admin"


@pytest.mark.parametrize(
    "data",
    [b'import "./site/js/app.mjs";', b"import(`./site/js/${name}.mjs`);"],
)
def test_what_a_script_at_the_root_imports_has_the_builds_url_alone(tmp_path, data):
    """A module that pages name by another URL would be two modules."""
    hashed, kept = folders_of(SITE | {"main.mjs": data}, tmp_path)
    assert set(hashed) == {"admin"}
    assert kept["site"].startswith("main.mjs:1 refers to ./site/js/")


def test_what_else_is_at_the_root_changes_no_url(tmp_path):
    at_root = {
        "a.css": b"@import './site/css/site.css';",
        "a.mjs": b'import "./b.mjs"; go("./x/y", "../");',
        "b.mjs": b"b()",
    }
    assert folders_of(SITE | at_root, tmp_path)[1] == {}


def test_references_that_were_made_relative_count(tmp_path):
    files = SITE | {
        "site/css/a.css": b"p { background: url(/static/admin/img/logo.svg) }"
    }
    rewritten = {"reference_prefix": "/static/", "rewrite_references": True}
    hashed, _ = folders_of(files, tmp_path, **rewritten)
    assert hashed["site"] == hashed["admin"]


def test_a_file_that_is_taken_out_again_does_not_count(tmp_path):
    from dj_cloudfront.builds.publication import Publication

    with Publication(tmp_path / "static", "b1", hashed_folders=True) as publication:
        publication.add_bytes("site/help.js", b'base("../")')
        publication.add_bytes("site/a.js", b"a()")
        publication.remove("site/help.js")
        assert publication.finish().build_folders == {}


def test_three_megabytes_of_dots_are_looked_through_in_no_time(tmp_path):
    nasty = b"('../a" * 300_000 + b"=" * 1_000_000 + b"./" * 300_000
    found = release(tmp_path / "static", "b1", {"site/a/a.js": nasty})
    assert found.seconds < 30


# -- finer folders

FINER = ["site/img", "site/vendor"]
WITH_FINER = SITE | {
    "site/img/a.png": b"a" * 900,
    "site/vendor/lib.mjs": b"export default 1;",
    "site/css/look.css": b"p { background: url(../img/a.png) }",
}


def test_a_finer_folder_keeps_its_url_when_what_is_around_it_changes(tmp_path):
    root = tmp_path / "static"
    first = release(root, "b1", WITH_FINER, hashed_folders=FINER)
    changed = WITH_FINER | {"site/js/app.mjs": b"changed()"}
    second = release(root, "b2", changed, hashed_folders=FINER)
    for folder in FINER:
        assert first.hashed_folders[folder] == second.hashed_folders[folder]
    assert first.hashed_folders["site"] != second.hashed_folders["site"]
    index = read_index(root / "b2")
    assert index.hashed_folder_of("site/img/a.png") == first.hashed_folders["site/img"]
    assert index.hashed_folder_of("site/image.png") == second.hashed_folders["site"]
    assert_all_whole(root)


def test_what_refers_down_into_a_finer_folder_finds_it(tmp_path):
    root = tmp_path / "static"
    found = release(root, "b1", WITH_FINER, hashed_folders=FINER)
    assert (root / found.hashed_folders["site"] / "site/img/a.png").is_file()


@pytest.mark.parametrize(
    "name,data",
    [
        ("site/js/a.mjs", b'import one from "../vendor/lib.mjs";'),
        ("site/a.mjs", b'import one from "./vendor/lib.mjs";'),
        ("site/vendor/a.mjs", b'import "../js/app.mjs";'),
        ("site/vendor/a.css", b"p { background: url(../img/a.png) }"),
        ("site/vendor/a.mjs", b'go(new URL("..", import.meta.url) + "js/app.mjs");'),
        ("site/js/a.mjs", b"import(`../vendor/${name}.mjs`);"),
        ("main.mjs", b'import "./site/vendor/lib.mjs";'),
    ],
)
def test_a_finer_folder_that_shares_modules_or_refers_up_has_no_url_of_its_own(
    tmp_path, name, data
):
    hashed, kept = folders_of(WITH_FINER | {name: data}, tmp_path, hashed_folders=FINER)
    at_root = "/" not in name
    assert "site/vendor" not in hashed and ("site" in hashed) is not at_root
    assert kept["site/vendor"].startswith(f"{name}:1 refers to ")


def test_a_finer_folder_that_is_not_there_is_named(tmp_path):
    _, kept = folders_of(SITE, tmp_path, hashed_folders=["site/imgs"])
    assert kept == {"site/imgs": "the build has no such folder"}


@pytest.mark.parametrize("finer", [["vendor/lib"], ["vendor/lib", "vendor/lib/three"]])
@pytest.mark.parametrize("again", ["b1", "b2"])
def test_a_finer_folder_with_all_files_of_the_one_around_it_shares_its_hash(
    tmp_path, finer, again
):
    root, files = tmp_path / "static", {"vendor/lib/three/x.js": b"run()"}
    for version in ("b1", again):
        found = release(root, version, files, hashed_folders=finer)
    assert set(found.hashed_folders) == {"vendor", *finer}
    assert len(set(found.hashed_folders.values())) == 1
    assert hashed_folders(root) == [found.hashed_folders["vendor"]]
    assert_all_whole(root)


@pytest.mark.parametrize(
    "wrong", ["site/img", ["site"], ["/site/img"], ["site/.."], [1]]
)
def test_a_wrong_finer_folder_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"such as \['site/img'\], got"):
        release(tmp_path / "static", "b1", SITE, hashed_folders=wrong)


def test_a_link_in_the_place_of_one_is_not_followed(tmp_path):
    root, outside = tmp_path / "static", tmp_path / "outside"
    found = release(root, "b1", SITE)
    hashed = root / found.hashed_folders["site"]
    os.rename(hashed, outside)
    hashed.symlink_to(outside)
    with pytest.raises(OSError, match="must be able to use"):
        release(root, "b2", SITE)
    assert published(root) == ["b1"]
