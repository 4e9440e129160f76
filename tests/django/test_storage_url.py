"""``url()`` and ``static()``: Django's own answers, remembered and never too many."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage,
    StaticFilesStorage,
    staticfiles_storage,
)
from django.template import Context, Engine
from django.templatetags.static import static
from django.test import override_settings
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from hypothesis import example, given, settings
from hypothesis import strategies as st
from storage_support import HASHED, PLAIN, set_up

from dj_cloudfront import storage as storages
from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage

BASES = (
    *("https://static.example.com/b1/", "/static/b1/", "https://a.example//b//"),
    *("https://static.example.com", "https://a.example/?v=", "s3://bucket/b1/"),
)
# Names as they are, and what may break quoting or joining.
NAMES = st.one_of(
    st.text(),
    st.lists(
        st.one_of(
            st.sampled_from(["", ".", "..", "css", "a b", "ä", "%20", "a.css", "\\"]),
            st.text("ab./?#%&;:@+=~!*()' \\\"<>\0\n日", max_size=5),
        )
    ).map("/".join),
)


@pytest.fixture(autouse=True, scope="module")
def django():
    set_up()


def answer(url, *arguments):
    """What it returns, or how it fails."""
    try:
        found = url(*arguments)
    except ValueError as error:
        return type(error)
    assert type(found) is str
    return found


@settings(max_examples=40, deadline=None)
@given(base=st.sampled_from(BASES), names=st.lists(NAMES, max_size=5))
@example(
    base=BASES[0], names=["//evil.example/x", "/css/x.css", "../x", "a//b", "a/./b"]
)
def test_names_are_quoted_as_django_does(base, names):
    ours, theirs = BuildStorage("/s/b1", base), StaticFilesStorage("/s/b1", base)
    for name in names * 2:
        assert answer(ours.url, name) == answer(theirs.url, name)


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(NAMES, max_size=5),
    known=st.dictionaries(NAMES, NAMES, max_size=3),
    extra=st.sampled_from(["", "?v=1", "#x", "?#iefix", "?a=b#c", " "]),
)
@example(names=["path/", "path/?query", "font.eot?#iefix"], known={}, extra="")
def test_hashed_names_are_quoted_as_django_does(names, known, extra):
    ours = ManifestBuildStorage("/s/b1", BASES[0])
    theirs = ManifestStaticFilesStorage("/s/b1", BASES[0])
    ours.hashed_files = theirs.hashed_files = known
    for name in [*names, *known] * 2:
        wanted = answer(theirs.url, name + extra)
        assert answer(ours.url, name + extra) == wanted
        assert answer(ours.url, name + extra, True) == wanted


@pytest.mark.parametrize(
    "name", [None, Path("css/a b.css"), lazystr("css/ä.css"), mark_safe("css/a'.css")]
)
def test_names_that_are_no_plain_strings_are_taken_as_django_does(name):
    ours, theirs = (
        BuildStorage("/s/b1", BASES[0]),
        StaticFilesStorage("/s/b1", BASES[0]),
    )
    assert ours.url(name) == theirs.url(name)
    assert ours.url(name) == theirs.url(name)


@pytest.mark.parametrize("kind", [BuildStorage, ManifestBuildStorage])
def test_a_name_is_worked_out_once(kind, monkeypatch):
    asked = []
    joined = StaticFilesStorage.url

    def url(self, name):
        asked.append(name)
        return joined(self, name)

    monkeypatch.setattr(StaticFilesStorage, "url", url)
    storage = kind("/s/b1", BASES[0])
    storage.hashed_files = {"css/a.css": "css/a.123.css"}
    first = storage.url("css/a.css")
    assert [storage.url("css/a.css") for _ in range(5)] == [first] * 5
    assert len(asked) == 1


def test_neither_many_names_nor_long_ones_are_remembered(monkeypatch):
    monkeypatch.setattr(storages, "MOST_NAMES", 10)
    storage = BuildStorage("/s/b1", BASES[0])
    for number in range(30):
        assert storage.url(f"{number}.css") == f"{BASES[0]}{number}.css"
    assert len(storage._urls) == 10
    assert storage.url("29.css") == f"{BASES[0]}29.css"

    other = BuildStorage("/s/b1", BASES[0])
    for length in (storages.LONGEST_NAME, storages.LONGEST_NAME + 1):
        assert other.url("x" * length) == BASES[0] + "x" * length
    assert list(other._urls) == ["x" * storages.LONGEST_NAME]


def test_a_name_of_a_manifest_that_changed_is_worked_out_anew():
    storage = ManifestBuildStorage("/s/b1", BASES[0])
    storage.hashed_files = {"a.css": "a.1.css"}
    assert storage.url("a.css") == f"{BASES[0]}a.1.css"
    storage.hashed_files = {"a.css": "a.2.css"}
    assert storage.url("a.css") == f"{BASES[0]}a.2.css"
    storage.hashed_files.clear()
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        storage.url("a.css")


def test_a_base_that_changed_counts_at_once():
    storage = BuildStorage("/s/b1", BASES[0])
    assert storage.url("a.css") == f"{BASES[0]}a.css"
    storage.base_url = "https://other.example/b2/"
    assert storage.url("a.css") == "https://other.example/b2/a.css"


def test_nothing_is_remembered_with_debug():
    storage = ManifestBuildStorage("/s/b1", BASES[0])
    storage.hashed_files = {"a.css": "a.1.css"}
    with override_settings(DEBUG=True):
        assert storage.url("a.css") == f"{BASES[0]}a.css"
        assert storage.url("a.css", force=True) == f"{BASES[0]}a.1.css"
    assert storage.url("a.css") == f"{BASES[0]}a.1.css"
    with override_settings(DEBUG=True):
        assert storage.url("a.css") == f"{BASES[0]}a.css"


# -- static()


@pytest.mark.parametrize("storage", [PLAIN, HASHED])
def test_static_gives_the_storages_url(site, storage):
    site.collect(storage=storage)
    with site.settings(storage=storage):
        wanted = staticfiles_storage.url("css/site.css")
        assert wanted.startswith("https://static.example.com/b1/css/site.")
        assert static("css/site.css") == wanted
        engine = Engine(libraries={"static": "django.templatetags.static"})
        tag = engine.from_string("{% load static %}{% static 'css/site.css' %}")
        assert tag.render(Context()) == wanted


def test_a_static_url_that_is_overridden_counts_at_once(site):
    with site.settings():
        assert static("a.css") == "https://static.example.com/b1/a.css"
        with override_settings(STATIC_URL="https://cdn.example/b1/"):
            assert static("a.css") == "https://cdn.example/b1/a.css"
        assert static("a.css") == "https://static.example.com/b1/a.css"
    with site.settings(local=True):
        assert static("a.css") == "/static/a.css"


def test_a_subclass_may_have_its_own_url(site):
    with site.settings(storage="storage_support.Tagged"):
        assert static("a.css") == "https://static.example.com/b1/a.css?tag"
