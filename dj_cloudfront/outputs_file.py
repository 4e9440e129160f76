"""The outputs file, in the form of ``cdk deploy --outputs-file``. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dj_cloudfront.builds.filesystem import rename, write_new

Stacks = Mapping[str, object]


def read(path: Path) -> Stacks:
    """The stacks in the file, none when there is no file.

    :raises ValueError: with one sentence, when it cannot be read or is no such file.
    """
    try:
        stacks = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise ValueError(
            f"{path} must be readable by the user of this process, but is not: let that user "
            "read it and the folders above it; it holds no secret"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(_damaged(path, error)) from None
    if not isinstance(stacks, dict):
        raise ValueError(_damaged(path, "it holds no object"))
    return stacks


def _damaged(path: Path, why: object) -> str:
    return (
        f"{path} must be a file of 'cdk deploy --outputs-file', but cannot be read ({why}): "
        "write it again with cdk deploy, or delete it if no other stack's outputs are in it"
    )


def write(path: Path, stacks: Stacks) -> None:
    """Replace the file by one rename; its owner and permissions stay.

    A link stays, and leads to the new file.

    :raises ValueError: with one sentence, when the file cannot be written.
    """
    try:
        _replace(Path(os.path.realpath(path)), render(stacks))
    except OSError as error:
        raise ValueError(
            f"--output must name a file that can be written, such as 'cdn-outputs.json', but "
            f"{path} cannot: {error.strerror or error}"
        ) from None


def render(stacks: Stacks) -> bytes:
    """The bytes that the CDK CLI writes for these."""
    return f"{json.dumps(stacks, indent=2, ensure_ascii=False)}\n".encode()


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        write_new(temporary, data)
        with contextlib.suppress(FileNotFoundError):
            before = path.stat()
            # Root may pull for the user who runs the site; others cannot give a file away.
            with contextlib.suppress(OSError):
                os.chown(temporary, before.st_uid, before.st_gid)
            temporary.chmod(before.st_mode & 0o777)
        rename(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
