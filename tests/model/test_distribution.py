"""What a distribution does, from its template."""

from __future__ import annotations

import pytest

from cdn_model.distribution import DISTRIBUTION_DEFAULTS, distributions
from cdn_model.template import Resolver, assignments, describe_condition

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SERVER = {
    "Id": "server",
    "DomainName": "www.example.com",
    "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
}
BEHAVIOR = {
    "TargetOriginId": "server",
    "CachePolicyId": OPTIMIZED,
    "ViewerProtocolPolicy": "allow-all",
}


def template_of(config=None, *, behavior=None, behaviors=(), origins=(), **resources):
    described = {
        "Origins": [SERVER, *origins],
        "DefaultCacheBehavior": BEHAVIOR | (behavior or {}),
        "CacheBehaviors": [BEHAVIOR | each for each in behaviors],
        **(config or {}),
    }
    edge = resource("Distribution", DistributionConfig=described)
    return {"Resources": {"Edge": edge, **resources}}


def resource(kind, **properties):
    return {"Type": f"AWS::CloudFront::{kind}", "Properties": properties}


def policy(kind, **config):
    return resource(kind, **{f"{kind}Config": {"Name": "mine", **config}})


def read(template, **options):
    return distributions(Resolver(template, **options).resources())["Edge"]


def default(behavior=None, **given):
    """The default behavior of a template with other settings."""
    return read(template_of(behavior=behavior, **given)).default.config


def legacy(**settings):
    """A behavior from before there were policies."""
    return default({"CachePolicyId": None, **settings})


# --- Defaults ---


def test_what_is_not_said_has_cloudformations_defaults():
    found = read(template_of())
    assert found.config == DISTRIBUTION_DEFAULTS
    (origin,) = found.default.config["Origins"]
    assert origin["ConnectionAttempts"] == 3
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] == 30
    assert found.default.config["AllowedMethods"] == ["GET", "HEAD"]
    assert found.default.config["Compress"] is False


def test_defaults_that_are_written_out_change_nothing():
    written = template_of(
        {
            **DISTRIBUTION_DEFAULTS,
            "WebACLId": "",
            "Aliases": [],
            "Logging": {"Bucket": ""},
            "ViewerCertificate": {"CloudFrontDefaultCertificate": "true"},
        },
        behavior={
            "Compress": "false",
            "SmoothStreaming": False,
            "TrustedKeyGroups": [],
        },
    )
    assert read(written) == read(template_of())


def test_what_is_said_is_kept():
    found = read(
        template_of(
            {"HttpVersion": "http3", "SettingOfTomorrow": {"Deep": 1}},
            behavior={"OtherOfTomorrow": "a"},
        )
    )
    assert found.config["HttpVersion"] == "http3"
    assert found.config["SettingOfTomorrow"] == {"Deep": 1}
    assert found.default.config["OtherOfTomorrow"] == "a"


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        ({"ErrorCode": 404}, 300),
        ({"ErrorCode": 404, "ErrorCachingMinTTL": 0}, 0),
        ({"ErrorCode": 404, "ErrorCachingMinTTL": "7"}, 7),
    ],
)
def test_an_error_that_is_named_is_cached_for_five_minutes_unless_told(
    response, seconds
):
    found = read(template_of({"CustomErrorResponses": [response]}))
    assert found.config["CustomErrorResponses"][0]["ErrorCachingMinTTL"] == seconds


def test_a_certificate_of_cloudfront_allows_every_tls_version():
    tls = {"MinimumProtocolVersion": "TLSv1.2_2021"}
    own = {"AcmCertificateArn": "arn", "SslSupportMethod": "sni-only"}
    plain = {"CloudFrontDefaultCertificate": True}
    assert (
        "ViewerCertificate"
        not in read(template_of({"ViewerCertificate": plain | tls})).config
    )
    assert read(template_of({"ViewerCertificate": own | tls})).config[
        "ViewerCertificate"
    ] == {"ACMCertificateArn": "arn", "SSLSupportMethod": "sni-only", **tls}


def test_the_order_of_names_means_nothing_and_that_of_behaviors_does():
    one, other = {"PathPattern": "a/*"}, {"PathPattern": "*.jpg"}
    found = read(template_of({"Aliases": ["b", "a"]}, behaviors=[one, other]))
    again = read(template_of({"Aliases": ["a", "b"]}, behaviors=[one, other]))
    turned = read(template_of({"Aliases": ["a", "b"]}, behaviors=[other, one]))
    assert found == again and found != turned


