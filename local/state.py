"""The state folder: everything that the local environment writes, and what is running now."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class State:
    """Names in the state folder. Nothing is written outside of it."""

    folder: Path

    @property
    def site(self) -> Path:
        """What a Django server has on its disk: database, builds, uploads, outputs."""
        return self.folder / "site"

    @property
    def outputs(self) -> Path:
        return self.site / "cdn-outputs.json"

    @property
    def shared_outputs(self) -> Path:
        """The same outputs, for a site that runs as another user."""
        return self.folder / "cdn-outputs.json"

    @property
    def static_root(self) -> Path:
        return self.site / "static"

    @property
    def media_root(self) -> Path:
        return self.site / "media"

    @property
    def private_root(self) -> Path:
        return self.site / "private"

    @property
    def signing_key(self) -> Path:
        """The private half of the key pair of private files."""
        return self.site / "keys" / "demo.key"

    @property
    def build_version(self) -> Path:
        return self.site / "BUILD_VERSION"

    @property
    def aws(self) -> Path:
        """What the local AWS keeps between two runs."""
        return self.folder / "aws"

    @property
    def cdk_out(self) -> Path:
        return self.folder / "cdk.out"

    @property
    def home(self) -> Path:
        """HOME of all child processes."""
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def caches(self) -> Path:
        """Of the checkout rather than of one state: jsii's alone is 200 MB."""
        return CHECKOUT / ".local" / "caches"

    @property
    def tls(self) -> Path:
        """The certificate authority of the edge, and its key."""
        return self.folder / "tls"

    @property
    def authority(self) -> Path:
        """What browsers have to trust."""
        return self.tls / "ca.pem"

    @property
    def running(self) -> Path:
        """The record of what runs now."""
        return self.folder / "running.json"

    @property
    def deployed(self) -> Path:
        """Which inputs were deployed last."""
        return self.folder / "deployed.json"

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
