"""A small shop behind CloudFront, and what the review says when one part of it changes."""

from __future__ import annotations

import copy
from typing import Any

from cdn_review.change import Change
from cdn_review.compare import compare
from cdn_review.message import to_text
from cdn_review.snapshot import Snapshot, Stack

GONE = object()
IMPORT = {"Fn::ImportValue": "x"}
STORED = "{{resolve:ssm:x}}"
SECRET = "{{resolve:secretsmanager:shop:SecretString:value::v1}}"

EDGE = "Resources Edge Properties DistributionConfig"
SERVER = f"{EDGE} Origins 0"
BUCKET = f"{EDGE} Origins 1"
DEFAULT = f"{EDGE} DefaultCacheBehavior"
PRIVATE = f"{EDGE} CacheBehaviors 0"
IMAGES = f"{EDGE} CacheBehaviors 1"
CACHE = "Resources Cache Properties CachePolicyConfig"
HEADERS = "Resources Headers Properties ResponseHeadersPolicyConfig"
CONTROL = "Resources Control Properties OriginAccessControlConfig"
CODE = "Resources Code Properties"
RECORD = "Resources Record Properties"
CERTIFICATE = "Resources Certificate Properties"
FILES = "Resources Files Properties"
STATEMENT = "Resources FilesPolicy Properties PolicyDocument Statement 0"

KEY = "-----BEGIN PUBLIC KEY-----\nMIIB{}\n-----END PUBLIC KEY-----\n"


def resource(resource_type: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{resource_type}", "Properties": properties}


def public_key(name: str) -> dict[str, Any]:
    config = {"Name": name, "CallerReference": name, "EncodedKey": KEY.format(name)}
    return resource("CloudFront::PublicKey", PublicKeyConfig=config)


SHOP: dict[str, Any] = {
    "Resources": {
        "Edge": resource(
            "CloudFront::Distribution",
            DistributionConfig={
                "Enabled": True,
                "Aliases": ["www.example.com"],
                "ViewerCertificate": {
                    "AcmCertificateArn": {"Ref": "Certificate"},
                    "SslSupportMethod": "sni-only",
                    "MinimumProtocolVersion": "TLSv1.2_2021",
                },
                "Origins": [
                    {
                        "Id": "o",
                        "DomainName": "origin.example.com",
                        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
                        "OriginCustomHeaders": [
                            {"HeaderName": "X-Origin-Secret", "HeaderValue": SECRET},
                            {
                                "HeaderName": "X-Forwarded-Host",
                                "HeaderValue": "www.example.com",
                            },
                        ],
                    },
                    {
                        "Id": "b",
                        "DomainName": {"Fn::GetAtt": ["Files", "RegionalDomainName"]},
                        "OriginAccessControlId": {"Fn::GetAtt": ["Control", "Id"]},
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    },
                ],
                "DefaultCacheBehavior": {
                    "TargetOriginId": "o",
                    "ViewerProtocolPolicy": "redirect-to-https",
                    "CachePolicyId": {"Ref": "Cache"},
                    "ResponseHeadersPolicyId": {"Ref": "Headers"},
                    "FunctionAssociations": [
                        {
                            "EventType": "viewer-request",
                            "FunctionARN": {"Fn::GetAtt": ["Code", "FunctionARN"]},
                        }
                    ],
                },
                "CacheBehaviors": [
                    {
                        "PathPattern": "/private/*",
                        "TargetOriginId": "b",
                        "ViewerProtocolPolicy": "https-only",
                        "CachePolicyId": {"Ref": "Cache"},
                        "TrustedKeyGroups": [{"Ref": "Keys"}],
                    },
                    {
                        "PathPattern": "/img/*",
                        "TargetOriginId": "b",
                        "ViewerProtocolPolicy": "redirect-to-https",
                        "CachePolicyId": {"Ref": "Cache"},
                        "ResponseHeadersPolicyId": {"Ref": "Headers"},
                    },
                ],
            },
        ),
        "Cache": resource(
            "CloudFront::CachePolicy",
            CachePolicyConfig={
                "Name": "shop",
                "MinTTL": 0,
                "DefaultTTL": 86400,
                "MaxTTL": 31536000,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": True,
                    "EnableAcceptEncodingBrotli": True,
                    "HeadersConfig": {
                        "HeaderBehavior": "whitelist",
                        "Headers": ["Origin"],
                    },
                    "CookiesConfig": {"CookieBehavior": "none"},
                    "QueryStringsConfig": {"QueryStringBehavior": "none"},
                },
            },
        ),
        "Headers": resource(
            "CloudFront::ResponseHeadersPolicy",
            ResponseHeadersPolicyConfig={
                "Name": "shop",
                "CorsConfig": {
                    "AccessControlAllowCredentials": False,
                    "AccessControlAllowHeaders": {"Items": ["*"]},
                    "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
                    "AccessControlAllowOrigins": {"Items": ["https://www.example.com"]},
                    "OriginOverride": True,
                },
                "SecurityHeadersConfig": {
                    "ContentTypeOptions": {"Override": True},
                    "StrictTransportSecurity": {
                        "AccessControlMaxAgeSec": 31536000,
                        "Override": True,
                    },
                },
            },
        ),
        "Control": resource(
            "CloudFront::OriginAccessControl",
            OriginAccessControlConfig={
                "Name": "shop",
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            },
        ),
        "Keys": resource(
            "CloudFront::KeyGroup",
            KeyGroupConfig={"Name": "shop", "Items": [{"Ref": "Key"}]},
        ),
        "Key": public_key("spring"),
        "Code": resource(
            "CloudFront::Function",
            Name="sign-in",
            AutoPublish=True,
            FunctionCode="if(!e.request.headers.authorization) return {statusCode:401}; return e.request",
            FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        ),
        "Files": resource(
            "S3::Bucket",
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        ),
        "FilesPolicy": resource(
            "S3::BucketPolicy",
            Bucket={"Ref": "Files"},
            PolicyDocument={
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudfront.amazonaws.com"},
                        "Action": "s3:GetObject*",
                        "Resource": {
                            "Fn::Join": ["", [{"Fn::GetAtt": ["Files", "Arn"]}, "/*"]]
                        },
                        "Condition": {
                            "StringEquals": {
                                "AWS:SourceArn": {
                                    "Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Edge}"
                                }
                            }
                        },
                    }
                ]
            },
        ),
        "Certificate": resource(
            "CertificateManager::Certificate",
            DomainName="www.example.com",
            ValidationMethod="DNS",
        ),
        "Record": resource(
            "Route53::RecordSet",
            HostedZoneId="Z0EXAMPLE",
            Name="www.example.com",
            Type="A",
            AliasTarget={
                "DNSName": {"Fn::GetAtt": ["Edge", "DomainName"]},
                "HostedZoneId": "Z2FDTNDATAQYW2",
            },
        ),
    }
}