def test_arguments_of_functions_keep_their_order():
    picked = {"Fn::Select": [1, ["b", "a"]]}
    found = read(template_of({"DefaultRootObject": picked}))
    assert found.config["DefaultRootObject"] == picked


# --- Behaviors and origins ---


def test_the_first_behavior_that_matches_a_path_has_it():
    found = read(
        template_of(behaviors=[{"PathPattern": "/a/*"}, {"PathPattern": "*.jpg"}])
    )
    assert found.behavior_for("a/b.jpg").path_pattern == "/a/*"
    assert found.behavior_for("/b.jpg").path_pattern == "*.jpg"
    assert found.behavior_for("/b.png") is found.default
    assert found.default.path_pattern == "*"


def test_the_id_of_an_origin_means_nothing():
    moved = template_of(
        {"Origins": [SERVER | {"Id": "moved"}]}, behavior={"TargetOriginId": "moved"}
    )
    assert read(moved) == read(template_of())


def test_a_group_asks_its_members_in_their_order():
    second = {**SERVER, "Id": "second", "DomainName": "www2.example.com"}
    group = {
        "Id": "group",
        "Members": {
            "Quantity": 2,
            "Items": [{"OriginId": "second"}, {"OriginId": "server"}],
        },
        "FailoverCriteria": {"StatusCodes": {"Quantity": 2, "Items": [503, 404]}},
    }
    found = read(
        template_of(
            {"OriginGroups": {"Quantity": 1, "Items": [group]}},
            origins=[second],
            behavior={"TargetOriginId": "group"},
        )
    ).default.config
    names = [origin["DomainName"] for origin in found["Origins"]]
    assert names == ["www2.example.com", "www.example.com"]
    assert found["OriginGroup"] == {
        "FailoverCriteria": {"StatusCodes": [404, 503]},
        "SelectionCriteria": "default",
    }


def test_a_behavior_of_an_origin_that_is_not_there_has_none():
    assert default({"TargetOriginId": "gone"})["Origins"] == []


def test_an_access_control_stands_in_its_origin():
    control = policy("OriginAccessControl", SigningBehavior="always")
    bucket = {
        "Id": "bucket",
        "DomainName": "b.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": {"Fn::GetAtt": ["Control", "Id"]},
    }
    (origin,) = default(
        {"TargetOriginId": "bucket"}, origins=[bucket], Control=control
    )["Origins"]
    assert origin["OriginAccessControl"] == {"SigningBehavior": "always"}
    (origin,) = default({"TargetOriginId": "bucket"}, origins=[bucket])["Origins"]
    assert "Id" in origin["OriginAccessControl"]


@pytest.mark.parametrize(
    ("key", "origin", "section"),
    [
        ("CustomOrigin", {"OriginProtocolPolicy": "http-only"}, "CustomOriginConfig"),
        ("S3Origin", {"OriginAccessIdentity": "i"}, "S3OriginConfig"),
    ],
)
def test_the_oldest_notation_of_an_origin_is_read(key, origin, section):
    template = template_of(
        {"Origins": None, key: {"DNSName": "old.example.com", **origin}},
        behavior={"TargetOriginId": ""},
    )
    (found,) = read(template).default.config["Origins"]
    assert found["DomainName"] == "old.example.com"
    assert found[section].items() >= origin.items()


# --- Policies ---


def test_a_policy_of_the_template_stands_in_its_behavior_without_its_name():
    found = default(
        {"CachePolicyId": {"Ref": "Cache"}}, Cache=policy("CachePolicy", MinTTL=5)
    )["CachePolicy"]
    assert (found["MinTTL"], found["DefaultTTL"], found["MaxTTL"]) == (
        *(5, 86400, 31536000),
    )
    assert "Name" not in found and "CachePolicyId" not in found


def test_a_managed_policy_and_its_copy_are_one():
    copy = policy(
        "CachePolicy",
        MinTTL=1,
        ParametersInCacheKeyAndForwardedToOrigin={
            "EnableAcceptEncodingGzip": True,
            "EnableAcceptEncodingBrotli": True,
        },
    )
    assert default({"CachePolicyId": {"Ref": "Copy"}}, Copy=copy) == default()


