"""A certificate authority of a test's own, and what it signs, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools import require

_CONFIG = """
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


@dataclass(frozen=True)
class Authority:
    """Signs for any name and any time."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Authority:
        """A new one, which nobody trusts unless told to."""
        authority = cls(folder)
        (folder / "ca.conf").write_text(_CONFIG)
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("01\n")
        authority._openssl(
            *("req", "-x509", "-subj", "/CN=an authority of a test", "-days", "3650"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *_new_key("ca"),
        )
        return authority

    @property
    def file(self) -> str:
        """For those who trust it."""
        return str(self.folder / "ca.pem")

    def signed(
        self, name: str, *, start: str, end: str, purpose: str = "serverAuth"
    ) -> ssl.SSLContext:
        """What a server needs that has a certificate from ``start`` to ``end``.

        :param start: Such as ``20200101000000Z``.
        """
        self._openssl(
            *("req", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
            *("-addext", f"extendedKeyUsage={purpose}"),
            *_new_key("server", "csr"),
        )
        self._openssl(
            *("ca", "-batch", "-config", "ca.conf", "-notext"),
            *("-startdate", start, "-enddate", end),
            *("-in", "server.csr", "-out", "server.pem"),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(
            [require("openssl"), *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr


def _new_key(name: str, kind: str = "pem") -> tuple[str, ...]:
    return (
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-keyout", f"{name}.key", "-out", f"{name}.{kind}"),
    )
