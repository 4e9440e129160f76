"""The state folder: everything that the local environment writes, and what is running now."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]


class State:
    """Names in the state folder. Nothing is written outside of it."""

    def __init__(self, *, folder: Path) -> None:
        self.folder = folder
        # What a Django server has on its disk.
        self.site = folder / "site"
        self.outputs = self.site / "cdn-outputs.json"
        self.static_root = self.site / "static"
        self.media_root = self.site / "media"
        self.private_root = self.site / "private"
        self.build_version = self.site / "BUILD_VERSION"
        # The private half of the key pair of private files.
        self.signing_key = self.site / "keys" / "demo.key"
        # The same outputs, for a site that runs as another user.
        self.shared_outputs = folder / "cdn-outputs.json"
        # What the local AWS keeps between two runs.
        self.aws = folder / "aws"
        # The certificate authority of the edge and its key, and what browsers have to trust.
        self.tls = folder / "tls"
        self.authority = self.tls / "ca.pem"
        # The record of what runs now, and which inputs were deployed last.
        self.running = folder / "running.json"
        self.deployed = folder / "deployed.json"
        self.cdk_out = folder / "cdk.out"
        # HOME and TMPDIR of all child processes.
        self.home = folder / "home"
        self.temporary = folder / "tmp"
        # Of the checkout rather than of one state: jsii's alone is 200 MB.
        self.caches = CHECKOUT / ".local" / "caches"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def create(self) -> None:
        """Make the folders. Others pass to the shared outputs and read nothing else."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o711)
        for folder in (
            self.static_root,
            self.media_root,
            self.private_root,
            self.signing_key.parent,
            self.aws,
            self.home,
            self.temporary,
            self.caches,
            self.folder / "logs",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self.site.chmod(0o700)

    def secret_key(self) -> str:
        """The example site's SECRET_KEY, made on first use."""
        return self._made_once("secret-key", secrets.token_urlsafe(50))

    def origin_secret(self) -> str:
        """By which the web server knows its distributions, made on first use."""
        return self._made_once("origin-secret", secrets.token_hex(32))

    def _made_once(self, name: str, value: str) -> str:
        path = self.site / name
        if not path.exists():
            write_atomically(path, value)
        return path.read_text("utf-8")

    def current_build(self) -> str | None:
        """The build that the site serves, or None before the first one."""
        try:
            return self.build_version.read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    @contextmanager
    def locked(self, name: str, busy: str) -> Iterator[None]:
        """Hold a lock that ends with the process, however it ends.

        :raises SystemExit: with the sentence ``busy`` when another process holds it.
        """
        with (self.folder / f"{name}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SystemExit(busy) from None
            yield


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file so that a reader sees the old content or the new, never a part.

    :param mode: Of the file, whatever the umask says.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON object, empty when the file is missing or was left damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
