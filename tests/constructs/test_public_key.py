from __future__ import annotations

import base64

import pytest
from keys_support import (
    COMPRESSED,
    ED25519,
    P256,
    P256_OTHER,
    P384,
    RSA_1024,
    RSA_2048,
    RSA_4096,
    SECP256K1,
    SECRET,
    A,
    B,
    pem,
)

from constructs_lib.signing import SigningKeys, canonical_pem


@pytest.mark.parametrize("body", [P256, P256_OTHER, RSA_2048])
def test_both_kinds_of_key_pass(body):
    assert canonical_pem(pem(body)) == pem(body)


def test_a_compressed_point_is_written_out():
    assert len(canonical_pem(pem(COMPRESSED))) == len(pem(P256))


def damaged(body, at, change=0xFF):
    der = bytearray(base64.b64decode(body))
    der[at] ^= change
    return pem(base64.b64encode(der).decode())


def shortened(body):
    return pem(base64.b64encode(base64.b64decode(body)[:-1]).decode())


DAMAGED = "a damaged PEM or a key of another algorithm"
BAD_KEYS = {
    "rsa_1024": (pem(RSA_1024), "an RSA key of 1024 bits"),
    "rsa_4096": (pem(RSA_4096), "an RSA key of 4096 bits"),
    "p384": (pem(P384), "an ECDSA key on another curve than P-256"),
    "secp256k1": (pem(SECP256K1), "an ECDSA key on another curve than P-256"),
    "ed25519": (pem(ED25519), "a key of another algorithm, Ed25519"),
    "off_the_curve": (damaged(P256, 40), DAMAGED),
    "short_p256": (shortened(P256), DAMAGED),
    "short_rsa": (shortened(RSA_2048), DAMAGED),
    "no_der": (pem("AAAA"), DAMAGED),
    "empty": (pem(""), DAMAGED),
    "private_under_a_false_label": (pem(SECRET), DAMAGED),
    "two": (A + B, "a PEM of another kind"),
    "certificate": (pem(P256, "CERTIFICATE"), "a certificate: take its key with"),
    "pkcs1": (pem(RSA_2048, "RSA PUBLIC KEY"), "an RSA key in the older form"),
    "openssh": (f"ssh-ed25519 {P256} me@laptop", "a key of OpenSSH"),
    "file": ("keys/2026a.pem", "text that is no PEM"),
    "nothing": ("", "text that is no PEM"),
    "number": (7, "a value of type int"),
    "none": (None, "a value of type NoneType"),
}


@pytest.mark.parametrize(("text", "what"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_fails_when_a_key_is_of_another_kind(text, what):
    with pytest.raises(
        ValueError, match="^keys.2026a must be the PEM of a public"
    ) as found:
        SigningKeys(keys={"2026a": text}, signing_key="2026a")
    assert f", got {what}" in str(found.value)
    assert SECRET[:8] not in str(found.value)


PRIVATE_KEYS = {
    "pkcs8": pem(SECRET, "PRIVATE" + " KEY"),
    "rsa": pem(SECRET, "RSA PRIVATE" + " KEY"),
    "ec": pem(SECRET, "EC PRIVATE" + " KEY"),
    "encrypted": pem(SECRET, "ENCRYPTED PRIVATE" + " KEY"),
    "openssh": pem(SECRET, "OPENSSH PRIVATE" + " KEY"),
    "beside_the_public_one": A + pem(SECRET, "EC PRIVATE" + " KEY"),
    "cut": f"-----BEGIN EC PRIVATE{' KEY'}-----\n{SECRET}",
}


@pytest.mark.parametrize("text", PRIVATE_KEYS.values(), ids=PRIVATE_KEYS)
def test_fails_when_a_key_is_private_without_showing_it(text):
    with pytest.raises(
        ValueError, match="got a private key, which belongs on"
    ) as found:
        SigningKeys(keys={"2026a": text}, signing_key="2026a")
    shown = [str(found.value), repr(found.value.__cause__), repr(found.value)]
    assert not any(SECRET[:8] in text for text in shown)
    assert found.value.__suppress_context__
