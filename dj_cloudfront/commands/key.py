"""Make a key pair for private files: the private key stays on this server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from cdn_model.quotas import KEY_NAME
from dj_cloudfront.builds.filesystem import fsync_folder, write_new
from dj_cloudfront.commands.console import Console


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "output",
        type=Path,
        help="the file of the private key, such as /etc/mysite/2026a.key; its name without "
        "the ending names the key in cdk.json",
    )
    parser.add_argument("--json", action="store_true", help="the result for a script")


def run(console: Console, *, output: Path, **options: Any) -> None:
    if not KEY_NAME.fullmatch(output.stem):
        raise CommandError(
            "output must be named as the key is in cdk.json, by at most 32 lower-case letters, "
            f"digits and single hyphens, such as /etc/mysite/2026a.key, got {output.name!r}"
        )
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise CommandError(
            "cryptography must be installed to make keys: 'pip install cryptography', or the "
            "extra [private]"
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        write_new(output, secret, mode=0o600)
        fsync_folder(output.parent)
    except FileExistsError:
        raise CommandError(
            f"output must be a new file, such as /etc/mysite/2026a.key, but {output} exists: "
            "a key never changes under its name"
        ) from None
    except OSError as error:
        raise CommandError(
            f"output must be in a folder that can be written, such as /etc/mysite, got "
            f"{os.fspath(output)!r}: {error.strerror}"
        ) from None
    text = public.decode().strip()
    console.write(
        f"the private key is in {output}; for keys of signing_keys in cdk.json:\n"
        f"{json.dumps(output.stem)}: {json.dumps(text)}"
    )
    console.write_json({"name": output.stem, "public_key": text, "file": str(output)})
