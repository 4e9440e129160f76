"""Storages with a ``post_process`` of somebody else: both commands make what Django makes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage,
    StaticFilesStorage,
)
from django.core.files.base import ContentFile
from django.core.management import CommandError
from storage_support import FILES, content, index_of

from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage

HERE = "test_storage_foreign"
MANIFESTS = ("staticfiles.json", ".staticfiles.json")


class Bundling:
    """Saves a file of its own before the others are processed, as django-pipeline does."""

    def post_process(self, paths, dry_run=False, **options):
        if dry_run:
            return
        self.save(
            "css/bundle.css", ContentFile(b"b { background: url(../img/logo.png) }")
        )
        paths["css/bundle.css"] = (self, "css/bundle.css")
        yield "css/bundle.css", "css/bundle.css", True
        if hasattr(super(), "post_process"):
            yield from super().post_process(paths.copy(), dry_run, **options)


class Compressing:
    """Writes past ``save()`` when all else is done, as WhiteNoise does."""

    def post_process(self, paths, dry_run=False, **options):
        if hasattr(super(), "post_process"):
            yield from super().post_process(paths, dry_run, **options)
        if dry_run:
            return
        name = "css/site.css"
        data = Path(self.path(name)).read_bytes()
        Path(self.path(f"{name}.gz")).write_bytes(gzip.compress(data, mtime=0))
        yield name, f"{name}.gz", True


class Deleting:
    """Unlinks files of their plain names, as WhiteNoise does on request."""

    def post_process(self, paths, dry_run=False, **options):
        if hasattr(super(), "post_process"):
            yield from super().post_process(paths, dry_run, **options)
        os.unlink(self.path("fonts/sans.woff2"))


class Editing:
    """Edits a file in place."""

    def post_process(self, paths, dry_run=False, **options):
        if hasattr(super(), "post_process"):
            yield from super().post_process(paths, dry_run, **options)
        with open(self.path("js/app.js"), "ab") as file:
            file.write(b"// edited\n")


class Excluding:
    """Keeps some files from being hashed."""

    def post_process(self, paths, dry_run=False, **options):
        rest = {name: one for name, one in paths.items() if not name.startswith("bad")}
        if hasattr(super(), "post_process"):
            yield from super().post_process(rest, dry_run, **options)


class Forgiving:
    """Swallows what Django says of a file."""

    def post_process(self, paths, dry_run=False, **options):
        if hasattr(super(), "post_process"):
            for one in super().post_process(paths, dry_run, **options):
                if not isinstance(one[2], Exception):
                    yield one


class Minifying:
    """Saves other content than it is given."""

    def _save(self, name, content):
        if name.endswith(".css"):
            content = ContentFile(content.read().replace(b" ", b""), name)
        return super()._save(name, content)


MIXINS = (Bundling, Compressing, Deleting, Editing, Excluding, Forgiving, Minifying)
for mixin in MIXINS:
    for base in (
        *(BuildStorage, ManifestBuildStorage),
        *(StaticFilesStorage, ManifestStaticFilesStorage),
    ):
        name = f"{mixin.__name__}{base.__name__}"
        globals()[name] = type(name, (mixin, base), {"__module__": HERE})


class Behind(BuildStorage, Compressing):
    """The mixin stands behind."""


class BehindStaticFilesStorage(Compressing, StaticFilesStorage):
    pass


def files_of(folder):
    return {name: data for name, data in content(folder).items() if name[0] != "."}


def by_django(site, storage, tmp_path):
    site.collect(storage=f"{HERE}.{storage}", STATIC_ROOT=tmp_path / "stock")
    return {
        name: data
        for name, data in files_of(tmp_path / "stock").items()
        if name not in MANIFESTS
    }


@pytest.mark.parametrize("publish", ["collect", "publish"])
@pytest.mark.parametrize("kind", ["", "Manifest"])
@pytest.mark.parametrize("mixin", [one.__name__ for one in MIXINS])
def test_both_commands_make_what_stock_collectstatic_makes(
    site, tmp_path, mixin, kind, publish
):
    if mixin in ("Excluding", "Forgiving"):
        site.write({"bad.css": b"p { background: url(missing.png) }"})
    stock = by_django(site, f"{mixin}{kind}StaticFilesStorage", tmp_path)
    getattr(site, publish)(storage=f"{HERE}.{mixin}{kind}BuildStorage")
    assert site.published_files() == stock
    assert index_of(site.root / "b1") == set(stock)
    assert stock != FILES or kind == "" and mixin in ("Excluding", "Forgiving")
    assert site.file("b1", ".staticfiles.json").exists() == bool(kind)
    assert site.leftovers() == []


@pytest.mark.parametrize("publish", ["collect", "publish"])
def test_a_mixin_that_stands_behind_is_called_too(site, tmp_path, publish):
    stock = by_django(site, "BehindStaticFilesStorage", tmp_path)
    getattr(site, publish)(storage=f"{HERE}.Behind")
    assert site.published_files() == stock
    assert "css/site.css.gz" in stock


def test_what_is_edited_in_place_stays_as_it_was_in_the_build_before(site):
    storage = f"{HERE}.EditingBuildStorage"
    site.publish("--build-version", "b0")
    for version in ("b1", "b2"):
        site.publish("--build-version", version, storage=storage)
    assert site.published_files("b0") == FILES
    assert site.published_files("b2")["js/app.js"] == b"app()\n// edited\n"
    for name in ("js/app.js", "img/logo.png"):
        assert site.file("b1", name).samefile(site.file("b2", name))
    assert site.file("b0", "img/logo.png").samefile(site.file("b2", "img/logo.png"))


def test_a_dry_run_writes_nothing_and_says_what_it_does_not_count(site):
    storage = f"{HERE}.BundlingBuildStorage"
    said, complaints = site.publish("--dry-run", storage=storage)
    assert "would publish" in said and "5 files" in said
    assert complaints.strip() == (
        "not counted, because a dry run does not make it: what Bundling.post_process() of "
        "STORAGES['staticfiles'] makes"
    )
    site.collect(storage=storage, dry_run=True)
    assert not site.root.exists()


def test_one_that_fails_leaves_nothing(site):
    (site.assets / "fonts/sans.woff2").unlink()
    site.write({"css/base.css": b""})
    for publish in (site.collect, site.publish):
        with pytest.raises(CommandError, match="fonts/sans.woff2"):
            publish(storage=f"{HERE}.DeletingBuildStorage")
    assert (site.builds(), site.leftovers()) == ([], [])
