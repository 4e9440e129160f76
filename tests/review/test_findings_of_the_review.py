from __future__ import annotations

import copy
import re

import pytest
from leaves_support import as_read
from shop_support import (
    CERTIFICATE,
    CODE,
    CONTROL,
    DEFAULT,
    EDGE,
    FILES,
    GONE,
    HEADERS,
    IMAGES,
    IMPORT,
    RECORD,
    SECRET,
    SERVER,
    STATEMENT,
    STORED,
    blocks,
    line,
    public_key,
    resource,
    review,
    shop,
    words,
)

from cdn_review.change import BlockReason, Tag
from cdn_review.snapshot import notices

ACCESS = BlockReason.ACCESS_WIDENED
DELETED = BlockReason.DISTRIBUTION_DELETED
DOMAIN = BlockReason.DOMAIN_LOST
HEADER = BlockReason.HEADER_DROPPED
ORIGIN = BlockReason.ORIGIN_OPENED
PROTECTION = BlockReason.PROTECTION_DROPPED

COMPUTED = (IMPORT, STORED, {"Ref": "Given"})


def given(template):
    return {**template, "Parameters": {"Given": {"Type": "String"}}}


# --- Values that only a deploy knows ---

SHIELD = f"{SERVER} OriginShield"
CREDENTIALS = f"{HEADERS} CorsConfig AccessControlAllowCredentials"
SNIFFING = f"{HEADERS} SecurityHeadersConfig ContentTypeOptions Override"
PUBLIC = f"{FILES} PublicAccessBlockConfiguration"


@pytest.mark.parametrize("computed", COMPUTED, ids=str)
@pytest.mark.parametrize(
    ("place", "literal", "name", "block"),
    [
        (CREDENTIALS, False, "logged-in", ACCESS),
        (f"{DEFAULT} Compress", True, "compress", None),
        (f"{DEFAULT} Compress", False, "compress", None),
        (f"{EDGE} IPV6Enabled", True, "IPv6", None),
        (f"{EDGE} IPV6Enabled", False, "IPv6", None),
        (SNIFFING, True, "X-Content-Type-Options", HEADER),
        (f"{HEADERS} CorsConfig OriginOverride", True, "CORS", None),
        (f"{HEADERS} CorsConfig OriginOverride", False, "CORS", None),
        (f"{PUBLIC} BlockPublicAcls", True, "public", ACCESS),
        (f"{PUBLIC} BlockPublicPolicy", True, "public", ACCESS),
        (f"{PUBLIC} IgnorePublicAcls", True, "public", ACCESS),
        (f"{PUBLIC} RestrictPublicBuckets", True, "public", ACCESS),
    ],
)
def test_a_flag_that_becomes_computed_is_told(place, literal, name, block, computed):
    known, unknown = given(shop({place: literal})), given(shop({place: computed}))
    assert line(known, unknown, name).block == block
    assert line(unknown, known, name).block is None


@pytest.mark.parametrize(
    ("place", "safe", "block"),
    [
        (f"{DEFAULT} ViewerProtocolPolicy", "redirect-to-https", PROTECTION),
        (f"{DEFAULT} ViewerProtocolPolicy", "https-only", PROTECTION),
        (
            f"{EDGE} ViewerCertificate MinimumProtocolVersion",
            "TLSv1.2_2021",
            PROTECTION,
        ),
        (f"{SERVER} CustomOriginConfig OriginProtocolPolicy", "https-only", ORIGIN),
        (f"{SERVER} OriginPath", "/live", ORIGIN),
        (f"{CONTROL} SigningBehavior", "always", ORIGIN),
        (
            f"{EDGE} Restrictions GeoRestriction",
            {"RestrictionType": "whitelist", "Locations": ["DE"]},
            ACCESS,
        ),
        (
            f"{HEADERS} SecurityHeadersConfig StrictTransportSecurity AccessControlMaxAgeSec",
            31536000,
            HEADER,
        ),
        (f"{STATEMENT} Effect", "Deny", ACCESS),
    ],
)
def test_a_protection_that_becomes_computed_blocks_until_it_is_known(
    place, safe, block
):
    known, unknown = shop({place: safe}), shop({place: IMPORT})
    assert blocks(known, unknown) == {block}
    assert blocks(unknown, known) == set()
    assert review(unknown, known)


