"""``ManifestBuildStorage``: Django's names and bytes, made only where something changed."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError
from django.templatetags.static import static
from hypothesis import given, settings
from hypothesis import strategies as st
from project_support import Project
from storage_support import (
    DJANGOS_HASHED,
    FILES,
    HASHED,
    PLAIN,
    Site,
    content,
    index_of,
)

from dj_cloudfront.storage import ManifestBuildStorage

MANIFEST = ".staticfiles.json"


def manifest(site, version="b1"):
    return json.loads(site.file(version, MANIFEST).read_bytes())


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


def test_it_goes_on_over_builds_that_reused(site, monkeypatch):
    for version in ("b1", "b2"):
        site.collect(version, HASHED)
    searched = counting(monkeypatch)
    site.write({"img/logo.png": b"another"})
    site.collect("b3", HASHED)
    assert set(searched) == {"css/site.css"}
    assert_as_djangos(site, "b3")


def test_a_file_that_appears_or_goes_is_noticed(site):
    site.collect("b1", HASHED)
    (site.assets / "css/base.css").unlink()
    site.write({"css/site.css": FILES["css/base.css"], "css/new.css": b"p {}"})
    site.collect("b2", HASHED)
    assert_as_djangos(site, "b2")


def test_a_hashed_file_that_somebody_changed_is_made_again(site):
    site.collect("b1", HASHED)
    hashed = site.file("b1", manifest(site)["paths"]["css/site.css"])
    hashed.unlink()
    hashed.write_bytes(b"p { color: pwned }")
    site.collect("b2", HASHED)
    assert_as_djangos(site, "b2")


DAMAGES = (
    *(lambda text: "", lambda text: "[]", lambda text: "{}", lambda text: None),
    *(
        lambda text: text[:-9],
        lambda text: text.replace('"css/base.css": "', '"x": "y'),
    ),
    *(lambda text: text.replace('"css/base.', "5, "), lambda text: text + "\udcff"),
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


def test_a_process_that_renders_pages_reads_it(site):
    site.collect(storage=HASHED)
    with site.settings(storage=HASHED):
        name = manifest(site)["paths"]["css/site.css"]
        assert static("css/site.css") == f"https://static.example.com/b1/{name}"


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


# -- names that it does not have


def test_fails_when_a_name_is_not_in_the_manifest(site):
    site.collect(storage=HASHED)
    with site.settings(storage=HASHED), pytest.raises(ValueError) as error:
        static("css/missing.css")
    assert str(error.value) == (
        "Missing staticfiles manifest entry for 'css/missing.css'"
    )


def test_fails_with_the_cure_when_there_is_no_manifest(site):
    with site.settings(storage=HASHED), pytest.raises(ValueError) as error:
        static("css/site.css")
    assert str(error.value) == (
        f"Missing staticfiles manifest entry for 'css/site.css', for {site.root}/b1/"
        ".staticfiles.json does not exist: publish the build before the processes start "
        "that render its pages"
    )


@pytest.mark.parametrize(
    "command",
    ["cdn publish", pytest.param("collectstatic --no-input", marks=pytest.mark.slow)],
)
def test_a_url_may_be_asked_for_while_modules_load_before_the_build_is_there(
    tmp_path, command
):
    project = Project(tmp_path, settings=LOADING)
    project.write("early/__init__.py", "")
    text = (
        "from django.templatetags.static import static\nICON = static('css/site.css')\n"
    )
    for name in ("early/models.py", "early/urls.py"):
        project.write(name, f"{text}urlpatterns = []\n")
    for line in ("check", command):
        done = project.manage(*line.split(), BUILD_VERSION="b1")
        assert done.returncode == 0, done.stderr
    said = project.manage("shell", "-v0", "-c", SHOW, BUILD_VERSION="b1").stdout
    [icon, shown] = said.split()
    # In a process that starts after the build, the hashed name.
    assert icon == shown
    assert re.match(r"https://static.example.com/b1/css/site\.\w+\.css", icon)
    said = project.manage("shell", "-v0", "-c", SHOW, BUILD_VERSION="b3")
    assert "Missing staticfiles manifest entry for 'css/site.css'" in said.stderr


LOADING = """
    import os
    import dj_cloudfront
    os.environ["STATIC_DOMAIN_NAME"] = "static.example.com"
    CDN = dj_cloudfront.config(
        build_version=dj_cloudfront.build_version(), static_root=BASE_DIR / "static"
    )
    STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
    STORAGES = {"staticfiles": {"BACKEND": "dj_cloudfront.storage.ManifestBuildStorage"}}
    INSTALLED_APPS += ["early"]
    ROOT_URLCONF = "early.urls"
"""
SHOW = (
    "from early.models import ICON; from django.templatetags.static import static; "
    "print(ICON, static('css/site.css'))"
)


@pytest.mark.parametrize("published", [False, True])
def test_a_name_that_is_missing_is_no_error_when_not_strict(site, published):
    if published:
        site.collect(storage=HASHED)
    with site.settings(storage=HASHED, options={"manifest_strict": False}):
        # A file that is not there, and a folder that scripts put names behind.
        assert (
            static("css/missing.css") == "https://static.example.com/b1/css/missing.css"
        )
        assert static("img") == "https://static.example.com/b1/img"
        hashed = static("css/site.css") != "https://static.example.com/b1/css/site.css"
        assert hashed == published


def test_a_folder_with_a_slash_needs_no_entry(site):
    site.collect(storage=HASHED)
    with site.settings(storage=HASHED):
        assert static("img/") == "https://static.example.com/b1/img/"


def test_with_local_urls_and_nothing_collected_names_are_plain(site):
    with site.settings(storage=HASHED, local=True):
        assert static("css/site.css") == "/static/css/site.css"
        assert static("no/such.css") == "/static/no/such.css"


def test_with_local_urls_it_is_djangos_storage_once_collected(site):
    site.collect(storage=HASHED, local=True)
    with site.settings(storage=HASHED, local=True):
        name = manifest(site)["paths"]["css/site.css"]
        assert static("css/site.css") == f"/static/{name}"
        with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
            static("no/such.css")


# -- what cannot be hashed


MISSING = (
    "css/bad.css must refer to files of the build, but: The file '{}' could not be fo"
)
CIRCLE = (
    "{} must not refer to each other or to themselves in a circle, for each hashed "
)


@pytest.mark.parametrize("publish", ["collect", "publish"])
@pytest.mark.parametrize(
    ("files", "start"),
    [
        (
            {"css/bad.css": b"p { background: url(missing.png) }"},
            MISSING.format("css/missing.png"),
        ),
        (
            {"css/bad.css": b"p { background: url(../../x.png) }"},
            MISSING.format("../x.png"),
        ),
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


def test_files_read_by_their_hashed_names(site):
    site.collect(storage=HASHED)
    with site.settings(storage=HASHED):
        name = manifest(site)["paths"]["js/app.js"]
        with staticfiles_storage.open(name) as file:
            assert file.read() == FILES["js/app.js"]
