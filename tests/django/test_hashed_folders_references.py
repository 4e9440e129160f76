"""Which folders get a URL of their own: none that may refer out of itself."""

from __future__ import annotations

import pytest
from builds_support import SITE, assert_all_whole, release

from dj_cloudfront.builds.publication import Publication

# By the file that it stands in; all of it may lead out of site/.
OUTWARD = {
    "site/js/a.js": [
        *(b'base("../../")', b'go("../../robots.txt")', b"go(`../../adm` + rest)"),
        # A slash in front, down first, out of the build.
        *(b"go(here + '/../../' + x)", b"go('lib/../../../')", b'go("../../../other")'),
        *(b"import(`../../${name}.js`)", b"import(`${base(x)}/../../robots.txt`)"),
        b"new URL('../..', import.meta.url)",
        b'new Worker(new URL("../../robots.txt", import.meta.url))',
        *(b"go('..\\/..\\/robots.txt')", b"//# sourceMappingURL=../../robots.txt"),
        # A plugin of AMD, a path that is compared and loaded, dots as numbers.
        b"define(['text!../../robots.txt'], f)",
        b'known.includes("../../robots.txt") && import(known)',
        b'go("\\x2e\\u002e/\\u{2E}.\\x2frobots.txt")',
    ],
    "site/a.js": [b"new URL('..', import.meta.url)"],
    "site/css/a.css": [
        b"p { background: url( ../../robots.txt ) }",
        *(b'@import "../../robots.txt";', b"p { src: url(../../robots%2Etxt?x#y) }"),
        b"/*# sourceMappingURL=../../robots.txt */",
        *(
            b"p { src: url('../../my robots.txt') }",
            b"p{src:url(../../my\\ robots.txt)}",
        ),
        *(
            b"p { src: url(\\2e\\2e/../robots.txt) }",
            b"p{src:url('%2e%2E/../robots.txt')}",
        ),
        b"p { src: url(" + b" " * 40 + b"../../robots.txt) }",
        *(
            b'p { src: url("../../my robots (1).txt") }',
            b'p{src:url("../../it\'s.txt")}',
        ),
    ],
    "site/img/a.svg": [
        b'<svg><image href="../../robots.txt"/></svg>',
        b'<svg><script>import("../../" + x)</script></svg>',
        b"<svg><use href='..&#x2F;..&#47;robots.txt'/></svg>",
        b"<svg><use href='../../a&amp;b.svg'/></svg>",
    ],
    "site/maps/a.json": [
        *(b'{"imports": {"a": "../../robots.txt"}}', b'["..\\/..\\/robots.txt"]'),
        *(b'{"base": "../../"}', b'{"base": "../.."}', b'["\\u002e./../robots.txt"]'),
    ],
    "site/app.webmanifest": [b'{"src": "../robots.txt"}'],
    "site/a.js.map": [b'{"sources": ["../robots.txt"]}'],
    "site/v/a.m3u8": [b"../../robots.txt\n"],
    "site/v/a.mpd": [b"<BaseURL>../../robots.txt</BaseURL>"],
    "site/v/a.mtl": [b"map_Kd ../../robots.txt"],
    "site/v/a.dae": [b"<init_from>../../robots.txt</init_from>"],
    "site/help/index.html": [b"<p>help</p>"],
    "site/help/index.xht": [b"<p>help</p>"],
}
AT_ROOT = dict.fromkeys(
    ("my robots.txt", "my robots (1).txt", "it's.txt", "a&b.svg"), b"x"
)


def cases(table):
    return [(name, data) for name, found in table.items() for data in found]


def folders_of(root, files, **options):
    """What each folder gets, and why others get nothing."""
    found = release(root, "b1", files, **options)
    return found.hashed_folders, found.unhashed_reasons


@pytest.mark.parametrize(("name", "data"), cases(OUTWARD))
def test_a_folder_that_may_refer_out_of_itself_keeps_the_builds_url(root, name, data):
    hashed, unhashed = folders_of(root, SITE | AT_ROOT | {name: b"\n\n" + data})
    assert set(hashed) == {"admin"}
    assert list(unhashed) == ["site"]
    is_page = name.endswith((".html", ".xht"))
    assert unhashed["site"].startswith(
        f"{name} is a page" if is_page else f"{name}:3 refers"
    )


HARMLESS = {
    "site/css/a.css": [
        b"p { background: url(../img/x.png) }",
        b"p { background: url(../../nothing.png) }",
        b"p { background: url(https://a.example/../x) }",
    ],
    "site/js/a.js": [b"// see ../../robots.txt\n", b'new URL("..", import.meta.url)'],
    "site/js/a/b.js": [b'import "../../css/../js/app.mjs";'],
    "site/a.js": [
        b'if (x.startsWith("../") || x.indexOf("../") > 0 || x === "../") y()',
        b'if (part == "..") up(); parts.push("..")',
        *(b"go(...all, [...some])", b'return "../dictionary"'),
    ],
    "site/img/a.png": [b'\x89PNG\r\n\x1a\n\0 "../../robots.txt"'],
    "site/a.js.map": [b'["../src/a.ts", "../"]'],
    # The limit, which docs/publishing.md names.
    "site/js/hidden.js": [b'go([".", ".", "/"].join("").repeat(2) + "robots.txt")'],
}


