"""Amazon CloudFront in front of a Django server: the CDK side."""

from __future__ import annotations

from constructs_lib.cors import Cors
from constructs_lib.distributions import MediaDistribution, StaticDistribution
from constructs_lib.django_cdn import DjangoCdn
from constructs_lib.headers import Hsts, ResponseHeaders
from constructs_lib.media import MediaBucket, SigningKeys
from constructs_lib.origins import (
    DjangoOrigin,
    IpAddressType,
    OriginRecord,
    OriginSecret,
)
from constructs_lib.policies import Policies
from constructs_lib.private import PrivateMediaDistribution
from constructs_lib.ttl import ErrorTtl, Ttl
from constructs_lib.viewers import PriceClass, Tls, Viewers

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
    "StaticDistribution",
    "Tls",
    "Ttl",
    "Viewers",
]
