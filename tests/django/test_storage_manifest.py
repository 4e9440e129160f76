"""``ManifestBuildStorage``: Django's names and bytes, made only where something changed."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.templatetags.static import static
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_support import (
    DJANGOS_HASHED,
    FILES,
    HASHED,
    MANIFEST,
    PLAIN,
    Site,
    content,
    index_of,
    manifest,
)

from dj_cloudfront.storage import ManifestBuildStorage


def by_django(site):
    """The names and the files that Django's own storage makes of the sources now."""
    folder = Path(tempfile.mkdtemp(dir=site.assets.parent))
    site.collect(storage=DJANGOS_HASHED, STATIC_ROOT=folder)
    files = content(folder)
    shutil.rmtree(folder)
    return json.loads(files.pop("staticfiles.json")), files


def assert_as_djangos(site, version):
    wanted, files = by_django(site)
    found = manifest(site, version)
    assert {**found, "dj_cloudfront": None} == {**wanted, "dj_cloudfront": None}
    assert site.published_files(version) == files


def counting(monkeypatch):
    """Which files are searched for references, from now on."""
    searched = []
    convert = ManifestBuildStorage.url_converter

    def url_converter(self, name, *arguments, **options):
        searched.append(name)
        return convert(self, name, *arguments, **options)

    url_converter.__module__ = convert.__module__
    monkeypatch.setattr(ManifestBuildStorage, "url_converter", url_converter)
    return searched


# -- the same as Django's


@pytest.mark.parametrize("publish", ["collect", "publish"])
def test_names_bytes_and_manifest_are_djangos(site, publish):
    getattr(site, publish)(storage=HASHED)
    assert_as_djangos(site, "b1")
    assert set(manifest(site)["paths"]) == set(FILES)


NAMES = ["a.css", "b.css", "c/d.css", "c/e.css", "e.js", "c/f.png", "g.svg", "h i.png"]
# A file may refer to those behind it, so that no circle comes about.
REFERENCES = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["{}", "./{}", "{}#part", "{}?#iefix", "{}?v=1", "c/../{}"]),
    ),
    max_size=3,
)
CONTENT = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.integers(0, 2), REFERENCES), min_size=1
)


def sources(drawn):
    files = {}
    for name, (number, references) in drawn.items():
        lines = [f"/* {number} */"]
        for target, form in references:
            if target in drawn and NAMES.index(target) > NAMES.index(name):
                up = "../" if "/" in name else ""
                lines.append(f"p {{ background: url('{up}{form.format(target)}') }}")
        lines.append("import('./g.svg')" if name == "e.js" else "")
        files[name] = "\n".join(lines).encode()
    return files


@settings(max_examples=8, deadline=None)
@given(first=CONTENT, second=CONTENT, third=CONTENT)
def test_whatever_changes_between_builds_the_next_is_as_if_made_anew(
    first, second, third
):
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder, sources(first))
        site.publish("--build-version", "b1", storage=HASHED)
        for version, drawn in (("b2", {**first, **second}), ("b3", third)):
            shutil.rmtree(site.assets)
            site.write(sources(drawn))
            site.publish("--build-version", version, storage=HASHED)
            assert_as_djangos(site, version)


def test_a_reference_to_a_folder_is_left_as_django_leaves_it(site):
    site.write({"css/more.css": b"p { background: url(../img) } q { filter: url(.) }"})
    site.collect(storage=HASHED)
    assert_as_djangos(site, "b1")


# -- what did not change is not made again


def test_nothing_is_searched_when_nothing_changed(site, monkeypatch):
    searched = counting(monkeypatch)
    site.collect("b1", HASHED)
    # Newer Django sees at a glance that there is nothing in the script.
    assert set(searched) - {"js/app.js"} == {"css/base.css", "css/site.css"}
    searched.clear()
    site.collect("b2", HASHED)
    assert searched == []
    assert manifest(site, "b2") == manifest(site, "b1")
    for name, hashed in manifest(site, "b2")["paths"].items():
        for one in (name, hashed):
            assert site.file("b1", one).samefile(site.file("b2", one))


def test_what_refers_to_a_change_is_made_again_and_nothing_else(site, monkeypatch):
    site.write({"css/other.css": b"p { background: url(../img/logo.png) }"})
    site.collect("b1", HASHED)
    searched = counting(monkeypatch)
    site.write({"fonts/sans.woff2": b"another"})
    site.collect("b2", HASHED)
    assert set(searched) == {"css/base.css", "css/site.css"}
    before, after = manifest(site, "b1")["paths"], manifest(site, "b2")["paths"]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"fonts/sans.woff2", "css/base.css", "css/site.css"}
    assert_as_djangos(site, "b2")


