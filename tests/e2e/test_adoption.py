"""Other people's sites take up the block of Getting started, and nothing else, and work.

Wagtail, Oscar, unfold with CKEditor and a site of bundlers, from PyPI and npm at pinned
versions, behind the nginx that ``cdn conf`` prints and ``python -m local edge``.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest
from adoption_support import (
    SITES,
    LocalEdge,
    Seen,
    Site,
    install_python,
    run_node,
)
from browser_support import fresh_profile
from uploads_support import png

from local.processes import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return install_python(tmp_path_factory.mktemp("adoption") / "venv")


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    port = free_port(None, what="nginx")
    with LocalEdge(tmp_path_factory.mktemp("adoption") / "state", port) as running:
        yield running


@pytest.fixture
def looking(browser):
    @contextmanager
    def open_browser(site):
        with fresh_profile(browser) as visit:
            seen = Seen(site=site, visit=visit)
            seen.watch()
            try:
                yield seen
            except Exception as error:
                bad = [(a.status, a.url) for a in visit.responses if a.status > 399]
                error.add_note(f"{visit.page.url}: {seen.errors}, {bad}")
                raise

    return open_browser


@pytest.fixture
def site_of(tmp_path, python, edge):
    """A site of the folder of that name, adopted."""

    def copied(name, *, settings="settings"):
        folder = tmp_path / name
        if (SITES / name).is_dir():
            shutil.copytree(SITES / name, folder)
        else:
            folder.mkdir()
        return Site(
            folder=folder,
            python=python,
            edge=edge,
            settings=settings,
            build=f"{name}-1",
        )

    return copied


def test_wagtail(site_of, looking):
    site = site_of("wagtail", settings="mysite.settings.production")
    site.run(site.python.with_name("wagtail"), "start", "mysite", ".")
    production = site.folder / "mysite" / "settings" / "production.py"
    with production.open("a") as settings:
        settings.write('\nSECRET_KEY = "of a test"\n')
        # It would ask a foreign host.
        settings.write("WAGTAIL_ENABLE_UPDATE_CHECK = False\n")
    site.adopt("mysite/settings/production.py")
    site.prepare()
    site.run("seed.py")
    with site.served("mysite.wsgi"), looking(site) as seen:
        seen.open("")
        seen.log_in("admin/")
        for path in (
            *("admin/", "admin/images/", "admin/pages/3/edit/", "django-admin/"),
            *("admin/documents/add/", "admin/reports/site-history/"),
        ):
            seen.open(path)
        seen.assert_whole(views=("/admin/jsi18n/", "/admin/sprite/"))
        assert len(seen.through("static")) > 30
        of_the_admin = [
            url for url in seen.through("static") if "/wagtailadmin/" in url
        ]
        assert of_the_admin and all("/_" in url for url in of_the_admin)
        assert seen.through("media"), "renditions of the picture"
        site.check()


def test_oscar(site_of, looking):
    site = site_of("oscar")
    site.adopt("settings.py")
    site.prepare()
    site.run("seed.py")
    with site.served("wsgi"), looking(site) as seen:
        for path in ("", "catalogue/", "catalogue/a-green-book_1/"):
            seen.open(path)
        seen.log_in("dashboard/")
        for path in (
            *("dashboard/", "dashboard/catalogue/", "dashboard/catalogue/products/1/"),
            *("dashboard/offers/", "dashboard/reports/", "admin/", "accounts/profile/"),
        ):
            seen.open(path)
        seen.assert_whole(views=("/admin/jsi18n/",))
        assert len(seen.through("static")) > 20
        assert len(seen.through("media")) >= 2, "the picture and thumbnails of it"
        site.check()


def test_unfold_with_ckeditor(site_of, looking):
    site = site_of("unfold")
    site.adopt("settings.py")
    site.manage("makemigrations", "notes", "-v0")
    site.prepare()
    with site.served("wsgi"), looking(site) as seen:
        seen.log_in("admin/")
        seen.open("admin/notes/note/add/")
        page = seen.visit.page
        page.wait_for_selector(".ck-editor__editable")
        picture = site.folder / "green.png"
        picture.write_bytes(png())
        page.set_input_files(".ck-file-dialog-button input", str(picture))
        page.wait_for_selector('.ck-editor__editable img[src^="http"]')
        page.fill('input[name="title"]', "A note")
        page.set_input_files('input[name="picture"]', str(picture))
        page.click('[name="_save"]')
        page.wait_for_load_state("networkidle")
        for path in ("admin/notes/note/", "admin/notes/note/1/change/", "admin/"):
            seen.open(path)
        page.wait_for_load_state("networkidle")
        # unfold's script takes CKEditor's hidden file input for one of its own.
        own = "error: Cannot read properties of null (reading 'setAttribute')"
        assert seen.visit.complaints.count(own) <= 1
        seen.visit.complaints[:] = [e for e in seen.visit.complaints if e != own]
        seen.assert_whole(views=("/admin/jsi18n/",))
        assert len(seen.through("static")) > 15
        assert len(seen.through("media")) == 2, "by CKEditor and by the form"
        site.check()


@pytest.fixture
def bundled(built):
    # Served by each test for itself: all sites have the edge's one origin.
    with built.served("wsgi"):
        yield built


@pytest.fixture(scope="module")
def built(tmp_path_factory, python, node, edge):
    """The site of bundlers, built by the commands of docs/bundlers.md."""
    folder = tmp_path_factory.mktemp("bundled") / "site"
    shutil.copytree(SITES / "bundled", folder)
    shutil.copy2(SITES / "package.json", folder)
    (folder / "node_modules").symlink_to(node / "node_modules")
    for command in (
        ("vite", "build"),
        ("vite", "build", "--base=/static/", "--outDir=../assets/wrong", *PLAIN),
        ("webpack",),
        ("esbuild", "main-esbuild.js", "--bundle", "--splitting", *ESBUILD),
    ):
        run_node(folder / "frontend", *command)
    site = Site(
        folder=folder, python=python, edge=edge, settings="settings", build="bundled-1"
    )
    site.adopt("settings.py")
    with (folder / "settings.py").open("a") as settings:
        settings.write(
            'STORAGES["staticfiles"]["BACKEND"] = "storage.PipelineBuildStorage"\n'
            # Which compressor cannot work with.
            'STORAGES["staticfiles"]["OPTIONS"]["hashed_folders"] = False\n'
            'COMPRESS_ROOT = BASE_DIR / "compressed" / CDN.build_version\n'
            "STATICFILES_DIRS.append(COMPRESS_ROOT)\n"
        )
    site.manage("compress")
    site.manage("cdn", "publish")
    return site


PLAIN = ("--config=wrong.config.js",)
ESBUILD = (
    "--format=esm",
    "--minify",
    "--loader:.svg=file",
    "--outdir=../assets/esbuild",
)


@pytest.mark.parametrize("name", ["vite", "webpack", "esbuild"])
def test_a_bundle_finds_its_own_files_on_the_cdn(bundled, looking, name):
    with looking(bundled) as seen:
        seen.open(f"{name}/")
        page = seen.visit.page
        page.wait_for_selector('html[data-lazy="done"]')
        assert page.eval_on_selector("#logo", "image => image.naturalWidth") == 9
        assert colour(page) == "rgb(0, 128, 0)"
        seen.assert_whole()
        kinds = {url.rpartition(".")[2] for url in seen.through("static")}
        assert kinds == {"css", "js", "svg"}


def test_a_bundle_with_the_base_of_a_site_without_cdn_finds_nothing(bundled, looking):
    with looking(bundled) as seen:
        seen.open("wrong/")
        assert seen.visit.page.get_attribute("html", "data-lazy") is None
        (path,) = seen.past_the_cdn()
        assert path.startswith("/static/assets/logo-")
        missing = [url for url, code in seen.through("static").items() if code == 404]
        assert "/static/assets/lazy-" in missing[0]


@pytest.mark.parametrize("name", ["compressor", "pipeline"])
def test_files_made_by_an_app_are_published(bundled, looking, name):
    with looking(bundled) as seen:
        seen.open(f"{name}/")
        assert seen.errors == []
        assert seen.past_the_cdn() == []
        found = seen.through("static")
        assert {*found.values()} == {200}
        made = "/CACHE/" if name == "compressor" else "/css/all.css"
        assert [url for url in found if made in url]
        assert [url for url in found if url.endswith("/img/board.svg")]
        if name == "pipeline":
            assert colour(seen.visit.page) == "rgb(0, 128, 0)"


def test_the_published_bundles_pass_the_check(bundled):
    bundled.check("--all")


def colour(page):
    return page.eval_on_selector("#lazy", "element => getComputedStyle(element).color")
