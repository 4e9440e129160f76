"""Signatures for private files, as CloudFront checks them. It needs ``cryptography``."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Digest = Literal["SHA256", "SHA1"]

_EXAMPLE = "openssl ecparam -name prime256v1 -genkey -noout"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
_ALPHABET = bytes.maketrans(b"+=/", b"-_~")
_REMEMBERED = 4096
_LATEST = 2**31 - 1
_RESERVED = {"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}
# What browsers send as it stands, less "#", which they do not send.
_AS_ASKED = re.compile(r"[!$-;=?-\[\]_a-z~]+")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who may have a resource, and when: CloudFront's custom policy.

    :param resource: The URL, which can have ``*`` and ``?`` as wildcards.
    :param expires: From when on it is refused, in whole seconds since 1970.
    :param starts: Until when it is refused. Default: it is not.
    :param ip_range: The IPv4 address or network of viewers, such as ``192.0.2.0/24``.
        Default: any.
    """

    resource: str
    expires: int
    starts: int | None = None
    ip_range: str | None = None

    def __post_init__(self) -> None:
        _check_asked(self.resource)
        for name, moment in (("expires", self.expires), ("starts", self.starts)):
            if (name, moment) == ("starts", None):
                continue
            if type(moment) is not int or not 0 < moment <= _LATEST:
                raise ValueError(
                    f"{name} must be whole seconds since 1970, such as 1900000000, and at "
                    f"most {_LATEST}, got {moment!r}"
                )
        if self.ip_range is not None:
            try:
                # A number would be an address, too.
                ipaddress.IPv4Network(str(self.ip_range))
            except ValueError:
                raise ValueError(
                    "ip_range must be an IPv4 address or network, such as '192.0.2.0/24', "
                    f"got {self.ip_range!r}"
                ) from None
        if self.starts is not None and self.starts >= self.expires:
            raise ValueError(
                f"starts must be before expires, got {self.starts} and {self.expires}"
            )

    def covers(self, url: str) -> bool:
        """Whether the resource is this URL, or stands for it."""
        wildcards = {"*": ".*", "?": "."}
        pattern = "".join(
            wildcards.get(sign, re.escape(sign)) for sign in self.resource
        )
        return re.fullmatch(pattern, url) is not None

    def render(self) -> str:
        """The JSON that is signed, without white space."""
        condition: dict[str, Any] = {"DateLessThan": {"AWS:EpochTime": self.expires}}
        if self.starts is not None:
            condition["DateGreaterThan"] = {"AWS:EpochTime": self.starts}
        if self.ip_range is not None:
            condition["IpAddress"] = {"AWS:SourceIp": self.ip_range}
        statement = {"Resource": self.resource, "Condition": condition}
        return json.dumps({"Statement": [statement]}, separators=(",", ":"))


class Signer:
    """Signs with one private key.

    :param key_pair_id: The id of its public key at CloudFront: the output
        ``MediaKeyPairId``.
    :param private_key: PEM: ECDSA on P-256, or RSA of 2048 bits.
    :param digest: ``SHA256``, or ``SHA1`` for tools that know no other. Default: ``SHA256``.
    :raises ValueError: if it is no such key. No part of a key is in the sentence.
    """

    def __init__(
        self, *, key_pair_id: str, private_key: bytes, digest: Digest = "SHA256"
    ) -> None:
        if digest not in ("SHA256", "SHA1"):
            raise ValueError(f"digest must be 'SHA256' or 'SHA1', got {digest!r}")
        self.key_pair_id = key_pair_id
        self.digest = digest
        self._sign = _signing(private_key, digest)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._parameters)

    def url(self, url: str, policy: Policy | None = None, *, expires: int = 0) -> str:
        """Sign a URL that has no signature.

        :param policy: Default: this URL alone, until ``expires``. Such URLs are remembered:
            the same URL and expiry give the same signature.
        :raises ValueError: for a URL that no viewer asks for, that the policy does not cover,
            or whose query has a name that CloudFront keeps for signatures.
        """
        separator = "&" if "?" in url else "?"
        if policy is None:
            return f"{url}{separator}{self._remembered(url, expires)}"
        _check_asked(url)
        _check_query(url)
        if not policy.covers(url):
            raise ValueError(
                f"the resource of a policy must cover the URL, got {policy.resource!r} for "
                f"{url!r}: CloudFront would refuse it"
            )
        return f"{url}{separator}{self._query(policy)}"

    def cookies(self, policy: Policy) -> Mapping[str, str]:
        """Cookies that open what a policy names, by name."""
        text = policy.render().encode()
        cookies = {
            "CloudFront-Policy": _encoded(text),
            "CloudFront-Signature": _encoded(self._sign(text)),
            "CloudFront-Key-Pair-Id": self.key_pair_id,
        }
        if self.digest == "SHA256":
            cookies["CloudFront-Hash-Algorithm"] = "SHA256"
        return cookies

    def _parameters(self, url: str, expires: int) -> str:
        _check_query(url)
        if "*" in url:
            # Its signature would be that of a policy for all that the wildcard stands for.
            raise ValueError(
                f"a URL without a policy must name one file, got {url!r}: write '%2A' for '*'"
            )
        return self._query(Policy(resource=url, expires=expires), canned=True)

    def _query(self, policy: Policy, *, canned: bool = False) -> str:
        text = policy.render().encode()
        first = f"Expires={policy.expires}" if canned else f"Policy={_encoded(text)}"
        query = f"{first}&Signature={_encoded(self._sign(text))}&Key-Pair-Id={self.key_pair_id}"
        return f"{query}&Hash-Algorithm=SHA256" if self.digest == "SHA256" else query