def test_countries_that_become_computed_are_told_once():
    place = f"{EDGE} Restrictions GeoRestriction"
    listed = shop({place: {"RestrictionType": "whitelist", "Locations": ["DE"]}})
    (change,) = review(listed, shop({place: IMPORT}))
    assert "DE" in words(change)


@pytest.mark.parametrize("computed", COMPUTED, ids=str)
@pytest.mark.parametrize("enabled", [True, False])
def test_an_origin_shield_that_becomes_computed_is_told(enabled, computed):
    region = {"OriginShieldRegion": "eu-west-1"}
    known = given(shop({SHIELD: {"Enabled": enabled, **region}}))
    unknown = given(shop({SHIELD: {"Enabled": computed, **region}}))
    for before, after in ((known, unknown), (unknown, known)):
        assert re.search(
            "cache before the origin|origin ?shield", all_words(before, after), re.I
        )


@pytest.mark.parametrize("computed", COMPUTED, ids=str)
def test_a_distribution_may_be_off_after_a_deploy(computed):
    on, unknown = given(shop()), given(shop({f"{EDGE} Enabled": computed}))
    assert line(on, unknown, "enabled").block == DELETED
    assert blocks(unknown, on) == set()
    assert review(unknown, on)
    off = given(shop({f"{EDGE} Enabled": False}))
    assert blocks(unknown, off) == {DELETED}


# --- What signs requests, and what is sent to an origin ---


def test_a_changed_signing_behavior_is_told():
    always = shop()
    unless = shop({f"{CONTROL} SigningBehavior": "no-override"})
    never = shop({f"{CONTROL} SigningBehavior": "never"})
    assert review(always, unless)
    assert review(unless, always)
    assert blocks(unless, always) == set()
    assert blocks(always, never) == {ORIGIN}
    assert blocks(never, always) == set()


def test_an_access_control_for_another_kind_of_origin_opens_the_bucket():
    bucket = shop()
    function = shop({f"{CONTROL} OriginAccessControlOriginType": "lambda"})
    assert line(bucket, function, "s3", "lambda").block == ORIGIN
    assert line(function, bucket, "s3", "lambda").block is None


HOST = f"{SERVER} OriginCustomHeaders 1 HeaderValue"


def test_each_value_of_an_origin_header_is_told_from_each_other():
    for number in range(256):
        value = f"origin{number}.example.com"
        change = line(shop(), shop({HOST: value}), "X-Forwarded-Host", "another value")
        assert change.block is None
        assert value not in str(change)
        assert "www.example.com" not in str(change)


@pytest.mark.parametrize(
    ("headers", "removed", "block"),
    [
        ([("X-From-Cdn", "a literal"), ("X-Keyboard", "qwerty")], 1, None),
        ([("X-From-Cdn", "a literal")], 0, ORIGIN),
        ([("X-Keyboard", "qwerty")], 0, ORIGIN),
        ([("X-Keyboard", SECRET), ("X-From-Cdn", "a literal")], 0, ORIGIN),
    ],
)
def test_a_header_guards_an_origin_by_its_value_or_by_being_the_only_one(
    headers, removed, block
):
    sent = [{"HeaderName": name, "HeaderValue": value} for name, value in headers]
    fewer = sent[:removed] + sent[removed + 1 :]
    place = f"{SERVER} OriginCustomHeaders"
    before, after = shop({place: sent}), shop({place: fewer})
    assert line(before, after, headers[removed][0]).block == block
    assert line(after, before, headers[removed][0]).block is None


