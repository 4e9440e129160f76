"""The names that the CDK stacks and the Django side share. Standard library only."""

from __future__ import annotations

from enum import StrEnum

TREE_HEADER = "X-Cdn-Tree"
"""The origin header by which a distribution says which tree it reads."""

ORIGIN_SECRET_HEADER = "X-Origin-Secret"
"""The origin header by which a server knows its own distributions, if they send it."""

UPLOAD_POLICY = (
    "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
)
"""The Content Security Policy of uploads: it may be looked at or played, no more."""


class Tree(StrEnum):
    """A tree of files, read by one distribution under one path of the server."""

    STATIC = "static"
    MEDIA = "media"
    PRIVATE = "private"

    @property
    def origin_path(self) -> str:
        """Where the tree stands on the server, such as ``/static``."""
        return f"/{self.value}"


class Output(StrEnum):
    """The outputs of a stack. ``…DomainName`` goes into URLs, ``…DnsTarget`` into DNS."""

    STATIC_DOMAIN_NAME = "StaticDomainName"
    STATIC_DISTRIBUTION_ID = "StaticDistributionId"
    STATIC_DNS_TARGET = "StaticDnsTarget"
    MEDIA_DOMAIN_NAME = "MediaDomainName"
    MEDIA_DISTRIBUTION_ID = "MediaDistributionId"
    MEDIA_DNS_TARGET = "MediaDnsTarget"
    # Only where they apply: a signing key, a bucket of static or media files, private files.
    MEDIA_KEY_PAIR_ID = "MediaKeyPairId"
    # Of all keys by name, such as "2026a=K1,2026b=K2", for whoever rotates them.
    MEDIA_KEY_PAIR_IDS = "MediaKeyPairIds"
    STATIC_BUCKET_NAME = "StaticBucketName"
    MEDIA_BUCKET_NAME = "MediaBucketName"
    PRIVATE_DOMAIN_NAME = "PrivateDomainName"
    PRIVATE_DISTRIBUTION_ID = "PrivateDistributionId"
    PRIVATE_DNS_TARGET = "PrivateDnsTarget"
