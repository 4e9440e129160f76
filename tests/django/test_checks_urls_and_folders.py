from __future__ import annotations

import os

import pytest
from checks_support import Site, storages

STATIC = "https://d111.cloudfront.net"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


# -- URLs


@pytest.mark.parametrize(
    "url",
    [
        "/static/",
        f"{STATIC}/",
        f"{STATIC}/b2/",
        f"{STATIC}/xb1/",
        f"{STATIC}/b1/assets/",
        "/static/b1.old/",
        None,
    ],
)
def test_a_static_url_has_the_build_in_its_path(site, url):
    assert "must end with the build version 'b1'" in site.only("E002", STATIC_URL=url)


def test_a_static_url_has_no_query_string(site):
    sentence = site.only("E003", STATIC_URL=f"{STATIC}/b1/?v=")
    assert sentence == (
        "STATIC_URL must not have a query string, such as "
        "'https://d111.cloudfront.net/b1/', got 'https://d111.cloudfront.net/b1/?v='"
    )


@pytest.mark.parametrize("url", ["/static/b1/", "https://static.example.com/b1/"])
def test_a_static_url_that_has_the_build_may_still_bypass_the_cdn(site, url):
    assert repr(url) in site.only("W001", STATIC_URL=url)


@pytest.mark.parametrize("url", ["/media/", "https://d222.cloudfront.net/media/", ""])
def test_a_media_url_is_that_of_the_cdn(site, url):
    assert "https://d222.cloudfront.net/" in site.only("W002", MEDIA_URL=url)


def test_the_url_of_a_half_that_there_is_not_is_free(site):
    static_only = site.other_cdn(names=("d111.cloudfront.net", ""))
    assert site.ids(one_cdn=static_only, MEDIA_URL="https://elsewhere.example/") == []
    media_only = site.other_cdn(names=("", "d222.cloudfront.net"))
    assert site.ids(one_cdn=media_only, STATIC_URL="/assets/?") == []


def test_debug_and_the_cdn_do_not_go_together(site):
    assert "runserver" in site.only("W003", DEBUG=True)
    assert site.ids(one_cdn=site.other_cdn(local=True), DEBUG=True) == []


def test_local_urls_are_for_debug(site):
    assert "no build" in site.only("W004", one_cdn=site.other_cdn(local=True))


def test_plain_http_is_for_this_machine(site):
    http = site.other_cdn(url_format="http://{label}.localhost:81")
    said = site.only("W005", one_cdn=http)
    assert said.endswith("'http://d111.localhost:81' and 'http://d222.localhost:81'")
    half = site.other_cdn(
        names=("d111.cloudfront.net", ""), url_format="http://{label}.localhost:81"
    )
    site.only("W005", one_cdn=half)


@pytest.mark.parametrize("name", ["latest", "PROD", "main"])
def test_a_build_version_does_not_come_again(site, name):
    site.publish(name, "site.css")
    assert repr(name) in site.only("W006", one_cdn=site.other_cdn(build_version=name))


@pytest.mark.parametrize("name", ["2026-11-23.1", "latest-2", "0a1b2c3d4e5f"])
def test_a_build_version_that_is_new_may_be_anything(site, name):
    site.publish(name, "site.css")
    assert site.ids(one_cdn=site.other_cdn(build_version=name)) == []


# -- folders


def test_static_root_is_never_the_folder_of_all_builds(site):
    for root in (site.builds, f"{site.builds}/", site.folder, "/"):
        assert "which holds all of them" in site.only("E004", STATIC_ROOT=root)


def test_a_link_to_the_folder_of_all_builds_is_that_folder(site):
    link = site.folder / "link"
    link.symlink_to(site.builds)
    site.only("E004", STATIC_ROOT=link)


def test_static_root_is_the_folder_of_the_build(site):
    for root in (site.builds / "b2", site.folder / "elsewhere"):
        assert repr(os.fspath(root)) in site.only("W007", STATIC_ROOT=root)