def test_a_secret_that_becomes_a_literal_no_longer_guards_an_origin():
    place = f"{SERVER} OriginCustomHeaders 0 HeaderValue"
    other = SECRET.replace("v1", "v2")
    assert (
        line(shop(), shop({place: other}), "X-Origin-Secret", "another value").block
        is None
    )
    assert line(shop(), shop({place: "literal"}), "X-Origin-Secret").block == ORIGIN
    assert line(shop({place: "literal"}), shop(), "X-Origin-Secret").block is None


@pytest.mark.parametrize(
    ("viewers", "block"),
    [("allow-all", ORIGIN), ("redirect-to-https", None), ("https-only", None)],
)
def test_an_origin_is_asked_as_the_viewer_asked(viewers, block):
    protocol = f"{SERVER} CustomOriginConfig OriginProtocolPolicy"
    common = {f"{DEFAULT} ViewerProtocolPolicy": viewers}
    secure = shop({**common, protocol: "https-only"})
    matching = shop({**common, protocol: "match-viewer"})
    assert blocks(secure, matching) == ({block} if block else set())
    assert blocks(matching, secure) == set()


def test_the_port_for_http_is_told_where_http_reaches_the_origin():
    port = f"{SERVER} CustomOriginConfig HTTPPort"
    common = {
        f"{DEFAULT} ViewerProtocolPolicy": "allow-all",
        f"{SERVER} CustomOriginConfig OriginProtocolPolicy": "match-viewer",
    }
    before, after = shop({**common, port: 80}), shop({**common, port: 8080})
    assert line(before, after, "port", "8080", "80").block is None
    assert line(after, before, "port", "8080", "80").block is None


def test_how_a_group_chooses_its_origin_is_told():
    def template(criteria):
        members = {"Quantity": 2, "Items": [{"OriginId": "o"}, {"OriginId": "b"}]}
        codes = {"StatusCodes": {"Quantity": 1, "Items": [503]}}
        group = {
            "Id": "g",
            "Members": members,
            "FailoverCriteria": codes,
            "SelectionCriteria": criteria,
        }
        return shop(
            {
                f"{EDGE} OriginGroups": {"Quantity": 1, "Items": [group]},
                f"{DEFAULT} TargetOriginId": "g",
            }
        )

    plain, by_quality = template("default"), template("media-quality-based")
    for before, after in ((plain, by_quality), (by_quality, plain)):
        assert line(before, after, "media-quality-based", "default").block is None


# --- Names, conditions, code ---


def test_a_lost_domain_name_blocks():
    named = shop()
    nameless = shop({f"{EDGE} Aliases": [], f"{EDGE} ViewerCertificate": GONE})
    moved = shop({f"{EDGE} Aliases": ["shop.example.com"]})
    more = shop({f"{EDGE} Aliases": ["www.example.com", "shop.example.com"]})
    assert line(named, nameless, "www.example.com").block == DOMAIN
    assert line(named, moved, "www.example.com").block == DOMAIN
    assert line(nameless, named, "www.example.com").block is None
    assert line(named, more, "shop.example.com").block is None
    assert line(more, named, "shop.example.com").block == DOMAIN


