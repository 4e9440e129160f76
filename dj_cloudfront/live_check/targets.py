"""The targets that are asked: each server and the CDN, as one tree each."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from dj_cloudfront.config import Cdn
from dj_cloudfront.contract import TREE_HEADER, Tree
from dj_cloudfront.http_probe import Client, HttpResponse, ServerAddress, tls_context
from dj_cloudfront.live_check.arguments import RequestOptions

_PORTS = {"http": 80, "https": 443}
# As CloudFront asks. A server may decide by Via; nginx compresses nothing then.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
_CLOUDFRONT_HEADERS = {
    "User-Agent": "Amazon CloudFront",
    "Via": "2.0 check (CloudFront)",
}
_VIEWER_HEADERS = {"User-Agent": "dj-cloudfront"}

TREES = (Tree.STATIC, Tree.MEDIA)
"""Private files cannot be asked for without a signature."""


class TargetKind(StrEnum):
    """What kind of target it is: a server, or the CDN."""

    ORIGIN = "origin"
    CDN = "cdn"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server or the CDN, seen as one of its trees.

    :param url: As it was given, without the tree.
    :param prefix: What stands before the path inside the tree.
    :param headers: What every request has.
    """

    kind: TargetKind
    tree: Tree
    url: str
    prefix: str
    client: Client
    headers: Mapping[str, str] = field(repr=False)

    @property
    def is_origin(self) -> bool:
        return self.kind is TargetKind.ORIGIN

    def ask(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str]
    ) -> HttpResponse:
        """Ask for a path as it goes on the wire.

        :raises UnreachableError: when no whole answer came.
        """
        every = {**self.headers, **headers}
        return self.client.ask(path, method=method, headers=every)


def origin_targets(
    url: str,
    options: RequestOptions,
    *,
    allowed_hosts: Iterable[str],
    trees: Iterable[Tree],
) -> list[Target]:
    """A server as CloudFront would ask it.

    :raises ValueError: with one sentence, when the name to ask for cannot be known.
    """
    client = _client(url, options, host=host_for(url, options, allowed_hosts))
    return [
        Target(
            kind=TargetKind.ORIGIN,
            tree=tree,
            url=url,
            prefix=f"/{tree}",
            client=client,
            headers={**_CLOUDFRONT_HEADERS, **options.headers, TREE_HEADER: tree},
        )
        for tree in trees
    ]


def cdn_target(url: str, options: RequestOptions, *, tree: Tree) -> Target:
    """A distribution as a browser would ask it. It gets none of the servers' headers."""
    url = url.rstrip("/")
    return Target(
        kind=TargetKind.CDN,
        tree=tree,
        url=url,
        prefix="",
        client=_client(url, options),
        headers=_VIEWER_HEADERS,
    )


def cdn_urls(cdn: Cdn) -> tuple[dict[Tree, str], list[str]]:
    """The base URL of each tree whose distribution is deployed, a sentence for each other."""
    if cdn.is_local:
        return {}, ["the CDN: the settings have local=True, so there is none to ask"]
    found: dict[Tree, str] = {}
    missing = []
    for tree in TREES:
        try:
            url = cdn.media_url if tree is Tree.MEDIA else cdn.static_url
        except ValueError as error:
            missing.append(f"{tree}: {error}")
        else:
            found[tree] = url.removesuffix(f"{cdn.build_version}/")
    return found, missing


def host_for(url: str, options: RequestOptions, allowed_hosts: Iterable[str]) -> str:
    """The name that the distributions send to a server.

    :raises ValueError: with one sentence, when it cannot be known.
    """
    if options.host is not None:
        return options.host
    name = urlsplit(url).hostname or ""
    if not _is_ip(name):
        return name
    names = _names_in(allowed_hosts)
    if len(names) == 1:
        return names[0]
    raise ValueError(
        "--host must be the name that the distributions send to the servers ('origin' in "
        f"cdk.json), such as 'www.example.com', because {url} has an address and "
        f"ALLOWED_HOSTS has {len(names)} names"
    )


def site_of(
    target: Target, options: RequestOptions, allowed_hosts: Iterable[str]
) -> str:
    """The origin of the site's pages, as browsers send it in ``Origin``."""
    if options.site is not None:
        return options.site
    names = _names_in(allowed_hosts)
    return f"https://{names[0] if names else target.client.address.server_name}"


def _names_in(allowed_hosts: Iterable[str]) -> list[str]:
    return [
        host
        for host in allowed_hosts
        if not host.startswith((".", "*", "["))
        and not _is_ip(host)
        and not _is_local_name(host)
    ]


def _client(url: str, options: RequestOptions, *, host: str | None = None) -> Client:
    parts = urlsplit(url)
    name = parts.hostname or ""
    asked_for = parts.netloc if host is None else host
    address = ServerAddress(
        # glibc does not know the names below localhost, as browsers do (RFC 6761).
        connect_to="127.0.0.1" if _is_local_name(name) else name,
        port=parts.port or _PORTS[parts.scheme],
        host=asked_for,
        server_name=urlsplit(f"//{asked_for}").hostname or name,
    )
    # Reading the system's authorities takes longer than a request.
    context = _context(options) if parts.scheme == "https" else None
    return Client(address, timeout=options.timeout, context=context)


def _context(options: RequestOptions) -> ssl.SSLContext:
    context = tls_context()
    if options.ca_file is not None:
        try:
            context.load_verify_locations(options.ca_file)
        except OSError as error:
            raise ValueError(
                "--ca must be a file of certificates in PEM form, such as 'ca.pem', "
                f"got {options.ca_file!r} ({error.strerror or error})"
            ) from None
    return context


def _is_local_name(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
