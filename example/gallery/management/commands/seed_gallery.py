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

Colour = tuple[int, int, int]


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


def _colour(x: int, y: int) -> Colour:
    horizon, sun = HEIGHT * 0.66, WIDTH * 0.5
    if y > horizon:
        glitter = abs(x - sun) < 12 + (y - horizon) * 0.5 + 9 * math.sin(y * 0.9)
        depth = (y - horizon) / (HEIGHT - horizon)
        return _mix((236, 150, 110) if glitter else (52, 84, 128), (20, 38, 72), depth)
    if math.hypot(x - sun, y - horizon) < 74:
        return (255, 226, 158)
    return _mix((46, 74, 128), (246, 172, 120), y / horizon)


def _mix(start: Colour, end: Colour, share: float) -> Colour:
    (r1, g1, b1), (r2, g2, b2) = start, end
    return (
        round(r1 + (r2 - r1) * share),
        round(g1 + (g2 - g1) * share),
        round(b1 + (b2 - b1) * share),
    )
