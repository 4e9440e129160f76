"""``manage.py cdn find``: each station of a file's way, and the one where it is lost."""

from __future__ import annotations

import json

import pytest
from builds_support import write_files
from django.core.management import call_command
from live_check_server_support import Reply, Server
from live_check_support import cdn_over, cdn_settings, command, write_build
from pages_support import page_settings, set_up_django
from project_support import Project
from servers_support import as_nobody, open_folder

import dj_cloudfront
from dj_cloudfront.builds.index import read_index

CSS = "css/site.css"
FILES = {CSS: b"body { color: red }\n", "img/logo.svg": b"<svg/>\n"}


@pytest.fixture(scope="module", autouse=True)
def django():
    set_up_django()


class Site:
    """Sources, builds, a server over them and a CDN over the server."""

    def __init__(self, folder, monkeypatch, server, edge):
        self.folder = folder
        self.server = server
        self.edge = edge
        self.cdn = cdn_settings(folder / "static", monkeypatch, edge.port)
        self.base = f"http://d111.cloudfront.localhost:{edge.port}/"

    def write(self, name, data):
        write_files(self.folder, {name: data})

    def publish(self, version, files, **options):
        return write_build(self.folder / "static", version, files, **options)

    def find(self, name, *arguments, ask=True, **settings):
        origin = ("--origin", self.server.url) if ask else ()
        values = {
            "STATICFILES_DIRS": [self.folder / "assets"],
            "STATIC_ROOT": self.cdn.static_root,
            "MEDIA_ROOT": self.folder / "media",
            **settings,
        }
        cdn = settings.get("CDN", self.cdn)
        return command(cdn, "find", name, *origin, *arguments, **values)

    def found(self, name, *arguments, **settings):
        return json.loads(self.find(name, *arguments, "--json", **settings)[0])


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A site that has published nothing."""
    (tmp_path / "media").mkdir()
    with Server(tmp_path) as server, cdn_over(server.port) as edge:
        write_files(tmp_path / "assets", FILES)
        yield Site(tmp_path, monkeypatch, server, edge)


@pytest.fixture
def site(bare):
    bare.publish("b2", FILES)
    return bare


def test_the_whole_way_when_all_is_well(bare):
    bare.publish("b1", FILES)
    bare.publish("b2", FILES)
    said, failed = bare.find(CSS)
    assert failed is None
    assert said.splitlines() == [
        CSS,
        f"  source  {bare.folder}/assets/{CSS}, 20 bytes (FileSystemFinder)",
        f"  build   b1/{CSS}, 20 bytes, the same as the source",
        f"  build   b2/{CSS}, 20 bytes, the same as the source, which pages use",
        f"  page    {bare.base}b2/{CSS}",
        f"  server  {bare.server.url}/static/b2/{CSS}: 200; the same bytes; identity; "
        "Cache-Control: public, max-age=31536000, immutable; "
        "Access-Control-Allow-Origin: *",
        f"  CDN     {bare.base}b2/{CSS}: 200; the same bytes; identity; "
        "Miss from cloudfront; Cache-Control: public, max-age=31536000, immutable; "
        "Access-Control-Allow-Origin: *",
        "all is well: build b2, 1 server, the CDN have the same bytes",
    ]


def test_the_way_of_a_file_in_a_hashed_folder(bare):
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {
            "BACKEND": "dj_cloudfront.storage.BuildStorage",
            "OPTIONS": {"hashed_folders": True},
        },
    }
    build = bare.publish("b2", FILES, hashed_folders=True)
    hashed = read_index(build).hashed_folders["css"]
    url = f"{bare.base}{hashed}/{CSS}"
    for name in (CSS, url, f"/static/{hashed}/{CSS}"):
        data = bare.found(name, STORAGES=storages)
        assert data["is_well"] is True
        assert (data["name"], data["build"], data["url"]) == (CSS, "b2", url)
        assert [one["is_used"] for one in data["copies"]] == [True]
        assert [one["url"] for one in data["steps"]] == [
            f"{bare.server.url}/static/{hashed}/{CSS}",
            url,
        ]
    said, failed = bare.find(f"{bare.base}_{'0' * 24}/{CSS}")
    assert "404" in said and failed


@pytest.mark.parametrize(
    "form",
    [
        CSS,
        "{base}b2/css/site.css",
        "{base}b2/css/site.css?v=3#top",
        "/static/b2/css/site.css",
        "https://10.0.0.5/static/b2/css/site.css",
    ],
)
def test_a_url_from_a_page_is_understood(site, form):
    data = site.found(form.format(base=site.base))
    assert (data["name"], data["build"], data["is_well"]) == (CSS, "b2", True)
    assert data["url"] == f"{site.base}b2/{CSS}"
    assert [one["is_same"] for one in data["copies"]] == [True]
    steps = [(one["kind"], one["status"]) for one in data["steps"]]
    assert steps == [("origin", 200), ("cdn", 200)]


def test_a_url_of_an_earlier_build_is_followed_there(bare):
    bare.publish("b1", {CSS: b"older"})
    bare.publish("b2", FILES)
    data = bare.found(f"{bare.base}b1/{CSS}")
    assert data["build"] == "b1"
    assert [one["build"] for one in data["copies"] if one["is_used"]] == ["b1"]
    assert "differs" in data["diagnosis"]


# -- where it is lost


@pytest.mark.parametrize(
    ("builds", "name", "sentence"),
    [
        (
            {"b2": FILES},
            "css/sit.css",
            "not found: 'css/sit.css' is in no app's static folder, in no folder of "
            "STATICFILES_DIRS and in no build: see that the name is right",
        ),
        (
            {},
            CSS,
            "not published: there is no build on this disk, run 'manage.py cdn publish'",
        ),
        (
            {"b1": FILES, "b2": {"img/logo.svg": b"<svg/>\n"}},
            CSS,
            "not published: build b2 does not have it, though b1 does, publish a build with "
            "it: 'manage.py cdn publish'",
        ),
        (
            {"b2": {"img/logo.svg": b"older"}},
            "img/logo.svg",
            "differs: the source has changed since build b2 was published; pages get the "
            "change with the next build",
        ),
        (
            {"b2": {CSS: b"older"}},
            CSS,
            "differs: the source has changed since build b2 was published or its references "
            "were rewritten; pages get the change with the next build",
        ),
    ],
)
def test_what_is_lost_on_this_disk(bare, builds, name, sentence):
    for version, files in builds.items():
        bare.publish(version, files)
    assert bare.find(name)[1] == sentence


def test_a_build_that_was_published_on_another_machine(bare):
    bare.server.fault = lambda request, reply: Reply(
        200, {"Access-Control-Allow-Origin": "*"}, FILES[CSS]
    )
    said, failed = bare.find(CSS)
    assert failed is None
    assert said.splitlines()[-1] == (
        "answered: build b2, 1 server, the CDN have it; the bytes could not be compared"
    )


def test_a_server_without_the_build_or_with_another_or_none(site):
    write_build(site.folder / "other/static", "b2", {CSS: b"other"})
    # A source that has changed matters less.
    site.write(f"assets/{CSS}", b"changed")
    with Server(site.folder / "late") as late, Server(site.folder / "other") as other:
        for url, sentence in {
            late.url: "answers 404: bring build b2 there",
            other.url: "has other bytes than this disk: bring build b2 there again",
            "http://127.0.0.1:1": (
                "refuses connections: nothing listens on 127.0.0.1 port 1"
            ),
        }.items():
            assert site.find(CSS, "--origin", url)[1] == f"{url} {sentence}"


def test_a_cdn_that_this_machine_does_not_reach_is_left_out(site):
    said, failed = site.find(CSS, "--no-cdn")
    assert failed is None
    assert (
        said.splitlines()[-1] == "all is well: build b2, 1 server have the same bytes"
    )
    assert not any(line.startswith("  CDN") for line in said.splitlines())


@pytest.mark.parametrize(
    ("url_format", "problem"),
    [
        (
            "http://{label}.cloudfront.localhost:1",
            "refuses connections: nothing listens on 127.0.0.1 port 1",
        ),
        (
            "https://{label}.invalid",
            "cannot be found: DNS knows no address of d111.invalid",
        ),
    ],
)
def test_a_cdn_that_does_not_answer_is_told_with_its_cure(
    site, monkeypatch, url_format, problem
):
    monkeypatch.setenv("DJ_CLOUDFRONT_URL_FORMAT", url_format)
    root = site.folder / "static"
    site.cdn = dj_cloudfront.config(static_root=root, build_version="b2")
    assert site.find(CSS)[1] == f"the CDN {problem}; --no-cdn asks the servers alone"


def test_a_build_that_this_user_may_not_read_is_one_sentence(monkeypatch):
    with open_folder() as folder:
        build = write_build(folder / "static", "b2", FILES)
        build.chmod(0)
        (folder / "media").mkdir()
        with Server(folder) as server, cdn_over(server.port) as edge:
            site = Site(folder, monkeypatch, server, edge)
            with as_nobody():
                _, failed = site.find(CSS)
        build.chmod(0o755)
    assert "Permission denied" in failed and str(build) in failed


def test_a_cdn_with_an_older_copy(bare):
    bare.publish("b2", {CSS: b"older"})
    # As asked for by find, so that the copy is the one it gets.
    bare.find(CSS)
    for name in ("static/b2/css/site.css", "static/b2/.cdn-index.json"):
        (bare.folder / name).unlink()
    bare.write("static/b2/css/site.css", FILES[CSS])
    bare.edge.clock.advance(4711)
    said, failed = bare.find(CSS)
    assert failed == (
        "the CDN has an older copy, 4711 s old: publish a new version, or invalidate the "
        "path"
    )
    assert "200; other bytes; identity; Hit from cloudfront; 4711 s old" in said


NOTHING = Reply(404, {"Cache-Control": "no-store"})


def nothing_for_the_cdn(request, reply):
    return None if "check" in request.headers["via"] else NOTHING


def closed(request, reply):
    reply.headers.pop("Access-Control-Allow-Origin", None)
    return reply


@pytest.mark.parametrize(
    ("fault", "ask", "sentence"),
    [
        (
            lambda request, reply: NOTHING,
            False,
            "the CDN answers 404, as its server does: ask the servers, with --origin "
            "https://10.0.0.5",
        ),
        (
            nothing_for_the_cdn,
            True,
            "the CDN answers 404, though the servers have it: run 'manage.py cdn check'",
        ),
        (
            closed,
            False,
            "the CDN sends it without Access-Control-Allow-Origin: fonts, modules and "
            "fetch() of other origins are refused",
        ),
    ],
)
def test_what_is_wrong_with_the_cdn(site, fault, ask, sentence):
    site.server.fault = fault
    assert site.find(CSS, ask=ask)[1] == sentence


def test_a_secret_opens_the_server_and_is_not_shown(site, monkeypatch):
    secret = "s3cret-of-the-servers"

    def repeats(request, reply):
        given = request.headers.get("x-origin-secret", "")
        reply.headers["X-Cache"] = f"Hit for {given}"
        return reply if given or "check" not in request.headers["via"] else Reply(403)

    site.server.fault = repeats
    _, closed = site.find(CSS)
    assert closed == (
        f"{site.server.url} answers 403: give this command what the server wants, by "
        "CDN_ORIGIN_SECRET or --header"
    )
    monkeypatch.setenv("CDN_ORIGIN_SECRET", secret)
    for arguments in ((), ("--json",)):
        said, failed = site.find(CSS, *arguments)
        assert failed is None
        assert "Hit for …" in said
        assert secret not in said


# -- names that a storage has changed


MANIFEST = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
}


def collect(site):
    with page_settings(
        site.cdn,
        STATICFILES_DIRS=[site.folder / "assets"],
        STATIC_ROOT=site.cdn.static_root,
        STORAGES=MANIFEST,
    ):
        call_command("collectstatic", interactive=False, verbosity=0)


def test_a_hashed_name_is_what_pages_use_and_find_understands(bare):
    collect(bare)
    data = bare.found(CSS, STORAGES=MANIFEST)
    (copy,) = data["copies"]
    assert copy["name"].startswith("css/site.") and copy["name"] != CSS
    assert copy["is_same"] is True
    assert data["url"] == f"{bare.base}b2/{copy['name']}"
    assert data["is_well"] is True
    back = bare.found(data["url"], STORAGES=MANIFEST)
    assert back["name"] == CSS
    assert back["copies"] == data["copies"]


def test_a_name_that_the_manifest_lacks_is_said(bare):
    collect(bare)
    bare.write("assets/new.css", b"new")
    (bare.folder / "static/b2/new.css").write_bytes(b"new")
    _, failed = bare.find("new.css", STORAGES=MANIFEST)
    assert failed.startswith("pages cannot refer to it: Missing staticfiles manifest")


# -- media, local URLs, and what is no name


def test_an_upload_is_followed_too(site):
    site.write("media/u/photo 1.png", b"picture")
    url = f"http://d222.cloudfront.localhost:{site.edge.port}/u/photo%201.png"
    data = site.found(url)
    assert (data["tree"], data["name"], data["url"]) == ("media", "u/photo 1.png", url)
    assert [one["found_by"] for one in data["sources"]] == ["FileSystemStorage"]
    assert [one["is_same"] for one in data["steps"]] == [True, True]
    assert data["diagnosis"] == (
        "all is well: the upload, 1 server, the CDN have the same bytes"
    )


def test_with_local_urls_there_is_nothing_to_compare(site, tmp_path):
    local = dj_cloudfront.config(static_root=tmp_path / "static", local=True)
    said, failed = site.find(CSS, ask=False, CDN=local, STATIC_URL="/static/")
    assert failed is None
    assert said.splitlines()[-1].startswith("found: with local URLs there is no build")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../settings.py", "NAME must stay inside the folder of static files"),
        ("https://other.example/x.css", "NAME must be a static file's name"),
        ("/", "NAME must be a static file's name"),
        ("/media/u/none.png", "no upload: 'u/none.png' is not in the storage of upl"),
        ("/media/../settings.py", "NAME must stay inside the folder of static files"),
    ],
)
def test_fails_when_it_is_no_name_of_a_file(site, name, sentence):
    said, failed = site.find(name)
    assert failed.startswith(sentence)
    assert bool(said) is failed.startswith("no upload")


def test_a_second_finder_s_file_is_shown_as_hidden(site):
    site.write(f"more/{CSS}", b"hidden")
    folders = [site.folder / "assets", site.folder / "more"]
    said, failed = site.find(CSS, STATICFILES_DIRS=folders)
    assert failed is None
    assert (
        f"  source  {site.folder}/more/{CSS}, 6 bytes (FileSystemFinder), hidden by the "
        "one above" in said.splitlines()
    )


def test_the_exit_code_is_for_scripts(tmp_path):
    project = Project(tmp_path)
    bad = project.manage("cdn", "find", "css/none.css", "--json")
    assert bad.returncode == 1
    assert bad.stderr.startswith("CommandError: not found: 'css/none.css'")
    assert json.loads(bad.stdout)["is_well"] is False
