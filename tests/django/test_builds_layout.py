"""Names that a build can hold, and those that it refuses."""

from __future__ import annotations

import os
import unicodedata

import pytest
from builds_support import (
    assert_whole,
    files_of,
    hidden,
    publish,
    publish_files,
    write_files,
)
from hypothesis import given
from hypothesis import strategies as st

from dj_cloudfront.builds.layout import (
    check_name,
    published,
)
from dj_cloudfront.builds.publication import Publication

NFC, NFD = (unicodedata.normalize(form, "é.css") for form in ("NFC", "NFD"))

GOOD = [
    *("site.css", "css/admin/base.css", "a/b/c/d/e/f.js", "name with spaces.png"),
    *("what?.png", "a#b.png", "100%.png", "50%25.png", "%41.png", "a..b.css", "a."),
    *("semi;colon&and=more+.png", "a:b*c<d>e|f\"g'h.png", "~backup", "-rf", "CON"),
    *(NFC, "日本語/😀.svg", "a" * 255, "/".join(["a" * 254] * 3 + ["b" * 194])),
]

REFUSED = {
    "be relative to the build": ["/etc/passwd", "//host/a.css"],
    "have no part that is empty, '.' or '..'": [
        *("", "../a.css", "css/../../a.css", "css/..", "css//a.css", "css/", "./a.css"),
        ".",
    ],
    "have no part that begins with a dot": [
        *(".htaccess", "css/.git/config", ".cdn-index.json", "..."),
    ],
    "hold no control character": [
        *("a\0.css", "a\n.css", "a.css\n", "a\r\nSet-Cookie: x", "a\x7f.css"),
    ],
    "hold no backslash": ["css\\a.css", "css\\..\\a.css"],
    "hold no '%2e', '%2f', '%5c' or '%00'": [
        *("%2e%2e/a.css", "a%2Fb.css", "a%255Cb.css", "a%00.css"),
    ],
    "have at most 255 bytes a part and 959 in all": [
        *("a" * 256, "é" * 128, "/".join(["a" * 254] * 3 + ["b" * 195])),
    ],
    "be UTF-8": [os.fsdecode(b"caf\xe9.css")],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_a_url_can_carry_is_published_as_it_is(tmp_path, name):
    root = tmp_path / "static"
    with Publication(root, "b1") as publication:
        publication.add_bytes(name, b"content")
        publication.finish()
    assert files_of(root / "b1") == {name: b"content"}
    assert_whole(root / "b1")


@pytest.mark.parametrize(
    ("name", "rule"),
    [(name, rule) for rule, names in REFUSED.items() for name in names],
)
def test_fails_when_a_name_is_nothing_to_ask_a_web_server_for(tmp_path, name, rule):
    root = tmp_path / "static"
    with pytest.raises(ValueError) as caught, Publication(root, "b1") as publication:
        publication.add_bytes("first.css", b"")
        publication.add_bytes(name, b"content")
    assert str(caught.value).startswith(f"a file's name must {rule}")
    assert str(caught.value).endswith(
        f"got {name!r}: rename the file or leave it out (collectstatic --ignore)"
    )
    assert published(root) == [] and hidden(root) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["static"]


@given(st.text(max_size=40))
def test_a_name_is_taken_only_if_its_parts_stay_inside(name):
    try:
        check_name(name)
    except ValueError as error:
        assert "\n" not in str(error)
        return
    parts = name.split("/")
    assert all(part and not part.startswith(".") for part in parts)
    assert os.path.normpath(f"/root/{name}") == f"/root/{name}"
    assert not set("\0\n\r\\") & set(name)


# Two names for one place


def test_fails_when_a_name_is_given_twice(tmp_path):
    root = tmp_path / "static"
    with pytest.raises(ValueError, match="must be given once, got 'a.css' twice"):
        publish(root, "b1", [("a.css", __file__), ("a.css", __file__)])
    assert published(root) == [] and hidden(root) == []


@pytest.mark.parametrize(
    "names", [("a", "a/b.css"), ("a/b.css", "a"), ("a/b", "a/b/c/d.css")]
)
def test_fails_when_a_file_is_where_a_folder_must_be(tmp_path, names):
    root = tmp_path / "static"
    expected = "a name must be a file's or a folder's, got 'a(/b)?' for both"
    with (
        pytest.raises(ValueError, match=expected),
        Publication(root, "b1") as publication,
    ):
        for name in names:
            publication.add_bytes(name, b"")
    assert published(root) == [] and hidden(root) == []


def keeps_apart(folder, one, other):
    write_files(folder, {one: b"1"})
    return not (folder / other).exists()


@pytest.mark.parametrize("twins", [("A.css", "a.css"), (NFC, NFD), ("A/x", "a/x")])
def test_names_that_differ_in_case_or_form_are_kept_apart_where_the_disk_can(
    tmp_path, twins
):
    root = tmp_path / "static"
    if not keeps_apart(tmp_path / "probe", *twins):
        pytest.skip("this disk takes them for one name")
    publish_files(root, "b1", {twins[0]: b"1", twins[1]: b"2"})
    assert files_of(root / "b1") == {twins[0]: b"1", twins[1]: b"2"}


def test_a_twin_is_told_where_the_disk_says_that_the_name_exists(tmp_path):
    root = tmp_path / "static"
    with Publication(root, "b1") as publication:
        publication.add_bytes("A.css", b"")
        # What a disk does that folds case: the second name is there already.
        (publication.path / "a.css").write_bytes(b"")
        with pytest.raises(ValueError, match="got 'A.css' and 'a.css': rename one"):
            publication.add_bytes("a.css", b"1")
