"""What a storage is given to save."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from django.core.files import File


def file_of(content: File[Any]) -> Path | None:
    """The file on the disk that this is, as it is there."""
    file, name = getattr(content, "file", None), content.name
    if type(content) is not File or not isinstance(file, io.BufferedReader) or not name:
        return None
    try:
        same = os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except (OSError, ValueError):
        return None
    return Path(name) if same else None


def bytes_of(content: File[Any]) -> bytes:
    """All of it; text is UTF-8."""
    return b"".join(
        chunk.encode() if isinstance(chunk, str) else chunk
        for chunk in content.chunks()
    )
