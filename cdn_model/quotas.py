"""Regions, limits and quotas of CloudFront.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
"""

from __future__ import annotations

GLOBAL_REGION = "us-east-1"
"""Where CloudFront's certificates, web ACLs, metrics and log deliveries are."""