def test_a_policy_that_cannot_be_seen_is_known_by_its_id():
    assert default({"CachePolicyId": "theirs"})["CachePolicy"] == {"Id": "theirs"}
    elsewhere = {"Fn::ImportValue": "shared"}
    found = default({"ResponseHeadersPolicyId": elsewhere})["ResponseHeadersPolicy"]
    assert found == {"Id": elsewhere}


def test_a_resource_of_another_type_is_no_policy():
    found = default(
        {"CachePolicyId": {"Ref": "P"}}, P=policy("OriginRequestPolicy", MinTTL=5)
    )
    assert found["CachePolicy"] == {"Id": {"Ref": "P"}}


def test_a_section_of_headers_has_its_defaults_and_no_other_appears():
    own = policy(
        "ResponseHeadersPolicy",
        SecurityHeadersConfig={
            "StrictTransportSecurity": {"AccessControlMaxAgeSec": 1, "Override": True}
        },
        ServerTimingHeadersConfig={"Enabled": False},
    )
    found = default({"ResponseHeadersPolicyId": {"Ref": "P"}}, P=own)
    assert found["ResponseHeadersPolicy"] == {
        "SecurityHeadersConfig": {
            "StrictTransportSecurity": {
                "AccessControlMaxAgeSec": 1,
                "IncludeSubdomains": False,
                "Override": True,
                "Preload": False,
            }
        }
    }


# --- From before there were policies ---


def key_of(behavior):
    return behavior["CachePolicy"]["ParametersInCacheKeyAndForwardedToOrigin"]


def test_forwarded_values_are_a_policy_of_the_same_effect():
    found = legacy(
        MinTTL=1,
        DefaultTTL="2",
        ForwardedValues={
            "QueryString": True,
            "QueryStringCacheKeys": ["v"],
            "Headers": ["Origin"],
            "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["c"]},
        },
    )
    cache = found["CachePolicy"]
    assert (cache["MinTTL"], cache["DefaultTTL"], cache["MaxTTL"]) == (1, 2, 31536000)
    assert key_of(found) == {
        "CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": ["c"]},
        "EnableAcceptEncodingBrotli": False,
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Origin"]},
        "QueryStringsConfig": {
            "QueryStringBehavior": "whitelist",
            "QueryStrings": ["v"],
        },
    }
    # All query strings are sent, whichever of them are in the key.
    sent = found["OriginRequestPolicy"]["QueryStringsConfig"]
    assert sent == {"QueryStringBehavior": "all"}
    assert not {"ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"} & found.keys()


def test_the_smallest_forwarded_values_are_a_policy_that_forwards_nothing():
    found = legacy(ForwardedValues={"QueryString": False})
    assert found == legacy()
    assert key_of(found)["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert "OriginRequestPolicy" not in found


def test_all_headers_and_gzip_of_the_old_settings():
    found = legacy(
        Compress=True, ForwardedValues={"QueryString": True, "Headers": ["*"]}
    )
    assert key_of(found)["HeadersConfig"] == {"HeaderBehavior": "all"}
    assert key_of(found)["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert key_of(found)["EnableAcceptEncodingGzip"] is True


# --- Keys and code ---


def test_key_groups_are_the_keys_in_them():
    def signing(name, encoded, keys):
        return default(
            {"TrustedKeyGroups": [{"Ref": "Group"}, {"Ref": "Group"}]},
            Group=policy("KeyGroup", Name=name, Items=keys),
            Key=policy("PublicKey", Name="signing", EncodedKey=encoded),
        )["TrustedKeyGroups"]

    found = signing("a", "-----BEGIN\nKEY-----\n", [{"Ref": "Key"}])
    assert found == signing("b", "-----BEGIN\r\nKEY-----", [{"Ref": "Key"}])
    assert found == [{"EncodedKey": "-----BEGINKEY-----", "Name": "signing"}]
    assert signing("a", "x", ["K123"]) == [{"PublicKey": "K123"}]
    unseen = default({"TrustedKeyGroups": ["theirs"]})["TrustedKeyGroups"]
    assert unseen == [{"KeyGroup": "theirs"}]


def test_functions_stand_in_their_behavior():
    association = {
        "EventType": "viewer-request",
        "FunctionARN": {"Fn::GetAtt": ["Rewrite", "FunctionARN"]},
    }
    rewrite = resource(
        "Function",
        Name="any",
        FunctionCode="true",
        FunctionConfig={"Comment": "any", "Runtime": "cloudfront-js-2.0"},
    )
    (found,) = default({"FunctionAssociations": [association]}, Rewrite=rewrite)[
        "FunctionAssociations"
    ]
    assert found["EventType"] == "viewer-request"
    assert found["Function"]["FunctionConfig"] == {"Runtime": "cloudfront-js-2.0"}
    theirs = {**association, "FunctionARN": "arn"}
    assert default({"FunctionAssociations": [theirs]})["FunctionAssociations"] == [
        theirs
    ]


def test_a_new_version_of_the_same_code_of_lambda_at_edge_is_no_other_code():
    def with_version(name, **code):
        return default(
            {
                "LambdaFunctionAssociations": [
                    {"EventType": "origin-request", "LambdaFunctionARN": {"Ref": name}}
                ]
            },
            **{
                name: {
                    "Type": "AWS::Lambda::Version",
                    "Properties": {"FunctionName": {"Ref": "Sign"}},
                },
                "Sign": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"Handler": "index.handler", "Role": "any", **code},
                },
            },
        )["LambdaFunctionAssociations"]

    found = with_version("Version1", Code={"ZipFile": "a"})
    assert found == with_version("Version2", Code={"ZipFile": "a"})
    assert found != with_version("Version1", Code={"ZipFile": "b"})
    assert found[0]["IncludeBody"] is False
    assert found[0]["Function"] == {
        "Code": {"ZipFile": "a"},
        "Handler": "index.handler",
    }


