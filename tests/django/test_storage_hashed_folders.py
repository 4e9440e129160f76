"""``hashed_folders``: the URLs of both storages hold a hash of the folder's content."""

from __future__ import annotations

import re
import shutil

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine
from storage_support import FILES, HASHED, HOST, PLAIN, Site

from dj_cloudfront.storage import BuildStorage

ON = {"hashed_folders": True}
SITE = {
    **{f"site/{name}": data for name, data in FILES.items()},
    "admin/a b/ä.css": b"p {}",
    "robots.txt": b"User-agent: *",
}
BASE = f"https://{HOST}"
OF_A_FOLDER = re.compile(rf"{BASE}/(_[0-9a-f]{{24}})/(.+)")


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path, SITE)


def urls(site, *names, version="b1", storage=PLAIN, options=ON):
    """What pages of a new process name."""
    with site.settings(version, storage, options=options):
        return [staticfiles_storage.url(name) for name in names]


def served(site, url):
    """What a web server has under a URL."""
    return (site.root / url.removeprefix(f"{BASE}/")).read_bytes()


@pytest.mark.parametrize("command", ["publish", "collect"])
def test_a_url_holds_the_hash_of_its_folder_and_leads_to_the_file(site, command):
    getattr(site, command)(options=ON)
    [url, *folders] = urls(site, "site/css/site.css", "site/js/", "site/")
    assert OF_A_FOLDER.fullmatch(url)[2] == "site/css/site.css"
    assert served(site, url) == SITE["site/css/site.css"]
    # Scripts add names to those of folders.
    assert {OF_A_FOLDER.fullmatch(one)[1] for one in (url, *folders)} == {
        OF_A_FOLDER.fullmatch(url)[1]
    }


def test_a_url_survives_the_releases_that_leave_its_folder_alone(site):
    site.publish(options=ON)
    site.write({"admin/a b/ä.css": b"q {}"})
    said, _ = site.publish("--build-version", "b2", options=ON)
    before = urls(site, "site/css/site.css", "admin/a b/ä.css")
    after = urls(site, "site/css/site.css", "admin/a b/ä.css", version="b2")
    assert before[0] == after[0] and before[1] != after[1]
    assert "2 folders have a URL of their own; 98 % of the bytes keep the URL" in said


def test_names_are_quoted_and_the_rest_of_a_url_stays(site):
    site.publish(options=ON)
    [plain, more, up] = urls(
        site,
        "admin/a b/ä.css",
        "site/fonts/sans.woff2?x=1#/b1/admin",
        "site/../admin/a b/ä.css",
    )
    assert plain.endswith("/admin/a%20b/%C3%A4.css") and OF_A_FOLDER.fullmatch(plain)
    assert up == plain
    assert OF_A_FOLDER.fullmatch(more)[2] == "site/fonts/sans.woff2%3Fx%3D1%23/b1/admin"


@pytest.mark.parametrize(
    "name", ["robots.txt", "other/x.css", "sitemap.xml", "", "../x"]
)
def test_what_is_in_no_hashed_folder_has_the_url_of_before(site, name):
    site.publish(options=ON)
    assert urls(site, name) == urls(site, name, options={})


@pytest.mark.parametrize("lost", ["index", "sound index", "hashed folders"])
def test_where_something_is_lost_every_url_is_the_builds(site, lost):
    """As in a container without files: the build's own folder has all of them."""
    site.publish(options=ON)
    index = site.root / "b1" / ".cdn-index.json"
    if lost == "hashed folders":
        for path in site.root.glob("_*"):
            shutil.rmtree(path)
    else:
        index.unlink()
        if lost == "sound index":
            index.write_bytes(b"{")
    assert urls(site, "site/css/site.css") == [f"{BASE}/b1/site/css/site.css"]


