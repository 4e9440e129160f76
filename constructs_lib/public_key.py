"""Telling the two kinds of public key that CloudFront takes from everything else. No CDK here.

What is refused is described and never quoted: a private key pasted by mistake must not end up
in a log.
"""

from __future__ import annotations

import base64
import binascii
import re
import textwrap

_PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*"
)
_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")

_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03
_RSA = bytes.fromhex("06092a864886f70d0101010500")
_EC = bytes.fromhex("06072a8648ce3d0201")
_P256 = _EC + bytes.fromhex("06082a8648ce3d030107")
_ED25519 = bytes.fromhex("06032b6570")
_VERSIONS = (b"\x02\x01\x00", b"\x02\x01\x01")

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

_PRIVATE = (
    "a private key, which belongs on the servers that sign and nowhere else: "
    "make a new pair, because this one has been in a file"
)
_LABELS = {
    "CERTIFICATE": "a certificate: take its key with openssl x509 -pubkey -noout",
    "RSA PUBLIC KEY": "an RSA key in the older form: convert it with "
    "openssl rsa -RSAPublicKey_in -pubout",
}


def canonical_pem(text: object) -> str:
    """The PEM of a public key in one spelling, whatever the line breaks of the given one.

    CloudFront cannot change a key in place, so a difference in white space alone would fail
    the next deploy.

    :raises ValueError: that says what the text is instead, such as "an RSA key of 4096 bits".
    """
    if not isinstance(text, str):
        raise ValueError(f"a value of type {type(text).__name__}")
    match = _PEM.fullmatch(text)
    if match is None:
        raise ValueError(_other_text(text))
    try:
        der = base64.b64decode("".join(match[1].split()), validate=True)
    except binascii.Error:
        raise ValueError("a damaged PEM") from None
    fault = _fault(der)
    if fault:
        raise ValueError(fault)
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


def _other_text(text: str) -> str:
    if "PRIVATE KEY" in text:
        return _PRIVATE
    if text.startswith(("ssh-", "ecdsa-")):
        return "a key of OpenSSH: convert it with ssh-keygen -e -m PKCS8"
    label = _LABEL.search(text)
    if label is None:
        return "text that is no PEM"
    return _LABELS.get(label[1], "a damaged PEM or one of another kind")


def _fault(der: bytes) -> str | None:
    """What is wrong with a SubjectPublicKeyInfo, if anything."""
    try:
        info = _whole(der, _SEQUENCE)
        if info.startswith(_VERSIONS):
            return _PRIVATE
        algorithm, rest = _take(info, _SEQUENCE)
        bits = _whole(rest, _BIT_STRING)
        if bits[0]:
            raise ValueError("a part of a byte")
        if algorithm == _RSA:
            return _rsa_fault(bits)
    except ValueError:
        return "a damaged PEM"
    if algorithm == _P256:
        return _p256_fault(bits)
    if algorithm.startswith(_EC):
        return "an ECDSA key on another curve than P-256"
    return "an Ed25519 key" if algorithm == _ED25519 else "a key of another algorithm"


def _rsa_fault(bits: bytes) -> str | None:
    modulus, exponent = _take(_whole(bits[1:], _SEQUENCE), _INTEGER)
    size = int.from_bytes(modulus, "big").bit_length()
    if size != 2048:
        return f"an RSA key of {size} bits"
    is_odd = modulus[-1] & _whole(exponent, _INTEGER)[-1] & 1
    return None if is_odd else "a damaged PEM"


def _p256_fault(bits: bytes) -> str | None:
    if bits[:2] in (b"\x00\x02", b"\x00\x03"):
        return "an ECDSA key with a compressed point"
    x, y = int.from_bytes(bits[2:34], "big"), int.from_bytes(bits[34:], "big")
    is_point = (y * y - (x * x * x - 3 * x + _B)) % _P == 0
    intact = len(bits) == 66 and bits[:2] == b"\x00\x04" and is_point
    return None if intact else "a damaged PEM"


def _whole(data: bytes, tag: int) -> bytes:
    content, rest = _take(data, tag)
    if rest:
        raise ValueError("more data than its length says")
    return content


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first value, and what follows it."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError("another tag")
    size, start = data[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
    content = data[start : start + size]
    if not content or len(content) < size:
        raise ValueError("less data than its length says")
    return content, data[start + size :]
