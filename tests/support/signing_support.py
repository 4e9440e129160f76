"""Keys of openssl for private files, what it says of signatures, and a site that signs."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.test import override_settings
from storage_support import set_up

import dj_cloudfront

URL = "https://private.example.com/a/team.png"
ID = "K2JCJMDEHXQW5F"
BACKEND = "dj_cloudfront.storage.PrivateMediaStorage"
_EC = ("ecparam", "-genkey", "-noout", "-name")


def made_by_openssl(path, *command):
    command = ["openssl", command[0], "-out", path, *command[1:]]
    subprocess.run(command, check=True, capture_output=True)
    return path


def made_keys(folder):
    """Files of private keys: two that CloudFront takes, and two that it does not."""
    return {
        "ecdsa": made_by_openssl(folder / "a.key", *_EC, "prime256v1"),
        "rsa": made_by_openssl(folder / "r.key", "genrsa", "2048"),
        "p384": made_by_openssl(folder / "c.key", *_EC, "secp384r1"),
        "short": made_by_openssl(folder / "s.key", "genrsa", "1024"),
    }


def decoded(text):
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def query(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def is_signed_by(key, data, signature, folder, digest="SHA256"):
    """What openssl says of a signature, with the public half."""
    public = made_by_openssl(folder / "public.pem", "pkey", "-in", key, "-pubout")
    (folder / "signature").write_bytes(signature)
    command = ["openssl", "dgst", f"-{digest.lower()}", "-verify", public]
    done = subprocess.run(
        [*command, "-signature", folder / "signature"], input=data, capture_output=True
    )
    return done.returncode == 0


@contextmanager
def signing_site(folder, key):
    """Settings of a site with a private tree."""
    set_up()
    outputs = {
        "MediaDomainName": "media.example.com",
        "PrivateDomainName": "private.example.com",
        "MediaKeyPairId": ID,
        "PrivateDistributionId": "E1",
    }
    path = folder / "cdn-outputs.json"
    path.write_text(json.dumps({"s": outputs}))
    cdn = dj_cloudfront.config(path, static_root=folder / "static", build_version="b1")
    options = {"key": str(key)}
    with override_settings(
        CDN=cdn,
        ALLOWED_HOSTS=["*"],
        PRIVATE_MEDIA_ROOT=folder / "private",
        STORAGES={"private": {"BACKEND": BACKEND, "OPTIONS": options}},
    ):
        yield SimpleNamespace(
            cdn=cdn,
            folder=folder / "private",
            options=options,
            storages=settings.STORAGES,
        )
