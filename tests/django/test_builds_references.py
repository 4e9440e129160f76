"""References in stylesheets that lead out of the build."""

from __future__ import annotations

import gzip
import time
from urllib.parse import urljoin

import pytest
from builds_support import files_of, publish_files
from hypothesis import given
from hypothesis import strategies as st

from dj_cloudfront.builds.references import made_relative, references_in

FOUND = [
    *("a{b:url(/static/x.png)}", "a{b:url('/static/x.png')}"),
    *('a{b:url("/static/x.png")}', "a{b:url( '/static/x.png' )}"),
    *("a{b:url(\n\t/static/x.png\n)}", "a{b:URL(/static/x.png)}"),
    *("@import '/static/x.png';", '@import "/static/x.png" screen;'),
    *('@IMPORT"/static/x.png";', "@import url(/static/x.png);"),
    *("@import url('/static/x.png') print;", "a{b:c}/**/a{b:url(/static/x.png)}"),
    *('a{content:"\'";b:url(/static/x.png)}', "/* it's */ a{b:url(/static/x.png)}"),
    "a{content:'\\'';b:url(/static/x.png)}",
    "@font-face{src:local('x'),url(/static/x.png) format('woff2')}",
    "a{b:image-set(url(/static/x.png) 1x)}",
    *("a{content:'it's}\na{b:url(/static/x.png)}", "\ufeffa{b:url(/static/x.png)}"),
    *("a{b:url(\\/static/x.png)}", "a{b:url('\\2f static/x.png')}"),
    *("a{b:u\\72l(/static/x.png)}", "a{b:url('/sta\\\ntic/x.png')}"),
    "a{b:src('/static/x.png')}",
    "a{b:image-set('/static/x.png' 1x, 'x.png' type('image/png') 2x)}",
    'a{b:-webkit-image-set("/static/x.png"1x)}',
    "@import '/static/x.png' layer(base) supports(display: grid) screen;",
    "@import/**/url( '/static/x.png' ) layer;",
    *("@media print{a{b:url(/static/x.png)}}", "a{&:hover{b:url(/static/x.png)}}"),
    *("a{b:url(x y);c:url(/static/x.png)}", "a{--c:{d:e};b:url(/static/x.png)}"),
    ".--x:hover{b:url(/static/x.png)}",
    "@property --x{syntax:'*';inherits:false}a{b:url(/static/x.png)}",
]

ELSEWHERE = [
    *("a{b:url(/media/x.png)}", "a{b:url(/assets/x.png)}"),
    *("a{b:url(/staticfiles/x.png)}", "a{b:url(/Static/x.png)}"),
    *("a{b:url(/static/../admin/x.png)}", "@import '/media/x.png';", "a{b:url(/)}"),
]

CUSTOM = [
    *(":root{--x:url(/static/x.png)}", ":root{--x : url('/static/x.png')}"),
    ":root{a:b;--x:{c:url(/static/x.png)}}",
    ":root{--x:image-set('/static/x.png' 1x)}",
    ":root{--x/**/:/**/url(/static/x.png)}",
]

NOT_FOUND = [
    *("a{b:url(x.png)}", "a{b:url(../static/x.png)}", "a{b:url(//static/x.png)}"),
    *("a{b:url(/\\\\static/x.png)}", "a{b:my-url(/static/x.png)}"),
    *("a{b:url(/static/x y.png)}", "a{b:url(/static/x'y.png)}"),
    *("a{b:attr('/static/x.png')}", "a{b:image-set(url(x.png) type('/static/x.png'))}"),
    *("@namespace svg '/static/x.png';", "@namespace url(/static/x.png);"),
    *("@charset '/static/x.png';", "a{font:12px/1 '/static/x.png'}"),
    *("a{b:url(/b1/x.png)}", "a{b:url(https://www.example.com/static/x.png)}"),
    *("a{b:url(data:image/svg+xml,/static/x.png)}", "/* url(/static/x.png) */"),
    *("/* @import '/static/x.png' */", "/* no end url(/static/x.png)"),
    *("a{content:'url(/static/x.png)'}", "a{content:\"@import '/static/x.png'\"}"),
    *("a{content:'/static/x.png'}", "a{b:url('/static/x.png}"),
    *("a{content:'it url(/static/x.png)}", ""),
]