def conditional(
    stage,
    place=f"{DEFAULT} ViewerProtocolPolicy",
    values=("redirect-to-https", "allow-all"),
):
    template = shop({place: {"Fn::If": ["IsProd", *values]}})
    template["Parameters"] = {"Env": {"Type": "String"}}
    template["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "Env"}, stage]}}
    return template


def test_another_definition_of_a_condition_that_selects_a_setting_blocks():
    for before, after in (("prod", "dev"), ("dev", "prod")):
        assert line(conditional(before), conditional(after)).block == PROTECTION


def test_another_definition_of_a_condition_without_a_setting_blocks_nothing():
    place = "Resources Other Properties DelaySeconds"
    other = resource("SQS::Queue")
    templates = [
        {
            **conditional(stage),
            "Resources": shop({place: {"Fn::If": ["IsProd", 1, 2]}}, Other=other)[
                "Resources"
            ],
        }
        for stage in ("prod", "dev")
    ]
    assert blocks(*templates) == set()


def test_other_code_on_requests_blocks():
    code = f"{CODE} FunctionCode"
    checking, passing = shop(), shop({code: "return e.request"})
    elsewhere = shop({f"{DEFAULT} FunctionAssociations 0 FunctionARN": IMPORT})
    without = shop({f"{DEFAULT} FunctionAssociations": GONE})
    for after in (passing, elsewhere, without):
        assert blocks(checking, after) == {PROTECTION}
    assert blocks(passing, checking) == {PROTECTION}
    assert blocks(elsewhere, checking) == {PROTECTION}
    assert blocks(without, checking) == set()
    assert review(without, checking)


@pytest.mark.parametrize("code", ["return e.request", "return {statusCode:200}"])
def test_code_is_never_shown(code):
    shown = all_words(shop(), shop({f"{CODE} FunctionCode": code}))
    assert code not in shown
    assert "authorization" not in shown


def test_another_lambda_at_the_edge_blocks():
    def template(version):
        arn = f"arn:aws:lambda:us-east-1:111122223333:function:sign-in:{version}"
        association = {"EventType": "origin-request", "LambdaFunctionARN": arn}
        return shop({f"{DEFAULT} LambdaFunctionAssociations": [association]})

    assert blocks(template(1), template(2)) == {PROTECTION}


# --- Tenants and clients with certificates ---


def tenant(**changes):
    properties = {
        "Name": "flowers",
        "DistributionId": {"Ref": "Edge"},
        "Domains": ["flowers.example.com"],
        "Enabled": True,
        "Customizations": {
            "GeoRestrictions": {"RestrictionType": "whitelist", "Locations": ["DE"]},
            "WebAcl": {
                "Action": "override",
                "Arn": "arn:aws:wafv2:us-east-1:1:global/webacl/a/1",
            },
        },
    }
    return shop(
        Flowers=resource("CloudFront::DistributionTenant", **{**properties, **changes})
    )


CUSTOM = tenant()["Resources"]["Flowers"]["Properties"]["Customizations"]


@pytest.mark.parametrize(
    ("changes", "block", "back"),
    [
        ({"Customizations": {"WebAcl": CUSTOM["WebAcl"]}}, ACCESS, None),
        ({"Customizations": {**CUSTOM, "WebAcl": {"Action": "disable"}}}, ACCESS, None),
        ({"Enabled": False}, DELETED, None),
        ({"Domains": ["roses.example.com"]}, DOMAIN, DOMAIN),
        ({"Domains": ["flowers.example.com", "roses.example.com"]}, None, DOMAIN),
    ],
)
def test_a_tenant_is_guarded_like_a_distribution(changes, block, back):
    before, after = tenant(), tenant(**changes)
    assert blocks(before, after) == ({block} if block else set())
    assert blocks(after, before) == ({back} if back else set())
    assert review(before, after)
    assert review(after, before)


def test_a_deleted_tenant_blocks_and_a_new_one_does_not():
    assert blocks(tenant(), shop()) == {DELETED}
    assert blocks(shop(), tenant()) == set()
    assert review(shop(), tenant())


def trusting(store="ts-1", *, ignores=False, bundle="one.pem", **more):
    config = {"TrustStoreId": store, "IgnoreCertificateExpiry": ignores}
    location = {"Bucket": "authorities", "Key": bundle, "Region": "us-east-1"}
    source = {"CaCertificatesBundleS3Location": location}
    return shop(
        {f"{EDGE} ViewerMtlsConfig": {"Mode": "required", "TrustStoreConfig": config}},
        Trusted=resource(
            "CloudFront::TrustStore", Name="t", CaCertificatesBundleSource=source
        ),
    )


def test_another_trust_store_blocks_both_ways():
    for before, after in (("ts-1", "ts-other"), ("ts-other", "ts-1")):
        assert (
            line(trusting(before), trusting(after), "ts-1", "ts-other").block == ACCESS
        )


def test_expired_certificates_that_are_accepted_block():
    strict, lax = trusting(), trusting(ignores=True)
    assert blocks(strict, lax) == {ACCESS}
    assert blocks(lax, strict) == set()
    assert review(lax, strict)


def test_another_bundle_of_authorities_blocks_both_ways():
    own = {"Ref": "Trusted"}
    for before, after in (("one.pem", "two.pem"), ("two.pem", "one.pem")):
        assert blocks(trusting(own, bundle=before), trusting(own, bundle=after)) == {
            ACCESS
        }


# --- What takes a site away from visitors ---


def stands_out(change):
    return bool(change.block or change.tags)


def test_a_record_that_points_elsewhere_stands_out():
    elsewhere = shop({f"{RECORD} AliasTarget DNSName": "d111111abcdef8.cloudfront.net"})
    change = line(shop(), elsewhere, "d111111abcdef8.cloudfront.net")
    assert stands_out(change)


def test_a_certificate_that_loses_a_name_blocks():
    wider = shop({f"{CERTIFICATE} SubjectAlternativeNames": ["shop.example.com"]})
    other = shop({f"{CERTIFICATE} DomainName": "shop.example.com"})
    assert line(shop(), other, "www.example.com").block == DOMAIN
    assert line(wider, shop(), "shop.example.com").block == DOMAIN
    assert blocks(shop(), wider) == set()
    assert review(shop(), wider)


def test_images_that_need_a_signature_from_now_on_stand_out():
    signed = shop({f"{IMAGES} TrustedKeyGroups": [{"Ref": "Keys"}]})
    assert stands_out(line(shop(), signed, "sign"))
    assert line(signed, shop(), "sign").block == ACCESS


# --- Access to a bucket ---


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (
            {f"{STATEMENT} Action": "s3:GetObject*"},
            {f"{STATEMENT} Action": "s3:GetObject"},
        ),
        (
            {f"{STATEMENT} Action": "s3:*"},
            {f"{STATEMENT} Action": ["s3:GetObject", "s3:List*"]},
        ),
        (
            {f"{STATEMENT} Resource": {"Fn::Sub": "${Files.Arn}/*"}},
            {f"{STATEMENT} Resource": {"Fn::Sub": "${Files.Arn}/media/*"}},
        ),
        (
            {
                f"{STATEMENT} Resource": "arn:aws:s3:::bk/*",
                f"{STATEMENT} Action": "s3:GetObject*",
            },
            {
                f"{STATEMENT} Resource": "arn:aws:s3:::bk/media/*",
                f"{STATEMENT} Action": "s3:GetObject",
            },
        ),
        ({f"{STATEMENT} Condition": GONE}, {}),
        ({f"{STATEMENT} Principal": "*"}, {}),
    ],
)
def test_a_narrowed_policy_of_a_bucket_is_told_and_a_widened_one_blocks(wide, narrow):
    wide, narrow = shop(wide), shop(narrow)
    assert blocks(wide, narrow) == set()
    assert review(wide, narrow)
    assert blocks(narrow, wide) == {ACCESS}


