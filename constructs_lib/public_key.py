"""The two kinds of public key that CloudFront takes, told from everything else.

What is refused is described and never quoted: a private key pasted by mistake must not end up
in a log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


def canonical_pem(text: object) -> str:
    """The PEM of a public key in one spelling, whatever the line breaks of the given one.

    CloudFront cannot change a key in place, so a difference in white space alone would fail
    the next deploy. It takes ECDSA on P-256 and RSA of 2048 bits:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html

    :raises ValueError: that says what the text is instead, such as "an RSA key of 4096 bits".
    """
    # Here, so that only an app with signing keys needs the package.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if not isinstance(text, str):
        raise ValueError(f"a value of type {type(text).__name__}")
    labels = _LABEL.findall(text)
    if labels != ["PUBLIC KEY"]:
        raise ValueError(_other_text(text, labels))
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (UnsupportedAlgorithm, ValueError):
        raise ValueError("a damaged PEM or a key of another algorithm") from None
    fault = _fault(key)
    if fault:
        raise ValueError(fault)
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _other_text(text: str, labels: list[str]) -> str:
    if "PRIVATE KEY" in text:
        return (
            "a private key, which belongs on the servers that sign and nowhere else: "
            "make a new pair, because this one has been in a file"
        )
    if text.startswith(("ssh-", "ecdsa-")):
        return "a key of OpenSSH: convert it with ssh-keygen -e -m PKCS8"
    if labels == ["CERTIFICATE"]:
        return "a certificate: take its key with openssl x509 -pubkey -noout"
    if labels == ["RSA PUBLIC KEY"]:
        return (
            "an RSA key in the older form: convert it with "
            "openssl rsa -RSAPublicKey_in -pubout"
        )
    return "a PEM of another kind" if labels else "text that is no PEM"


def _fault(key: PublicKeyTypes) -> str | None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return None if key.key_size == 2048 else f"an RSA key of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        is_p256 = isinstance(key.curve, ec.SECP256R1)
        return None if is_p256 else "an ECDSA key on another curve than P-256"
    return f"a key of another algorithm, {type(key).__name__.removesuffix('PublicKey')}"
