"""``manage.py cdn check``: what it says, to whom, and how it ends."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.urls import include, path
from live_check_server_support import HOST, Reply, Server
from live_check_support import (
    BUILD,
    FILES,
    cdn_over,
    cdn_settings,
    command,
    write_build,
)
from pages_support import page_settings, set_up_django
from project_support import Project
from servers_support import as_nobody, open_folder

import dj_cloudfront
from dj_cloudfront.live_check.runner import RULES
from dj_cloudfront.management.commands.cdn import Command

SETTINGS = f"""
import dj_cloudfront

ALLOWED_HOSTS = ["{HOST}"]
CDN = dj_cloudfront.config(
    static_root=BASE_DIR / "site/static", build_version=dj_cloudfront.build_version()
)
STATIC_URL, STATIC_ROOT, MEDIA_URL = CDN.static_url, CDN.static_root, CDN.media_url
"""


@pytest.fixture(scope="module", autouse=True)
def django():
    set_up_django()


@pytest.fixture
def site(tmp_path):
    write_build(tmp_path / "static")
    (tmp_path / "media").mkdir()
    return tmp_path


def broken(request, reply):
    if request.name == "module.mjs" and reply.status == 200:
        return Reply(200, reply.headers, b"other")
    return None


def check(cdn, *arguments, **settings):
    return command(cdn, "check", *arguments, **settings)


def test_all_is_well_in_a_table(site, monkeypatch):
    with Server(site) as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(site / "static", monkeypatch, edge.port)
        said, failed = check(cdn, "--origin", server.url)
    assert failed is None
    lines = said.splitlines()
    files = (
        f"{len(FILES)} of {len(FILES)} files asked for, compressed copies not counted"
    )
    assert lines[0] == f"build {BUILD}: {files}"
    heads = [line for line in lines if line.startswith("http")]
    base = f"cloudfront.localhost:{edge.port}"
    assert heads == [
        f"{server.url} static",
        f"{server.url} media",
        f"http://d111.{base} static",
        f"http://d222.{base} media",
    ]
    assert "  PASS  bytes             sends the bytes that were published" in lines
    assert re.fullmatch(r"PASS: 0 FAIL, 0 WARN, \d+ PASS", lines[-1])
    assert "\x1b" not in said


def test_what_is_wrong_comes_with_its_cure_and_fails(site, monkeypatch):
    with Server(site, broken) as server:
        cdn = cdn_settings(site / "static", monkeypatch)
        said, failed = check(cdn, "--origin", server.url, "--only", "origin")
    assert re.fullmatch(
        rf"build {BUILD} is not ready: 1 FAIL, 0 WARN, \d+ PASS", failed
    )
    wrong = said.splitlines()
    (at,) = [n for n, line in enumerate(wrong) if line.startswith("  FAIL")]
    assert wrong[at] == (
        "  FAIL  bytes             sends other bytes than the build has: js/module.mjs"
    )
    assert wrong[at + 1].strip() == (
        "hint: bytes under a name must never change: publish a new version"
    )


def test_a_script_gets_json_alone(site, monkeypatch):
    with Server(site, broken) as server:
        cdn = cdn_settings(site / "static", monkeypatch)
        said, failed = check(cdn, "--origin", server.url, "--only=origin", "--json")
    assert failed
    data = json.loads(said)
    assert data["build_version"] == BUILD
    assert data["verdict"] == "FAIL"
    assert data["files"] == {"asked_for": len(FILES), "of": len(FILES)}
    assert data["not_checked"] == []
    (wrong,) = [one for one in data["findings"] if one["level"] != "PASS"]
    assert wrong == {
        "id": "bytes",
        "level": "FAIL",
        "target": server.url,
        "tree": "static",
        "message": "sends other bytes than the build has",
        "hint": "bytes under a name must never change: publish a new version",
        # Not once for each of its six forms.
        "subjects": ["js/module.mjs"],
    }
    assert {one["id"] for one in data["findings"]} <= {rule.id for rule in RULES}


def test_a_warning_does_not_fail(site, monkeypatch):
    def short(request, reply):
        if reply.status == 200:
            reply.headers["Cache-Control"] = "max-age=60"
        return reply

    with Server(site, short) as server:
        cdn = cdn_settings(site / "static", monkeypatch)
        said, failed = check(cdn, "--origin", server.url, "--only=origin")
    assert failed is None
    (line,) = [one for one in said.splitlines() if "  WARN  lifetime" in one]
    assert line.endswith(" and 5 more"), "three are named of eight"
    assert said.splitlines()[-1].startswith("WARN: 0 FAIL, 1 WARN, ")


def test_a_terminal_gets_colours(site, monkeypatch):
    out = io.StringIO()
    with Server(site, broken) as server:
        cdn = cdn_settings(site / "static", monkeypatch)
        arguments = ("check", "--origin", server.url, "--only=origin")
        with page_settings(cdn, ALLOWED_HOSTS=[HOST]), pytest.raises(CommandError):
            call_command(Command(stdout=out, force_color=True), *arguments)
    said = out.getvalue()
    assert re.search("\x1b\\[[0-9;]+m" + "FAIL", said)
    assert re.search("\x1b\\[[0-9;]+m" + "PASS", said)


def test_another_build_than_the_one_in_service_can_be_asked_for(site, monkeypatch):
    write_build(site / "static", "b3")
    with Server(site) as server, cdn_over(server.port) as edge:
        cdn = cdn_settings(site / "static", monkeypatch, edge.port)
        said, failed = check(cdn, "--build-version=b3", "--origin", server.url)
        asked = {one.target for one in server.asked}
    assert failed is None
    assert said.startswith("build b3: ")
    assert "/static/b3/css/site.css" in asked
    assert "/static/b2/css/site.css" not in asked


def test_the_admin_is_looked_for_where_it_is(site, monkeypatch):
    page = path("", lambda request: HttpResponse(), name="index")
    routes = type("Urls", (), {"urlpatterns": [path("x/", include(([page], "admin")))]})
    with Server(site) as server:
        cdn = cdn_settings(site / "static", monkeypatch)
        check(cdn, "--origin", server.url, "--only=origin", ROOT_URLCONF=routes)
        asked = {one.target for one in server.asked}
    assert {"/x/", "/static/../x/", "/", "/static/../"} < asked


def test_everything_and_a_sample_size_exclude_each_other(site, monkeypatch):
    cdn = cdn_settings(site / "static", monkeypatch)
    _, failed = check(cdn, "--all", "--sample=3")
    assert "not allowed with argument" in failed


@pytest.mark.parametrize("hidden", ["", ".cdn-index.json"])
def test_a_build_that_cannot_be_read_is_told_from_one_that_is_missing(
    monkeypatch, hidden
):
    with open_folder() as folder:
        root = folder / "static"
        path = write_build(root) / hidden
        cdn = cdn_settings(root, monkeypatch)
        path.chmod(0)
        with as_nobody():
            _, failed = check(cdn, "--only=cdn")
            _, missing = check(cdn, "--only=cdn", "--build-version=b9")
        path.chmod(0o755)
    assert failed.startswith(f"build {BUILD} must be readable for this command, but ")
    assert "umask 022" in failed
    assert missing.startswith("build b9 must be published on this machine")


def test_a_name_that_dns_does_not_know_is_told_with_its_cure(site, monkeypatch):
    cdn_settings(site / "static", monkeypatch)
    monkeypatch.setenv("DJ_CLOUDFRONT_URL_FORMAT", "https://{domain}")
    for name in ("STATIC", "MEDIA"):
        monkeypatch.setenv(f"{name}_DOMAIN_NAME", "nowhere.invalid")
    cdn = dj_cloudfront.config(static_root=site / "static", build_version=BUILD)
    said, failed = check(cdn, "--origin=http://elsewhere.invalid")
    assert failed
    hints = re.findall(r"FAIL  reach.* (\S+)\n +hint: (.*)", said)
    record = "add the DNS record, or wait until this machine's resolver has it"
    assert dict(hints) == {
        "elsewhere.invalid": record,
        "nowhere.invalid": f"{record}; --only origin leaves the CDN out",
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sample=0"], "must be 1 or more"),
        (["--only=server"], "invalid choice"),
        (["--origin=10.0.0.5"], "--origin must be a scheme"),
        (["--build-version=../x"], "--build-version must be 1 to 64"),
        (["--build-version=b9"], "build b9 must be published on this machine"),
        (["--only=origin"], "--only origin must come with servers"),
    ],
)
def test_fails_when_it_is_asked_wrongly(site, monkeypatch, arguments, sentence):
    said, failed = check(cdn_settings(site / "static", monkeypatch), *arguments)
    assert sentence in failed
    assert said == ""


def test_the_exit_code_is_for_deploy_scripts(tmp_path):
    project = Project(
        tmp_path,
        settings=SETTINGS,
        environment={
            "BUILD_VERSION": BUILD,
            "STATIC_DOMAIN_NAME": "static.example.com",
            "MEDIA_DOMAIN_NAME": "media.example.com",
        },
    )
    site = project.folder / "site"
    write_build(site / "static")
    words = ("cdn", "check", "--only=origin", "--origin")
    with Server(site) as server, Server(site / "nothing") as empty:
        good = project.manage(*words, server.url)
        bad = project.manage(*words, empty.url, "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["verdict"] == "FAIL"
    assert bad.stderr.startswith(f"CommandError: build {BUILD} is not ready: ")
    assert "Traceback" not in bad.stderr