def test_a_partition_has_two_notations():
    place = f"{STATEMENT} Condition StringEquals AWS:SourceArn Fn::Sub"
    arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Edge}"
    assert review(shop(), shop({place: arn})) == []
    assert review(shop({place: arn}), shop()) == []


# --- Rules of a web ACL ---

MANAGED = {
    "Name": "common",
    "Priority": 0,
    "Statement": {
        "ManagedRuleGroupStatement": {
            "VendorName": "AWS",
            "Name": "AWSManagedRulesCommonRuleSet",
        }
    },
    "OverrideAction": {"None": {}},
    "VisibilityConfig": {
        "CloudWatchMetricsEnabled": True,
        "MetricName": "a",
        "SampledRequestsEnabled": True,
    },
}
GEO = {
    **MANAGED,
    "Name": "where",
    "Priority": 1,
    "Statement": {"GeoMatchStatement": {"CountryCodes": ["AQ", "BV"]}},
    "Action": {"Block": {}},
}
del GEO["OverrideAction"]


def filtered(*rules, **changes):
    properties = {
        "Scope": "CLOUDFRONT",
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": MANAGED["VisibilityConfig"],
        "Rules": list(rules),
    }
    return shop(
        {f"{EDGE} WebACLId": {"Fn::GetAtt": ["Acl", "Arn"]}},
        Acl=resource("WAFv2::WebACL", **{**properties, **changes}),
    )


