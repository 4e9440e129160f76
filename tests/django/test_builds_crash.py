"""Publishing, ended or denied the disk at each thing that it does to it."""

from __future__ import annotations

import errno
import os
import random
import re

import pytest
from builds_support import (
    assert_all_whole,
    files_of,
    hidden,
    publish,
    sources,
    write_files,
)
from crash_support import KILL, Fault, every_point, quick_folder, restore

from dj_cloudfront.builds.layout import hashed_folders, published

CSS = b"a { background: url(/static/img/1.svg) }\n"
OLD = {
    **{f"css/{number}.css": CSS * (20 + number) for number in range(3)},
    **{f"img/{number}.svg": b"<svg/>" * (60 + number) for number in range(3)},
    "fonts/text.woff2": b"font" * 90,
    "js/vendor/lib.js": b"export default 1;\n" * 40,
    "robots.txt": b"User-agent: *\n",
}
# Changed, renamed, removed, new, in a new folder, twice the same, more than a block.
NEW = {
    **{name: data for name, data in OLD.items() if name != "img/2.svg"},
    "css/0.css": CSS * 90,
    "js/renamed/lib.js": OLD["js/vendor/lib.js"],
    "js/new/app.mjs": b"export const answer = 42;\n" * 40,
    "js/new/again.mjs": b"export const answer = 42;\n" * 40,
    "video.bin": b"0123456789" * 105_000,
}
OPTIONS = {
    "precompress": ["gzip"],
    "reference_prefix": "/static/",
    "rewrite_references": True,
    "hashed_folders": True,
}

FULL = Fault(errno=errno.ENOSPC, stays=True)
DENIED = [
    *(FULL, Fault(errno=errno.ENOSPC), Fault(errno=errno.EDQUOT, stays=True)),
    *(Fault(errno=errno.EACCES), Fault(errno=errno.EACCES, stays=True)),
    *(Fault(errno=errno.EPERM), Fault(errno=errno.EIO)),
    Fault(errno=errno.EROFS, stays=True),
]


class Site:
    """Two sets of sources, and the folder of builds as the first of them left it."""

    def __init__(self, folder, before):
        self.root = folder / "static"
        self.old = sources(write_files(folder / "old", OLD))
        self.new = sources(write_files(folder / "new", NEW))
        self._saved = folder / "saved"
        self._saved.mkdir()
        for version in before:
            publish(self._saved, version, self.old, **OPTIONS)
        if before:
            write_files(self._saved / ".b0.publishing-00ff", {"css/half.css": b"half"})
        publish(folder / "expected", "b2", self.new, **OPTIONS)
        self.expected = {"b2": files_of(folder / "expected" / "b2")}
        for version in before:
            self.expected[version] = files_of(self._saved / version)
        self.before = list(before)

    def reset(self):
        restore(self._saved, self.root)

    def publish(self):
        return publish(self.root, "b2", self.new, **OPTIONS).files

    def assert_nothing_is_half(self):
        """Nothing of the new build shows or all of it, and the old one is as it was."""
        assert published(self.root) in (self.before, [*self.before, "b2"])
        for version in published(self.root):
            assert files_of(self.root / version) == self.expected[version], version
        assert_all_whole(self.root)

    def assert_complete(self):
        self.assert_nothing_is_half()
        assert published(self.root) == [*self.before, "b2"]
        assert hidden(self.root) == []

    def survives(self, fault, step=1):
        """Try the points, or one of so many; returns how many were tried."""
        tried = 0
        first = random.randint(1, step)
        for outcome in every_point(
            self.publish, fault, before=self.reset, first=first, step=step
        ):
            tried += 1
            self.assert_nothing_is_half()
            if fault is not KILL:
                assert_told(outcome, published(self.root))
            if fault is FULL:
                # Room is what is missing: nothing waits for the next run to be removed.
                assert {one[:4] for one in hidden(self.root)} <= {".b0."}, outcome
            self.publish()
            self.assert_complete()
        return tried


def assert_told(outcome, visible):
    """One sentence, or the build is there for all that."""
    if outcome.error is None:
        assert visible[-1] == "b2", outcome
        return
    assert isinstance(outcome.error, OSError), outcome
    sentence = (
        r"publishing 'b2' must be able to use /.+, but it got '.+': .+ it again|.*"
    )
    assert re.fullmatch(sentence, str(outcome.error)), outcome
    assert "\n" not in str(outcome.error) and "[Errno" not in str(outcome.error)


@pytest.fixture
def folder():
    with quick_folder() as folder:
        yield folder


@pytest.mark.parametrize("fault", [KILL, FULL, DENIED[3], DENIED[6]], ids=str)
def test_ended_or_denied_here_and_there_a_build_shows_whole_or_not_at_all(
    folder, fault
):
    assert Site(folder, ["b1"]).survives(fault, step=9 if fault is KILL else 17) > 3


@pytest.mark.slow
@pytest.mark.parametrize("before", [["b1"], []], ids=["second", "first"])
@pytest.mark.parametrize("fault", [KILL, *DENIED], ids=str)
def test_ended_at_any_point_or_denied_at_many_a_build_shows_whole_or_not_at_all(
    folder, fault, before
):
    assert Site(folder, before).survives(fault, step=1 if fault is KILL else 5) > 5


def test_all_that_is_new_is_synced_before_it_shows(folder, monkeypatch):
    """A loss of power after the rename must find all of it on the disk."""
    site = Site(folder, ["b1"])
    site.reset()
    hashed = set(hashed_folders(site.root))
    synced, at_the_rename = set(), []
    fsync, rename = os.fsync, os.rename

    def note_sync(file):
        synced.add(os.fstat(file).st_ino)
        fsync(file)

    def note_rename(source, target):
        if target == site.root / "b2":
            at_the_rename.append(set(synced))
            synced.clear()
        rename(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "rename", note_rename)
    site.publish()
    [before] = at_the_rename
    old = {path.stat().st_ino for path in (site.root / "b1").rglob("*")}
    new = {path.stat().st_ino for path in (site.root / "b2").rglob("*")} - old
    assert new | {(site.root / "b2").stat().st_ino} <= before
    made = [site.root / name for name in {*hashed_folders(site.root)} - hashed]
    folders = [one for path in made for one in (path, *path.rglob("*")) if one.is_dir()]
    assert made != []
    assert {path.stat().st_ino for path in (*folders, site.root)} <= before
    assert synced == {site.root.stat().st_ino}


@pytest.mark.parametrize("is_refused", [False, True], ids=["same", "other"])
@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_build_is_untouched_when_it_is_published_again_and_killed(
    folder, is_refused, step
):
    site = Site(folder, ["b1"])
    again = site.new if is_refused else site.old

    def publish_again():
        if not is_refused:
            return publish(site.root, "b1", again, **OPTIONS).already_there
        with pytest.raises(ValueError, match="build 'b1' must keep"):
            publish(site.root, "b1", again, **OPTIONS)
        return None

    for _ in every_point(publish_again, KILL, before=site.reset, step=step):
        site.assert_nothing_is_half()
        publish_again()
        assert published(site.root) == ["b1"] and hidden(site.root) == []
