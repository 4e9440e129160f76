"""What the edge serves, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from cdn_model import path_patterns
from cdn_model.distribution import ERROR_TTL

CORS_PREFLIGHT_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class SelectionBehavior(StrEnum):
    """Which of the viewer's headers, cookies or query strings a policy takes."""

    NONE = "none"
    LISTED = "whitelist"
    ALL_EXCEPT = "allExcept"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A set of names, as policies write it."""

    behavior: SelectionBehavior = SelectionBehavior.NONE
    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        if self.behavior in (SelectionBehavior.NONE, SelectionBehavior.ALL):
            return self.behavior is SelectionBehavior.ALL
        return self._has(name) is (self.behavior is SelectionBehavior.LISTED)

    def _has(self, name: str) -> bool:
        return name in self.names or any(
            path_patterns.matches(pattern, name) for pattern in self._patterns
        )

    @cached_property
    def of_cloudfront(self) -> tuple[str, ...]:
        """Names of headers that CloudFront adds itself."""
        return tuple(one for one in self.names if one.startswith("cloudfront-"))

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        """Names of cookies may have wildcards.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
        """
        return tuple(one for one in self.names if "*" in one or "?" in one)


@dataclass(frozen=True, kw_only=True)
class Ttls:
    """Seconds."""

    minimum: int
    default: int
    maximum: int


@dataclass(frozen=True, kw_only=True)
class CachePolicy:
    """What tells two cached copies apart, and how long each lives."""

    ttls: Ttls
    headers: Selection = Selection()
    cookies: Selection = Selection()
    query: Selection = Selection()
    gzip: bool = False
    brotli: bool = False

    @property
    def disabled(self) -> bool:
        return self.ttls.maximum == 0


@dataclass(frozen=True, kw_only=True)
class OriginRequestPolicy:
    """What goes to the origin besides that."""

    headers: Selection = Selection()
    cookies: Selection = Selection()
    query: Selection = Selection()


@dataclass(frozen=True, kw_only=True)
class HeaderRule:
    """A response header, and whether it replaces the origin's own."""

    name: str
    value: str
    override: bool


@dataclass(frozen=True, kw_only=True)
class CorsConfig:
    """The CORS section of a response headers policy."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose: tuple[str, ...] = ()
    max_age: int | None = None
    credentials: bool = False
    override: bool = False


@dataclass(frozen=True, kw_only=True)
class ResponseHeadersPolicy:
    """What the edge removes from, and adds to, an answer.

    :param timing_percent: How many of the answers get ``Server-Timing``. None: not one.
    """

    cors: CorsConfig | None = None
    rules: tuple[HeaderRule, ...] = ()
    removed: frozenset[str] = frozenset()
    timing_percent: float | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where misses go.

    :param protocol_policy: ``http-only``, ``https-only`` or ``match-viewer``.
    :param ssl_protocols: The least versions of TLS, in CloudFront's names.
    :param client_certificate: The ARN of the certificate that CloudFront shows to it.
    :param signing: ``always`` or ``no-override``, for a bucket whose requests are signed.
    """

    domain_name: str
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    protocol_policy: str = "https-only"
    http_port: int = 80
    https_port: int = 443
    ssl_protocols: frozenset[str] = frozenset({"TLSv1.2"})
    client_certificate: str = ""
    signing: str = ""
    connection_attempts: int
    connection_timeout: int
    read_timeout: int
    keepalive_timeout: int = 5
    completion_timeout: int | None = None

    def scheme(self, viewer: str) -> str:
        """``http`` or ``https``, for a viewer that uses one of them."""
        if self.protocol_policy == "match-viewer":
            return viewer
        return "http" if self.protocol_policy == "http-only" else "https"

    def port(self, scheme: str) -> int:
        return self.https_port if scheme == "https" else self.http_port


@dataclass(frozen=True, kw_only=True)
class Behavior:
    """The rules for the paths that match a pattern.

    :param origins: In the order in which they are asked. Empty: a distribution whose origin
        cannot be seen.
    :param failover_statuses: Those of the first origin at which the second is asked.
    :param viewer_protocol_policy: ``allow-all``, ``https-only`` or ``redirect-to-https``.
    :param removes_set_cookie: Its settings are from before policies, and forward no cookies.
    :param unmodelled: What would change its answers, and the edge does not do.
    :param trusted_keys: Public keys in PEM by their ids, of which one must have signed the
        request. None: everybody may have the files.
    """

    pattern: str
    origins: tuple[Origin, ...]
    failover_statuses: frozenset[int] = frozenset()
    allowed_methods: frozenset[str]
    cached_methods: frozenset[str]
    cache: CachePolicy
    origin_request: OriginRequestPolicy = OriginRequestPolicy()
    response_headers: ResponseHeadersPolicy = ResponseHeadersPolicy()
    compress: bool = False
    viewer_protocol_policy: str = "allow-all"
    trusted_keys: Mapping[str, str] | None = None
    removes_set_cookie: bool = False
    unmodelled: tuple[str, ...] = ()

    @property
    def forwards_cookies(self) -> bool:
        selections = (self.cache.cookies, self.origin_request.cookies)
        return any(one.behavior is not SelectionBehavior.NONE for one in selections)


@dataclass(frozen=True, kw_only=True)
class ErrorRule:
    """How long an error is kept, and the page shown in its place."""

    ttl: int = ERROR_TTL
    page: str = ""
    status: int | None = None


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One deployed distribution, with every default filled in.

    :param security_policy: The least version of TLS for viewers, such as ``TLSv1.2_2021``.
    """

    id: str
    domain_name: str
    aliases: tuple[str, ...] = ()
    enabled: bool = True
    default_root_object: str = ""
    behaviors: tuple[Behavior, ...]
    errors: Mapping[int, ErrorRule] = field(default_factory=dict)
    allowed_countries: frozenset[str] | None = None
    blocked_countries: frozenset[str] = frozenset()
    tag_header: str = ""
    security_policy: str = ""
    unmodelled: tuple[str, ...] = ()

    def error_rule(self, status: int) -> ErrorRule:
        return self.errors.get(status, ErrorRule())

    @property
    def hosts(self) -> frozenset[str]:
        label = self.domain_name.split(".", 1)[0]
        names = (self.domain_name, *self.aliases)
        local = (f"{name}.localhost" for name in names)
        return frozenset((f"{label}.cloudfront.localhost", *names, *local))


def wildcards_over(name: str) -> Sequence[str]:
    """``*.b.c`` and ``*.c``, for ``a.b.c``."""
    labels = name.split(".")
    return ["*." + ".".join(labels[n:]) for n in range(1, len(labels))]


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything the edge serves."""

    distributions: tuple[Distribution, ...] = ()
    broken: tuple[str, ...] = ()

    @cached_property
    def _by_host(self) -> Mapping[str, Distribution]:
        return {host.lower(): one for one in self.distributions for host in one.hosts}

    def find(self, host: str) -> Distribution | None:
        """The distribution that a ``Host`` header means; a port in it does not matter.

        An exact name wins over a wildcard alias:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html
        """
        name = host.lower().partition(":")[0].rstrip(".")
        if found := self._by_host.get(name):
            return found
        return next(filter(None, map(self._by_host.get, wildcards_over(name))), None)

    @property
    def warnings(self) -> Iterable[str]:
        """One line for each distribution that uses what the edge does not model."""
        yield from self.broken
        for one in self.distributions:
            if one.unmodelled:
                features = ", ".join(one.unmodelled)
                yield f"{one.domain_name} uses what the edge does not model: {features}"
