"""``cdn key``, whose private half is for its owner, and a key at Secrets Manager."""

from __future__ import annotations

import io
import json

import pytest
from aws_support import client
from cryptography.hazmat.primitives import serialization
from django.core.management import call_command
from django.core.management.base import CommandError
from storage_support import set_up

from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.media.signer import read_key

set_up()


def made(path, *options):
    out = io.StringIO()
    call_command(Command(), "key", str(path), *options, stdout=out)
    return out.getvalue()


def test_a_key_is_made_and_its_private_half_is_for_its_owner(tmp_path):
    path = tmp_path / "2026a.key"
    text = made(path, "--json")
    assert path.stat().st_mode & 0o777 == 0o600
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert json.loads(text) == {
        "name": "2026a",
        "public_key": public.decode().strip(),
        "file": str(path),
    }
    assert "PRIVATE" not in text + made(tmp_path / "2026b.key")
    with pytest.raises(CommandError, match="a key never changes under its name"):
        made(path)
    with pytest.raises(CommandError, match="in a folder that can be written"):
        made(tmp_path / "none" / "a.key")


@pytest.mark.parametrize(
    "name", ["2026 A.key", "Prod.key", "a_b.pem", "x" * 33, ".key"]
)
def test_a_key_is_named_as_cdk_json_takes_it(tmp_path, name):
    with pytest.raises(CommandError, match="must be named as the key is in cdk.json"):
        made(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_key_comes_from_secrets_manager(signing_keys, reached_aws):
    pem = signing_keys["ecdsa"].read_bytes()
    manager = client("secretsmanager", reached_aws)
    text = manager.create_secret(Name="text", SecretString=pem.decode())
    manager.create_secret(Name="binary", SecretBinary=pem)
    for name in ("text", "binary", text["ARN"]):
        assert read_key(f"secretsmanager:{name}") == pem
    with pytest.raises(ValueError, match="says ResourceNotFoundException") as error:
        read_key(f"secretsmanager:{text['ARN']}x")
    assert "arn:" not in str(error.value)