@pytest.mark.parametrize(("name", "data"), cases(HARMLESS))
def test_a_folder_that_refers_to_itself_has_a_url_of_its_own(root, name, data):
    hashed, unhashed = folders_of(root, SITE | {name: data})
    assert (set(hashed), unhashed) == ({"admin", "site"}, {})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("site/css/a.css", b"p { background: url('../../admin/img/logo.svg') }"),
        ("site/js/a.mjs", b'import "../../admin/img/logo.svg";'),
        ("site/js/a.mjs", b'const base = "../../admin/";'),
        ("site/maps/a.json", b'{"imports": {"admin/": "../../admin/"}}'),
    ],
)
def test_folders_that_refer_to_each_other_share_a_hash(root, name, data):
    hashed, unhashed = folders_of(root, SITE | {name: data, "other/x.css": b"p"})
    assert hashed["site"] == hashed["admin"] != hashed["other"]
    assert unhashed == {}
    folders = sorted(path.name for path in (root / hashed["site"]).iterdir())
    assert folders == ["admin", "site"]
    assert_all_whole(root)


def test_what_shares_files_with_a_folder_that_has_none_has_none_either(root):
    css = b"p { background: url(../../admin/img/logo.svg) }"
    files = SITE | {"site/css/a.css": css, "admin/help.html": b"<p>"}
    hashed, unhashed = folders_of(root, files)
    assert hashed == {}
    assert unhashed["site"] == "it shares files with admin"


@pytest.mark.parametrize(
    "data", [b'import "./site/js/app.mjs";', b"import(`./site/js/${name}.mjs`);"]
)
def test_what_a_script_at_the_root_imports_has_the_builds_url_alone(root, data):
    """A module that pages name by another URL would be two modules."""
    hashed, unhashed = folders_of(root, SITE | {"main.mjs": data})
    assert set(hashed) == {"admin"}
    assert unhashed["site"].startswith("main.mjs:1 refers to ./site/js/")


def test_what_else_is_at_the_root_changes_no_url(root):
    at_root = {
        "a.css": b"@import './site/css/site.css';",
        "a.mjs": b'import "./b.mjs"; go("./x/y", "../");',
        "b.mjs": b"b()",
    }
    assert folders_of(root, SITE | at_root)[1] == {}


def test_references_that_were_made_relative_count(root):
    css = b"p { background: url(/static/admin/img/logo.svg) }"
    rewritten = {"reference_prefix": "/static/", "rewrite_references": True}
    hashed, _ = folders_of(root, SITE | {"site/css/a.css": css}, **rewritten)
    assert hashed["site"] == hashed["admin"]


def test_a_file_that_is_taken_out_again_does_not_count(root):
    with Publication(root, "b1", hashed_folders=True) as publication:
        publication.add_bytes("site/help.js", b'base("../")')
        publication.add_bytes("site/a.js", b"a()")
        publication.remove("site/help.js")
        assert publication.finish().unhashed_reasons == {}


def test_three_megabytes_of_dots_are_looked_through_in_no_time(root):
    nasty = b"('../a" * 300_000 + b"=" * 1_000_000 + b"./" * 300_000
    assert release(root, "b1", {"site/a/a.js": nasty}).seconds < 30


# -- subfolders

SUBFOLDERS = ["site/img", "site/vendor"]
WITH_SUBFOLDERS = SITE | {
    "site/img/a.png": b"a" * 900,
    "site/vendor/lib.mjs": b"export default 1;",
    "site/css/look.css": b"p { background: url(../img/a.png) }",
}


@pytest.mark.parametrize(
    ("name", "data"),
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
def test_a_subfolder_that_shares_modules_or_refers_up_has_no_url_of_its_own(
    root, name, data
):
    hashed, unhashed = folders_of(
        root, WITH_SUBFOLDERS | {name: data}, hashed_folders=SUBFOLDERS
    )
    at_root = "/" not in name
    assert "site/vendor" not in hashed and ("site" in hashed) is not at_root
    assert unhashed["site/vendor"].startswith(f"{name}:1 refers to ")


def test_a_subfolder_that_is_not_there_is_named(root):
    _, unhashed = folders_of(root, SITE, hashed_folders=["site/imgs"])
    assert unhashed == {"site/imgs": "the build has no such folder"}


@pytest.mark.parametrize(
    "wrong", ["site/img", ["site"], ["/site/img"], ["site/.."], [1]]
)
def test_a_wrong_subfolder_is_refused(root, wrong):
    with pytest.raises(ValueError, match=r"such as \['site/img'\], got"):
        release(root, "b1", SITE, hashed_folders=wrong)
