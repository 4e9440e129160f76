"""Small stacks of whole resources, and what is told when one of them changes."""

from __future__ import annotations

import copy

from cdn_review.packs import Pack, Stack
from cdn_review.summary.summarize import summarize

CDN = "AWS::CloudFront::"
NAME = "mysite-cdn-prod"


def resource(kind, properties=None, **attributes):
    return {"Type": kind, "Properties": properties or {}, **attributes}


def distribution(half="static", *, aliases=(), groups=(), **attributes):
    """A distribution of a half, which says so by the header that it sends."""
    tree = [{"HeaderName": "X-Cdn-Tree", "HeaderValue": half}] if half else []
    config = {
        "Enabled": True,
        "Aliases": list(aliases),
        "Origins": [
            {
                "Id": "server",
                "DomainName": "www.example.com",
                "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
                "OriginCustomHeaders": tree,
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "server",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "ViewerProtocolPolicy": "https-only",
            "TrustedKeyGroups": [{"Ref": one} for one in groups],
        },
    }
    properties = {"DistributionConfig": config}
    return resource(f"{CDN}Distribution", properties, **attributes)


def policy(name="mine", **config):
    return resource(
        f"{CDN}CachePolicy", {"CachePolicyConfig": {"Name": name, **config}}
    )


def public_key(text="one"):
    config = {"EncodedKey": text, "Name": text, "CallerReference": text}
    return resource(f"{CDN}PublicKey", {"PublicKeyConfig": config})


def key_group(*keys):
    config = {"Name": "group", "Items": [{"Ref": key} for key in keys]}
    return resource(f"{CDN}KeyGroup", {"KeyGroupConfig": config})


def template(outputs=None, sections=None, **resources):
    """With a distribution of static files, unless another resource takes its place."""
    found = {"Resources": {"Edge": distribution(), **resources}, **(sections or {})}
    if outputs:
        found["Outputs"] = {name: {"Value": one} for name, one in outputs.items()}
    return copy.deepcopy(
        {
            **found,
            "Resources": {k: v for k, v in found["Resources"].items() if v is not None},
        }
    )


def stack(given=None, name=NAME, **about):
    return Stack(name=name, template=template() if given is None else given, **about)


def pack(*stacks):
    return Pack(stacks={one.name: one for one in stacks})


def found(before, after):
    """The changes from one template, stack or pack to another."""
    return summarize(*map(_pack, (before, after)))


def told(before, after):
    """The same as sentences."""
    return [str(one) for one in found(before, after)]


def stops(before, after):
    return [str(one.stop) for one in found(before, after) if one.stop]


def _pack(one):
    if isinstance(one, Pack):
        return one
    return pack(one if isinstance(one, Stack) else stack(one))
