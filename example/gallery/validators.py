from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.validators import FileExtensionValidator

MAX_BYTES = 5 * 1024 * 1024

# How a file of each suffix begins. SVG is absent on purpose: it can hold scripts.
_SIGNATURES = {
    "png": rb"\x89PNG\r\n\x1a\n",
    "jpg": rb"\xff\xd8\xff",
    "jpeg": rb"\xff\xd8\xff",
    "gif": rb"GIF8[79]a",
    "webp": rb"RIFF....WEBP",
}

validate_extension = FileExtensionValidator(list(_SIGNATURES))


def validate_content(file: File[bytes]) -> None:
    if file.size > MAX_BYTES:
        raise ValidationError("The image must be at most 5 MB.")
    suffix = (file.name or "").rpartition(".")[2].lower()
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    if suffix in _SIGNATURES and not re.match(_SIGNATURES[suffix], head, re.DOTALL):
        raise ValidationError("The content must be an image of the kind its name says.")
