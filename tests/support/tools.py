"""Programs that tests need and pip does not bring."""

from __future__ import annotations

import os
import shutil

import pytest


def require(program, *, package=None):
    """The path of a program of a Debian package, by default of one of the same name.

    Without it a test is skipped on a laptop and fails in CI: there, a skip would be green and
    prove nothing.
    """
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    found = shutil.which(program, path=path)
    if found is not None:
        return found
    return _missing(package or program)


def require_package(package):
    """A Debian package without a program, likewise."""
    if not has_package(package):
        _missing(package)


def has_package(package):
    """Whether a Debian package is installed. Each has a folder of its name there."""
    return os.path.isdir(f"/usr/share/doc/{package}")


def _missing(package):
    reason = f"{package} is not installed: apt-get install {package}"
    if os.environ.get("CI") == "true":
        raise RuntimeError(reason)
    pytest.skip(reason)
