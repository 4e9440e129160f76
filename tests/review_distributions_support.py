"""Small templates of one distribution, and what is told when one thing of it changes."""

from __future__ import annotations

import copy

from cdn_review.delivery import deliveries
from cdn_review.packs import Stack
from cdn_review.summary.distributions import changes

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECRET = "{{resolve:secretsmanager:mysite:SecretString:::v1}}"

SERVER = {
    "Id": "server",
    "DomainName": "www.example.com",
    "OriginPath": "/static",
    "CustomOriginConfig": {
        "OriginProtocolPolicy": "https-only",
        "OriginSSLProtocols": ["TLSv1.2"],
    },
    "OriginCustomHeaders": [
        {"HeaderName": "X-Cdn-Tree", "HeaderValue": "static"},
        {"HeaderName": "X-Origin-Secret", "HeaderValue": SECRET},
    ],
}
BEHAVIOR = {
    "TargetOriginId": "server",
    "CachePolicyId": OPTIMIZED,
    "ViewerProtocolPolicy": "redirect-to-https",
}


def template(behavior=None, *, origin=None, config=None, others=None, **resources):
    """A distribution that is closed in every way, with other values where given."""
    described = {
        "Enabled": True,
        "Origins": [{**SERVER, **(origin or {})}],
        "DefaultCacheBehavior": {**BEHAVIOR, **(behavior or {})},
        **(config or {}),
    }
    if others:
        described["CacheBehaviors"] = [{**BEHAVIOR, **one} for one in others]
    edge = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": described},
    }
    return copy.deepcopy({"Resources": {"Edge": edge, **resources}})


def policy(kind, **config):
    return {
        "Type": f"AWS::CloudFront::{kind}",
        "Properties": {f"{kind}Config": {"Name": "mine", **config}},
    }


def delivery(*given, **values):
    return deliveries(template(*given, **values))["Edge"]


def found(before, after):
    """The changes of the distribution of two templates."""
    stacks = (Stack(name="mysite-cdn-prod", template=one) for one in (before, after))
    return list(changes(*stacks, [("static distribution", "Edge", "Edge")]))


def told(before, after):
    """The same as sentences, without what they all begin with."""
    beginning = "prod: static distribution: "
    return [str(one).removeprefix(beginning) for one in found(before, after)]


def stops(before, after):
    return [str(one.stop) for one in found(before, after) if one.stop]
