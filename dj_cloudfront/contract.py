"""The names that the CDK stacks and the Django side share. Standard library only."""

from __future__ import annotations

from enum import StrEnum

TREE_HEADER = "X-Cdn-Tree"
"""The origin header by which a distribution says which tree it reads."""

SECRET_HEADER = "X-Origin-Secret"
"""The origin header whose value only the distributions and the server know."""


class Output(StrEnum):
    """The outputs of a stack. ``…DomainName`` goes into URLs, ``…DnsTarget`` into DNS."""

    STATIC_DOMAIN_NAME = "StaticDomainName"
    STATIC_DISTRIBUTION_ID = "StaticDistributionId"
    STATIC_DNS_TARGET = "StaticDnsTarget"
    MEDIA_DOMAIN_NAME = "MediaDomainName"
    MEDIA_DISTRIBUTION_ID = "MediaDistributionId"
    MEDIA_DNS_TARGET = "MediaDnsTarget"
    # Only where they apply: a signing key, a bucket for a half, a tree of private media.
    MEDIA_KEY_PAIR_ID = "MediaKeyPairId"
    STATIC_BUCKET_NAME = "StaticBucketName"
    MEDIA_BUCKET_NAME = "MediaBucketName"
    PRIVATE_DOMAIN_NAME = "PrivateDomainName"
    PRIVATE_DISTRIBUTION_ID = "PrivateDistributionId"
    PRIVATE_DNS_TARGET = "PrivateDnsTarget"
