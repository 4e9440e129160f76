"""Amazon CloudFront in front of a Django server: the CDK side."""

from __future__ import annotations

from constructs_lib.bucket import Bucket
from constructs_lib.cdn import DjangoCdn
from constructs_lib.cors import Cors
from constructs_lib.distribution import (
    MediaDistribution,
    PrivateMediaDistribution,
    StaticDistribution,
)
from constructs_lib.legacy_logs import LegacyLogs
from constructs_lib.options import DistributionOptions
from constructs_lib.origin import DjangoOrigin, OriginRecord
from constructs_lib.origin_options import IpAddressType, OriginSecret
from constructs_lib.policies import Policies
from constructs_lib.response_headers import Hsts, ResponseHeaders
from constructs_lib.signing import SigningKeys
from constructs_lib.ttl import ErrorTtl, Ttl
from constructs_lib.viewers import HttpVersion, PriceClass, Tls

__all__ = [
    "Bucket",
    "Cors",
    "DistributionOptions",
    "DjangoCdn",
    "DjangoOrigin",
    "ErrorTtl",
    "Hsts",
    "HttpVersion",
    "IpAddressType",
    "LegacyLogs",
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
]