# --- Whatever stands there has an answer ---


@pytest.mark.parametrize("odd", [None, "x", 5, [], ["x"], {}, {"Ref": "P"}])
@pytest.mark.parametrize(
    "place",
    [
        *("Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors"),
        *("ViewerCertificate", "Logging", "CustomErrorResponses", "Restrictions"),
        "ViewerMtlsConfig",
    ],
)
def test_what_is_no_configuration_is_read_as_far_as_it_goes(place, odd):
    found = read(template_of({place: odd}))
    assert found.default.path_pattern == "*"


@pytest.mark.parametrize("odd", ["x", 5, ["x"], {"Ref": "P"}])
@pytest.mark.parametrize(
    "place",
    [
        *("ForwardedValues", "AllowedMethods", "TrustedKeyGroups", "CachePolicyId"),
        *("FunctionAssociations", "LambdaFunctionAssociations", "GrpcConfig"),
    ],
)
def test_an_odd_setting_of_a_behavior_is_no_ordinary_one(place, odd):
    assert default({"CachePolicyId": None, place: odd}) != default(
        {"CachePolicyId": None}
    )


# --- Conditions ---


def conditional(conditions, config):
    return {
        "Parameters": {"Stage": {"Type": "String"}, "Open": {"Type": "String"}},
        "Conditions": conditions,
        **template_of(config),
    }


def equals(parameter, literal):
    return {"Fn::Equals": [{"Ref": parameter}, literal]}


def chosen(template):
    """What each choice of the conditions makes of the price class."""
    choices = assignments((template, [template["Resources"]]))
    return [read(template, assignment=each).config["PriceClass"] for each in choices]


def test_each_branch_of_a_condition_is_a_choice():
    template = conditional(
        {"IsProd": equals("Stage", "prod")},
        {"PriceClass": {"Fn::If": ["IsProd", "PriceClass_All", "PriceClass_100"]}},
    )
    assert chosen(template) == ["PriceClass_All", "PriceClass_100"]


def test_a_template_without_conditions_has_one_choice():
    template = template_of({"PriceClass": "PriceClass_200"})
    assert chosen(template) == ["PriceClass_200"]


def test_no_value_leaves_a_setting_to_its_default():
    template = conditional(
        {"IsProd": equals("Stage", "prod")},
        {
            "PriceClass": {
                "Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, "PriceClass_100"]
            }
        },
    )
    assert chosen(template) == ["PriceClass_All", "PriceClass_100"]


def test_a_renamed_condition_is_the_same_and_another_definition_is_another():
    def of(name, definition):
        price = {"Fn::If": [name, "PriceClass_All", "PriceClass_100"]}
        template = conditional({name: definition}, {"PriceClass": price})
        return template, [template["Resources"]]

    one, renamed = (
        of("IsProd", equals("Stage", "prod")),
        of("Prod", equals("Stage", "prod")),
    )
    assert len(assignments(one, renamed)) == 2
    for choice in assignments(one, renamed):
        assert read(one[0], assignment=choice) == read(renamed[0], assignment=choice)
    assert len(assignments(one, of("IsProd", equals("Open", "yes")))) == 4