@pytest.mark.parametrize("css", FOUND)
def test_a_root_absolute_reference_is_found(css):
    [found] = references_in("css/site.css", css.encode(), "/static/")
    assert (found.name, found.url) == ("css/site.css", "/static/x.png")
    assert found.relative == "../x.png"


@pytest.mark.parametrize("css", NOT_FOUND)
def test_what_is_no_such_reference_is_left_alone(css):
    data = css.encode()
    assert references_in("css/site.css", data, "/static/", "b1") == []
    assert made_relative("css/site.css", data, "/static/") == data


@pytest.mark.parametrize("css", ELSEWHERE)
def test_a_path_that_the_cdns_host_does_not_have_is_found_and_stays(css):
    data = css.encode()
    [found] = references_in("css/site.css", data, "/static/", "b1")
    assert found.relative is None and found.url in css
    assert "refer to a file of the build, or write the whole URL" in found.complaint
    assert made_relative("css/site.css", data, "/static/") == data


@pytest.mark.parametrize("css", CUSTOM)
def test_in_a_custom_property_a_reference_is_found_and_stays(css):
    """It would be resolved where ``var()`` is used."""
    data = css.encode()
    [found] = references_in("css/site.css", data, "/static/", "b1")
    assert (found.url, found.relative) == ("/static/x.png", None)
    assert "where var() is used: write url() into the rules" in found.complaint
    assert made_relative("css/site.css", data, "/static/") == data


def test_what_is_rewritten_can_stand_in_quotation_marks_and_without():
    css = b"a{b:url('/static/it\\'s (1).png')}"
    assert (
        made_relative("a.css", css, "/static/") == b"a{b:url('it%27s%20%281%29.png')}"
    )


def test_references_come_with_their_lines_in_their_order():
    css = b"a{}\n/*\n*/b{c:url(/static/1)}\r\n\nd{e:url(/static/2),url(/static/3)}"
    found = references_in("site.css", css, "/static/")
    assert [(one.line, one.url) for one in found] == [
        (3, "/static/1"),
        (5, "/static/2"),
        (5, "/static/3"),
    ]


@pytest.mark.parametrize(
    ("name", "url", "relative"),
    [
        ("site.css", "/static/img/x.png", "img/x.png"),
        ("css/site.css", "/static/css/x.png", "x.png"),
        ("css/site.css", "/static/css/fonts/x.woff2", "fonts/x.woff2"),
        ("a/b/c.css", "/static/d/e.png", "../../d/e.png"),
        ("css/site.css", "/static/x.eot?#iefix", "../x.eot?#iefix"),
        ("css/site.css", "/static/x.svg#a/b", "../x.svg#a/b"),
        ("css/site.css", "/static/x.png?v=/static/", "../x.png?v=/static/"),
        ("css/site.css", "/static/a%20b.png", "../a%20b.png"),
        ("css/site.css", "/static/a//b.png", "../a/b.png"),
        ("css/site.css", "/static/./a/../b.png", "../b.png"),
        ("css/site.css", "/static/img/", "../img/"),
        ("site.css", "/static/a:b.png", "./a:b.png"),
        ("site.css", "/static/", "./"),
    ],
)
def test_a_reference_becomes_relative_to_its_stylesheet(name, url, relative):
    css = f"a{{b:url({url})}}".encode()
    [found] = references_in(name, css, "/static/")
    assert (found.url, found.relative) == (url, relative)
    assert made_relative(name, css, "/static/") == f"a{{b:url({relative})}}".encode()


