"""The example site's builds, as a server has them on its disk."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

from local.environment import built_environment
from local.record import SITE_HOST, Domains
from local.state import CHECKOUT, State, write_atomically

EXAMPLE = CHECKOUT / "example"

_NUMBERED = re.compile(r"b(\d+)")


def django_environment(state: State, stack: str, domains: Domains) -> dict[str, str]:
    """What the example site reads, beside the outputs file that the deploy wrote."""
    return {
        **built_environment(state),
        "PYTHONPATH": str(CHECKOUT),
        "EXAMPLE_DATA": str(state.site),
        "EXAMPLE_DEBUG": "0",
        "EXAMPLE_ALLOWED_HOSTS": f"{SITE_HOST},localhost,127.0.0.1",
        "EXAMPLE_SECRET_KEY": state.secret_key(),
        "EXAMPLE_STACK": stack,
        "DJ_CLOUDFRONT_URL_FORMAT": domains.url_format,
    }


def manage(state: State, environment: Mapping[str, str], *arguments: str) -> str:
    """Run a command of manage.py, and give what it printed.

    :raises SystemExit: when it fails, after showing what it said.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=EXAMPLE,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    state.log("manage").write_text(done.stdout + done.stderr, "utf-8")
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise SystemExit(f"manage.py {' '.join(arguments)} failed")
    return done.stdout


def next_build(state: State) -> str:
    """``b1`` and so on, after the highest there is."""
    found = [_NUMBERED.fullmatch(path.name) for path in state.static_root.iterdir()]
    return f"b{max((int(match[1]) for match in found if match), default=0) + 1}"


def is_published(state: State, version: str) -> bool:
    return (state.static_root / version).is_dir()


def publish(state: State, environment: Mapping[str, str], version: str) -> None:
    """Publish the static files as a build, which appears whole."""
    manage(state, {**environment, "BUILD_VERSION": version}, "cdn", "publish")


def prepare(state: State, environment: Mapping[str, str]) -> None:
    """Database, first build and first pictures, where they are missing."""
    current = state.current_build() or next_build(state)
    if not is_published(state, current):
        publish(state, environment, current)
    write_atomically(state.build_version, f"{current}\n")
    manage(state, environment, "migrate", "--no-input", "--verbosity", "0")
    manage(state, environment, "seed_gallery")
