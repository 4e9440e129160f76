"""What may stand in a configuration: checked once, before any server's syntax sees it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.I)
_PORT = re.compile(r"[1-9]\d{0,4}")
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_IPV6 = re.compile(r"\[[0-9a-f:.]+\]", re.I)
# Everything else means something to one of the servers, inside of quotes too.
_PATH = re.compile(r"/[\w ./+=@~()&:'!-]*")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to listen. Without a host, on all of the machine's addresses."""

    host: str | None = None
    port: int

    def __str__(self) -> str:
        return str(self.port) if self.host is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Where Django is: a host with its port, or a socket of this machine."""

    host: str = ""
    socket: str = ""


def address(what: str, text: str) -> Address:
    """Read a port, or an address and a port.

    :raises ValueError: with one sentence, as all functions here.
    """
    host, colon, port = text.rpartition(":")
    if _is_port(port) and (not colon or _IPV4.fullmatch(host) or _IPV6.fullmatch(host)):
        return Address(host=host or None, port=int(port))
    raise ValueError(
        f"{what} must be a port or an IP address and a port, such as '443' or "
        f"'127.0.0.1:8080', got {text!r}"
    )


def upstream(what: str, text: str) -> Upstream:
    """Read ``host:port`` or ``unix:/path``."""
    if text.startswith("unix:/") and " " not in text:
        return Upstream(socket=path(what, text.removeprefix("unix:")))
    host, _, port = text.rpartition(":")
    if _is_port(port) and (_HOST.fullmatch(host) or _IPV6.fullmatch(host)):
        return Upstream(host=text)
    raise ValueError(
        f"{what} must be a host and a port or a socket, such as '127.0.0.1:8000' or "
        f"'unix:/run/mysite/gunicorn.sock', got {text!r}"
    )


def host(what: str, text: str) -> str:
    """Check a host name."""
    if _HOST.fullmatch(text) and ".." not in text:
        return text.lower()
    raise ValueError(
        f"{what} must be a host name such as 'www.example.com', got {text!r}"
    )


def path(what: str, text: str | os.PathLike[str]) -> str:
    """Check an absolute path, and give it in its shortest form."""
    found = os.fspath(text)
    if _PATH.fullmatch(found) and ".." not in found.split("/"):
        return "/" + os.path.normpath(found).strip("/")
    raise ValueError(
        f"{what} must be an absolute path of letters, digits, spaces and . / + = @ ~ "
        f"( ) & : ' ! _ -, such as '/var/mysite/static', got {found!r}"
    )


def secret(what: str, text: str) -> str:
    """Check a value of the origin secret, which no sentence shows."""
    if _SECRET.fullmatch(text):
        return text
    raise ValueError(
        f"{what} must hold 16 to 256 letters, digits, '-' or '_', such as what "
        f"'openssl rand -hex 32' prints, got {len(text)} characters"
    )


def variable(what: str, text: str) -> str:
    """Check the name of an environment variable, and say what it is."""
    if _VARIABLE.fullmatch(text):
        return f"the environment variable {text}"
    raise ValueError(
        f"{what} must be the name of an environment variable, such as 'ORIGIN_SECRET', "
        f"got {text!r}"
    )


def word(what: str, text: str) -> str:
    """Check a name for what a server knows by name."""
    if _WORD.fullmatch(text):
        return text
    raise ValueError(
        f"{what} must be 1 to 32 lower-case letters, digits or '_' that begin with a "
        f"letter, such as 'shop', got {text!r}"
    )


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and int(text) < 65536
