"""Companions: made where they are worth it, linked where nothing changed, never stale."""

from __future__ import annotations

import gzip
import os
import sys

import brotli
import pytest
from builds_support import (
    assert_whole,
    files_of,
    hidden,
    publish_files,
    share_bytes,
    write_files,
)

from dj_cloudfront.builds import compression
from dj_cloudfront.builds.layout import published

TEXT = b"body { color: rebeccapurple }\n" * 100
NOISE = os.urandom(3000)
BOTH = ["gzip", "br"]


@pytest.fixture
def compressed(monkeypatch):
    """Which bytes are compressed, not linked."""
    seen = []
    original = compression.compress

    def count(coding, data):
        seen.append((coding, data))
        return original(coding, data)

    monkeypatch.setattr(compression, "compress", count)
    return seen


@pytest.fixture
def no_brotli(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", None)


def test_a_companion_has_the_bytes_of_its_file(root):
    done = publish_files(root, "b1", {"site.css": TEXT}, precompress=BOTH)
    files = files_of(root / "b1")
    assert sorted(files) == ["site.css", "site.css.br", "site.css.gz"]
    assert gzip.decompress(files["site.css.gz"]) == TEXT
    assert brotli.decompress(files["site.css.br"]) == TEXT
    assert (done.files, done.companions, done.copied) == (3, 2, 3)
    assert_whole(root / "b1")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.jpg", TEXT),
        ("no-ending", TEXT),
        ("noise.css", NOISE),
        ("small.css", TEXT[: compression.SMALLEST - 1]),
        ("empty.css", b""),
    ],
)
def test_there_is_none_where_it_is_not_worth_it(root, name, data):
    done = publish_files(root, "b1", {name: data}, precompress=BOTH)
    assert list(files_of(root / "b1")) == [name]
    assert done.companions == 0


def test_there_is_none_whose_name_would_be_too_long(root):
    files = {"a" * 248 + ".css": TEXT, "b" * 249 + ".css": TEXT}
    publish_files(root, "b1", files, precompress=["gzip"])
    companions = [name for name in files_of(root / "b1") if name.endswith(".gz")]
    assert companions == ["a" * 248 + ".css.gz"]


def test_the_same_bytes_give_the_same_companion():
    """No time and no name is in it, so that all servers have the same build."""
    data = compression.compress("gzip", TEXT)
    assert data[4:8] == bytes(4) and not data[3]


def test_only_what_changed_is_compressed_again(root, compressed):
    files = {"a.css": TEXT, "b.css": b"b" * 999}
    publish_files(root, "b1", files, precompress=BOTH)
    assert len(compressed) == 4
    compressed.clear()
    changed = {"a.css": TEXT, "b.css": b"c" * 999}
    done = publish_files(root, "b2", changed, precompress=BOTH)
    assert sorted(compressed) == [("br", b"c" * 999), ("gzip", b"c" * 999)]
    assert share_bytes(root / "b1/a.css.gz", root / "b2/a.css.gz")
    assert share_bytes(root / "b1/a.css.br", root / "b2/a.css.br")
    assert (done.linked, done.copied, done.companions) == (3, 3, 4)
    assert gzip.decompress(files_of(root / "b2")["b.css.gz"]) == b"c" * 999


@pytest.mark.parametrize("damage", ["other bytes", "gone", "a link"])
def test_a_companion_that_is_not_what_the_index_says_is_made_again(root, damage):
    publish_files(root, "b1", {"a.css": TEXT}, precompress=["gzip"])
    path = root / "b1/a.css.gz"
    data = path.read_bytes()
    path.unlink()
    if damage == "other bytes":
        path.write_bytes(data[:-1] + b"!")
    elif damage == "a link":
        path.symlink_to(write_files(root.with_name("x"), {"gz": data}) / "gz")
    done = publish_files(root, "b2", {"a.css": TEXT}, precompress=["gzip"])
    assert done.copied == 1
    assert gzip.decompress(files_of(root / "b2")["a.css.gz"]) == TEXT
    assert_whole(root / "b2")


# Companions among the sources


def test_a_companion_that_is_given_is_kept(root):
    given = gzip.compress(TEXT, compresslevel=1)
    files = {"a.css": TEXT, "a.css.gz": given, "b.css": TEXT + b"b"}
    done = publish_files(root, "b1", files, precompress=["gzip"])
    assert files_of(root / "b1")["a.css.gz"] == given
    assert done.companions == 2
    assert publish_files(root, "b2", files, precompress=["gzip"]).linked == 4


@pytest.mark.parametrize("options", [{}, {"precompress": ["gzip"]}])
@pytest.mark.parametrize(
    ("suffix", "stale"),
    [
        ("gz", gzip.compress(TEXT[:-1])),
        ("gz", gzip.compress(TEXT + b"more")),
        ("gz", gzip.compress(TEXT)[:-9]),
        ("gz", TEXT),
        ("gz", b""),
        ("br", brotli.compress(TEXT[:-1])),
        ("br", brotli.compress(TEXT)[:-1]),
        ("br", TEXT),
    ],
)
def test_fails_when_a_companion_that_is_given_is_not_its_files(
    root, suffix, stale, options
):
    """Web servers send it in the file's place, whether we make companions or not."""
    files = {"a.css": TEXT, f"a.css.{suffix}": stale}
    with pytest.raises(ValueError) as caught:
        publish_files(root, "b1", files, **options)
    assert str(caught.value) == (
        f"a companion must hold the bytes of its plain file, got 'a.css.{suffix}' with others "
        "than 'a.css': compress it again, or leave it out (collectstatic --ignore)"
    )
    assert published(root) == [] and hidden(root) == []


def test_a_compressed_file_without_a_plain_one_is_nobodys_companion(root):
    files = {"data.tar.gz": b"anything", "font.br": b"anything"}
    assert publish_files(root, "b1", files, precompress=BOTH).companions == 0
    assert files_of(root / "b1") == files


def test_a_companion_that_unpacks_to_very_much_is_refused_without_unpacking_it(root):
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(ValueError, match="must hold the bytes of its plain file"):
        publish_files(root, "b1", {"a.css": TEXT, "a.css.gz": bomb})


# Without what is needed


def test_fails_when_brotli_is_asked_for_and_not_installed(root, no_brotli):
    with pytest.raises(ValueError) as caught:
        publish_files(root, "b1", {"a.css": TEXT}, precompress=BOTH)
    assert str(caught.value) == (
        "precompress must name codings that are installed, such as 'gzip', got 'br': pip "
        "install dj-cloudfront[brotli]"
    )
    assert not root.exists()


def test_fails_when_a_given_companion_cannot_be_checked(root, no_brotli):
    files = {"a.css": TEXT, "a.css.br": brotli.compress(TEXT)}
    with pytest.raises(ValueError, match="needs the extra .*, got 'a.css.br'"):
        publish_files(root, "b1", files)


@pytest.mark.parametrize("coding", ["gz", "zstd", "", "GZIP"])
def test_fails_when_a_coding_is_unknown(root, coding):
    with pytest.raises(ValueError) as caught:
        publish_files(root, "b1", {"a.css": TEXT}, precompress=["gzip", coding])
    assert str(caught.value) == (
        f"precompress must name content codings, such as 'gzip' or 'br', got {coding!r}"
    )
