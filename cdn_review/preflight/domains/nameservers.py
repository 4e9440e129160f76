"""Whom DNS asks for a domain: one question of the type NS, over UDP.

Python's own library asks DNS for addresses only. The form of a message is that of
https://www.rfc-editor.org/rfc/rfc1035#section-4
"""

from __future__ import annotations

import secrets
import socket
import struct
from contextlib import suppress
from pathlib import Path

Resolver = tuple[str, int]

_SECONDS = 3.0
_NS, _INTERNET = 2, 1
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_MOST_BYTES = 4096
_MOST_JUMPS = 20


def nameservers(
    domain: str, resolvers: list[Resolver] | None = None
) -> set[str] | None:
    """The servers that DNS asks for a domain; none if it does not exist.

    :param resolvers: By default those of this machine, of which two are asked.
    :return: ``None`` when nobody answers.
    """
    for resolver in (own_resolvers() if resolvers is None else resolvers)[:2]:
        with suppress(OSError, ValueError, IndexError, struct.error):
            return _asked(domain, resolver)
    return None


def own_resolvers(path: Path = Path("/etc/resolv.conf")) -> list[Resolver]:
    """https://man7.org/linux/man-pages/man5/resolv.conf.5.html"""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [(one[1], 53) for one in words if len(one) > 1 and one[0] == "nameserver"]


def _asked(domain: str, resolver: Resolver) -> set[str]:
    number = secrets.randbelow(65536)
    family = socket.AF_INET6 if ":" in resolver[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(_SECONDS)
        # Connected, so that nobody else's answer is taken for one.
        asking.connect(resolver)
        asking.send(_question(number, domain))
        return _answer(asking.recv(_MOST_BYTES), number)


def _question(number: int, domain: str) -> bytes:
    labels = [one.encode("idna") for one in domain.rstrip(".").split(".")]
    name = b"".join(bytes([len(one)]) + one for one in labels) + b"\0"
    recursion_desired = 0x0100
    head = struct.pack("!6H", number, recursion_desired, 1, 0, 0, 0)
    return head + name + struct.pack("!2H", _NS, _INTERNET)


def _answer(message: bytes, number: int) -> set[str]:
    """:raises ValueError: when it is none, or says that it cannot be given."""
    given, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
    code = flags & 0x000F
    if given != number or code not in (_NO_ERROR, _NO_SUCH_NAME):
        raise ValueError("an answer must be given to the question")
    at = 12
    for _ in range(questions):
        at = _name(message, at)[1] + 4
    found = set()
    for _ in range(answers):
        _, at = _name(message, at)
        kind, _, _, length = struct.unpack_from("!2HIH", message, at)
        if kind == _NS:
            found.add(_name(message, at + 10)[0])
        at += 10 + length
    return found


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A name, which may go on elsewhere in the message, and where what follows it is."""
    labels: list[str] = []
    after = 0
    for _ in range(_MOST_JUMPS * 8):
        length = message[at]
        if length & 0xC0 == 0xC0:
            after = after or at + 2
            at = (length & 0x3F) << 8 | message[at + 1]
        elif length:
            labels.append(message[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
        else:
            return ".".join(labels).lower(), after or at + 1
    raise ValueError("a name must end")
