"""Strings of cdk.json become the CDK's interfaces here. Nothing is looked up."""

from __future__ import annotations

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib import Policies
from stacks.configuration.common import Zone
from stacks.configuration.half import PolicyIds


def certificate(scope: Construct, arn: str | None) -> acm.ICertificate | None:
    if arn is None:
        return None
    return acm.Certificate.from_certificate_arn(scope, "Certificate", arn)


def hosted_zone(scope: Construct, zone: Zone | None) -> route53.IHostedZone | None:
    if zone is None:
        return None
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "HostedZone", hosted_zone_id=zone.id, zone_name=zone.name
    )


def policies(scope: Construct, half: str, ids: PolicyIds) -> Policies:
    own = Construct(scope, f"{half}Policies")
    cache = origin_request = response_headers = None
    if ids.cache:
        cache = cloudfront.CachePolicy.from_cache_policy_id(own, "Cache", ids.cache)
    if ids.origin_request:
        origin_request = cloudfront.OriginRequestPolicy.from_origin_request_policy_id(
            own, "OriginRequest", ids.origin_request
        )
    if ids.response_headers:
        response_headers = (
            cloudfront.ResponseHeadersPolicy.from_response_headers_policy_id(
                own, "ResponseHeaders", ids.response_headers
            )
        )
    return Policies(
        cache=cache, origin_request=origin_request, response_headers=response_headers
    )
