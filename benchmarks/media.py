"""Uploads: URLs, names, saving and signing, against Django's disk and django-storages."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.test import override_settings
from storages.backends.s3 import S3Storage

import dj_cloudfront
from benchmarks import limits
from benchmarks.django_builds import set_up
from benchmarks.local_s3 import distant_storage
from benchmarks.pairs import Figure, compare

if TYPE_CHECKING:
    from dj_cloudfront.storage import PrivateMediaStorage

_BASE = "https://media.example.com/"
_NAMES = [f"images/{number:020x}/team.png" for number in range(5_000)]
_SIGNED = _NAMES[:300]
_THUMBNAILS = _NAMES[:60]
_AT_ONCE = 16
# An image as a camera makes it, and four renditions.
_IMAGE = [os.urandom(size) for size in (3_150_000, 853_000, 277_000, 59_000, 10_000)]


def figures() -> Sequence[Figure]:
    set_up()
    return [*_disks(), *_collisions(), *_signing()]


def _disks() -> Sequence[Figure]:
    from dj_cloudfront.storage import MediaStorage

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (
            kind(location=os.path.join(folder, kind.__name__), base_url=_BASE)
            for kind in (MediaStorage, FileSystemStorage)
        )
        assert _urls(ours) == _urls(theirs)
        return [
            compare(
                what,
                partial(run, ours),
                alternative,
                partial(run, theirs),
                pairs=pairs,
                limit=limit,
            )
            for what, alternative, run, pairs, limit in (
                (
                    "url() of MediaStorage",
                    "that of FileSystemStorage",
                    _urls,
                    15,
                    limits.URL,
                ),
                (
                    "an image and four renditions in MediaStorage",
                    "in FileSystemStorage",
                    _save,
                    25,
                    limits.SAVING,
                ),
            )
        ]


def _urls(storage: Storage, names: Sequence[str] = _NAMES) -> list[str]:
    return list(map(storage.url, names))


def _save(storage: FileSystemStorage) -> None:
    for data in _IMAGE:
        name = storage.generate_filename("images/team.png")
        storage.save(name, ContentFile(data))


def _collisions() -> Sequence[Figure]:
    """Sixteen uploads of one name at the same moment, on two servers and on one."""
    from dj_cloudfront.storage import MediaStorage

    with (
        tempfile.TemporaryDirectory() as folder,
        distant_storage(file_overwrite=False) as bucket,
    ):

        def disks(kind: type[FileSystemStorage], count: int) -> list[Storage]:
            return [
                kind(location=os.path.join(folder, f"{kind.__name__}-{count}-{number}"))
                for number in range(count)
            ]

        plain = _lost(disks(FileSystemStorage, 2))
        remote = _lost([bucket])
        two, one = _lost(disks(MediaStorage, 2)), _lost(disks(MediaStorage, 1))
    what = f"lost of {_AT_ONCE} uploads of one name at once with MediaStorage"
    django_storages = "with S3Storage(file_overwrite=False) of django-storages"
    return [
        _pieces(
            f"{what}, on two servers", two, "with FileSystemStorage on two disks", plain
        ),
        _pieces(f"{what}, on one server", one, django_storages, remote),
    ]


def _pieces(what: str, ours: int, alternative: str, theirs: int) -> Figure:
    return Figure(
        what=what, ours=ours, alternative=alternative, theirs=theirs, unit="pieces"
    )


def _lost(storages: Sequence[Storage]) -> int:
    """Of uploads whose URL shows another one: a URL is one name, whatever disk has it."""
    start = threading.Barrier(_AT_ONCE)

    def save(number: int) -> tuple[str, bytes]:
        storage, data = storages[number % len(storages)], b"%d" % number
        name = storage.generate_filename("team.png")
        # The first call of a thread makes the client of a bucket.
        storage.exists("warm")
        start.wait()
        return storage.save(name, ContentFile(data)), data

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        saved = list(pool.map(save, range(_AT_ONCE)))
    assert len({data for _, data in saved}) == _AT_ONCE
    return _AT_ONCE - len({name for name, _ in saved})


def _signing() -> Sequence[Figure]:
    with _private_storage() as ours:
        theirs = S3Storage(
            bucket_name="media",
            custom_domain="private.example.com",
            cloudfront_key=_pem(rsa.generate_private_key(65537, 2048)),
            cloudfront_key_id="K1",
        )
        moments = iter(range(10**9))

        def fresh() -> None:
            expires = int(time.time()) + next(moments)
            for name in _SIGNED:
                ours.signer.url(f"{ours.base_url}{name}", expires=expires)

        cases: tuple[tuple[str, Callable[[], object], float], ...] = (
            ("a signed URL", fresh, limits.SIGNING),
            (
                "a signed URL, again in its window",
                lambda: _urls(ours, _SIGNED),
                limits.SIGNING_AGAIN,
            ),
        )
        alternative = "that of django-storages, RSA"
        return [
            *(
                compare(
                    what,
                    run,
                    alternative,
                    lambda: _urls(theirs, _SIGNED),
                    pairs=9,
                    limit=limit,
                )
                for what, run, limit in cases
            ),
            _pieces(
                f"URLs that a second view of {len(_THUMBNAILS)} thumbnails has anew",
                _changed(ours),
                "with django-storages",
                _changed(theirs),
            ),
        ]


def _changed(storage: Storage) -> int:
    first = _urls(storage, _THUMBNAILS)
    time.sleep(1.1)
    return len({*_urls(storage, _THUMBNAILS)} - {*first})


@contextmanager
def _private_storage() -> Iterator[PrivateMediaStorage]:
    from dj_cloudfront.storage import PrivateMediaStorage

    variables = {
        "PRIVATE_DOMAIN_NAME": "private.example.com",
        "MEDIA_KEY_PAIR_ID": "K1",
    }
    os.environ.update(variables)
    try:
        cdn = dj_cloudfront.config(static_root="/static", build_version="b1")
    finally:
        for name in variables:
            del os.environ[name]
    with (
        tempfile.TemporaryDirectory() as folder,
        override_settings(CDN=cdn, PRIVATE_MEDIA_ROOT=folder),
    ):
        key = Path(folder, "2026a.key")
        key.write_bytes(_pem(ec.generate_private_key(ec.SECP256R1())))
        yield PrivateMediaStorage(key=key)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