def rule(base, **changes):
    return {**copy.deepcopy(base), **changes}


@pytest.mark.parametrize(
    ("strict", "lax"),
    [
        ([MANAGED], [rule(MANAGED, OverrideAction={"Count": {}})]),
        ([GEO], [rule(GEO, Action={"Count": {}})]),
        ([GEO], [rule(GEO, Action={"Allow": {}})]),
        ([MANAGED, GEO], [MANAGED]),
        ([GEO], [rule(GEO, Action={"Captcha": {}})]),
    ],
)
def test_a_rule_that_blocks_less_needs_an_acknowledgement(strict, lax):
    strict, lax = filtered(*strict), filtered(*lax)
    assert blocks(strict, lax) == {ACCESS}
    assert blocks(lax, strict) == set()
    assert review(lax, strict)


def test_a_statement_that_matches_something_else_blocks():
    fewer = rule(GEO, Statement={"GeoMatchStatement": {"CountryCodes": ["AQ"]}})
    assert blocks(filtered(GEO), filtered(fewer)) == {ACCESS}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            [MANAGED],
            [
                rule(
                    MANAGED,
                    VisibilityConfig={**MANAGED["VisibilityConfig"], "MetricName": "b"},
                )
            ],
        ),
        ([MANAGED, GEO], [MANAGED, rule(GEO, Priority=7)]),
    ],
)
def test_metrics_and_free_priorities_are_a_line_and_no_block(before, after):
    before, after = filtered(*before), filtered(*after)
    for sides in ((before, after), (after, before)):
        assert blocks(*sides) == set()
        assert review(*sides)


def test_what_happens_without_a_rule_decides():
    closed = {"DefaultAction": {"Block": {}}}
    assert blocks(filtered(GEO, **closed), filtered(GEO)) == {ACCESS}
    assert blocks(filtered(GEO), filtered(GEO, **closed)) == set()


# --- One cause, one acknowledgement ---


def test_one_change_of_three_distributions_has_one_fingerprint():
    def template(countries):
        geo = {"RestrictionType": "whitelist", "Locations": countries}
        base = shop({f"{EDGE} Restrictions": {"GeoRestriction": geo}})
        for name in ("Second", "Third"):
            copied = copy.deepcopy(base["Resources"]["Edge"])
            copied["Properties"]["DistributionConfig"]["Aliases"] = [
                f"{name.lower()}.example.com"
            ]
            base["Resources"][name] = copied
        return base

    blocking = [
        one for one in review(template(["DE"]), template(["DE", "FR"])) if one.block
    ]
    assert {one.block for one in blocking} == {ACCESS}
    assert len({one.fingerprint for one in blocking}) == 1
    other = [
        one for one in review(template(["DE"]), template(["DE", "GB"])) if one.block
    ]
    assert {one.fingerprint for one in other}.isdisjoint(
        {one.fingerprint for one in blocking}
    )


# --- Words ---


