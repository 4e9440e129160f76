"""TLS with viewers, by a certificate authority of this machine, and with origins."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cdn_edge.configuration import Configuration, Distribution, Origin

_LOCAL = "localhost"
_CA_DAYS, _LEAF_DAYS = 825, 90
_VERSIONS = {
    "SSLv3": ssl.TLSVersion.TLSv1,
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def least_version(names: Iterable[str]) -> ssl.TLSVersion:
    """CloudFront names the versions that it allows; the newer ones are allowed with them."""
    known = (_VERSIONS[name] for name in names if name in _VERSIONS)
    return min(known, default=ssl.TLSVersion.TLSv1)


def is_allowed(connection: ssl.SSLObject, names: Iterable[str]) -> bool:
    """Whether a connection has one of these versions of TLS, or a newer one."""
    return _VERSIONS[connection.version() or "SSLv3"] >= least_version(names)


def _allow_old_versions(context: ssl.SSLContext) -> None:
    """What is too old is refused when the version is known, not before."""
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")


class LocalAuthority:
    """Signs for names below ``localhost`` and for loopback addresses, and for no others.

    Whoever trusts it does not have to fear for the rest of the web, should its key be stolen.

    :param folder: Keeps ``ca.pem``, to be trusted, and ``ca-key.pem``, for its owner alone.
    :raises OSError: when the folder cannot be written.
    :raises ValueError: when its files are no certificate and key.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate_file = folder / "ca.pem"
        self._key_file = folder / "ca-key.pem"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._read()
        self._key, self._certificate = found or self._made()

    def _read(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
        if not (self._key_file.exists() and self.certificate_file.exists()):
            return None
        try:
            key = load_pem_private_key(self._key_file.read_bytes(), password=None)
            text = self.certificate_file.read_bytes()
            certificate = x509.load_pem_x509_certificate(text)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError
        except (TypeError, ValueError, UnsupportedAlgorithm):
            # It may be dear to somebody.
            raise ValueError(
                f"{self.certificate_file} and {self._key_file.name} must be as the edge made "
                "them, or absent: choose another folder, or remove them"
            ) from None
        soon = datetime.now(UTC) + timedelta(days=_LEAF_DAYS)
        is_pair = certificate.public_key() == key.public_key()
        if not is_pair or certificate.not_valid_after_utc < soon:
            return None
        return key, certificate

    def _made(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"dj-cloudfront on this machine {os.urandom(4).hex()}")
        networks = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
        permitted = [x509.DNSName(_LOCAL), *map(x509.IPAddress, networks)]
        usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True}
        builder = (
            _builder(name, issuer=name, key=key, days=_CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(
                x509.NameConstraints(permitted, excluded_subtrees=None), critical=True
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
        )
        certificate = builder.sign(key, hashes.SHA256())
        _write(self._key_file, _private(key))
        _write(self.certificate_file, certificate.public_bytes(Encoding.PEM))
        return key, certificate

    def signed(self, names: Iterable[str]) -> ssl.SSLContext:
        """What a server needs that has these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificate.subject
        shown = [x509.DNSName(name) for name in names]
        builder = (
            _builder(_name("edge"), issuer=issuer, key=key, days=_LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName(shown), critical=False)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # OpenSSL takes a key from a file only. This one is gone at once.
        with tempfile.NamedTemporaryFile(dir=self.folder) as file:
            file.write(certificate.public_bytes(Encoding.PEM) + _private(key))
            file.flush()
            context.load_cert_chain(file.name)
        return context


_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment"),
    *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
    *("encipher_only", "decipher_only"),
)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, *, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes) -> None:
    """For its owner alone, from its first byte on."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)


class ViewerTls:
    """What the TLS listener shows to a viewer: the certificate of the name that it asks for."""

    def __init__(self, authority: LocalAuthority) -> None:
        self._authority = authority
        self._configuration = Configuration()
        self._contexts: dict[frozenset[str], ssl.SSLContext] = {}
        self.context = authority.signed([_LOCAL, f"*.cloudfront.{_LOCAL}"])
        self._allowed: WeakKeyDictionary[ssl.SSLObject, list[str]] = WeakKeyDictionary()
        self.context.sni_callback = self._named

    def configure(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._contexts.clear()
        least = [_least(one) for one in configuration.distributions]
        version = min(map(least_version, least), default=ssl.TLSVersion.TLSv1_2)
        if version >= ssl.TLSVersion.TLSv1_2:
            self.context.minimum_version = version
        else:
            _allow_old_versions(self.context)

    def _named(
        self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> None:
        """Called in the handshake, when the version is not known yet."""
        found = self._configuration.find(name or "")
        if found:
            self._allowed[connection] = _least(found)
            connection.context = self._for(found)

    def accepts(self, connection: ssl.SSLObject) -> bool:
        """Whether the version, known at last, is new enough for the distribution."""
        return is_allowed(connection, self._allowed.get(connection, ()))

    def _for(self, distribution: Distribution) -> ssl.SSLContext:
        names = frozenset(n for n in distribution.hosts if n.endswith(f".{_LOCAL}"))
        if names not in self._contexts:
            context = self._authority.signed(sorted(names))
            # Its demands hold for the connection, too.
            _allow_old_versions(context)
            self._contexts[names] = context
        return self._contexts[names]


def _least(distribution: Distribution) -> list[str]:
    return [distribution.security_policy.partition("_")[0]]


@dataclass(kw_only=True)
class OriginTls:
    """Whom the edge trusts in the place of an origin, and what it shows to them itself.

    :param authorities: A file of certificates to trust besides those of the system.
    :param certificates: Files with a certificate and its key, by the ARN that a distribution
        has for it.
    """

    authorities: Path | None = None
    certificates: Mapping[str, Path] = field(default_factory=dict)
    _contexts: dict[tuple[frozenset[str], str], ssl.SSLContext] = field(
        default_factory=dict
    )

    def context(self, origin: Origin) -> ssl.SSLContext:
        """For one origin.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html

        :raises OSError: when a certificate cannot be read.
        """
        key = origin.ssl_protocols, origin.client_certificate
        if key not in self._contexts:
            self._contexts[key] = self._made(origin)
        return self._contexts[key]

    def _made(self, origin: Origin) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.authorities:
            context.load_verify_locations(self.authorities)
        if least_version(origin.ssl_protocols) < ssl.TLSVersion.TLSv1_2:
            _allow_old_versions(context)
        if shown := self.certificates.get(origin.client_certificate):
            context.load_cert_chain(shown)
        return context
