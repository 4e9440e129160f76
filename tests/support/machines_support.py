"""A machine of a site: a Django project, its builds, its processes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from docs_support import ROOT
from edge_support import HOST
from project_support import Project

from dj_cloudfront.builds.in_use import register_server
from local.origin import caddy

OLD, NEW = "2026-11-23.1", "2026-11-23.2"


class Machine:
    """A server or a container: a project, its static files, Django, and a web server.

    :param static: Where its builds are; its own folder by default.
    :param image: The build of a container; a server's is in its release.env.
    """

    def __init__(self, world, name, *, static=None, image=None):
        self.world, self.name, self.image = world, name, image
        self.folder = world.folder / name
        self.static = static or self.folder / "static"
        self.release = self.folder / "release.env"
        self.held = [held_port(), held_port()]
        self.app, self.port = (one.getsockname()[1] for one in self.held)
        self.shares = static is not None
        self.processes = {}
        self.project = Project(
            self.folder / "site",
            settings=_SETTINGS,
            environment={
                "PATH": f"{world.stand_ins(name)}:{Path(sys.executable).parent}:"
                f"{os.environ['PATH']}",
                "STATIC_BUILDS": str(self.static),
                "MEDIA_ROOT": str(world.folder / "media"),
                "WHITENOISE": "1" if world.is_whitenoise else "",
                "STATIC_DOMAIN_NAME": world.edge.host,
                "DJ_CLOUDFRONT_URL_FORMAT": "http://{label}.cloudfront.localhost:"
                f"{world.edge.port}",
                **world.variables,
            },
        )
        for path, text in _SITE.items():
            self.project.write(path, text)
        self.ship(image or OLD)

    def ship(self, version):
        """The code of a release arrives. What runs, runs on."""
        for name in ("css/site.css", "js/app.js"):
            self.project.write(f"assets/{name}", f"/* release {version} */\n" * 20)

    def run(self, script, **variables):
        """A script of the page, as this machine has it."""
        if self.image:
            variables = {"BUILD_VERSION": self.image, **variables}
        return self.project.run(
            "/bin/sh", "-c", self.world.substitute(script, self), **variables
        )

    def do(self, script, **variables):
        done = self.run(script, **variables)
        assert done.returncode == 0, f"{self.name}: {_wrong(done.stdout)}{done.stderr}"
        return done.stdout

    def serve(self, published):
        """As before the release: the old build is there, declared and served.

        :param published: A folder that has it.
        """
        if self.image is None:
            self.release.write_text(f"BUILD_VERSION={OLD}\n")
        if not (self.static / OLD).exists():
            shutil.copytree(published / OLD, self.static / OLD)
        register_server(
            self.static, OLD, server=self.name if self.shares else socket.gethostname()
        )
        self.restart()

    def restart(self):
        self.stop("app")
        build = self.image or self.release.read_text().strip().partition("=")[2]
        command = (
            *(sys.executable, "-m", "gunicorn", "mysite.wsgi"),
            *("--bind", f"{HOST}:{self.app}", "--no-control-socket", "--reuse-port"),
            *("--worker-class", "gthread", "--threads", "4"),
            *("--graceful-timeout", "1", "--worker-tmp-dir", str(self.folder)),
        )
        self._start("app", command, {"BUILD_VERSION": build}, self.app)

    def start_web(self, text):
        """Caddy, as a Caddyfile says."""
        storage, config = self.folder / "storage", self.folder / "Caddyfile"
        config.write_text(f"{caddy.machine(storage)}\n{text}")
        command = caddy.command("run", config)
        self._start("web", command, caddy.environment(storage), self.port)

    def _start(self, name, command, variables, port):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=self.project.folder,
                env={"PYTHONPATH": str(ROOT), **self.project.environment, **variables},
                stdout=log,
                stderr=log,
            )
        self.world.wait_for(port, self.folder)

    def stop(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        for name in list(self.processes):
            # At once, without waiting for connections that are idle.
            self.stop(name, signal.SIGQUIT)
        for one in self.held:
            one.close()


def held_port():
    """A port that nobody else gets while servers of this machine are not listening yet."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((HOST, 0))
    return held


def _wrong(said):
    return "".join(line for line in said.splitlines(True) if "  PASS  " not in line)


_SETTINGS = """
import os
import dj_cloudfront

DEBUG = False
SECRET_KEY = "of a test, and as long as a secret key of a site has to be 0123456789"
ALLOWED_HOSTS = ["www.example.com"]
ROOT_URLCONF = "mysite.urls"
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
MIDDLEWARE = ["dj_cloudfront.middleware.CdnTreeMiddleware"]
if os.environ["WHITENOISE"]:
    MIDDLEWARE.insert(0, "dj_cloudfront.whitenoise.StaticFilesMiddleware")
CDN = dj_cloudfront.config(
    build_version=dj_cloudfront.build_version(), static_root=os.environ["STATIC_BUILDS"]
)
STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "dj_cloudfront.storage.BuildStorage",
        "OPTIONS": {"precompress": ["gz"]},
    },
}
"""
_SITE = {
    "assets/img/logo.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "assets/fonts/site.woff2": "a font\n",
    "assets/css/site.css": "",
    "assets/js/app.js": "",
    "mysite/wsgi.py": """
import os
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
application = get_wsgi_application()
""",
    "mysite/urls.py": """
from django.conf import settings
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path


def page(request):
    build = settings.CDN.build_version
    return HttpResponse(
        f'<meta name="build" content="{build}"><h1>release {build}</h1>'
        f'<link href="{static("css/site.css")}"><script src="{static("js/app.js")}">'
        f'<img src="{static("img/logo.svg")}"><link href="{static("fonts/site.woff2")}">'
    )


urlpatterns = [path("", page)]
""",
}
