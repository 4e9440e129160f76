"""``manage.py cdn find``: each station of a file's way, and the one where it is lost."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from live_check_server_support import HOST, Reply, Server
from live_check_support import cdn_over, cdn_settings, write_build
from pages_support import page_settings, set_up_django
from project_support import Project
from servers_support import as_nobody, open_folder

import dj_cloudfront
from dj_cloudfront.builds.index import read_index
from dj_cloudfront.management.commands.cdn import Command

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
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    def find(self, name, *arguments, ask=True, **settings):
        """What it says, and the sentence with which it fails, if it does."""
        origin = ("--origin", self.server.url) if ask else ()
        out = io.StringIO()
        values = {
            "ALLOWED_HOSTS": [HOST],
            "STATICFILES_DIRS": [self.folder / "assets"],
            "STATIC_ROOT": self.cdn.static_root,
            "MEDIA_ROOT": self.folder / "media",
            **settings,
        }
        with page_settings(settings.get("CDN", self.cdn), **values):
            try:
                call_command(
                    Command(),
                    *("find", name, *origin, *arguments),
                    stdout=out,
                    no_color=True,
                )
            except CommandError as error:
                return out.getvalue(), str(error)
        return out.getvalue(), None

    def found(self, name, *arguments, **settings):
        """The same as data."""
        return json.loads(self.find(name, *arguments, "--json", **settings)[0])


def nothing(request, reply):
    """No fault; a test may put another one in its place."""


@pytest.fixture
def site(tmp_path, monkeypatch):
    (tmp_path / "media").mkdir()
    with Server(tmp_path, nothing) as server, cdn_over(server.port) as edge:
        one = Site(tmp_path, monkeypatch, server, edge)
        for name, data in FILES.items():
            one.write(f"assets/{name}", data)
        yield one


def test_the_whole_way_when_all_is_well(site):
    write_build(site.folder / "static", "b1", FILES)
    write_build(site.folder / "static", "b2", FILES)
    said, failed = site.find(CSS)
    assert failed is None
    assert said.splitlines() == [
        CSS,
        f"  source  {site.folder}/assets/{CSS}, 20 bytes (FileSystemFinder)",
        f"  build   b1/{CSS}, 20 bytes, the same as the source",
        f"  build   b2/{CSS}, 20 bytes, the same as the source, which pages use",
        f"  page    {site.base}b2/{CSS}",
        f"  server  {site.server.url}/static/b2/{CSS}: 200; the same bytes; identity; "
        "Cache-Control: public, max-age=31536000, immutable; "
        "Access-Control-Allow-Origin: *",
        f"  CDN     {site.base}b2/{CSS}: 200; the same bytes; identity; "
        "Miss from cloudfront; Cache-Control: public, max-age=31536000, immutable; "
        "Access-Control-Allow-Origin: *",
        "all is well: build b2, 1 server, the CDN have the same bytes",
    ]


def test_the_way_of_a_file_in_a_hashed_folder(site):
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {
            "BACKEND": "dj_cloudfront.storage.BuildStorage",
            "OPTIONS": {"hashed_folders": True},
        },
    }
    root = site.folder / "static"
    build = write_build(root, "b2", FILES, hashed_folders=True)
    hashed = read_index(build).hashed_folders["css"]
    url = f"{site.base}{hashed}/{CSS}"
    for name in (CSS, url, f"/static/{hashed}/{CSS}"):
        data = site.found(name, STORAGES=storages)
        assert data["is_well"] is True
        assert (data["name"], data["build"], data["url"]) == (CSS, "b2", url)
        assert [one["is_used"] for one in data["copies"]] == [True]
        assert [one["url"] for one in data["steps"]] == [
            f"{site.server.url}/static/{hashed}/{CSS}",
            url,
        ]
    said, failed = site.find(f"{site.base}_{'0' * 24}/{CSS}")
    assert "404" in said and failed


def test_the_same_for_a_script(site):
    write_build(site.folder / "static", "b2", FILES)
    data = site.found(CSS)
    assert data["is_well"] is True
    assert (data["name"], data["build"]) == (CSS, "b2")
    assert data["url"] == f"{site.base}b2/{CSS}"
    assert [one["is_same"] for one in data["copies"]] == [True]
    assert [(one["kind"], one["status"]) for one in data["steps"]] == [
        ("origin", 200),
        ("cdn", 200),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "{base}b2/css/site.css",
        "{base}b2/css/site.css?v=3#top",
        "/static/b2/css/site.css",
        "https://10.0.0.5/static/b2/css/site.css",
    ],
)
def test_a_url_from_a_page_is_understood(site, form):
    write_build(site.folder / "static", "b2", FILES)
    data = site.found(form.format(base=site.base))
    assert (data["name"], data["build"]) == (CSS, "b2")
    assert data["is_well"]


def test_a_url_of_an_earlier_build_is_followed_there(site):
    write_build(site.folder / "static", "b1", {CSS: b"older"})
    write_build(site.folder / "static", "b2", FILES)
    data = site.found(f"{site.base}b1/{CSS}")
    assert data["build"] == "b1"
    assert [one["build"] for one in data["copies"] if one["is_used"]] == ["b1"]
    assert "differs" in data["diagnosis"]


# -- where it is lost


def test_a_name_that_nobody_knows(site):
    write_build(site.folder / "static", "b2", FILES)
    _, failed = site.find("css/sit.css")
    assert failed == (
        "not found: 'css/sit.css' is in no app's static folder, in no folder of "
        "STATICFILES_DIRS and in no build: see that the name is right"
    )


def test_a_source_that_was_never_published(site):
    _, failed = site.find(CSS)
    assert failed == (
        "not published: there is no build on this disk, run 'manage.py cdn publish'"
    )


def test_a_build_that_was_published_on_another_machine(site):
    write_build(site.folder / "static", "b2", FILES)
    elsewhere = site.folder / "static-elsewhere"
    (site.folder / "static").rename(elsewhere)
    site.server.fault = lambda request, reply: Reply(
        200, {"Access-Control-Allow-Origin": "*"}, FILES[CSS]
    )
    said, failed = site.find(CSS)
    assert failed is None
    assert said.splitlines()[-1] == (
        "answered: build b2, 1 server, the CDN have it; the bytes could not be compared"
    )


def test_a_source_that_came_after_the_build(site):
    write_build(site.folder / "static", "b1", FILES)
    write_build(site.folder / "static", "b2", {"img/logo.svg": b"<svg/>\n"})
    _, failed = site.find(CSS)
    assert failed == (
        "not published: build b2 does not have it, though b1 does, publish a build with "
        "it: 'manage.py cdn publish'"
    )


def test_a_source_that_has_changed_since(site):
    write_build(site.folder / "static", "b2", FILES)
    site.write(f"assets/{CSS}", b"changed")
    site.write("assets/img/logo.svg", b"changed")
    _, failed = site.find("img/logo.svg")
    assert failed == (
        "differs: the source has changed since build b2 was published; pages get the "
        "change with the next build"
    )
    # A stylesheet may also have been rewritten on its way.
    assert "or its references were rewritten" in site.find(CSS)[1]


def test_a_server_without_the_build(site):
    write_build(site.folder / "static", "b2", FILES)
    with Server(site.folder / "elsewhere") as late:
        _, failed = site.find(CSS, "--origin", late.url)
    assert failed == f"{late.url} answers 404: bring build b2 there"


def test_a_server_with_other_bytes(site):
    write_build(site.folder / "static", "b2", FILES)
    write_build(site.folder / "other/static", "b2", {CSS: b"other"})
    with Server(site.folder / "other") as other:
        _, failed = site.find(CSS, "--origin", other.url)
    assert failed == (
        f"{other.url} has other bytes than this disk: bring build b2 there again"
    )


def test_a_server_that_is_not_there(site):
    write_build(site.folder / "static", "b2", FILES)
    _, failed = site.find(CSS, "--origin", "http://127.0.0.1:1")
    assert failed == (
        "http://127.0.0.1:1 refuses connections: nothing listens on 127.0.0.1 port 1"
    )


def test_a_cdn_that_this_machine_does_not_reach_is_left_out(site):
    write_build(site.folder / "static", "b2", FILES)
    said, failed = site.find(CSS, "--no-cdn")
    assert failed is None
    assert (
        said.splitlines()[-1] == "all is well: build b2, 1 server have the same bytes"
    )
    assert not any(line.startswith("  CDN") for line in said.splitlines())


def test_a_cdn_that_does_not_answer_is_told_with_its_cure(site, monkeypatch):
    write_build(site.folder / "static", "b2", FILES)
    site.cdn = cdn_settings(site.folder / "static", monkeypatch, port=1)
    _, failed = site.find(CSS)
    assert failed == (
        "the CDN refuses connections: nothing listens on 127.0.0.1 port 1; --no-cdn asks "
        "the servers alone"
    )


def test_a_cdn_that_dns_does_not_know_is_told_with_its_cure(site, monkeypatch):
    monkeypatch.setenv("DJ_CLOUDFRONT_URL_FORMAT", "https://{domain}")
    monkeypatch.setenv("STATIC_DOMAIN_NAME", "nowhere.invalid")
    root = site.folder / "static"
    write_build(root, "b2", FILES)
    site.cdn = dj_cloudfront.config(static_root=root, build_version="b2")
    _, failed = site.find(CSS)
    assert failed == (
        "the CDN cannot be found: DNS knows no address of nowhere.invalid; --no-cdn asks "
        "the servers alone"
    )


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


def test_a_cdn_with_an_older_copy(site):
    write_build(site.folder / "static", "b2", {CSS: b"older", "img/logo.svg": b"1"})
    # As asked for by find, so that the copy is the one it gets.
    site.find(CSS)
    for name in ("static/b2/css/site.css", "static/b2/.cdn-index.json"):
        (site.folder / name).unlink()
    site.write("static/b2/css/site.css", FILES[CSS])
    site.edge.clock.advance(4711)
    said, failed = site.find(CSS)
    assert failed == (
        "the CDN has an older copy, 4711 s old: publish a new version, or invalidate the "
        "path"
    )
    assert "200; other bytes; identity; Hit from cloudfront; 4711 s old" in said


def test_a_cdn_that_is_asked_without_its_servers(site):
    write_build(site.folder / "static", "b2", FILES)
    site.server.fault = lambda request, reply: Reply(404, {"Cache-Control": "no-store"})
    _, failed = site.find(CSS, ask=False)
    assert failed == (
        "the CDN answers 404, as its server does: ask the servers, with --origin "
        "https://10.0.0.5"
    )


def test_a_cdn_that_has_lost_what_the_servers_have(site):
    write_build(site.folder / "static", "b2", FILES)
    site.server.fault = lambda request, reply: (
        None
        if "check" in request.headers["via"]
        else Reply(404, {"Cache-Control": "no-store"})
    )
    _, failed = site.find(CSS)
    assert failed == (
        "the CDN answers 404, though the servers have it: run 'manage.py cdn check'"
    )


def test_a_file_that_other_origins_may_not_use(site):
    def closed(request, reply):
        reply.headers.pop("Access-Control-Allow-Origin", None)
        return reply

    write_build(site.folder / "static", "b2", FILES)
    site.server.fault = closed
    _, failed = site.find(CSS)
    assert failed.startswith(
        f"{site.server.url} sends it without Access-Control-Allow-Origin"
    )


def test_a_secret_opens_the_server_and_is_not_shown(site, monkeypatch):
    secret = "s3cret-of-the-servers"

    def repeats(request, reply):
        given = request.headers.get("x-origin-secret", "")
        reply.headers["X-Cache"] = f"Hit for {given}"
        return reply if given or "check" not in request.headers["via"] else Reply(403)

    write_build(site.folder / "static", "b2", FILES)
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


def test_the_first_problem_is_the_one_that_is_said(site):
    """A source that has changed matters less than a server without the build."""
    write_build(site.folder / "static", "b2", FILES)
    site.write(f"assets/{CSS}", b"changed")
    with Server(site.folder / "elsewhere") as late:
        _, failed = site.find(CSS, "--origin", late.url)
    assert failed.startswith(late.url)


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


def test_a_hashed_name_is_what_pages_use_and_find_understands(site):
    collect(site)
    data = site.found(CSS, STORAGES=MANIFEST)
    (copy,) = data["copies"]
    assert copy["name"].startswith("css/site.") and copy["name"] != CSS
    assert copy["is_same"] is True
    assert data["url"] == f"{site.base}b2/{copy['name']}"
    assert data["is_well"] is True
    back = site.found(data["url"], STORAGES=MANIFEST)
    assert back["name"] == CSS
    assert back["copies"] == data["copies"]


def test_a_name_that_the_manifest_lacks_is_said(site):
    collect(site)
    site.write("assets/new.css", b"new")
    (site.folder / "static/b2/new.css").write_bytes(b"new")
    _, failed = site.find("new.css", STORAGES=MANIFEST)
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


def test_an_upload_that_is_not_there(site):
    _, failed = site.find("/media/u/none.png")
    assert failed.startswith("no upload: 'u/none.png' is not in the storage of uploads")


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
        ("/media/../settings.py", "NAME must stay inside the folder of static files"),
    ],
)
def test_fails_when_it_is_no_name(site, name, sentence):
    said, failed = site.find(name)
    assert (said, failed.startswith(sentence)) == ("", True), failed


def test_a_second_finder_s_file_is_shown_as_hidden(site):
    site.write(f"more/{CSS}", b"hidden")
    write_build(site.folder / "static", "b2", FILES)
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
