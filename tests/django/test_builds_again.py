"""The same version again: what was published stays as it is."""

from __future__ import annotations

import pytest
from builds_support import (
    FILES,
    assert_whole,
    files_of,
    hidden,
    publish,
    publish_files,
    sources,
    write_files,
)


def test_the_same_content_again_does_nothing(root):
    publish_files(root, "b1", FILES)
    assert publish_files(root, "b1", FILES, dry_run=True).already_there
    before = {path: path.stat() for path in (root / "b1").rglob("*") if path.is_file()}
    done = publish_files(root, "b1", FILES)
    assert done.already_there
    assert (done.linked, done.copied, done.bytes_written) == (0, 0, 0)
    assert done.files == len(FILES)
    for path, found in before.items():
        assert path.stat().st_ino == found.st_ino
        assert path.stat().st_mtime_ns == found.st_mtime_ns
        assert path.stat().st_nlink == 1
    assert hidden(root) == []


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({**FILES, "css/site.css": b"new"}, "'css/site.css' has other bytes in it"),
        (
            {**FILES, "z.css": b"", "css/new.css": b""},
            "'css/new.css' is not in it and 1 more file differs",
        ),
        (
            {name: data for name, data in FILES.items() if name != "js/app.mjs"},
            "'js/app.mjs' is in it and is no longer among the files",
        ),
        (
            {**FILES, "robots.txt": b"", "img/logo.svg": b"", "a.css": b""},
            "'a.css' is not in it and 2 more files differ",
        ),
    ],
)
def test_fails_when_a_version_exists_with_other_content(root, files, sentence):
    publish_files(root, "b1", FILES)
    expected = (
        f"build 'b1' must keep what was published, but {sentence}: publish under a "
        "BUILD_VERSION that was never used"
    )
    other = sources(write_files(root.with_name("other"), files))
    for dry_run in (True, False):
        with pytest.raises(ValueError) as caught:
            publish(root, "b1", other, dry_run=dry_run)
        assert str(caught.value) == expected
    assert files_of(root / "b1") == FILES
    assert_whole(root / "b1")
    assert hidden(root) == []


def test_fails_when_the_published_files_were_changed_since(root):
    publish_files(root, "b1", FILES)
    path = root / "b1/robots.txt"
    path.unlink()
    path.write_bytes(b"hot fix")
    with pytest.raises(ValueError, match="'robots.txt' has been changed in it since"):
        publish_files(root, "b1", FILES)


def test_fails_when_something_else_has_filled_the_folder(root):
    write_files(root / "b1", FILES)
    with pytest.raises(
        ValueError, match="b1 must not hold files before it is published"
    ):
        publish_files(root, "b1", FILES)
    assert files_of(root / "b1") == FILES
    assert hidden(root) == []


@pytest.mark.parametrize("make", ["file", "link", "dangling"])
def test_fails_when_something_else_is_in_the_place_of_the_build(root, tmp_path, make):
    root.mkdir()
    elsewhere = write_files(tmp_path / "elsewhere", FILES)
    if make == "file":
        (root / "b1").write_bytes(b"")
    else:
        target = elsewhere if make == "link" else tmp_path / "nowhere"
        (root / "b1").symlink_to(target)
    with pytest.raises(ValueError, match="b1 must be a build's folder or not exist"):
        publish_files(root, "b1", FILES)
    assert hidden(root) == []
    assert files_of(elsewhere) == FILES
