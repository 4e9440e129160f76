"""The Caddy program: where it is, how it is started, and what it thinks of a Caddyfile."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path
from string import Template


def command(action: str, config: Path) -> list[str]:
    """The command line for ``run`` or ``validate``."""
    program = Path(sysconfig.get_path("scripts")) / "caddy"
    return [str(program), action, "--config", str(config), "--adapter", "caddyfile"]


def environment(storage: Path) -> dict[str, str]:
    """The variables that keep what Caddy writes about itself inside ``storage``."""
    home = str(storage)
    return {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}


def machine(storage: Path) -> str:
    """What a Caddyfile says of the whole of a Caddy: it keeps to itself and to ``storage``.

    :raises ValueError: when the path cannot be written into a Caddyfile.
    """
    text = str(storage)
    # Braces are placeholders and environment variables to Caddy, inside quotes too.
    if not storage.is_absolute() or re.search(r'[{}"`\\\x00-\x1f]', text):
        raise ValueError(
            "--state must be an absolute path without braces, quotes, backslashes or line "
            f"breaks, such as '/var/tmp/mysite', got {text!r}"
        )
    return _MACHINE.substitute(storage=text)


_MACHINE = Template("""{
	admin off
	persist_config off
	auto_https off
	storage file_system "$storage"
	servers {
		protocols h1
	}
}
""")


def validate(config: Path, storage: Path) -> None:
    """Ask Caddy itself. ``caddy run`` on a broken Caddyfile ends without saying why.

    :raises ValueError: with Caddy's own sentence.
    """
    result = subprocess.run(
        command("validate", config),
        env={**os.environ, **environment(storage)},
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        raise ValueError(
            f"{config} must be a Caddyfile that Caddy accepts, but it says: "
            f"{result.stderr.strip().rpartition(chr(10))[2]}"
        )
