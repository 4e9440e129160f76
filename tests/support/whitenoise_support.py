"""A Django that serves its files itself, with what ``cdn conf whitenoise`` prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from origin_support import (
    Origin,
    Request,
    free_port,
    running,
    wait_until_ready,
    write_site,
)

from dj_cloudfront.server_config import whitenoise_settings as whitenoise_text


class Notes:
    """What a Django in another process has written down of its requests."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    @property
    def requests(self) -> list[Request]:
        lines = self._path.read_text("utf-8").splitlines()
        return [Request(**json.loads(line)) for line in lines]


@contextmanager
def whitenoise(
    folder: Path, *, edit: Callable[[str], str] = str, media: bool = True
) -> Iterator[Origin]:
    """Django itself under gunicorn; its one view takes notes."""
    port, probe = free_port(), write_site(folder / "site")
    notes = Notes(folder / "notes")
    text = "MIDDLEWARE = []\n"
    text += whitenoise_text.render(command="made by a test", media=media)
    project = _PROJECT.format(folder=folder, middleware=edit(text))
    (folder / "project.py").write_text(project, "utf-8")
    start = [
        *(sys.executable, "-m", "gunicorn", "project:application"),
        *("--bind", f"127.0.0.1:{port}", "--no-control-socket"),
        *("--worker-class", "gthread", "--threads", "4"),
        *("--worker-tmp-dir", str(folder)),
    ]
    checkout = str(Path(__file__).parents[2])
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), checkout))}
    with running(start, folder, variables):
        path = f"/media/{probe}" if media else f"/static/b1/{probe}"
        (folder / "site/static/b1" / probe).write_text(probe)
        wait_until_ready(port, probe, folder, path=path)
        yield Origin(port, folder / "site", notes)


_PROJECT = """
import json, os
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path
import dj_cloudfront

os.environ["STATIC_DOMAIN_NAME"] = os.environ["MEDIA_DOMAIN_NAME"] = "cdn.example.com"
{middleware}
settings.configure(
    ALLOWED_HOSTS=["*"],
    CDN=dj_cloudfront.config(static_root="{folder}/site/static", build_version="b1"),
    MEDIA_ROOT="{folder}/site/media",
    MIDDLEWARE=MIDDLEWARE,
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
)
NOTES = os.open("{folder}/notes", os.O_WRONLY | os.O_APPEND)


def view(request):
    note = {{"target": request.META["RAW_URI"], "headers": dict(request.headers)}}
    os.write(NOTES, (json.dumps(note) + "\\n").encode())
    answer = HttpResponse("django", headers={{"Content-Length": "6"}})
    return answer


urlpatterns = [re_path("", view)]
application = get_wsgi_application()
"""
