"""What a pull request's run left behind: hostile data until it is parsed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from cdn_review.github.answers import pick, pick_or
from cdn_review.github.api import Api
from cdn_review.github.event import Run

MIB = 1024 * 1024
DOWNLOAD_BYTES = 12 * MIB
_MOST_MEMBERS = 20
_MEMBER = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)


class NotThere(Exception):
    """The run has left no such artifact."""


def fetch(
    api: Api, run: Run, name: str, members: Mapping[str, int]
) -> dict[str, bytes]:
    """The files of a run's artifact, by their names.

    ``members`` says which may be in it, and how many bytes each may have. Nothing is ever
    written to a disk. Raises NotThere if the run has no such artifact, and ValueError if it
    is damaged or not what it should be.
    """
    path = f"/repos/{run.repository}/actions/runs/{run.run_id}/artifacts"
    listed = pick(api.get(path, name=name, per_page=100), "artifacts", kind=list)
    found = [
        one
        for one in listed
        if pick(one, "name", kind=str) == name
        and not pick_or(one, "expired", default=False)
    ]
    if not found:
        raise NotThere(name)
    # A job that ran again has left one for each time.
    newest = max(found, key=lambda one: pick(one, "id", kind=int))
    size = pick(newest, "size_in_bytes", kind=int)
    if size > DOWNLOAD_BYTES:
        raise ValueError(
            f"the artifact must have at most {DOWNLOAD_BYTES} bytes, got {size}"
        )
    path = f"/repos/{run.repository}/actions/artifacts/{newest['id']}/zip"
    return unpack(api.download(path, most=DOWNLOAD_BYTES), members)


def unpack(data: bytes, members: Mapping[str, int]) -> dict[str, bytes]:
    """The files in a zip, read in memory.

    Raises ValueError for a damaged one, for a name that is not in ``members``, for the same
    one twice, and for a file that inflates to more than its number of bytes there.
    """
    if data.count(_MEMBER) > _MOST_MEMBERS:
        raise ValueError(f"the artifact must have at most {_MOST_MEMBERS} files")
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.filename not in members or info.filename in found:
                    raise _Refused("the artifact must have its own files alone")
                found[info.filename] = _inflated(archive, info, members[info.filename])
    except _Refused:
        raise
    except _BROKEN:
        raise ValueError("the artifact must be a zip that can be read") from None
    return found


class _Refused(ValueError):
    pass


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    # What the zip claims is checked first, and what it then holds as well.
    if info.file_size > most or info.compress_type not in _METHODS:
        raise _Refused(
            f"{info.filename} in the artifact must have at most {most} bytes"
        )
    with archive.open(info) as member:
        data = member.read(most + 1)
    if len(data) > most:
        raise _Refused(
            f"{info.filename} in the artifact must have at most {most} bytes"
        )
    return data
