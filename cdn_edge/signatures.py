"""Signed URLs and signed cookies: whether a viewer may have a private file.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-cookies.html
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from cdn_edge.messages import ViewerRequest
from cdn_model.values import Json, mapping, sequence

_NAMES = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
_HASHES: Mapping[str, type[hashes.SHA1 | hashes.SHA256]] = {
    "SHA1": hashes.SHA1,
    "SHA256": hashes.SHA256,
}
_ALPHABET = str.maketrans("-_~", "+=/")
_LONGEST_POLICY = 8192

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass
class Refused(Exception):
    """The viewer gets a 403 with one of CloudFront's codes."""

    code: str
    message: str


_DENIED = ("AccessDenied", "Access denied")
_MALFORMED = ("MalformedPolicy", "Malformed Policy")


def check(request: ViewerRequest, keys: Mapping[str, str], now: float) -> None:
    """
    :param keys: Public keys in PEM by their ids.
    :raises Refused: unless the viewer shows a signature that holds for this request.
    """
    given = _in_url(request) or _in_cookies(request)
    if "Key-Pair-Id" not in given:
        message = "Missing Key-Pair-Id query parameter or cookie value"
        raise Refused("MissingKey", message)
    if given["Key-Pair-Id"] not in keys:
        raise Refused("InvalidKey", "Unknown Key")
    key = _public_key(keys[given["Key-Pair-Id"]])
    signature = _decoded(given.get("Signature", ""))
    algorithm = _HASHES.get(given.get("Hash-Algorithm", "SHA1").upper())
    if key is None or algorithm is None:
        raise Refused(*_DENIED)
    urls = list(_urls(request))
    if "Policy" in given:
        policy = _decoded(given["Policy"])
        if not _is_signed(key, signature, policy, algorithm()):
            raise Refused(*_DENIED)
        _check_statement(policy, request, urls, now)
        return
    expires = given.get("Expires", "")
    if not re.fullmatch(r"\d{1,12}", expires, re.A):
        raise Refused(*_MALFORMED)
    is_signed = any(
        _is_signed(key, signature, _canned(url, expires), algorithm()) for url in urls
    )
    if not is_signed or now >= int(expires):
        raise Refused(*_DENIED)


def without_signature(query: str) -> str:
    """The query string that the cache and the origin see."""
    pairs = query.split("&") if query else []
    return "&".join(pair for pair in pairs if pair.partition("=")[0] not in _NAMES)


def _in_url(request: ViewerRequest) -> Mapping[str, str]:
    pairs = (pair.partition("=") for pair in request.query.split("&"))
    found = {name: value for name, _, value in pairs if name in _NAMES}
    return found if "Signature" in found or "Key-Pair-Id" in found else {}


def _in_cookies(request: ViewerRequest) -> Mapping[str, str]:
    lines = request.headers.getall("Cookie", ())
    pairs = (p.strip().partition("=") for line in lines for p in line.split(";"))
    cookies = {name: value for name, _, value in pairs}
    names = {f"CloudFront-{name}": name for name in _NAMES}
    return {names[name]: cookies[name] for name in names if name in cookies}


def _urls(request: ViewerRequest) -> Iterator[str]:
    """What the URL may have been when it was signed.

    A listener that stands for HTTP and HTTPS leaves the scheme open.
    """
    host = request.headers.get("Host", "")
    query = without_signature(request.query)
    target = request.path + (f"?{query}" if query else "")
    for scheme in [request.scheme] if request.scheme else ["https", "http"]:
        for name in dict.fromkeys((host, host.partition(":")[0])):
            yield f"{scheme}://{name}{target}"


def _canned(url: str, expires: str) -> bytes:
    return (
        f'{{"Statement":[{{"Resource":"{url}","Condition":'
        f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
    ).encode("latin-1")


def _check_statement(
    policy: bytes, request: ViewerRequest, urls: list[str], now: float
) -> None:
    statement = _statement(policy)
    condition = mapping(statement.get("Condition"))
    ends = _time(condition, "DateLessThan")
    begins = _time(condition, "DateGreaterThan")
    if ends is None:
        raise Refused(*_MALFORMED)
    resource = statement.get("Resource", "*")
    if not isinstance(resource, str):
        raise Refused(*_MALFORMED)
    in_time = now < ends and (begins is None or now > begins)
    is_there = any(_matches(resource, url) for url in urls)
    if not (in_time and is_there and _is_from(condition, request.address)):
        raise Refused(*_DENIED)


def _statement(policy: bytes) -> Json:
    try:
        statements = sequence(mapping(json.loads(policy)).get("Statement"))
    except (ValueError, RecursionError):
        raise Refused(*_MALFORMED) from None
    if len(policy) > _LONGEST_POLICY or len(statements) != 1:
        raise Refused(*_MALFORMED)
    return mapping(statements[0])


def _time(condition: Json, name: str) -> int | None:
    if name not in condition:
        return None
    value = mapping(condition[name]).get("AWS:EpochTime")
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(*_MALFORMED)
    return value


def _matches(resource: str, url: str) -> bool:
    """``*`` is any number of characters and ``?`` one."""
    pattern = re.escape(re.sub(r"\*+", "*", resource))
    pattern = pattern.replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(pattern, url, re.DOTALL) is not None


def _is_from(condition: Json, address: str) -> bool:
    if "IpAddress" not in condition:
        return True
    allowed = mapping(condition["IpAddress"]).get("AWS:SourceIp")
    try:
        network = ipaddress.ip_network(str(allowed), strict=False)
        return ipaddress.ip_address(address) in network
    except ValueError:
        raise Refused(*_MALFORMED) from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.translate(_ALPHABET), validate=True)
    except ValueError:
        raise Refused(*_DENIED) from None


@lru_cache(maxsize=64)
def _public_key(pem: str) -> PublicKey | None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, PublicKey) else None


def _is_signed(
    key: PublicKey, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm
) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        else:
            key.verify(signature, message, ec.ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True