PARTS = st.from_regex(r"[a-z0-9:.-]{0,3}[a-z0-9]", fullmatch=True)


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(PARTS, min_size=1, max_size=4))
def test_a_browser_finds_the_same_file_behind_both(stylesheet, target):
    """Under ``/static/`` on the site, and under any build on the CDN."""
    name, path = "/".join([*stylesheet, "a.css"]), "/".join([*target, "b.png"])
    [found] = references_in(name, f"a{{b:url(/static/{path})}}".encode(), "/static/")
    base = f"https://www.example.com/static/{name}"
    assert urljoin(base, found.relative) == urljoin(base, found.url)
    cdn = "https://d111111abcdef8.cloudfront.net/b1/"
    assert urljoin(cdn + name, found.relative) == cdn + path


def test_bytes_that_are_no_utf_8_are_kept():
    css = b"a{b:url(/static/\xe9.png)} /* \xff */"
    [found] = references_in("site.css", css, "/static/")
    assert found.url == "/static/\ufffd.png"
    assert (
        made_relative("site.css", css, "/static/") == b"a{b:url(\xe9.png)} /* \xff */"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "url(" + " " * 200_000,
        "'\\" * 100_000,
        "/*" * 100_000,
        "url('" * 40_000,
        '"' * 99_999,
        "a(" * 100_000,
        "@property --x{" * 20_000,
        "--x" * 100_000,
        "--x/**/" * 30_000,
        "\\" * 99_999,
    ],
)
def test_no_stylesheet_takes_longer_than_it_is_long(hostile):
    started = time.process_time()
    references_in("a.css", f"{hostile} '/static/".encode(), "/static/")
    assert time.process_time() - started < 5


# In a build


CSS = b"a{b:url(/static/img/x.png)}\n@import '/static/base.css';\n"
REWRITE = {"reference_prefix": "/static/", "rewrite_references": True}


def test_references_are_reported_and_the_file_stays_as_it_is(root):
    files = {"css/site.css": CSS, "a.css": CSS, "app.txt": CSS}
    done = publish_files(root, "b1", files, reference_prefix="/static/")
    assert [(one.name, one.line, one.url) for one in done.references] == [
        ("a.css", 1, "/static/img/x.png"),
        ("a.css", 2, "/static/base.css"),
        ("css/site.css", 1, "/static/img/x.png"),
        ("css/site.css", 2, "/static/base.css"),
    ]
    assert files_of(root / "b1") == files


def test_references_are_rewritten_on_request_and_reported_too(root):
    files = {"css/site.css": CSS, "css/UPPER.CSS": CSS, "app.js": CSS}
    done = publish_files(root, "b1", files, **REWRITE)
    rewritten = b"a{b:url(../img/x.png)}\n@import '../base.css';\n"
    assert files_of(root / "b1") == {
        "css/site.css": rewritten,
        "css/UPPER.CSS": rewritten,
        "app.js": CSS,
    }
    assert len(done.references) == 4


def test_a_rewritten_stylesheet_that_did_not_change_is_linked(root):
    for version in ("b1", "b2"):
        done = publish_files(root, version, {"site.css": CSS}, **REWRITE)
        assert len(done.references) == 2
    assert (done.linked, done.copied) == (1, 0)


def test_a_companion_is_that_of_the_rewritten_stylesheet(root):
    publish_files(root, "b1", {"site.css": CSS * 20}, **REWRITE, precompress=["gzip"])
    files = files_of(root / "b1")
    assert gzip.decompress(files["site.css.gz"]) == files["site.css"]


@pytest.mark.parametrize(
    "prefix", ["", "static/", "/static", "//", "/a//", "https://x/"]
)
def test_fails_when_a_prefix_is_no_path_of_a_folder(root, prefix):
    with pytest.raises(ValueError) as caught:
        publish_files(root, "b1", {"a.css": CSS}, reference_prefix=prefix)
    assert str(caught.value) == (
        "reference_prefix must be a path that begins and ends with a slash, such as "
        f"'/static/', got {prefix!r}"
    )


SCRIPT = b"""const a = '/static/img/x.png', b = "/static/missing.png";
r.p = "/static/"; f(`/static/img/${name}`, "/static/img/x.png?v=1", "\\/static\\/app.js");
n("/assets/x.png", "/static/img/x.png"); // static/app.js
"""


