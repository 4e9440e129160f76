"""Signed URLs and signed cookies: what CloudFront asks before it serves a private file.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-cookies.html
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

PARAMETERS = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
"""Names in a query that reach neither the cache key nor the origin."""

_COOKIE_PREFIX = "CloudFront-"
_ALPHABET = str.maketrans("-_~", "+=/")
_LONGEST_POLICY = 8192


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why CloudFront answers 403, in the words of its XML.

    Public reports have the codes and messages; no document of AWS lists them.
    """

    code: str
    message: str


MISSING = Refusal(
    code="MissingKey", message="Missing Key-Pair-Id query parameter or cookie value"
)
UNKNOWN = Refusal(code="InvalidKey", message="Unknown Key")
DENIED = Refusal(code="AccessDenied", message="Access denied")
MALFORMED = Refusal(code="MalformedPolicy", message="Malformed Policy")


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who asks, for what, and when.

    :param url: Scheme, host and path as the viewer sent them, without a query.
    :param query: As it was sent, with the parameters of a signature.
    :param cookies: By name, as they were sent.
    :param address: The viewer's IP address.
    :param now: In seconds since 1970.
    """

    url: str
    query: str
    cookies: Mapping[str, str]
    address: str
    now: float


def without_signature(query: str) -> str:
    """A query without what belongs to a signature; the rest stays as it was."""
    parts = query.split("&")
    return "&".join(p for p in parts if p.partition("=")[0] not in PARAMETERS)


def refusal(viewer: Viewer, keys: Mapping[str, str]) -> Refusal | None:
    """Why the request is refused, or None if its signature holds.

    A signed URL counts more than cookies.

    :param keys: Public keys as PEM, by id: those of the behavior's key groups.
    """
    given = _of_query(viewer.query)
    if not given.keys() & {"Signature", "Policy", "Key-Pair-Id", "Expires"}:
        given = _of_cookies(viewer.cookies)
    if "Key-Pair-Id" not in given:
        return MISSING
    if "Signature" not in given or not given.keys() & {"Policy", "Expires"}:
        return DENIED
    if given["Key-Pair-Id"] not in keys:
        return UNKNOWN
    rest = without_signature(viewer.query)
    url = f"{viewer.url}?{rest}" if rest else viewer.url
    try:
        signature = _decoded(given["Signature"])
        signed = _signed_text(given, url)
        algorithm = given.get("Hash-Algorithm", "SHA1")
        if not _holds(keys[given["Key-Pair-Id"]], signed, signature, algorithm):
            return DENIED
        return None if _allows(signed, url, viewer) else DENIED
    except (ValueError, TypeError, KeyError, RecursionError):
        return MALFORMED if "Policy" in given else DENIED


def _signed_text(given: Mapping[str, str], url: str) -> bytes:
    if "Policy" in given:
        text = _decoded(given["Policy"])
        if len(text) > _LONGEST_POLICY:
            raise ValueError("the policy is too long")
        return text
    expires = int(given["Expires"])
    if str(expires) != given["Expires"]:
        raise ValueError("Expires must be a plain number")
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    statement = {"Resource": url, "Condition": condition}
    text = json.dumps(
        {"Statement": [statement]}, separators=(",", ":"), ensure_ascii=False
    )
    return text.encode("utf-8", "surrogateescape")


def _allows(signed: bytes, url: str, viewer: Viewer) -> bool:
    (statement,) = json.loads(signed)["Statement"]
    condition = statement["Condition"]
    if viewer.now >= _moment(condition["DateLessThan"]):
        return False
    starts = condition.get("DateGreaterThan")
    if starts is not None and viewer.now <= _moment(starts):
        return False
    source = condition.get("IpAddress")
    if source is not None:
        network = ipaddress.ip_network(source["AWS:SourceIp"], strict=False)
        if ipaddress.ip_address(viewer.address) not in network:
            return False
    # Without a resource a policy holds for all distributions that trust the key.
    return _pattern(str(statement.get("Resource", "*"))).match(url) is not None


def _moment(date: Mapping[str, Any]) -> int:
    moment = date["AWS:EpochTime"]
    if not isinstance(moment, int) or isinstance(moment, bool):
        raise ValueError("a date must be seconds since 1970")
    return moment


@lru_cache(maxsize=1024)
def _pattern(resource: str) -> re.Pattern[str]:
    # fnmatch has the same two wildcards; brackets are plain here.
    return re.compile(fnmatch.translate(resource.replace("[", "[[]")), re.DOTALL)


def _of_query(query: str) -> dict[str, str]:
    """The first value of each parameter. A signature has no character to decode."""
    given: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in PARAMETERS:
            given.setdefault(name, value)
    return given


def _of_cookies(cookies: Mapping[str, str]) -> dict[str, str]:
    return {
        name: cookies[f"{_COOKIE_PREFIX}{name}"]
        for name in PARAMETERS
        if f"{_COOKIE_PREFIX}{name}" in cookies
    }


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.translate(_ALPHABET), validate=True)
    except binascii.Error:
        raise ValueError("it must be base64") from None


def _holds(pem: str, signed: bytes, signature: bytes, algorithm: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    digests = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}  # noqa: S303
    if algorithm not in digests:
        return False
    digest = digests[algorithm]()
    key = _public_key(pem)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(pem.encode())