def test_a_process_names_a_file_by_one_url_only(site):
    """A module under two URLs would be two modules."""
    with site.settings(options=ON):
        storage = BuildStorage(**ON)
        before = storage.url("site/js/app.js")
        site.publish(options=ON)
        assert storage.url("site/js/app.js") == before
        assert storage.url("site/css/site.css") == f"{BASE}/b1/site/css/site.css"


def test_the_index_is_read_once_and_not_before_it_is_needed(site, monkeypatch):
    from dj_cloudfront.staticfiles import storage_base

    site.publish(options=ON)
    asked = []
    read = storage_base.read_index
    monkeypatch.setattr(
        storage_base, "read_index", lambda path: asked.append(path) or read(path)
    )
    with site.settings(options=ON):
        assert staticfiles_storage.location and asked == []
        for name in [*SITE, *SITE]:
            staticfiles_storage.url(name)
    assert len(asked) == 1
    asked.clear()
    urls(site, *SITE, options={})
    assert asked == []


def test_hashed_names_are_in_hashed_folders(site):
    site.publish(options=ON, storage=HASHED)
    [url] = urls(site, "site/css/site.css", storage=HASHED)
    assert re.fullmatch(
        r"site/css/site\.[0-9a-f]{12}\.css", OF_A_FOLDER.fullmatch(url)[2]
    )
    assert b"url(" in served(site, url)
    assert b"_" not in served(site, url), "stylesheets refer within their folder"


def test_local_urls_stay_local(site):
    with site.settings(local=True, options=ON):
        assert staticfiles_storage.url("site/js/app.js") == "/static/site/js/app.js"


def test_templates_and_resource_hints_name_the_same(site):
    site.publish(options=ON)
    [url] = urls(site, "site/css/site.css")
    libraries = {
        "static": "django.templatetags.static",
        "cdn": "dj_cloudfront.templatetags.cdn",
    }
    text = (
        "{% load static cdn %}{% static 'site/css/site.css' %} "
        "{% cdn_preload 'site/css/site.css' %}"
    )
    with site.settings(options=ON):
        page = Engine(libraries=libraries).from_string(text).render(Context())
    assert page == f'{url} <link rel="preload" href="{url}" as="style">'


def test_what_keeps_the_builds_url_is_told(site):
    site.write({"site/help.html": b"<p>"})
    said, _ = site.publish(options=ON)
    why = "site/help.html is a page, which may refer to anything"
    assert "1 folder has a URL of its own; 0 % of the bytes keep the URL" in said
    assert f"site keeps the build's URL: {why}\n" in said
    assert f"site keeps the build's URL: {why}\n" in site.collect("b3", options=ON)
    site.write({"site/js/app.js": b"x"})
    found = site.publish_json("--build-version", "b2", options=ON)
    assert found["unhashed_reasons"] == {"site": why}
    assert set(found["hashed_folders"]) == {"admin"}
    assert (found["reused_url_bytes"], found["bytes"] > 800) == (4, True)
    again = site.publish_json("--build-version", "b2", options=ON)
    assert again["hashed_folders"] == found["hashed_folders"]
    assert (again["unhashed_reasons"], again["reused_url_bytes"]) == (None, None)


def test_a_subfolder_without_a_url_of_its_own_may_have_that_of_its_top_folder(site):
    site.write({"site/js/app.js": b'go("../css/site.css")'})
    options = {"hashed_folders": ["site/js", "site/typo"]}
    said, _ = site.publish(options=options)
    assert "keeps the build's URL" not in said
    why = "site/js/app.js:1 refers to ../css/site.css"
    assert f"site/js has no URL of its own: {why}\n" in said
    assert "site/typo has no URL of its own: the build has no such folder\n" in said


@pytest.mark.parametrize("wrong", ["site/img", ["site"], 3])
def test_a_wrong_value_is_refused_when_the_storage_is_made(wrong):
    with pytest.raises(ImproperlyConfigured, match="hashed_folders must be True"):
        BuildStorage("/s/b1", f"{BASE}/b1/", hashed_folders=wrong)
