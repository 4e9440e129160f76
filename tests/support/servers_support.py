"""The servers that ``cdn conf`` configures, each with what it prints, on this machine.

``with nginx(folder) as origin:`` writes a small site into the folder and serves it. ``edit``
changes the configuration first; other keywords are options of the command.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from origin_support import (
    Origin,
    Upstream,
    free_port,
    replace_once,
    running,
    wait_until_ready,
    write_site,
)
from tools import require
from whitenoise_support import whitenoise

from dj_cloudfront.server_config import apache as apache_text
from dj_cloudfront.server_config import caddy as caddy_text
from dj_cloudfront.server_config import nginx as nginx_text
from dj_cloudfront.server_config.from_settings import (
    DjangoSettings,
    ServerOptions,
    from_settings,
)
from local.origin.caddy import command, environment, machine, validate

Edit = Callable[[str], str]
SECRET_VARIABLES = ("FIRST_SECRET", "SECOND_SECRET")
APACHE_MODULES = Path("/usr/lib/apache2/modules")


def unchanged(text: str) -> str:
    return text


def site_of(folder: Path, *, secrets=(), private=False, automatic=False, **options):
    """The same values that the command would gather."""
    variables = SECRET_VARIABLES[: len(secrets)]
    if isinstance(options.get("listen"), str):
        options["listen"] = [options["listen"]]
    given = {
        "http": True,
        "private_root": str(folder / "site/private") if private else None,
        "origin_secret_variable": variables,
        "environment": dict(zip(variables, secrets, strict=True)),
        **options,
    }
    roots = DjangoSettings(
        builds_root=str(folder / "site/static"), media_root=str(folder / "site/media")
    )
    return from_settings(
        roots,
        ServerOptions(**given),
        command="made by a test",
        makes_certificates=automatic,
    )


Start = Callable[[str], tuple[Sequence[str], Mapping[str, str]]]


@contextmanager
def _served(
    folder: Path,
    render: Callable[[Any], str],
    start: Start,
    *,
    edit: Edit = unchanged,
    socket: Path | None = None,
    own: str = "",
    **options: Any,
) -> Iterator[Origin]:
    """A server in front of a small site.

    :param start: Writes the configuration; gives the command line and its variables.
    :param socket: Where Django listens. Default: a port.
    :param own: What the site adds to what the command prints.
    """
    port, probe = free_port(), write_site(folder / "site")
    with Upstream(socket) as upstream:
        if own:
            (folder / "site.d").mkdir()
            lines = own.replace("UPSTREAM", upstream.address)
            (folder / "site.d/own.conf").write_text(lines)
        site = site_of(
            folder, listen=f"127.0.0.1:{port}", upstream=upstream.address, **options
        )
        command, variables = start(edit(render(site)))
        with running(command, folder, variables):
            wait_until_ready(port, probe, folder, _headers(site), tls=not site.plain)
            yield Origin(port, folder / "site", upstream, not site.plain)


def caddy(folder: Path, **options: Any) -> AbstractContextManager[Origin]:
    config, storage = folder / "Caddyfile", folder / "storage"

    def start(text):
        config.write_text(f"{machine(storage)}\n{text}")
        validate(config, storage)
        return command("run", config), {**os.environ, **environment(storage)}

    return _served(folder, caddy_text.render, start, **options)


def nginx(
    folder: Path,
    *,
    resolved: bool = False,
    brotli: bool = False,
    beside: str = "",
    **options: Any,
) -> AbstractContextManager[Origin]:
    """Debian's nginx, which runs as one process here.

    :param resolved: Hand Django the path that the target resolves to.
    :param beside: What the machine's own nginx.conf says beside it.
    """
    program, config = require("nginx"), folder / "nginx.conf"

    def start(text):
        if resolved:
            text = replace_once(
                text, "proxy_pass http://app;", "proxy_pass http://app/;"
            )
        config.write_text(nginx_config(folder, text, beside, brotli=brotli))
        line = [program, "-p", str(folder), "-e", "error.log", "-c", str(config)]
        return line, os.environ

    return _served(folder, partial(nginx_text.render, brotli=brotli), start, **options)


def nginx_config(
    folder: Path, text: str, beside: str = "", *, brotli: bool = False
) -> str:
    """A whole configuration around a server."""
    module = f"load_module {_BROTLI};" if brotli else ""
    return _NGINX.format(folder=folder, block=text, beside=beside, module=module)


_BROTLI = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so"


_NGINX = """
daemon off;
master_process off;
pid nginx.pid;
{module}
events {{ }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{beside}
{block}
}}
"""


@contextmanager
def apache(folder: Path, *, beside: str = "", **options: Any) -> Iterator[Origin]:
    """Debian's Apache, with the modules and settings that Debian turns on.

    :param beside: What the machine's own configuration says beside it.
    """
    program = require("apache2")
    with _readable(folder) as folder:
        config = folder / "apache.conf"

        def start(text):
            config.write_text(apache_config(folder, text, beside))
            line = [program, "-f", str(config), "-DFOREGROUND"]
            return line, apache_environment(folder)

        with _served(folder, apache_text.render, start, **options) as origin:
            yield origin


def apache_config(folder: Path, text: str, beside: str = "") -> str:
    """A whole configuration around a virtual host, with the modules that it names."""
    (line,) = [one for one in text.splitlines() if one.startswith("# a2enmod ")]
    modules = ["proxy", "socache_shmcb", *line.split()[2:]]
    loads = "\n".join(
        f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in modules
    )
    return _APACHE.format(folder=folder, modules=loads, beside=beside, block=text)


def apache_environment(folder: Path) -> dict[str, str]:
    """The variables of Debian's /etc/apache2/envvars."""
    return {
        **os.environ,
        "APACHE_RUN_DIR": str(folder),
        "APACHE_LOG_DIR": str(folder),
        "APACHE_RUN_USER": "www-data",
        "APACHE_RUN_GROUP": "www-data",
    }


