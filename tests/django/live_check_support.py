"""A build on the disk, the local edge over a web server, and a whole check of both."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from builds_support import publish_files
from django.core.management import CommandError, call_command
from edge_support import RunningEdge, deployed, distribution
from edge_support import named as items
from live_check_server_support import HOST
from pages_support import page_settings

import dj_cloudfront
from dj_cloudfront.live_check.arguments import RequestOptions
from dj_cloudfront.live_check.runner import Plan, check
from dj_cloudfront.live_check.targets import TargetKind
from dj_cloudfront.management.commands.cdn import Command

SITE = f"https://{HOST}"
BUILD = "b2"
LONG = b"/* a comment, so that it is worth compressing */\n" * 60
FILES = {
    "css/site.css": LONG + b"body { color: red }\n",
    "js/app.js": LONG + b"export {}\n",
    "js/module.mjs": b"export const a = 1\n",
    "fonts/board.woff2": b"wOF2" + bytes(range(256)) * 4,
    "img/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "img/photo ü.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "data.json": b"{}\n",
    "notes.txt": "Grüße\n".encode(),
}


def write_build(
    root: Path,
    version: str = BUILD,
    files: Mapping[str, bytes] = FILES,
    *,
    codings: Sequence[str] = ("gzip",),
    hashed_folders: bool = False,
) -> Path:
    """A published build, its text with companions."""
    root.mkdir(parents=True, exist_ok=True)
    options = {"precompress": codings, "hashed_folders": hashed_folders}
    return publish_files(root, version, files, **options).path


@contextlib.contextmanager
def cdn_over(port: int, **changes: object) -> Iterator[RunningEdge]:
    """The local edge, with a static and a media distribution over one server.

    :param changes: What else to say of both, as for ``distribution``.
    """
    each = [
        distribution(
            f"d{number}.cloudfront.net",
            origin_path=f"/{tree}",
            origin={
                "CustomHeaders": items(
                    {"HeaderName": "X-Cdn-Tree", "HeaderValue": tree}
                )
            },
            **changes,
        )
        for number, tree in (("111", "static"), ("222", "media"))
    ]
    with RunningEdge(
        deployed(*each), origins={"dev.example.com": f"127.0.0.1:{port}"}
    ) as edge:
        yield edge


def cdn_settings(root: Path, monkeypatch, port: int = 1, version=BUILD):
    """``CDN`` as settings have it, of an edge's port or of one where nobody answers."""
    for name, domain in (("STATIC", "d111"), ("MEDIA", "d222")):
        monkeypatch.setenv(f"{name}_DOMAIN_NAME", f"{domain}.cloudfront.net")
    monkeypatch.setenv(
        "DJ_CLOUDFRONT_URL_FORMAT", f"http://{{label}}.cloudfront.localhost:{port}"
    )
    return dj_cloudfront.config(static_root=root, build_version=version)


PAGES = ("/", "/admin/")
"""What no distribution may show. Each is asked for in many odd ways."""


def run(cdn, *origins: str, **changes: object):
    """A check, with what a test does not care about filled in or left out."""
    options = {"host": HOST, "timeout": 5, **changes.pop("options", {})}
    values = {
        "cdn": cdn,
        "build_version": BUILD,
        "sample": 20,
        "everything": False,
        "only": None,
        "pages": (),
        "allowed_hosts": (HOST,),
        **changes,
    }
    values["only"] = values["only"] and TargetKind(values["only"])
    return check(Plan(options=RequestOptions(origins=origins, **options), **values))


def command(cdn, *words: str, **settings: object) -> tuple[str, str | None]:
    """What ``manage.py cdn …`` prints, and the sentence with which it fails, if it does."""
    out = io.StringIO()
    with page_settings(cdn, **{"ALLOWED_HOSTS": [HOST], **settings}):
        try:
            call_command(Command(), *words, stdout=out, no_color=True)
        except CommandError as error:
            return out.getvalue(), str(error)
    return out.getvalue(), None


def said(report) -> set[str]:
    """What is not PASS, such as ``bytes FAIL``."""
    return {f"{one.id} {one.level}" for one in wrong(report)}


def wrong(report) -> list:
    return [one for one in report.findings if one.level != "PASS"]


def bad(report) -> list[str]:
    """What is not PASS, in one line each."""
    return [
        f"{one.level} {one.id} {one.target} {one.tree}: {one.message} {list(one.subjects)}"
        for one in wrong(report)
    ]
