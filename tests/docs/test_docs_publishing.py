"""docs/publishing.md is what publishing does."""

from __future__ import annotations

import inspect
import json
import re

import pytest
from cdk_support import ROOT
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.management import CommandError
from django.test import override_settings
from docs_support import code, fenced, options_of, parser_of, section, tables
from storage_support import DJANGOS_HASHED, HASHED, Site, set_up

from benchmarks import limits
from dj_cloudfront.builds.index import INDEX_NAME, read_index, render
from dj_cloudfront.staticfiles.manifest import ManifestStorage
from dj_cloudfront.staticfiles.storage_base import PublishingStorage
from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage

PAGE = ROOT / "docs" / "publishing.md"
FOLDER = "/var/mysite/static"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def rows(heading):
    (found,) = tables(section(PAGE, heading))
    return found


def block(kind, having):
    (found,) = (text for one, text in fenced(PAGE) if one == kind and having in text)
    return found


def test_the_options_of_the_command_are_those_that_it_takes():
    documented = [code(row[0])[0] for row in rows("`cdn publish`")]
    parser = parser_of("publish")
    assert {option.split()[0] for option in documented} == set(options_of(parser))
    parser.parse_args(["--precompress", "gz", "br", "--ignore", "a", "--ignore", "b"])


def test_the_options_of_the_storages_are_their_arguments():
    parameters = {
        **inspect.signature(PublishingStorage.__init__).parameters,
        **inspect.signature(ManifestStorage.__init__).parameters,
    }
    ours = {
        name
        for name, one in parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    }
    documented = {
        code(name)[0]: (of, default)
        for name, of, default, _ in rows("Options of the storages")
    }
    set_up()
    # Django's own argument, which our storages do not name.
    assert set(documented) == ours | {"manifest_storage"}
    set_up()
    with override_settings(STATIC_ROOT="/s/b1", STATIC_URL="/b1/"):
        both, hashed = BuildStorage(), ManifestBuildStorage()
    for name, (of, default) in documented.items():
        storage = both if of == "both" else hashed
        found = getattr(storage.publishing, name, getattr(storage, name, None))
        wanted = json.loads(
            code(default)[0].replace("F", "f").replace("T", "t").replace("None", "null")
        )
        if name == "manifest_storage":
            assert (found is storage, wanted) == (True, None)
        else:
            assert (list(found) if name == "precompress" else found) == wanted


def test_the_json_has_the_keys_that_a_script_gets(site):
    site.write({"css/stray.css": b"p { background: url(/static/img/logo.png) }"})
    found = site.publish_json()
    shown = json.loads(block("json", "bytes_written"))
    assert set(shown) == set(found)
    assert set(shown["references"][0]) == set(found["references"][0])
    assert {key: type(value) for key, value in shown.items()} == {
        key: type(value) for key, value in found.items()
    }


def test_a_reference_is_reported_as_shown():
    from dj_cloudfront.builds.references import Reference

    (reference,) = json.loads(block("json", "bytes_written"))["references"]
    assert block("text", "leads out").strip() == Reference(**reference).complaint


def test_the_index_is_as_shown(tmp_path):
    shown = json.loads(block("json", '"format"'))
    (tmp_path / INDEX_NAME).write_text(json.dumps(shown))
    assert json.loads(render(read_index(tmp_path))) == shown


def test_the_names_on_the_disk_are_those_of_the_code(site):
    shown = block("text", INDEX_NAME)
    site.publish(storage=HASHED)
    for path in site.root.rglob(".*"):
        place = str(path.relative_to(site.root)).replace("b1", "2026-11-23.1")
        assert f"{FOLDER}/{place}" in shown, place
    hidden = re.search(rf"{FOLDER}/(\S+<hex>)/", shown)[1]
    with site.settings("2026-11-23.2"):
        path = BuildStorage().publication().path
    assert re.fullmatch(re.escape(hidden).replace("<hex>", "[0-9a-f]+"), path.name)


# -- what is refused


def again_with_other_content(site):
    site.publish()
    site.write({"css/site.css": b"p {}"})
    site.publish()


def with_a_hostile_name(site):
    site.write({"css/a\nb.css": b"p {}"})
    site.publish()


def with_a_dangling_reference(site):
    site.write({"css/site.css": b"p { background: url(../img/missing.png) }"})
    site.publish(storage=HASHED)


def with_a_circle(site):
    site.write({"css/base.css": b'@import "site.css";'})
    site.publish(storage=HASHED)


def after_something_else(site):
    (site.root / "b1" / "CACHE").mkdir(parents=True)
    (site.root / "b1" / "CACHE" / "x.css").write_text("p {}")
    site.publish()


def write_into_a_build(site):
    site.publish()
    with site.settings():
        BuildStorage().save("cache/x.css", ContentFile(b"p {}"))


MISTAKES = {
    "local URLs": lambda site: site.publish(local=True),
    "a version that was published with other content": again_with_other_content,
    "no file at all": lambda site: site.publish("--ignore", "*"),
    "a name that servers hide or refuse": with_a_hostile_name,
    "`STATIC_ROOT` elsewhere": lambda site: site.publish(STATIC_ROOT=site.root),
    "`STATIC_URL` of another build": lambda site: site.publish(
        STATIC_URL="https://static.example.com/b2/"
    ),
    "a storage with other URLs": lambda site: site.publish(storage=DJANGOS_HASHED),
    "`collectstatic --link`": lambda site: site.collect(link=True),
    "`collectstatic --no-post-process`": lambda site: site.collect(post_process=False),
    "a hashed stylesheet that refers to nothing": with_a_dangling_reference,
    "hashed files that refer to each other in a circle": with_a_circle,
    "a folder of the build's name that something else has filled": after_something_else,
    "anything else that writes into a build": write_into_a_build,
}


@pytest.mark.parametrize(
    ("what", "sentence"), rows("What is refused"), ids=lambda text: text[:30]
)
def test_a_mistake_is_answered_as_documented(what, sentence, site):
    with pytest.raises((CommandError, ImproperlyConfigured)) as error:
        MISTAKES[what](site)
    assert str(error.value).replace(str(site.root), FOLDER) == sentence


def test_every_mistake_is_in_the_table():
    assert {what for what, _ in rows("What is refused")} == set(MISTAKES)


# -- figures


def test_the_figures_are_the_limits_of_the_benchmarks():
    documented = [float(re.match(r"[\d.]+", row[2])[0]) for row in rows("Figures")]
    assert documented == [
        limits.PUBLISHING,
        limits.BYTES_WRITTEN,
        limits.DISK,
        limits.HASHED_FOLDERS,
        limits.HASHING,
        limits.URL,
        limits.STATIC,
    ]


def test_how_much_is_remembered_is_as_documented():
    from dj_cloudfront.storage import LONGEST_NAME, MOST_NAMES

    text = section(PAGE, "`url()` and `static()`")
    assert f"{MOST_NAMES:,} of names up to {LONGEST_NAME} characters" in text
