"""Django serves its own files under gunicorn while builds come and go."""

from __future__ import annotations

import gzip
import os
import sys
import threading
from contextlib import contextmanager

import pytest
from cdk_support import ROOT
from origin_support import free_port, running, send
from project_support import Project

SETTINGS = """
import os
import dj_cloudfront

os.environ.setdefault("STATIC_DOMAIN_NAME", "static.example.com")
os.environ.setdefault("MEDIA_DOMAIN_NAME", "media.example.com")
CDN = dj_cloudfront.config(
    build_version=os.environ["BUILD_VERSION"], static_root=BASE_DIR / "static"
)
STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
SECURE_SSL_REDIRECT = True
ROOT_URLCONF = "mysite.urls"
"""
APPLICATION = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
NAMES = [f"{number}.js" for number in range(15)]


def text_of(build, name):
    return f"// {name} of {build}\n".encode() * 200


@pytest.fixture
def project(tmp_path):
    """A site whose settings are as ``cdn conf whitenoise`` prints them."""
    project = Project(tmp_path, settings=SETTINGS)
    project.write("mysite/urls.py", "urlpatterns = []\n")
    project.write("mysite/wsgi.py", APPLICATION)
    publish(project, "b1")
    printed = project.manage("cdn", "conf", "whitenoise", BUILD_VERSION="b1")
    assert (printed.returncode, printed.stderr) == (0, "")
    settings = project.folder / "mysite/settings.py"
    settings.write_text(f"{settings.read_text()}\n{printed.stdout}")
    return project


def publish(project, build):
    for name in NAMES:
        project.write(f"assets/{name}", text_of(build, name).decode())
    options = ("--precompress", "gz")
    done = project.manage("cdn", "publish", *options, BUILD_VERSION=build)
    assert done.returncode == 0, done.stderr


class Site:
    """The site under gunicorn, on a port of this machine."""

    def __init__(self, port):
        self.port = port

    def get(self, build, name, **headers):
        return send(self.port, f"/static/{build}/{name}", headers=headers)

    def has(self, build):
        answers = [self.get(build, name) for name in NAMES]
        for name, answer in zip(NAMES, answers, strict=True):
            assert answer.status == 200, answer
            assert answer.body == text_of(build, name)
        return True


@pytest.fixture
def site(project):
    port = free_port()
    start = [
        *(sys.executable, "-m", "gunicorn", "mysite.wsgi", "--no-control-socket"),
        *("--bind", f"127.0.0.1:{port}", "--workers", "1"),
        *("--worker-class", "gthread", "--threads", "4"),
        *("--worker-tmp-dir", str(project.folder)),
    ]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "BUILD_VERSION": "b1"}
    with running(start, project.folder, variables):
        wait_until(lambda: send(port, "/static/b1/0.js").status == 200)
        yield Site(port)
    assert "Traceback" not in (project.folder / "server.log").read_text()


def wait_until(ready):
    for _ in range(200):
        try:
            if ready():
                return
        except OSError:
            pass
        threading.Event().wait(0.05)
    raise RuntimeError("gunicorn did not get ready")


def test_builds_come_and_go_under_one_process(project, site):
    assert site.has("b1")
    missing = site.get("b2", "0.js")
    assert (missing.status, missing.header("Cache-Control")) == (404, "no-store")
    assert missing.header("Access-Control-Allow-Origin") == "*"
    publish(project, "b2")
    assert site.has("b1")
    assert site.has("b2")
    compressed = site.get("b2", "0.js", **{"Accept-Encoding": "br,gzip"})
    assert compressed.header("Content-Encoding") == "gzip"
    assert gzip.decompress(compressed.body) == text_of("b2", "0.js")
    assert site.get("b2", ".cdn-index.json").status == 404
    # SECURE_SSL_REDIRECT would lead past the CDN.
    assert send(site.port, "/").status == 301

    publish(project, "b3")
    options = ("--keep", "1", "--superseded", "0", "--trash", "0", "--yes")
    with readers(site, "b1", "b3") as answers:
        # The build in service is kept, and so is the one before it.
        pruned = project.manage("cdn", "prune", *options, BUILD_VERSION="b3")
        assert pruned.returncode == 0, pruned.stderr
        assert site.get("b1", "0.js").status == 404
    assert {path.name for path in (project.folder / "static").glob("b*")} == {
        "b2",
        "b3",
    }
    assert {*answers["b3"]} == {(200, True)}
    assert {*answers["b1"]} <= {(200, True), (404, False)}
    assert (200, True) in answers["b1"]
    assert site.has("b2")


@contextmanager
def readers(site, *builds):
    """Read files of builds all the time: status, and whether it was the whole file."""
    answers: dict[str, list[tuple[int, bool]]] = {build: [] for build in builds}
    over = threading.Event()

    def read(build):
        while not over.is_set():
            name = NAMES[len(answers[build]) % len(NAMES)]
            answer = site.get(build, name)
            whole = answer.body == text_of(build, name)
            answers[build].append((answer.status, whole))
            over.wait(0.01)

    threads = [threading.Thread(target=read, args=(build,)) for build in builds]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()
