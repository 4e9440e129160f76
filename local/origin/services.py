"""The Django server: gunicorn for the pages, Caddy for the files and in front of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from local.environment import aws_environment, built_environment
from local.origin import caddy
from local.origin.builds import EXAMPLE, manage
from local.processes import Service, answers
from local.record import Ports
from local.state import State, write_atomically

DJANGO = "Django"
SECRET_VARIABLE = "ORIGIN_SECRET"


def django_service(
    state: State, environment: Mapping[str, str], ports: Ports
) -> Service:
    """Django under gunicorn. A HUP makes it read BUILD_VERSION again."""
    return Service(
        name=DJANGO,
        command=[
            *(sys.executable, "-m", "gunicorn", "mysite.wsgi"),
            *("--bind", f"127.0.0.1:{ports.django}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
            *("--worker-tmp-dir", str(state.temporary)),
            # Its socket would stand in HOME.
            "--no-control-socket",
        ],
        environment=environment,
        folder=EXAMPLE,
        log=state.log("django"),
        ready=answers(f"http://127.0.0.1:{ports.django}/healthz", host="localhost"),
    )


def invalidating_service(
    state: State, environment: Mapping[str, str], aws: str
) -> Service:
    """What takes deleted uploads from the edge.

    :param aws: The URL of the local AWS.
    """
    return Service(
        name="the sender of invalidations",
        command=[
            *(sys.executable, "manage.py", "cdn", "invalidate", "--pending"),
            # Of this machine's AWS none is paid for.
            *("--watch", "1", "--budget", str(10**6)),
        ],
        environment={**aws_environment(state, aws), **environment},
        folder=EXAMPLE,
        log=state.log("invalidations"),
        ready=lambda: True,
    )


def web_service(state: State, environment: Mapping[str, str], ports: Ports) -> Service:
    """Caddy: the two trees from disk, all else from Django, as the site's settings say.

    :raises ValueError: with Caddy's own sentence when it refuses the configuration.
    :raises SystemExit: when Django does not print one.
    """
    storage = state.folder / "caddy"
    storage.mkdir(exist_ok=True)
    config = storage / "Caddyfile"
    site = manage(
        state,
        {**environment, SECRET_VARIABLE: state.origin_secret()},
        *("cdn", "conf", "caddy", "--http"),
        *("--listen", f"127.0.0.1:{ports.web}"),
        *("--upstream", f"127.0.0.1:{ports.django}"),
        *("--access-log", str(state.log("access"))),
        *("--private-root", str(state.private_root), "--guard", "private"),
        *("--origin-secret-variable", SECRET_VARIABLE),
    )
    write_atomically(config, f"{caddy.machine(storage)}\n{site}")
    caddy.validate(config, storage)
    return Service(
        name="the web server",
        command=caddy.command("run", config),
        environment={**built_environment(state), **caddy.environment(storage)},
        folder=storage,
        log=state.log("web"),
        ready=answers(f"http://127.0.0.1:{ports.web}/healthz", host="localhost"),
    )
