"""Install Debian packages that tests need: a browser, web servers. Nothing else uses them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


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
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing],
    ):
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def is_installed(name):
    """Whether there is such a program or, for a package without one, such a package."""
    if os.path.isdir(f"/usr/share/doc/{name}"):
        return True
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    return shutil.which(name, path=path) is not None


if __name__ == "__main__":
    main(sys.argv[1:])