def _check_asked(url: str) -> None:
    if not _AS_ASKED.fullmatch(url):
        raise ValueError(
            "resource must be a URL as a viewer asks for it, percent-encoded and without '#', "
            f"such as 'https://private.example.com/a%20b.pdf', got {url!r}"
        )


def _check_query(url: str) -> None:
    names = {part.partition("=")[0] for part in url.partition("?")[2].split("&")}
    if names & _RESERVED:
        raise ValueError(
            "a URL must leave the names of signatures to CloudFront, such as 'Expires', "
            f"got {sorted(names & _RESERVED)} in its query"
        )


def signature_expiry(lifetime: int, window: int, *, now: float | None = None) -> int:
    """An expiry that is the same for a window of time, so that URLs are the same, too.

    :param lifetime: Seconds that a URL is good for at least.
    :param window: Seconds for which the expiry stays; a URL is good for at most so much more.
    :raises ValueError: if ``lifetime`` is no number of seconds.
    """
    if not isinstance(lifetime, int) or lifetime <= 0:
        raise ValueError(f"lifetime must be seconds, such as 900, got {lifetime!r}")
    moment = time.time() if now is None else now
    return (int(moment) // window + 1) * window + lifetime


def read_key(source: str | os.PathLike[str]) -> bytes:
    """A private key from where it is kept.

    :param source: A path; ``env:NAME`` for an environment variable; or
        ``secretsmanager:<name or ARN>``, which needs boto3.
    :raises ValueError: if it cannot be read. No part of a key is in the sentence.
    """
    text = os.fspath(source)
    if "-----BEGIN" in text:
        raise ValueError(
            "a key must be named by where it is, such as '/etc/mysite/2026a.key' or "
            "'env:MEDIA_KEY', and is given itself"
        )
    kind, _, rest = text.partition(":")
    if kind == "env":
        if rest not in os.environ:
            raise ValueError(
                f"the environment variable {rest} must hold a private key as PEM, but it is "
                "not set"
            )
        return os.environ[rest].replace("\\n", "\n").encode()
    if kind == "secretsmanager":
        return _secret(rest)
    try:
        return Path(text).read_bytes()
    except OSError as error:
        raise ValueError(
            f"a key must be a file that Django may read, such as '/etc/mysite/2026a.key', got "
            f"{text!r}: {error.strerror}"
        ) from None


def _secret(name: str) -> bytes:
    from dj_cloudfront.aws_errors import as_value_error, open_session

    session = open_session()
    arn = name.split(":")
    region = arn[3] if len(arn) > 3 else session.region_name
    action = "secretsmanager:GetSecretValue on the key's secret"
    with as_value_error("Secrets Manager", action):
        client = session.client("secretsmanager", region_name=region)
        answer = client.get_secret_value(SecretId=name)
    text = answer.get("SecretString")
    return text.encode() if text is not None else bytes(answer["SecretBinary"])


def _signing(private_key: bytes, digest: Digest) -> Callable[[bytes], bytes]:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    except ImportError:
        raise ValueError(
            "cryptography must be installed to sign: 'pip install cryptography', or the extra "
            "[private]"
        ) from None
    try:
        key = serialization.load_pem_private_key(private_key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        kind = "a public key" if b"PUBLIC KEY" in private_key else "none"
        raise ValueError(
            "a private key must be a PEM without a password, such as of "
            f"'{_EXAMPLE}', and this is {kind}"
        ) from None
    algorithm = hashes.SHA256() if digest == "SHA256" else hashes.SHA1()  # noqa: S303
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        try:
            # RFC 6979: all processes and servers give one URL, which browsers keep.
            curve = ec.ECDSA(algorithm, deterministic_signing=True)
        except UnsupportedAlgorithm:  # OpenSSL before 3.2.
            curve = ec.ECDSA(algorithm)
        return lambda data: key.sign(data, curve)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size == 2048:
        pkcs = padding.PKCS1v15()
        return lambda data: key.sign(data, pkcs, algorithm)
    raise ValueError(
        "a private key must be ECDSA on P-256 or RSA of 2048 bits, such as of "
        f"'{_EXAMPLE}', got another kind"
    )


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).translate(_ALPHABET).decode("ascii")
