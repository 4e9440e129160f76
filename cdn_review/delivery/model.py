"""What a distribution does, as plain data: two of them can be compared field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Number = int | str | None
Rest = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which of a request's headers, query strings or cookies are meant.

    :param kind: ``none``, ``all``, ``some`` or ``all but``.
    """

    kind: str = "none"
    names: frozenset[str] = frozenset()

    @property
    def is_most(self) -> bool:
        """Whether it is all but some names; what cannot be read counts as all."""
        return self.kind not in ("none", "some")

    def __contains__(self, name: str) -> bool:
        return (name in self.names) != self.is_most

    def __or__(self, other: Selection) -> Selection:
        if self.is_most and other.is_most:
            return _most(self.names & other.names)
        if self.is_most:
            return _most(self.names - other.names)
        if other.is_most:
            return _most(other.names - self.names)
        return _some(self.names | other.names)

    def __sub__(self, other: Selection) -> Selection:
        if self.is_most and other.is_most:
            return _some(other.names - self.names)
        if self.is_most:
            return _most(self.names | other.names)
        if other.is_most:
            return _some(self.names & other.names)
        return _some(self.names - other.names)

    def __str__(self) -> str:
        listed = ", ".join(sorted(self.names))
        known = {"none": "none", "all": "all", "some": listed}
        if self.kind == "all but":
            return f"all but {listed}"
        return known.get(self.kind, "not known before the deploy")


def _some(names: frozenset[str]) -> Selection:
    return Selection(kind="some", names=names) if names else Selection()


def _most(names: frozenset[str]) -> Selection:
    return Selection(kind="all but" if names else "all", names=names)


@dataclass(frozen=True, kw_only=True)
class CacheKey:
    """What makes two requests different to the cache, besides their path."""

    headers: Selection = Selection()
    query_strings: Selection = Selection()
    cookies: Selection = Selection()
    encodings: frozenset[str] = frozenset()
    policy: str = ""
    """A policy whose content no template has, by its id."""


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Seconds for which an edge keeps an answer."""

    least: Number = 0
    default: Number = 86400
    most: Number = 31536000


@dataclass(frozen=True, kw_only=True)
class Forwarding:
    """What goes to the origin without being part of the cache key."""

    headers: Selection = Selection()
    query_strings: Selection = Selection()
    cookies: Selection = Selection()
    policy: str = ""


@dataclass(frozen=True, kw_only=True)
class CrossOrigin:
    """The CORS headers that the edge itself adds."""

    origins: frozenset[str] = frozenset()
    credentials: bool = False
    methods: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    exposed: frozenset[str] = frozenset()
    max_age: Number = None
    override: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the edge does to the headers of an answer."""

    cors: CrossOrigin | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    yielding: frozenset[str] = frozenset()
    """Headers that the origin may send with another value."""
    removed: frozenset[str] = frozenset()
    server_timing: str = ""
    policy: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an edge fetches what it does not have."""

    domain_name: str = ""
    path: str = ""
    kind: str = "server"
    """``server``, ``private network`` or ``bucket``."""
    network: str = ""
    """What CloudFront reaches inside a private network."""
    protocol: str = ""
    port: Number = None
    tls: frozenset[str] = frozenset()
    address_type: str = "ipv4"
    read_timeout: Number = 30
    keepalive_timeout: Number = 5
    completion_timeout: Number = None
    attempts: Number = 3
    connection_timeout: Number = 10
    shield: str = ""
    access_control: str = ""
    client_certificate: str = ""
    """By which CloudFront proves to a server who asks."""
    headers: Mapping[str, str] = field(default_factory=dict)
    rest: Rest = ()


@dataclass(frozen=True, kw_only=True)
class Behavior:
    """The rules for the paths of one pattern. The default one has ``*``."""

    pattern: str
    origins: tuple[Origin, ...] = ()
    """The first is asked; the others when it fails."""
    failover_on: frozenset[str] = frozenset()
    key: CacheKey = CacheKey()
    lifetime: Lifetime = Lifetime()
    forwarding: Forwarding = Forwarding()
    answer: Answer = field(default_factory=Answer)
    methods: frozenset[str] = frozenset()
    cached_methods: frozenset[str] = frozenset()
    compress: bool = False
    viewers: str = ""
    signers: frozenset[str] = frozenset()
    """The public keys, as far as the template has them."""
    functions: Mapping[str, str] = field(default_factory=dict)
    """What runs, by its kind and when."""
    encrypted_fields: str = ""
    real_time_logs: str = ""
    rest: Rest = ()

    @property
    def is_cached(self) -> bool:
        """Whether anything is kept: not with a maximum of 0, nor with all headers in the key.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html
        """
        return self.lifetime.most != 0 and self.key.headers.kind != "all"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One distribution."""

    aliases: frozenset[str] = frozenset()
    certificate: str = ""
    minimum_tls: str = ""
    has_own_addresses: bool = False
    """Whether the certificate is served from addresses of its own, at a price."""
    client_certificates: str = ""
    """Whether visitors need one: ``required``, ``optional`` or nothing."""
    enabled: bool = True
    http_version: str = "http1.1"
    ipv6: bool = False
    price_class: str = "PriceClass_All"
    web_acl: str = ""
    geography: Selection = Selection()
    """``some`` are the only ones allowed, ``all but`` are denied."""
    root_object: str = ""
    logs: str = ""
    errors: Mapping[str, Number] = field(default_factory=dict)
    """Seconds by status code."""
    error_pages: Mapping[str, str] = field(default_factory=dict)
    default: Behavior = field(default_factory=lambda: Behavior(pattern="*"))
    behaviors: tuple[Behavior, ...] = ()
    tags: Any = ""
    rest: Rest = ()