def shop(changes: dict[str, Any] | None = None, **resources: Any) -> dict[str, Any]:
    """The shop with other values at some places, and with more resources.

    :param changes: Values by the steps to their place: ``f"{EDGE} Aliases 0"``.
    """
    template = copy.deepcopy(SHOP)
    template["Resources"] |= copy.deepcopy(resources)
    for place, value in (changes or {}).items():
        *steps, last = place.split()
        node: Any = template
        for step in steps:
            node = (
                node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
            )
        key = int(last) if isinstance(node, list) else last
        if value is GONE:
            del node[key]
        elif isinstance(node, list) and key == len(node):
            node.append(copy.deepcopy(value))
        else:
            node[key] = copy.deepcopy(value)
    return template


def review(
    before: dict[str, Any], after: dict[str, Any], name: str = "shop"
) -> list[Change]:
    def side(template: dict[str, Any]) -> Snapshot:
        return Snapshot(stacks={name: Stack(name=name, template=template)})

    return compare(side(before), side(after))


def words(change: Change) -> str:
    return f"{to_text(change.message)} {change.note}".strip()


def line(before: dict[str, Any], after: dict[str, Any], *mentions: str) -> Change:
    """The first line, of those that block if there are any, which mentions all of these."""
    changes = review(before, after)
    fitting = [
        change
        for change in sorted(changes, key=lambda change: change.block is None)
        if all(mention.lower() in words(change).lower() for mention in mentions)
    ]
    assert fitting, f"{mentions} in none of {[str(change) for change in changes]}"
    return fitting[0]


def blocks(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {str(change.block) for change in review(before, after) if change.block}
