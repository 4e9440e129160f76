from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand

from gallery import private
from gallery.models import Photo

NAME = "sunrise.png"
WIDTH, HEIGHT = 480, 320


class Command(BaseCommand):
    help = (
        "Put a first image into the gallery, and a private one, unless they are there."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        storage = private.storage()
        if storage is not None and not storage.exists(private.PICTURE):
            storage.save(private.PICTURE, ContentFile(_png(night=True)))
        if Photo.objects.filter(original_name=NAME).exists():
            self.stdout.write(f"{NAME} is in the gallery already")
            return
        photo = Photo(image=ContentFile(_png(), name=NAME))
        photo.save()
        self.stdout.write(f"{NAME} is now {photo.image.name}")


def _png(*, night: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    step = -1 if night else 1
    rows = (b"\0" + bytes([*_row(y)][::step]) for y in range(HEIGHT))
    pixels = zlib.compress(b"".join(rows), 9)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _row(y: int) -> Iterator[int]:
    for x in range(WIDTH):
        yield from _colour(x, y)


def _colour(x: int, y: int) -> Iterator[int]:
    """The sun above the horizon, in a sky that is lighter below."""
    horizon = HEIGHT * 0.66
    if y > horizon:
        return iter((52, 84, 128))
    if math.hypot(x - WIDTH / 2, y - horizon) < 74:
        return iter((255, 226, 158))
    top, bottom, share = (46, 74, 128), (246, 172, 120), y / horizon
    return (round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
