"""What the servers' own programs say of a configuration."""

from __future__ import annotations

import os
import re
import subprocess

from origin_support import free_port
from servers_support import apache_config, apache_environment, nginx_config
from tools import require

from dj_cloudfront.server_config import apache as apache_text
from dj_cloudfront.server_config import caddy as caddy_text
from dj_cloudfront.server_config import nginx as nginx_text
from local.origin.caddy import command, environment


def accepted(start, folder, variables=None):
    """Whether a program ends well, and what it says."""
    done = subprocess.run(
        start, cwd=folder, env=variables, capture_output=True, text=True
    )
    return done.returncode == 0, done.stdout + done.stderr


def nginx_accepts(site, folder):
    config = folder / "nginx.conf"
    # "nginx -t" binds to where it would listen: to this machine, and to no port of root's.
    text, count = re.subn(
        r"listen (?:\S+:)?\d+(?=[ ;])",
        lambda _: f"listen 127.0.0.1:{free_port()}",
        nginx_text.render(site),
    )
    assert count == sum(1 if one.host else 2 for one in site.listen)
    config.write_text(nginx_config(folder, text))
    program = require("nginx")
    start = [program, "-t", "-p", str(folder), "-e", "error.log", "-c", str(config)]
    return accepted(start, folder)


def apache_accepts(site, folder):
    config = folder / "apache.conf"
    config.write_text(apache_config(folder, apache_text.render(site)))
    start = [require("apache2"), "-t", "-f", str(config)]
    return accepted(start, folder, apache_environment(folder))


def caddy_accepts(site, folder):
    config = folder / "Caddyfile"
    config.write_text(caddy_text.render(site))
    variables = {**os.environ, **environment(folder / "storage")}
    ok, said = accepted(command("validate", config), folder, variables)
    # It is formatted as Caddy would format it, or Caddy warns.
    return ok and "not formatted" not in said, said
