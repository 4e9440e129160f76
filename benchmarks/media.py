"""Uploads: URLs, saving and signing, against Django's disk and an RSA signature of SHA-1."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from benchmarks import limits
from benchmarks.django_builds import set_up
from benchmarks.pairs import Figure, compare

_BASE = "https://media.example.com/"
_NAMES = [f"images/{number:020x}/team.png" for number in range(5_000)]
_SIGNED = _NAMES[:300]
# An image as a camera makes it, and four renditions.
_IMAGE = [os.urandom(size) for size in (3_150_000, 853_000, 277_000, 59_000, 10_000)]


def figures() -> Sequence[Figure]:
    set_up()
    return [_urls(), _saving(), *_signing()]


def _urls() -> Figure:
    from dj_cloudfront.storage import MediaStorage

    ours, theirs = (kind(base_url=_BASE) for kind in (MediaStorage, FileSystemStorage))
    assert list(map(ours.url, _NAMES)) == list(map(theirs.url, _NAMES))
    return compare(
        "url() of MediaStorage",
        lambda: list(map(ours.url, _NAMES)),
        "that of FileSystemStorage",
        lambda: list(map(theirs.url, _NAMES)),
        pairs=15,
        limit=limits.URL,
    )


def _saving() -> Figure:
    from dj_cloudfront.storage import MediaStorage

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (
            kind(location=os.path.join(folder, kind.__name__))
            for kind in (MediaStorage, FileSystemStorage)
        )
        return compare(
            "an image and four renditions in MediaStorage",
            lambda: _save(ours),
            "in FileSystemStorage",
            lambda: _save(theirs),
            pairs=25,
            limit=limits.SAVING,
        )


def _save(storage: FileSystemStorage) -> None:
    for data in _IMAGE:
        name = storage.generate_filename("images/team.png")
        storage.save(name, ContentFile(data))


def _signing() -> Sequence[Figure]:
    from dj_cloudfront.media.signer import Signer, window_end

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    signer = Signer(key_pair_id="K1", private_key=pem)
    key = rsa.generate_private_key(65537, 2048)
    theirs = CloudFrontSigner(
        "K1", lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA1())
    )
    moments = iter(range(10**9))

    def fresh() -> None:
        expires = int(time.time()) + next(moments)
        for name in _SIGNED:
            signer.url(_BASE + name, expires=expires)

    def repeated() -> None:
        expires = window_end(3600, 900)
        for name in _SIGNED:
            signer.url(_BASE + name, expires=expires)

    def botocore() -> None:
        expires = datetime.now(UTC) + timedelta(hours=1)
        for name in _SIGNED:
            theirs.generate_presigned_url(_BASE + name, date_less_than=expires)

    cases: tuple[tuple[str, Callable[[], None], float], ...] = (
        ("a signed URL", fresh, limits.SIGNING),
        ("a signed URL, again in its window", repeated, limits.SIGNING_AGAIN),
    )
    return [
        compare(
            what,
            ours,
            "botocore's with RSA, as django-storages signs",
            botocore,
            pairs=9,
            limit=limit,
        )
        for what, ours, limit in cases
    ]
