"""Regions, limits and quotas of CloudFront.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
"""

from __future__ import annotations

import re

GLOBAL_REGION = "us-east-1"
"""Where CloudFront's certificates, web ACLs, metrics and log deliveries are."""

POLICIES_PER_ACCOUNT = 20
"""Cache policies, and as many of each other kind. It can be raised."""

PER_ACCOUNT = {
    "CachePolicy": POLICIES_PER_ACCOUNT,
    "Distribution": 500,
    "Function": 100,
    "KeyGroup": 10,
    "OriginAccessControl": 100,
    "OriginRequestPolicy": POLICIES_PER_ACCOUNT,
    "PublicKey": 10,
    "ResponseHeadersPolicy": POLICIES_PER_ACCOUNT,
    "VpcOrigin": 25,
}
"""Resources of a type, by the end of the type's name."""

POLICY_NAME_LENGTH = 128
KEYS_PER_GROUP = 5
KEY_NAME = re.compile(r"(?=.{1,32}\Z)[a-z0-9]+(-[a-z0-9]+)*")
"""What signing keys are called in ``cdk.json``. Names of resources are made of it."""

CUSTOM_RESPONSE_HEADERS = 10
CUSTOM_RESPONSE_HEADERS_LENGTH = 10_240
"""Characters in all names and values together."""

REMOVED_RESPONSE_HEADERS = 10
CUSTOM_ORIGIN_HEADERS = 30
CUSTOM_ORIGIN_HEADERS_LENGTH = 10_240
"""Characters in all names and values together."""

HEADER_VALUE_LENGTH = 1783
"""Characters in one header, and in the origins that a policy allows by CORS."""

ORIGIN_TIMEOUT_SECONDS = 120
"""Of the read timeout and the keep-alive timeout. It can be raised."""

FAILOVER_STATUS_CODES = (403, 404, 500, 502, 503, 504)
"""Answers after which an origin group can ask its second origin. S3 says 403 for a name that
does not exist; CloudFront counts a refused connection as 503 and a timeout as 504:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
"""

ORIGIN_SHIELD_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "me-central-1",
    "sa-east-1",
)
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html"""

NEAREST_ORIGIN_SHIELD_REGIONS = {
    "af-south-1": "eu-west-1",
    "ap-east-1": "ap-southeast-1",
    "ca-central-1": "us-east-1",
    "eu-north-1": "eu-west-2",
    "eu-south-1": "eu-central-1",
    "eu-west-3": "eu-west-2",
    "me-south-1": "ap-south-1",
    "us-west-1": "us-west-2",
}
"""What the same page advises for servers in regions without Origin Shield."""

# https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
CERTIFICATE_NAMES = 10
"""Domain names of one certificate, unless the quota was raised."""
# https://docs.aws.amazon.com/acm/latest/userguide/acm-public-certificates.html
CERTIFICATE_NAME_LENGTH = 64
"""Characters of a certificate's first name."""
