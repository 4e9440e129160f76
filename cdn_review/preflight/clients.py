"""Clients for AWS, which only read, and for DNS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cdn_model.quotas import GLOBAL_REGION
from dj_cloudfront.aws_errors import error_code, error_message, open_session

_DNS_SECONDS = 3.0


class Aws:
    """Clients that only read, for one account.

    :param session: A boto3 session with credentials.
    :raises ValueError: when AWS does not accept the credentials.
    """

    def __init__(self, session: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        self.refused: type[Exception] = ClientError
        self.unreachable: type[Exception] = BotoCoreError
        self._session = session
        try:
            caller = self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError, ValueError) as error:
            raise ValueError(error_message(error, service="AWS STS")) from None
        self.account = str(caller["Account"])

    @classmethod
    def of_profile(cls, profile: str | None) -> Aws:
        """:raises ValueError: with one sentence, when there are no credentials that work."""
        return cls(open_session(profile))

    @property
    def configured_region(self) -> str:
        return str(self._session.region_name or GLOBAL_REGION)

    def client(self, service: str, region: str = GLOBAL_REGION) -> Any:
        from botocore.config import Config

        config = Config(
            connect_timeout=5,
            read_timeout=15,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        return self._session.client(service, region_name=region, config=config)

    def ask(self, call: Callable[..., Any], *absent: str, **given: Any) -> Any:
        """The answer of a call, ``None`` if it is refused with one of these codes."""
        try:
            return call(**given)
        except self.refused as error:
            if error_code(error) not in absent:
                raise
            return None


class Dns:
    """Asks DNS as this machine does.

    :param servers: Addresses to ask instead of those of this machine.
    :raises ValueError: when dnspython is missing.
    """

    def __init__(self, servers: tuple[str, ...] = (), port: int = 53) -> None:
        try:
            from dns.resolver import Resolver
        except ImportError:
            raise ValueError(
                "dnspython must be installed to ask DNS: 'pip install dnspython', or the "
                "extra [preflight]"
            ) from None
        self._resolver = Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers, self._resolver.port = list(servers), port
        self._resolver.lifetime = _DNS_SECONDS

    def nameservers(self, domain: str) -> set[str] | None:
        """The servers that DNS asks for a domain; ``None`` when DNS does not answer."""
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer

        try:
            answer = self._resolver.resolve(domain, "NS")
        except (NXDOMAIN, NoAnswer):
            return set()
        except (DNSException, OSError):
            return None
        return {str(server.target).rstrip(".").lower() for server in answer}

    def canonical_name(self, name: str) -> str:
        """Where the CNAME records of a name lead; the name itself if DNS does not say."""
        from dns.exception import DNSException

        try:
            found = self._resolver.canonical_name(name)
        except (DNSException, OSError):
            return name
        return str(found).rstrip(".").lower()


@dataclass(frozen=True, kw_only=True)
class Clients:
    """All that can be asked.

    :param origin_address: Where to connect to instead of where DNS leads.
    """

    aws: Aws
    dns: Dns
    origin_address: tuple[str, int] | None = None


def pages(call: Callable[..., Any], key: str, **given: str) -> Iterator[Any]:
    """The items of CloudFront's lists, of which most have no paginator in botocore."""
    marker: dict[str, str] = {}
    while True:
        answer = call(**given, **marker)[key]
        yield from answer.get("Items") or ()
        if not answer.get("NextMarker"):
            return
        marker = {"Marker": answer["NextMarker"]}