def test_a_replaced_key_is_named_and_so_is_the_new_one():
    after = shop(
        {"Resources Keys Properties KeyGroupConfig Items 0": {"Ref": "Next"}},
        Next=public_key("summer"),
    )
    changes = review(shop(), after)
    text = " ".join(map(words, changes))
    assert "spring" in text
    assert "summer" in text
    assert {one.block for one in changes if one.block} == {ACCESS}
    assert "1 key" not in text


def mailed(address):
    return shop(
        Mail=resource(
            "SNS::Subscription",
            TopicArn="arn:aws:sns:us-east-1:111122223333:t",
            Protocol="email",
            Endpoint=address,
        )
    )


def logged(destination, fields=("date", "time")):
    return shop(
        Source=resource(
            "Logs::DeliverySource",
            Name="s",
            LogType="ACCESS_LOGS",
            ResourceArn={"Fn::Sub": "arn:aws:cloudfront::1:distribution/${Edge}"},
        ),
        To=resource(
            "Logs::DeliveryDestination", Name="d", DestinationResourceArn=destination
        ),
        Logs=resource(
            "Logs::Delivery",
            DeliverySourceName={"Ref": "Source"},
            DeliveryDestinationArn={"Fn::GetAtt": ["To", "Arn"]},
            RecordFields=list(fields),
        ),
    )


LINES = "arn:aws:logs:us-east-1:111122223333:log-group:lines"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (mailed("ops@example.com"), mailed("web@example.com")),
        (shop(), shop({f"{RECORD} HostedZoneId": "Z1EXAMPLE"})),
        (logged(LINES), logged("arn:aws:s3:::lines")),
    ],
)
def test_what_cannot_be_updated_is_said_to_be_replaced(before, after):
    assert re.search("replace|made anew", all_words(before, after))


def test_addresses_of_visitors_in_logs_are_marked():
    plain, with_address = logged(LINES), logged(LINES, ("date", "time", "c-ip"))
    change = line(plain, with_address, "c-ip")
    assert Tag.VISITOR_DATA in change.tags
    back = line(with_address, plain, "c-ip")
    assert Tag.VISITOR_DATA not in back.tags
    other = line(plain, logged(LINES, ("date", "time", "sc-status")), "sc-status")
    assert Tag.VISITOR_DATA not in other.tags


def test_addresses_of_visitors_in_real_time_logs_are_marked():
    def template(fields):
        streams = [
            {
                "StreamType": "Kinesis",
                "KinesisStreamConfig": {"RoleArn": "r", "StreamArn": "s"},
            }
        ]
        config = resource(
            "CloudFront::RealtimeLogConfig",
            Name="n",
            SamplingRate=100,
            Fields=fields,
            EndPoints=streams,
        )
        return shop({f"{DEFAULT} RealtimeLogConfigArn": {"Ref": "Live"}}, Live=config)

    change = line(template(["timestamp"]), template(["timestamp", "c-ip"]), "c-ip")
    assert Tag.VISITOR_DATA in change.tags


LEGACY = {
    f"{EDGE} Origins": GONE,
    f"{EDGE} CacheBehaviors": GONE,
    f"{DEFAULT} TargetOriginId": "",
}


def legacy(**origin):
    return shop(
        {
            **LEGACY,
            f"{EDGE} CustomOrigin": {
                "DNSName": "www.example.com",
                "OriginProtocolPolicy": "https-only",
                **origin,
            },
        }
    )


