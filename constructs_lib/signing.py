"""Public keys for signed URLs and cookies.

What is refused is described and never quoted: a private key pasted by mistake must not end up
in a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from cdn_model.cookies import shared_cookie_domain
from cdn_model.quotas import KEY_NAME, KEYS_PER_GROUP
from constructs_lib.physical_names import physical_name
from constructs_lib.validation import check_host_name, is_token, truncated_repr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_NAME_LIMIT = 64
_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


@dataclass(frozen=True, kw_only=True)
class SigningKeys:
    """Public keys by name, one of which signs.

    To rotate is to add a key, then to name it in ``signing_key``, then to remove the old one,
    each in a deploy of its own. A key is never changed under its name: CloudFront refuses.

    :param keys: Such as ``{"2026a": "-----BEGIN PUBLIC KEY-----…"}``: ECDSA on P-256, or RSA
        of 2048 bits. Names go into the ids of resources. At most 5; a token passes.
    :param signing_key: The name of the key whose private half signs.
    :raises ValueError: that never quotes a key.
    """

    keys: Mapping[str, str]
    signing_key: str

    def __post_init__(self) -> None:
        if not isinstance(self.keys, Mapping):
            raise ValueError(
                "keys must be an object of names and public keys, such as "
                f'{{"2026a": "-----BEGIN PUBLIC KEY-----…"}}, got {_kind(self.keys)}'
            )
        if not 1 <= len(self.keys) <= KEYS_PER_GROUP:
            raise ValueError(
                f"keys must have from 1 to {KEYS_PER_GROUP} keys, which is what "
                f"CloudFront takes, got {len(self.keys)}"
            )
        for name in self.keys:
            _check_name(name)
        _check_distinct(self.encoded())
        if not isinstance(self.signing_key, str) or self.signing_key not in self.keys:
            raise ValueError(
                f"signing_key must be one of the names in keys, {', '.join(self.keys)}, "
                f"got {_quoted(self.signing_key)}"
            )

    def encoded(self) -> dict[str, str]:
        """The keys by name, each in one spelling."""
        return {name: _encoded(name, pem) for name, pem in self.keys.items()}


class MediaSigning(Construct):
    """A key group of one to five public keys.

    An account has room for 10 key groups and a group for 5 keys:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
    The price list has no item for either: https://aws.amazon.com/cloudfront/pricing/ (recheck).
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, keys: SigningKeys
    ) -> None:
        """Define the keys and their group.

        Ids and names come from the names of the keys, so that adding or removing one leaves
        the others alone: https://github.com/aws/aws-cdk/issues/15301.

        :param keys: The keys that may have signed, and the one that signs.
        """
        super().__init__(scope, construct_id)
        self.public_keys = {
            name: self._public_key(name, pem) for name, pem in keys.encoded().items()
        }
        self.key_group = cloudfront.KeyGroup(
            self,
            "KeyGroup",
            key_group_name=physical_name(self, "KeyGroup", limit=_NAME_LIMIT),
            items=list(self.public_keys.values()),
        )
        self.key_pair_ids = {
            name: key.public_key_id for name, key in self.public_keys.items()
        }
        self.key_pair_id = self.key_pair_ids[keys.signing_key]

    def _public_key(self, name: str, pem: str) -> cloudfront.PublicKey:
        physical = physical_name(self, name, limit=_NAME_LIMIT)
        key = cloudfront.PublicKey(
            self, name, public_key_name=physical, encoded_key=pem
        )
        resource = key.node.default_child
        assert isinstance(resource, cloudfront.CfnPublicKey)
        # The CDK makes one of the path with the stack's id, and CloudFront lets nobody change
        # it: https://github.com/aws/aws-cdk/issues/15301.
        resource.add_property_override("PublicKeyConfig.CallerReference", physical)
        return key


def check_origin_secret(origin_secret: object | None) -> None:
    """Private files need a server that knows who asks.

    :raises ValueError: without a secret.
    """
    if origin_secret is None:
        raise ValueError(
            "origin_secret must be given with signing keys, because without it anybody who "
            "knows the server's name reads private files around CloudFront"
        )


def _check_name(name: object) -> None:
    if isinstance(name, str) and KEY_NAME.fullmatch(name):
        return
    raise ValueError(
        "keys must have names of at most 32 lower-case letters, digits and single hyphens, "
        f"such as '2026a', got {_quoted(name)}"
    )


def _encoded(name: str, pem: str) -> str:
    if isinstance(pem, str) and is_token(pem):
        return pem
    try:
        return canonical_pem(pem)
    except ValueError as error:
        raise ValueError(
            f"keys.{name} must be the PEM of a public key, ECDSA on P-256 or RSA of 2048 "
            f"bits, such as '-----BEGIN PUBLIC KEY-----…', got {error}"
        ) from None


def _check_distinct(encoded: Mapping[str, str]) -> None:
    names: dict[str, str] = {}
    for name, pem in encoded.items():
        if pem in names:
            raise ValueError(
                "keys must be distinct, because a key under a new name is no new key, "
                f"got one key as {names[pem]!r} and {name!r}"
            )
        names[pem] = name


def _quoted(value: object) -> str:
    """The value, unless it might be a key in the wrong place."""
    return (
        truncated_repr(value)
        if isinstance(value, str) and len(value) <= 40
        else _kind(value)
    )


def _kind(value: object) -> str:
    size = f" with {len(value)} characters" if isinstance(value, str) else ""
    return f"a value of type {type(value).__name__}{size}"


def cookie_domain(*, site: str, domain_names: Sequence[str]) -> str:
    """The ``Domain`` of signed cookies that the site sets and the media domain receives.

    :param site: Where pages are, such as ``www.example.com``.
    :param domain_names: The aliases of the distribution. The first is in URLs.
    :raises ValueError: when no cookie of the site could reach the first alias.
    """
    check_host_name("site", site)
    if not domain_names:
        raise ValueError(
            "domain_names must be given for signed cookies, because no cookie of "
            f"{truncated_repr(site)} reaches CloudFront's own name; signed URLs need none"
        )
    media = domain_names[0]
    parent = shared_cookie_domain(site, media)
    if parent is None:
        raise ValueError(
            "domain_names must begin with a name that has its parent domain in common "
            f"with the site for signed cookies, such as 'media.{_parent(site)}' for "
            f"{truncated_repr(site)}, got {truncated_repr(media)}"
        )
    return parent


def _parent(site: str) -> str:
    labels = site.split(".")
    return ".".join(labels[1:] if len(labels) > 2 else labels)


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
