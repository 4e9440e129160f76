"""``media.bucket``, ``media.signing`` and ``private`` of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib import Cors, MediaBucket, SigningKeys
from constructs_lib.distributions import PRIVATE
from constructs_lib.media import cookie_domain
from stacks.configuration.half import KEYS as HALF_KEYS
from stacks.configuration.half import Half
from stacks.configuration.section import Section

_SIGNING_KEYS = ("cookies_from", "keys", "signing_key")


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket for media: a new one, or one that exists by name."""

    name: str | None
    region: str | None
    keep_replaced: timedelta | None

    def define(self, scope: Construct, cors: Cors) -> MediaBucket:
        existing = None
        if self.name is not None:
            existing = s3.Bucket.from_bucket_attributes(
                scope, "MediaBucketByName", bucket_name=self.name, region=self.region
            )
        return MediaBucket(
            scope,
            "MediaBucket",
            cors=cors,
            bucket=existing,
            keep_replaced=self.keep_replaced,
        )


@dataclass(frozen=True, kw_only=True)
class Private:
    """A tree of private media: a third half, and its keys."""

    half: Half
    keys: SigningKeys


def read_bucket(media: Section, cors: Cors) -> Bucket | None:
    """Read ``environments.<name>.media.bucket``.

    :raises ValueError: with one sentence that names the JSON path.
    """
    if media.get("bucket") is None:
        return None
    section = media.section("bucket", keys=("keep_replaced_days", "name", "region"))
    if not cors.is_answered_by_the_edge:
        raise ValueError(
            f"{media.path.rpartition('.')[0]}.cors must be 'any_origin' or a list of origins "
            f"with {section.path}, because S3 does not answer as the server does, "
            "got 'forward'"
        )
    section.at_most_one("name", "keep_replaced_days")
    if section.get("region") is not None and section.get("name") is None:
        raise ValueError(
            f"{section.at('region')} must be left out without {section.at('name')}: "
            "a new bucket is made in the stack's region"
        )
    days = section.optional_number("keep_replaced_days")
    return Bucket(
        name=section.matching(
            "name",
            r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            rule="the name of a bucket",
            like="mysite-media",
        ),
        region=section.region("region"),
        keep_replaced=None if days is None else timedelta(days=days),
    )


def read_private(environment: Section) -> Private | None:
    """Read ``environments.<name>.private``.

    :raises ValueError: with one sentence that names the JSON path.
    """
    if environment.get("private") is None:
        return None
    section = environment.section("private", keys=(*HALF_KEYS, "signing"))
    half = Half.read(section, default=PRIVATE)
    keys = read_signing(section, environment, half.domain_names)
    if keys is None:
        raise ValueError(
            f"{section.at('signing')} must be given, such as "
            '{"keys": {"2026a": "-----BEGIN PUBLIC KEY-----…"}, "signing_key": "2026a"}'
        )
    return Private(half=half, keys=keys)


def read_signing(
    section: Section, environment: Section, domain_names: tuple[str, ...]
) -> SigningKeys | None:
    """Read the ``signing`` of a section. No sentence quotes what may be a private key.

    :raises ValueError: with one sentence that names the JSON path.
    """
    value = section.get("signing")
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError(
            f"{section.at('signing')} must be an object with keys and signing_key"
        )
    signing = section.section("signing", keys=_SIGNING_KEYS)
    if environment.get("origin_secret") is None:
        raise ValueError(
            f"{environment.at('origin_secret')} must be given with {signing.path}, because "
            "whoever asks the server itself would need no signature"
        )
    with signing.named():
        site = signing.text("cookies_from", like="www.example.com")
        if site is not None:
            cookie_domain(site=site, media_domain_names=domain_names)
        # SigningKeys checks the shape itself, in sentences without the values.
        return SigningKeys(
            keys=cast(Mapping[str, Any], signing.get("keys")),
            signing_key=cast(str, signing.get("signing_key")),
        )