def test_another_way_to_the_same_build_is_no_mistake(site):
    link = site.folder / "link"
    link.symlink_to(site.builds)
    assert site.ids(STATIC_ROOT=f"{link}/b1/") == []
    assert site.ids(STATIC_ROOT=None) == []


def test_builds_are_not_among_uploads(site):
    for media in (site.folder, site.builds):
        assert "must not hold the builds" in site.only("E005", MEDIA_ROOT=media)


def test_uploads_are_not_among_builds(site):
    for media in (site.builds / "media", site.builds / "b1" / "uploads"):
        assert "must not be among the builds" in site.only("E006", MEDIA_ROOT=media)


def test_a_folder_that_only_begins_alike_is_another(site):
    assert site.ids(MEDIA_ROOT=f"{site.builds}-media") == []


def test_sources_and_builds_are_apart(site):
    for source in (site.builds, site.builds / "b1", site.folder):
        for entry in (source, ("prefix", os.fspath(source))):
            assert "must not overlap" in site.only("E007", STATICFILES_DIRS=[entry])


def test_sources_and_builds_are_apart_in_development_too(site):
    local = site.other_cdn(local=True)
    found = site.ids(one_cdn=local, DEBUG=True, STATICFILES_DIRS=[site.builds])
    assert found == ["E007"]


def test_a_prefix_of_sources_is_not_the_build(site):
    assets = site.folder / "assets"
    assert "'b1'" in site.only("W008", STATICFILES_DIRS=[("b1", assets)])
    assert site.ids(STATICFILES_DIRS=[("b1x", assets), assets]) == []


def test_private_files_are_not_among_public_ones(site):
    inside = site.media / "private"
    assert site.only("E010", PRIVATE_MEDIA_ROOT=inside).startswith("PRIVATE_MEDIA_ROOT")
    private = {"BACKEND": "a.Storage", "OPTIONS": {"location": inside}}
    site.only("E010", STORAGES=storages(private_uploads=private))
    for folder in (site.folder, site.builds / "private", site.builds, site.media):
        site.only("E010", PRIVATE_MEDIA_ROOT=folder)
    site.only("E010", PRIVATE_MEDIA_ROOT=site.builds, MEDIA_ROOT=site.folder / "m")
    # A name that says nothing of it, such as thumbnails, may well be public.
    assert site.ids(STORAGES=storages(thumbnails=private)) == []
    assert site.ids(PRIVATE_MEDIA_ROOT=site.folder / "private") == []


# -- what is on the disk


def test_a_build_that_nobody_published_is_missing(site):
    nobody = site.other_cdn(build_version="b2")
    assert "b2', which is not on this server" in site.only("E008", one_cdn=nobody)


def test_a_file_in_the_place_of_a_build_is_none(site):
    (site.builds / "b2").touch()
    site.only("E008", one_cdn=site.other_cdn(build_version="b2"))


def test_a_machine_without_builds_is_told_from_a_build_that_is_missing(site):
    elsewhere = site.other_cdn(static_root=site.folder / "nowhere")
    assert "no folder on this machine" in site.only("W009", one_cdn=elsewhere)


def test_a_damaged_index_is_found(site):
    index = site.builds / "b1" / ".cdn-index.json"
    index.write_text(index.read_text()[:-9])
    assert "damaged" in site.only("E009")


def test_a_build_that_was_renamed_is_found(site):
    (site.builds / "b1").rename(site.builds / "b2")
    renamed = site.other_cdn(build_version="b2")
    assert "the index of 'b1'" in site.only("E009", one_cdn=renamed)


def test_a_build_without_an_index_may_be_half_of_one(site):
    (site.builds / "b1" / ".cdn-index.json").unlink()
    assert "has no index" in site.only("W010")


def test_uploads_have_a_folder_where_there_is_a_cdn_for_them(site):
    assert "such as '/var/mysite/media', got ''" in site.only("W011", MEDIA_ROOT="")
    static_only = site.other_cdn(names=("d111.cloudfront.net", ""))
    assert site.ids(one_cdn=static_only, MEDIA_ROOT="") == []
