"""``Site``: what a web server has to know, independent of the server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

from dj_cloudfront.contract import UPLOAD_POLICY, Tree
from dj_cloudfront.server_config import responses


@dataclass(frozen=True, kw_only=True)
class ListenAddress:
    """Where to listen. Without a host, on all of the machine's addresses."""

    host: str | None = None
    port: int

    def __str__(self) -> str:
        return str(self.port) if self.host is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class ServedTree:
    """A folder of files that one distribution reads.

    :param name: Its path on the server, such as ``static``, and the value of ``X-Cdn-Tree``.
    :param root: The folder.
    :param source: What says where the folder is, for sentences.
    :param guarded: Whether a request has to bring the origin secret.
    """

    name: str
    root: str
    source: str
    guarded: bool = False

    @property
    def has_companions(self) -> bool:
        """Whether ``a.css.gz`` stands for ``a.css``. Among uploads it may be anybody's."""
        return self.name == Tree.STATIC

    @property
    def needs_header(self) -> bool:
        """Whether only its own distribution may read it."""
        return self.name == Tree.PRIVATE


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The files of the server's certificate, with its chain, and of its key."""

    file: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """Checked values. They can be written into a configuration as they are.

    :param command: The command line that makes this configuration, without secrets.
    :param trees: Never empty: the static files are always there.
    :param upstream: Where Django is, ``host:port`` or ``unix:/path``.
    :param names: Host names. None: whatever name is asked for.
    :param plain: HTTP, for a server behind one that ends TLS.
    :param certificate: Not with ``plain``. Caddy gets one by itself without.
    :param upload_mib: The longest body that reaches Django.
    :param secrets: The values of the origin secret that are accepted, two while it rotates.
    :param access_log: A file. Default: what the server does by itself.
    :param prefix: What the names of this site begin with, on a server that has several.
    """

    command: str
    trees: tuple[ServedTree, ...]
    listen: tuple[ListenAddress, ...]
    upstream: str
    names: tuple[str, ...] = ()
    plain: bool = False
    certificate: Certificate | None = None
    upload_mib: int = 5
    secrets: tuple[str, ...] = ()
    access_log: str | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        # A file of one tree must not be one of another, with the other's rules.
        for inner, outer in permutations(self.trees, 2):
            if f"{inner.root}/".startswith(f"{outer.root.rstrip('/')}/"):
                raise ValueError(
                    f"{inner.source} must not be inside of {outer.source}, such as "
                    f"'/var/mysite/{inner.name}' beside '/var/mysite/{outer.name}', "
                    f"got {inner.root!r}"
                )

    @property
    def tree_names(self) -> tuple[str, ...]:
        return tuple(tree.name for tree in self.trees)

    @property
    def own_lines(self) -> str:
        """The files of lines that a site adds: a relative path, for each server's own folder."""
        first = self.names[0].removeprefix("*.") if self.names else "site"
        return f"{self.prefix or first}.d/*.conf"

    @property
    def guarded(self) -> tuple[ServedTree, ...]:
        return tuple(tree for tree in self.trees if tree.guarded)


def common(site: Site) -> dict[str, str]:
    """What every server says alike, for ``fill()``."""
    return {
        "command": site.command,
        "own_lines": site.own_lines,
        "names": "|".join(site.tree_names),
        "path_traversal": responses.path_traversal(site.tree_names),
        "a_year": responses.A_YEAR,
        "a_day": responses.A_DAY,
        "methods": responses.METHODS,
        "exposed": responses.EXPOSED_HEADERS,
        "preflight": str(responses.PREFLIGHT_SECONDS),
        "policy": UPLOAD_POLICY,
        "unknown": responses.UNKNOWN_TYPE,
    }


def fill(text: str, **values: str) -> str:
    """Put values in place of ``<<name>>``, which means nothing to any server."""
    return re.sub(r"<<(\w+)>>", lambda found: values[found[1]], text)


def lines(*given: str | Iterable[str], indent: int = 0) -> str:
    """Lines one below the other, with the same indent; an empty one stays out."""
    flat: list[str] = []
    for part in given:
        flat += [part] if isinstance(part, str) else part
    return "\n".join(f"{' ' * indent}{line}" for line in flat if line)


def quoted(path: str) -> str:
    """A path as nginx and Apache take it: in quotes if it has to be."""
    return path if re.fullmatch(r"[\w./=-]+", path) else f'"{path}"'