@pytest.mark.parametrize(
    ("module", "is_reported"),
    [
        (b'r.p=new URL(".",document.currentScript.src).href', False),
        (b"__webpack_require__.p = window.STATIC_URL;", False),
        (b"n.p = (0,o.base)(import.meta.url)", False),
        (b'r.p="/static/other/";window.a', True),
        (b"r.p==window.a", True),
        (b"r.path=window.a", True),
    ],
)
def test_a_public_path_that_a_module_replaces_is_none(root, module, is_reported):
    """As webpack 5 writes it: the runtime's own path first, which the module then sets."""
    bundle = (
        b"(()=>{var e={318(e,t,r){%s}};r.u=e=>e+'.js',r.p=\"/static/w/\",r.e(3)})()"
    )
    done = publish_files(
        root, "b1", {"w/app.js": bundle % module}, reference_prefix="/static/"
    )
    assert [one.url for one in done.references][:1] == ["/static/w/"] * is_reported


@pytest.mark.parametrize("name", ["app.js", "app.MJS", "site.webmanifest"])
def test_text_of_a_script_that_names_a_file_of_the_build_is_reported(root, name):
    files = {name: SCRIPT, "img/x.png": b"", "app.js": SCRIPT}
    for version, options in (("b1", {"reference_prefix": "/static/"}), ("b2", REWRITE)):
        done = publish_files(root, version, files, **options)
        found = [one for one in done.references if one.name == name]
        assert [(one.line, one.url) for one in found] == [
            (1, "/static/img/x.png"),
            (2, "/static/"),
            (2, "/static/img/"),
            (2, "/static/img/x.png?v=1"),
            (2, "/static/app.js"),
        ]
        assert "base: './' for Vite" in found[0].complaint
        assert files_of(root / version) == files


OURS = "https://static.example.com/b2/"
COMPILED = {
    "a.css": b"@font-face{src:url(https://static.example.com/b1/fonts/a.woff2)}",
    "b.js": b'f("https:\\/\\/static.example.com\\/b1\\/c.js");g("/x")',
    "c.css": b"a{b:url(//static.example.com/x.png)}",
    "d.css": b"\na{b:url('https://static.example.com/b22/x.png')}",
    "notes.txt": b"https://static.example.com/b1/",
    "own.css": b"a{b:url(https://static.example.com/b2/x.png)}",
    "site.css": b"a{b:url(https://www.example.com/b1/x.png)}",
}


def test_urls_of_another_build_are_reported(root):
    done = publish_files(root, "b2", COMPILED, **REWRITE, base_url=OURS)
    assert [(one.name, one.line, one.url, one.kind) for one in done.references] == [
        ("a.css", 1, "https://static.example.com/b1/fonts/a.woff2", "other build"),
        ("b.js", 1, "https://static.example.com/b1/c.js", "other build"),
        ("d.css", 2, "https://static.example.com/b22/x.png", "other build"),
    ]
    assert files_of(root / "b2") == COMPILED


@pytest.mark.parametrize("base_url", ["/static/b2/", "", "https://other.example/b2/"])
def test_hosts_of_others_and_urls_without_a_host_are_of_no_build(root, base_url):
    done = publish_files(root, "b2", COMPILED, **REWRITE, base_url=base_url)
    assert done.references == ()


def test_a_stand_in_for_the_host_is_reported_though_the_build_is_right(root):
    css = b"a{b:url(https://static.invalid/b2/x.png)}"
    base_url = "https://static.invalid/b2/"
    done = publish_files(root, "b2", {"a.css": css}, **REWRITE, base_url=base_url)
    assert [one.url for one in done.references] == ["https://static.invalid/b2/x.png"]
    (reference,) = done.references
    assert reference.complaint == (
        "a.css:1: https://static.invalid/b2/x.png is no URL of this build: make the file again "
        "for this BUILD_VERSION and this host, or let its tool write relative URLs"
    )
