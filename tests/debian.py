"""Install Debian packages that tests need: a browser, web servers. Nothing else uses them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

# https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
POLICY = Path("/usr/sbin/policy-rc.d")
_NOT_ALLOWED = 101


def main(packages):
    missing = [name for name in packages if not is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        hint = f"install them to run their tests: {' '.join(missing)}"
        # A pipeline without them would be green and prove nothing.
        sys.exit(hint) if os.environ.get("CI") == "true" else print(hint)
        return
    print(f"installing {' '.join(missing)} for the tests", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with no_service_starts():
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing],
        ):
            quiet = {"check": True, "stdout": subprocess.DEVNULL}
            subprocess.run(command, env=environment, **quiet)


@contextmanager
def no_service_starts(policy=POLICY):
    """A package of a web server would start it, on port 80 and for all the world.

    A policy that the machine has already is left as it is.
    """
    if policy.exists():
        yield
        return
    policy.write_text(f"#!/bin/sh\nexit {_NOT_ALLOWED}\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def is_installed(name):
    """Whether there is such a program or, for a package without one, such a package."""
    if os.path.isdir(f"/usr/share/doc/{name}"):
        return True
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    return shutil.which(name, path=path) is not None


if __name__ == "__main__":
    main(sys.argv[1:])