def cookies(names):
    config = {"CookieBehavior": "allExcept", "Cookies": names}
    return shop(
        {
            "Resources Cache Properties CachePolicyConfig ParametersInCacheKeyAndForwardedToOrigin CookiesConfig": config
        }
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            shop({f"{SERVER} ConnectionAttempts": 2}),
            shop({f"{SERVER} ConnectionAttempts": 1}),
        ),
        (legacy(), legacy(HTTPSPort=8443)),
        (
            legacy(),
            shop(LEGACY | {f"{EDGE} S3Origin": {"DNSName": "b.s3.amazonaws.com"}}),
        ),
        (cookies([]), cookies(["_ga"])),
        (shop(), cookies([])),
        (
            shop({f"{SERVER} DomainName": IMPORT}),
            shop({f"{SERVER} DomainName": STORED}),
        ),
        (
            shop({f"{EDGE} WebACLId": IMPORT}),
            shop({f"{EDGE} WebACLId": {"Fn::ImportValue": "y"}}),
        ),
        (
            shop({f"{SERVER} CustomOriginConfig HTTPSPort": 8443}),
            shop({f"{SERVER} CustomOriginConfig HTTPSPort": "443"}),
        ),
    ],
)
def test_a_line_tells_two_values_apart_in_plain_words(before, after):
    there, back = all_words(before, after), all_words(after, before)
    assert there and back and there != back
    for text in (there, back):
        assert not re.search(
            r"\b1 (times|keys|seconds|days)\b|None|''|  | but instead|True|\[\]|\{\}",
            text,
        )
        assert not re.search(r"(.{12,}) instead of \1", text)


def test_a_number_has_two_notations():
    port = f"{SERVER} CustomOriginConfig HTTPSPort"
    assert review(shop({port: 443}), shop({port: "443"})) == []


# --- The rest of a template ---


def test_a_mapping_counts_where_a_setting_reads_it():
    def template(runtimes, place, found):
        made = shop(
            {place: {"Fn::FindInMap": ["Runtimes", {"Ref": "AWS::Region"}, "value"]}},
            Provider=resource("Lambda::Function", Handler="index.handler"),
        )
        made["Mappings"] = {"Runtimes": {name: {"value": found} for name in runtimes}}
        return made

    reader = "Resources Provider Properties Runtime"
    few, many = ["us-east-1"], ["us-east-1", "mx-central-1"]
    assert (
        review(
            template(few, reader, "nodejs22.x"), template(many, reader, "nodejs22.x")
        )
        == []
    )
    name = f"{SERVER} DomainName"
    changes = review(
        template(few, name, "a.example.com"), template(few, name, "b.example.com")
    )
    assert changes


@pytest.mark.parametrize(
    "explicit",
    [
        {f"{DEFAULT} SmoothStreaming": False},
        {f"{DEFAULT} GrpcConfig": {"Enabled": False}},
        {f"{EDGE} Staging": False},
        {f"{EDGE} Logging": {"Enabled": False}},
    ],
    ids=str,
)
def test_a_default_that_is_written_out_is_no_change(explicit):
    assert review(shop(), shop(explicit)) == []
    assert review(shop(explicit), shop()) == []


def test_resources_in_a_loop_are_left_out_and_said_to_be():
    loop = {
        "Fn::ForEach::Buckets": [
            "Name",
            ["A", "B"],
            {"Bucket${Name}": resource("S3::Bucket")},
        ]
    }
    looping = shop()
    looping["Transform"] = "AWS::LanguageExtensions"
    looping["Resources"] |= loop
    changed = copy.deepcopy(looping)
    changed["Resources"]["Edge"]["Properties"]["DistributionConfig"]["Aliases"] = []
    assert line(looping, changed, "www.example.com").block == DOMAIN
    (notice,) = notices(as_read(looping))
    assert "Fn::ForEach" in notice
    assert notices(as_read(shop())) == []


def test_a_resource_of_any_type_that_goes_is_named():
    table = resource("DynamoDB::Table", TableName="orders")
    without = {"Resources": {"Other": resource("SQS::Queue")}}
    both = {"Resources": {**without["Resources"], "Orders": table}}
    for before, after in ((shop(Orders=table), shop()), (both, without)):
        (change,) = review(before, after)
        assert "DynamoDB" in str(change)
        assert "removed" in str(change)


def all_words(before, after):
    return " | ".join(map(words, review(before, after)))