def test_a_parameter_equals_one_of_two_literals_at_most():
    template = conditional(
        {"IsProd": equals("Stage", "prod"), "IsTest": equals("Stage", "test")},
        {
            "PriceClass": {
                "Fn::If": [
                    "IsProd",
                    "PriceClass_All",
                    {"Fn::If": ["IsTest", "PriceClass_200", "PriceClass_100"]},
                ]
            }
        },
    )
    choices = assignments((template, [template["Resources"]]))
    assert not any(all(choice.values()) for choice in choices)
    assert chosen(template) == ["PriceClass_All", "PriceClass_200", "PriceClass_100"]


@pytest.mark.parametrize(
    ("definition", "prices"),
    [
        ({"Fn::Not": [{"Condition": "IsProd"}]}, {"prod": "100", "test": "All"}),
        (
            {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": ["a", "a"]}]},
            {"prod": "All", "test": "100"},
        ),
        (
            {"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Equals": ["a", "b"]}]},
            {"prod": "All", "test": "100"},
        ),
    ],
)
def test_conditions_are_made_of_others(definition, prices):
    template = conditional(
        {"IsProd": equals("Stage", "prod"), "Made": definition},
        {"PriceClass": {"Fn::If": ["Made", "PriceClass_All", "PriceClass_100"]}},
    )
    expected = [f"PriceClass_{prices[stage]}" for stage in ("prod", "test")]
    assert chosen(template) == expected


def test_a_resource_exists_where_its_condition_holds():
    template = conditional({"IsProd": equals("Stage", "prod")}, {})
    template["Resources"]["Edge"]["Condition"] = "IsProd"
    found = [
        "Edge" in Resolver(template, assignment=choice).resources()
        for choice in assignments((template, [template["Resources"]]))
    ]
    assert found == [True, False]


def test_a_condition_is_described_by_its_parameter_or_by_its_name():
    template = conditional(
        {
            "IsProd": equals("Stage", "prod"),
            "Same": {"Fn::Equals": [{"Ref": "A"}, {"Ref": "B"}]},
        },
        {
            "PriceClass": {"Fn::If": ["IsProd", "a", "b"]},
            "HttpVersion": {"Fn::If": ["Same", "a", "b"]},
        },
    )
    (choice, *_) = assignments((template, [template["Resources"]]))
    described = {describe_condition(atom, [template]) for atom in choice}
    assert described == {("parameter", "Stage", "prod"), ("condition", "Same", "")}


# --- One notation for values ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Fn::Sub": "a-${Bucket}"}, {"Fn::Join": ["", ["a-", {"Ref": "Bucket"}]]}),
        ({"Fn::Sub": "${Bucket.Arn}"}, {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ({"Fn::GetAtt": "Bucket.Arn"}, {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3"}, "arn:aws:s3"),
        ({"Fn::Sub": ["${X}/b", {"X": "a"}]}, "a/b"),
        ({"Fn::Sub": "${!Literal}"}, "${Literal}"),
        ({"Fn::Join": ["-", ["a", "b"]]}, "a-b"),
        ({"Fn::FindInMap": ["M", "k", "v"]}, "mapped"),
    ],
)
def test_two_notations_of_a_value_are_one(one, other):
    template = {"Mappings": {"M": {"k": {"v": "mapped"}}}, "Resources": {}}
    resolver = Resolver(template)
    assert resolver.resolve(one) == resolver.resolve(other)


def test_a_parameter_is_never_the_value_of_its_default():
    template = {"Parameters": {"Name": {"Type": "String", "Default": "a"}}}
    found = Resolver(template).resolve({"Ref": "Name"})
    assert found == {"Ref": {"Parameter": "Name", "Default": "a"}}


def test_a_hidden_parameter_is_compared_and_not_shown():
    def of(value):
        hidden = {"Type": "String", "NoEcho": True, "Default": value}
        return Resolver({"Parameters": {"Secret": hidden}}).resolve({"Ref": "Secret"})

    assert of("abc") == of("abc") != of("abd")
    assert "abc" not in str(of("abc"))


def test_the_region_is_a_value_where_it_is_known():
    region = {"Ref": "AWS::Region"}
    assert Resolver({}, region="us-east-1").resolve(region) == "us-east-1"
    assert Resolver({}).resolve(region) == region
