"""Amazon CloudFront in front of a Django server: the CDK side."""

from __future__ import annotations

from constructs_lib.buckets import MediaBucket, StaticBucket
from constructs_lib.distributions import (
    MediaDistribution,
    PriceClass,
    PrivateMediaDistribution,
    StaticDistribution,
    Tls,
    Viewers,
)
from constructs_lib.django_cdn import DjangoCdn
from constructs_lib.media import SigningKeys
from constructs_lib.origins import (
    DjangoOrigin,
    IpAddressType,
    OriginRecord,
    OriginSecret,
)
from constructs_lib.policies import Cors, ErrorTtl, Hsts, Policies, ResponseHeaders, Ttl

__all__ = [
    "Cors",
    "DjangoCdn",
    "DjangoOrigin",
    "ErrorTtl",
    "Hsts",
    "IpAddressType",
    "MediaBucket",
    "MediaDistribution",
    "OriginRecord",
    "OriginSecret",
    "Policies",
    "PriceClass",
    "PrivateMediaDistribution",
    "ResponseHeaders",
    "SigningKeys",
    "StaticBucket",
    "StaticDistribution",
    "Tls",
    "Ttl",
    "Viewers",
]
