"""Print a web server's configuration from the same settings.

It goes to standard output, or to a file that is replaced at once. The text depends on nothing
but settings, options and the variables they name: the same again is the same to the byte.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dj_cloudfront.builds.filesystem import write_atomically
from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.commands.console import Console
from dj_cloudfront.contract import Tree
from dj_cloudfront.server_config import (
    apache,
    caddy,
    nginx,
    whitenoise_settings,
)
from dj_cloudfront.server_config.from_settings import (
    CERTBOT,
    UPLOAD_MIB,
    UPSTREAM,
    DjangoSettings,
    ServerOptions,
    from_settings,
)

CliOption = tuple[str, dict[str, Any]]


def _value(flag: str, metavar: str, summary: str, **more: Any) -> CliOption:
    return flag, {"metavar": metavar, "help": summary, **more}


def _values(flag: str, metavar: str, summary: str) -> CliOption:
    return _value(flag, metavar, summary, action="append", default=[])


def _flag(flag: str, summary: str) -> CliOption:
    return flag, {"action": "store_true", "help": summary}


# In the order in which the first line of a configuration repeats them.
_WEB: tuple[CliOption, ...] = (
    _values(
        "--server-name",
        "NAME",
        "a host name; may be given again (default: those of ALLOWED_HOSTS; with --http any)",
    ),
    _values(
        "--listen",
        "[ADDRESS:]PORT",
        "where to listen; may be given again (default: 443, with --http 80)",
    ),
    _flag("--http", "no TLS: it ends at a server before this one"),
    _value(
        "--certificate",
        "FILE",
        f"the certificate with its chain (default: {CERTBOT}/<first name>/fullchain.pem; "
        "Caddy gets one by itself)",
    ),
    _value("--certificate-key", "FILE", "its key (default: privkey.pem beside it)"),
    _value(
        "--upstream",
        "ADDRESS",
        f"Django's server: host:port or unix:/path (default: {UPSTREAM})",
        default=UPSTREAM,
    ),
    _value(
        "--max-upload",
        "MIB",
        f"the longest body for Django (default: {UPLOAD_MIB}, or "
        "DATA_UPLOAD_MAX_MEMORY_SIZE or Wagtail's limit if that is more)",
        type=int,
    ),
    _value("--private-root", "DIR", "the folder of private media (default: none)"),
    _values(
        "--origin-secret-variable",
        "NAME",
        "the environment variable that holds the origin secret; twice while it rotates "
        "(default: no secret is asked for)",
    ),
    (
        "--guard",
        {
            "action": "append",
            "default": [],
            "choices": [tree.value for tree in Tree],
            "help": "a tree that asks for the secret; private media always does "
            "(default: every tree)",
        },
    ),
    _value("--access-log", "FILE", "where requests are logged (default: the server's)"),
)
_NAME = _value(
    "--name", "NAME", "a name of its own, where one server has several such sites"
)
_OPTIONS: dict[str, tuple[CliOption, ...]] = {
    "nginx": (
        *_WEB,
        _NAME,
        _flag("--brotli", "use .br files: needs a module on Debian"),
    ),
    "apache": _WEB,
    "caddy": (*_WEB, _NAME),
    "whitenoise": (_flag("--media", "serve uploads too; see the docs"),),
}


def add_arguments(parser: CommandParser) -> None:
    servers = parser.add_subparsers(dest="server", metavar="SERVER", required=True)
    for server, options in _OPTIONS.items():
        own = servers.add_parser(server, help=f"for {server.capitalize()}")
        for flag, keywords in options:
            own.add_argument(flag, **keywords)
        own.add_argument(
            "--output", metavar="FILE", help="a file to replace (default: print it)"
        )


def run(console: Console, *, server: str, output: str | None, **options: Any) -> None:
    given = {
        _destination(flag): options[_destination(flag)] for flag, _ in _OPTIONS[server]
    }
    try:
        text, is_secret = _render(server, _command(server, given), given)
        if cdn().is_local:
            console.warn("settings say local=True: this describes no server with a CDN")
        links = _links(settings.MEDIA_ROOT) if settings.MEDIA_ROOT else []
        if links and server != "caddy":
            console.warn(
                f"MEDIA_ROOT has {len(links)} symbolic link(s), such as {links[0]!r}, which "
                "the server refuses: put copies in their place"
            )
        if output is None:
            console.stdout.write(text, ending="")
            return
        mode = 0o600 if is_secret else 0o644
        write_atomically(Path(output), text.encode(), mode=mode)
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from None


def _command(server: str, given: dict[str, Any]) -> str:
    """The command line that makes the same again, and shows no secret."""
    words = ["manage.py", "cdn", "conf", server]
    for flag, keywords in _OPTIONS[server]:
        value = given[_destination(flag)]
        if value in (None, False, [], keywords.get("default")):
            continue
        if value is True:
            words.append(flag)
            continue
        for item in value if isinstance(value, list) else [value]:
            words += [flag, str(item)]
    return shlex.join(words)


def _destination(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _settings() -> DjangoSettings:
    return DjangoSettings(
        builds_root=cdn().builds_root,
        media_root=os.fspath(settings.MEDIA_ROOT or ""),
        allowed_hosts=settings.ALLOWED_HOSTS,
        body_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        file_bytes=_file_bytes(),
    )


def _file_bytes() -> int | None:
    """What Wagtail takes as a picture: 10 MB, unless the settings say otherwise."""
    if "wagtail.images" not in settings.INSTALLED_APPS:
        return None
    given = getattr(settings, "WAGTAILIMAGES_MAX_UPLOAD_SIZE", 10 * 1024 * 1024)
    return given if isinstance(given, int) else None


def _links(folder: str) -> list[str]:
    """Symbolic links right in a folder, where packages put them."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_symlink())
    except OSError:
        return []


def _render(server: str, command: str, given: dict[str, Any]) -> tuple[str, bool]:
    """The text, and whether it holds a secret."""
    if server == "whitenoise":
        from_settings(_settings(), ServerOptions(http=True), command=command)
        text = whitenoise_settings.render(command=command, media=given["media"])
        return text, False
    brotli = given.pop("brotli", False)
    site = from_settings(
        _settings(),
        ServerOptions(**given),
        command=command,
        makes_certificates=server == "caddy",
    )
    if server == "nginx":
        text = nginx.render(site, brotli=brotli)
    else:
        text = {"apache": apache, "caddy": caddy}[server].render(site)
    return text, bool(site.secrets)