def test_a_hashed_file_that_somebody_changed_is_made_again(site):
    site.collect("b1", HASHED)
    hashed = site.file("b1", manifest(site)["paths"]["css/site.css"])
    hashed.unlink()
    hashed.write_bytes(b"p { color: pwned }")
    site.collect("b2", HASHED)
    assert_as_djangos(site, "b2")


DAMAGES = (
    *(lambda text: "[]", lambda text: "{}", lambda text: None, lambda text: text[:-9]),
    *(lambda text: text.replace('"css/base.', "5, "), lambda text: text + "\udcff"),
    lambda text: text.replace('"css/base.css": "', '"x": "y'),
    lambda text: re.sub('"references": .*', '"references": {"js/app.js": 1}}}', text),
)


@pytest.mark.parametrize("damage", DAMAGES, ids=range(len(DAMAGES)))
def test_a_manifest_that_is_damaged_only_costs_time(site, damage):
    site.collect("b1", HASHED)
    path = site.file("b1", MANIFEST)
    text = damage(path.read_text())
    path.unlink()
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    site.collect("b2", HASHED)
    assert_as_djangos(site, "b2")


def test_a_build_of_plain_names_is_no_trouble(site):
    site.collect("b1", PLAIN)
    site.collect("b2", HASHED)
    assert_as_djangos(site, "b2")
    assert site.file("b1", "js/app.js").samefile(site.file("b2", "js/app.js"))
    site.collect("b3", PLAIN)
    assert site.published_files("b3") == FILES


def test_references_in_modules_are_hashed_from_the_build_on_that_asks_for_it(
    site, monkeypatch
):
    site.write({"js/main.js": b'import "./app.js";\n'})
    site.collect("b1", HASHED)
    before = manifest(site)["paths"]["js/main.js"]
    site.collect("b2", "test_storage_manifest.Modules")
    after = manifest(site, "b2")["paths"]
    assert after["js/main.js"] != before
    text = site.file("b2", after["js/main.js"]).read_text()
    assert text == f'import"./{after["js/app.js"].removeprefix("js/")}";\n'


class Modules(ManifestBuildStorage):
    support_js_module_import_aggregation = True


class Versioned(ManifestBuildStorage):
    number = "1"

    def file_hash(self, name, content=None):
        return f"v{self.number}"


def test_a_subclass_with_hashes_of_its_own_is_asked_each_time(site, monkeypatch):
    site.collect("b1", "test_storage_manifest.Versioned")
    assert manifest(site)["paths"]["css/site.css"] == "css/site.v1.css"
    monkeypatch.setattr(Versioned, "number", "2")
    site.collect("b2", "test_storage_manifest.Versioned")
    assert manifest(site, "b2")["paths"]["css/site.css"] == "css/site.v2.css"
    assert manifest(site, "b2")["paths"]["img/logo.png"] == "img/logo.v2.png"
    assert b"base.v2.css" in site.file("b2", "css/site.v2.css").read_bytes()


class Unhashed(ManifestBuildStorage):
    def file_hash(self, name, content=None):
        return None


def test_a_subclass_without_hashes_keeps_the_names(site):
    site.collect("b1", "test_storage_manifest.Unhashed")
    assert manifest(site)["paths"] == {name: name for name in FILES}
    assert b'url("base.css")' in site.file("b1", "css/site.css").read_bytes()


# -- room


def test_a_hashed_name_takes_no_room_of_its_own(site):
    site.collect(storage=HASHED)
    paths = manifest(site)["paths"]
    one, other = (
        site.file("b1", name) for name in ("img/logo.png", paths["img/logo.png"])
    )
    assert one.samefile(other)


def test_a_dry_run_hashes_and_writes_nothing(site):
    found = site.publish_json("--dry-run", storage=HASHED)
    assert not site.root.exists()
    assert found["files"] == 2 * len(FILES)
    site.publish(storage=HASHED)
    before = site.snapshot()
    site.write({"img/logo.png": b"another"})
    again = site.publish_json("--dry-run", "--build-version", "b2", storage=HASHED)
    assert site.snapshot() == before
    assert again["copied"] == 2, "the picture, and the stylesheet that refers to it"


