"""Changes of other people's templates that a team would be paged for, both ways."""

from __future__ import annotations

import copy

import pytest
from shop_support import EDGE, blocks, resource, review, shop, words

from cdn_review.change import BlockReason, Tag

ACCESS, DOMAIN = BlockReason.ACCESS_WIDENED, BlockReason.DOMAIN_LOST


def policy(**statement):
    allow = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
    }
    document = {"Statement": [{**allow, **statement}]}
    return shop(
        Policy=resource("S3::BucketPolicy", Bucket="b", PolicyDocument=document)
    )


def test_everybody_but_one_is_everybody():
    closed = policy(Principal={"Service": "cloudfront.amazonaws.com"})
    opened = policy(NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"})
    assert blocks(closed, opened) == {ACCESS}
    assert blocks(opened, closed) == set()
    assert review(opened, closed)


def group(*names, target="d1.cloudfront.net"):
    records = [
        {"Name": name, "Type": "A", "AliasTarget": {"DNSName": target}}
        for name in names
    ]
    return shop(Names=resource("Route53::RecordSetGroup", RecordSets=records))


def test_records_in_a_group_are_guarded_like_others():
    both = group("a.example.com", "b.example.com")
    assert blocks(both, shop()) == {DOMAIN}
    assert blocks(both, group("a.example.com")) == {DOMAIN}
    assert blocks(both, group("a.example.com", "b.example.com", target="other")) == {
        DOMAIN
    }
    assert blocks(group("a.example.com"), both) == set()
    assert review(group("a.example.com"), both)


def test_a_public_access_block_that_is_no_longer_set_blocks():
    config = dict.fromkeys(
        (
            "BlockPublicAcls",
            "BlockPublicPolicy",
            "IgnorePublicAcls",
            "RestrictPublicBuckets",
        ),
        True,
    )
    explicit = shop(Own=resource("S3::Bucket", PublicAccessBlockConfiguration=config))
    unset = shop(Own=resource("S3::Bucket"))
    assert blocks(explicit, unset) == {ACCESS}
    assert blocks(unset, explicit) == set()


def keyed(cookies):
    own = {"CookieBehavior": "whitelist", "Cookies": cookies}
    key = {
        "CookiesConfig": own if cookies else {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    made = shop(
        Keyed=resource(
            "CloudFront::CachePolicy",
            CachePolicyConfig={
                "Name": "keyed",
                "MinTTL": 0,
                "DefaultTTL": 60,
                "MaxTTL": 600,
                "ParametersInCacheKeyAndForwardedToOrigin": key,
            },
        )
    )
    made = copy.deepcopy(made)
    config = made["Resources"]["Edge"]["Properties"]["DistributionConfig"]
    config["DefaultCacheBehavior"] |= {
        "CachePolicyId": {"Ref": "Keyed"},
        "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
    }
    return made


def test_a_cookie_that_leaves_the_cache_key_and_is_still_sent_stands_out():
    personal = [
        change
        for change in review(keyed(["session"]), keyed([]))
        if Tag.VISITOR_DATA in change.tags
    ]
    assert any("session" in words(change) for change in personal)
    back = review(keyed([]), keyed(["session"]))
    assert not any("can be cached for others" in change.note for change in back)


def test_an_access_control_may_take_over_from_an_identity():
    def bucket(**signed):
        made = copy.deepcopy(
            shop(Control=resource("CloudFront::OriginAccessControl", **CONTROL))
        )
        config = made["Resources"]["Edge"]["Properties"]["DistributionConfig"]
        origin = {
            "Id": "own",
            "DomainName": "own.s3.amazonaws.com",
            "S3OriginConfig": {},
        }
        config["Origins"] = [*config["Origins"], {**origin, **signed}]
        config["DefaultCacheBehavior"] |= {"TargetOriginId": "own"}
        return made

    identity = {"OriginAccessIdentity": "origin-access-identity/cloudfront/E1"}
    older = bucket(S3OriginConfig=identity)
    newer = bucket(OriginAccessControlId={"Fn::GetAtt": ["Control", "Id"]})
    assert blocks(older, newer) == set()
    assert review(older, newer)
    assert blocks(older, bucket()) == {BlockReason.ORIGIN_OPENED}
    assert blocks(newer, bucket()) == {BlockReason.ORIGIN_OPENED}


CONTROL = {
    "OriginAccessControlConfig": {
        "Name": "own",
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }
}


def bucket_named(name):
    return shop(Own=resource("S3::Bucket", BucketName=name))


def under_a_condition_that_is_text():
    made = copy.deepcopy(shop())
    made["Conditions"] = {"A": "x"}
    made["Resources"]["Edge"]["Condition"] = "A"
    return made


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(bucket_named({"Fn::Join": []}), id="a join of nothing"),
        pytest.param(bucket_named({"Fn::Join": ["", 5]}), id="a join of a number"),
        pytest.param(bucket_named({"Fn::GetAtt": []}), id="an attribute of nothing"),
        pytest.param(under_a_condition_that_is_text(), id="a condition that is text"),
        pytest.param(shop({f"{EDGE} Aliases": 5}), id="aliases that are a number"),
    ],
)
def test_damaged_templates_are_compared_all_the_same(damaged):
    renamed = copy.deepcopy(damaged)
    renamed["Resources"]["Renamed"] = renamed["Resources"].pop("Edge")
    for before, after in ((shop(), damaged), (damaged, shop()), (damaged, renamed)):
        assert review(before, after)