_APACHE = """
ServerRoot /etc/apache2
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
User ${{APACHE_RUN_USER}}
Group ${{APACHE_RUN_GROUP}}
IncludeOptional mods-enabled/*.load
IncludeOptional mods-enabled/*.conf
{modules}
<Directory />
	Options FollowSymLinks
	AllowOverride None
	Require all denied
</Directory>
AccessFileName .htaccess
<FilesMatch "^\\.ht">
	Require all denied
</FilesMatch>
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O" vhost_combined
LogFormat "%h %l %u %t \\"%r\\" %>s %O" combined
IncludeOptional conf-enabled/*.conf
ServerRoot {folder}
{beside}
{block}
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that anybody can read."""
    with tempfile.TemporaryDirectory(prefix="dj-cloudfront-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who may read only what everybody may: root could read all."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@contextmanager
def _readable(folder: Path) -> Iterator[Path]:
    """A folder that Apache's children can read: started by root, they are somebody else."""
    if os.geteuid() != 0:
        yield folder
        return
    with open_folder() as opened:
        yield opened


def _headers(site: Any) -> dict[str, str]:
    """What a probe of the media tree has to send."""
    asks = any(tree.guarded and tree.name == "media" for tree in site.trees)
    return {"X-Origin-Secret": site.secrets[0]} if asks else {}


SERVERS: dict[str, Callable[..., AbstractContextManager[Origin]]] = {
    "caddy": caddy,
    "nginx": nginx,
    "nginx proxy_pass with /": partial(nginx, resolved=True),
    "apache": apache,
    "whitenoise": whitenoise,
}
"""Every server that has to keep the rules; the third hands Django resolved paths."""

WEB_SERVERS = {name: SERVERS[name] for name in ("caddy", "nginx", "apache")}
"""Those that can ask for the origin secret and serve private media."""