# -- the manifest


def test_the_manifest_is_hidden_and_no_file_of_the_build(site):
    site.collect(storage=HASHED)
    assert not site.file("b1", "staticfiles.json").exists()
    assert MANIFEST not in index_of(site.root / "b1")
    assert site.file("b1", MANIFEST).stat().st_mode & 0o222 == 0


def test_it_may_be_in_a_storage_of_its_own(site, tmp_path):
    site.collect(storage="test_storage_manifest.Apart")
    assert (
        json.loads((tmp_path / "code" / MANIFEST).read_bytes())["paths"]
        == (manifest(site)["paths"])
    )
    site.file("b1", MANIFEST).unlink()
    with site.settings(storage="test_storage_manifest.Apart"):
        assert static("css/site.css").endswith(manifest_name(tmp_path, "css/site.css"))


def test_a_dry_run_leaves_a_manifest_of_its_own_place_alone(site, tmp_path):
    site.publish("--dry-run", storage="test_storage_manifest.Apart")
    assert not (tmp_path / "code").exists()


def manifest_name(folder, name):
    return json.loads((folder / "code" / MANIFEST).read_bytes())["paths"][name]


class Apart(ManifestBuildStorage):
    def __init__(self, *arguments, **options):
        from django.conf import settings
        from django.core.files.storage import FileSystemStorage

        folder = Path(settings.STATIC_ROOT).parents[1] / "code"
        options["manifest_storage"] = FileSystemStorage(folder)
        super().__init__(*arguments, **options)


# -- what cannot be hashed


MISSING = "css/bad.css must refer to files of the build, but: The file '{}' could not"
CIRCLE = "{} must not refer to each other or to themselves in a circle, for each hash"


@pytest.mark.parametrize("publish", ["collect", "publish"])
@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"css/bad.css": b"p{b:url(no.png)}"}, MISSING.format("css/no.png")),
        ({"css/bad.css": b"p{b:url(../../x.png)}"}, MISSING.format("../x.png")),
        (
            {"css/bad.css": b"\xff"},
            "css/bad.css must be UTF-8, but: 'utf-8' codec can't",
        ),
        (
            {"a.css": b'@import "b.css";', "b.css": b'@import "a.css";'},
            CIRCLE.format("a.css, b.css"),
        ),
        ({"x.js": b"//# sourceMappingURL=x.js\n"}, CIRCLE.format("x.js")),
    ],
    ids=["missing", "outside", "bytes", "circle", "itself"],
)
def test_fails_with_one_sentence_that_names_what_is_wrong(site, publish, files, start):
    site.write(files)
    with pytest.raises(CommandError) as error:
        getattr(site, publish)(storage=HASHED)
    said = str(error.value)
    assert said.startswith(start) and "\n" not in said and "object at" not in said
    assert (site.builds(), site.leftovers()) == ([], [])


def test_fails_when_what_a_stylesheet_refers_to_has_gone(site):
    site.publish(storage=HASHED)
    (site.assets / "img/logo.png").unlink()
    with pytest.raises(
        CommandError, match="The file 'img/logo.png' could not be found"
    ):
        site.publish("--build-version", "b2", storage=HASHED)
    assert site.builds() == ["b1"]


# -- together with the other options


def test_a_reference_is_made_relative_before_it_is_hashed(site):
    site.write({"css/stray.css": b"p { background: url(/static/img/logo.png) }"})
    site.collect(storage=HASHED, options={"rewrite_references": True})
    paths = manifest(site)["paths"]
    logo = paths["img/logo.png"].removeprefix("img/")
    data = site.file("b1", paths["css/stray.css"]).read_bytes()
    assert data == f'p {{ background: url("../img/{logo}") }}'.encode()


def test_a_stray_reference_is_reported_once(site):
    site.write({"css/stray.css": b"p { background: url(/static/img/logo.png) }"})
    _, complaints = site.publish(storage=HASHED)
    assert complaints.count("leads out of the build") == 1
    found = site.publish_json(storage=HASHED)["references"]
    assert [one["name"] for one in found] == ["css/stray.css"]


def test_hashed_files_have_companions_too(site):
    site.write({"js/big.js": b"let a = 1;\n" * 200})
    site.collect(storage=HASHED, options={"precompress": ["gz"]})
    name = manifest(site)["paths"]["js/big.js"]
    assert {"js/big.js.gz", f"{name}.gz"} <= index_of(site.root / "b1")
