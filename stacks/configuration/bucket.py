"""``static.bucket`` and ``media.bucket`` of an environment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib import Cors, MediaBucket, StaticBucket
from stacks.configuration.section import Section


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket for a half: a new one, or one that exists by name."""

    name: str | None
    region: str | None
    keep_replaced: timedelta | None

    def define_static(self, scope: Construct, cors: Cors) -> StaticBucket:
        return StaticBucket(
            scope,
            "StaticBucket",
            cors=cors,
            bucket=self._existing(scope, "StaticBucketByName"),
            keep_replaced=self.keep_replaced,
        )

    def define_media(self, scope: Construct, cors: Cors) -> MediaBucket:
        return MediaBucket(
            scope,
            "MediaBucket",
            cors=cors,
            bucket=self._existing(scope, "MediaBucketByName"),
            keep_replaced=self.keep_replaced,
        )

    def _existing(self, scope: Construct, construct_id: str) -> s3.IBucket | None:
        if self.name is None:
            return None
        return s3.Bucket.from_bucket_attributes(
            scope, construct_id, bucket_name=self.name, region=self.region
        )


def read_bucket(half: Section, cors: Cors) -> Bucket | None:
    """Read the ``bucket`` of a half.

    :raises ValueError: with one sentence that names the JSON path.
    """
    if half.get("bucket") is None:
        return None
    section = half.section("bucket", keys=("keep_replaced_days", "name", "region"))
    if not cors.is_answered_by_the_edge:
        raise ValueError(
            f"{half.path.rpartition('.')[0]}.cors must be 'any_origin' or a list of origins "
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
            like="mysite-" + half.path.rpartition(".")[2],
        ),
        region=section.region("region"),
        keep_replaced=None if days is None else timedelta(days=days),
    )


def check_buckets(path: str, static: Bucket | None, media: Bucket | None) -> None:
    """Uploads must not be readable under the name of the static files.

    :raises ValueError: with one sentence that names the JSON paths.
    """
    if static and media and static.name is not None and static.name == media.name:
        raise ValueError(
            f"{path}.static.bucket.name must be another than {path}.media.bucket.name, "
            "because uploads would be served under the static domain too, without the policy "
            f"that lets them do nothing, got {static.name!r} for both"
        )
