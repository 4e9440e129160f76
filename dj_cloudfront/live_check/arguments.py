"""What ``cdn check`` and ``cdn find`` get from the command line and the environment."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dj_cloudfront.contract import ORIGIN_SECRET_HEADER

SECRET_VARIABLE = "CDN_ORIGIN_SECRET"
"""Holds the origin secret. An argument would show in the list of processes."""

DEFAULT_TIMEOUT = 10.0
# What is shorter is found in any text.
_SHORTEST_SECRET = 4
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?(:\d{1,5})?")


@dataclass(frozen=True, kw_only=True)
class RequestOptions:
    """Where to ask, and as whom.

    :param origins: URLs of servers, such as ``https://10.0.0.5``.
    :param host: The name that the distributions send to the servers.
    :param site: The origin of the pages that use the files, such as ``https://www.example.com``.
    :param headers: What the servers want besides. Values are never shown.
    """

    origins: tuple[str, ...] = ()
    host: str | None = None
    site: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = DEFAULT_TIMEOUT
    ca_file: str | None = None

    def without_secrets(self, text: str) -> str:
        """A text without the headers' values, should a server have repeated them."""
        for value in self.headers.values():
            if len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, "…")
        return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that both commands have."""
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        dest="origins",
        metavar="URL",
        help="a server to ask directly, such as https://10.0.0.5; may be repeated",
    )
    parser.add_argument(
        "--host",
        metavar="NAME",
        help="the name that the distributions send to servers, 'origin' in cdk.json; default: "
        "the name in --origin, or the only one in ALLOWED_HOSTS",
    )
    parser.add_argument(
        "--site",
        metavar="URL",
        help="where the pages are that use the files, such as https://www.example.com",
    )
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        dest="headers",
        metavar="'NAME: VALUE'",
        help="a header that the servers want, not sent to the CDN; may be repeated. The "
        f"origin secret is better kept in the variable {SECRET_VARIABLE}",
    )
    parser.add_argument(
        "--ca",
        dest="ca_file",
        metavar="FILE",
        help="certificate authorities to trust besides the system's",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=DEFAULT_TIMEOUT,
        metavar="SECONDS",
        help="for a connection and for each part of an answer; default: %(default)g",
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def read_options(
    *,
    origins: list[str],
    host: str | None,
    site: str | None,
    headers: list[str],
    ca_file: str | None,
    timeout: float,
    **_: Any,
) -> RequestOptions:
    """The arguments that both commands have, out of all that Django passes on.

    :raises ValueError: with one sentence that has no header's value in it.
    """
    if host is not None and not _HOST.fullmatch(host):
        raise ValueError(
            f"--host must be a host name, such as 'www.example.com', got {host!r}"
        )
    if not 0 < timeout <= 3600:
        raise ValueError(
            f"--timeout must be up to 3600 seconds, such as 10, got {timeout:g}"
        )
    return RequestOptions(
        origins=tuple(dict.fromkeys(_base("--origin", url) for url in origins)),
        host=host,
        site=None if site is None else _base("--site", site),
        headers=_headers(headers),
        timeout=timeout,
        ca_file=ca_file,
    )


def _base(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    is_http = parts.scheme in ("http", "https") and port != 0
    if parts.hostname and is_http and not any(rest):
        return f"{parts.scheme}://{parts.netloc}"
    raise ValueError(
        f"{name} must be a scheme, a host and a port if need be, such as "
        f"'https://10.0.0.5' or 'http://127.0.0.1:8001', got {url!r}"
    )


def _headers(given: list[str]) -> Mapping[str, str]:
    found = {}
    secret = os.environ.get(SECRET_VARIABLE)
    if secret:
        found[ORIGIN_SECRET_HEADER] = _checked(
            f"the variable {SECRET_VARIABLE}", secret
        )
    for line in given:
        name, colon, value = line.partition(":")
        if not (colon and _TOKEN.fullmatch(name)):
            raise ValueError(
                f"--header must be a name and a value, such as '{ORIGIN_SECRET_HEADER}: …'"
            )
        found[name] = _checked(f"--header {name}", value.strip())
    return found


def _checked(what: str, value: str) -> str:
    if value.isascii() and value.isprintable() and value:
        return value
    raise ValueError(f"{what} must hold printable ASCII and no line break")
