"""What a distribution does, from its template."""

from __future__ import annotations

import pytest
import yaml

from cdn_model.distribution import DISTRIBUTION_DEFAULTS, distributions
from cdn_model.intrinsics import Resolver

SERVER = {
    "Id": "server",
    "DomainName": "www.example.com",
    "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
}
BEHAVIOR = {
    "TargetOriginId": "server",
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    "ViewerProtocolPolicy": "allow-all",
}


def template_of(config=None, *, behavior=None, behaviors=(), **resources):
    """A template with a distribution, and resources of CloudFront by their type."""
    described = {
        "Origins": [SERVER],
        "DefaultCacheBehavior": BEHAVIOR | (behavior or {}),
        "CacheBehaviors": [BEHAVIOR | each for each in behaviors],
        **(config or {}),
    }
    edge = {"Type": "Distribution", "DistributionConfig": described}
    made = {}
    for name, given in {"Edge": edge, **resources}.items():
        properties = {key: part for key, part in given.items() if key != "Type"}
        kind = (
            given["Type"] if "::" in given["Type"] else f"CloudFront::{given['Type']}"
        )
        made[name] = {"Type": f"AWS::{kind}", "Properties": properties}
    return {"Resources": made}


def read(template):
    return distributions(Resolver(template).resources())["Edge"]


def default(behavior=None, **given):
    """The default behavior of a template with other settings."""
    return read(template_of(behavior=behavior, **given)).default.config


def holds(part, whole):
    """Whether all that the part has is in the whole; null is what is not there."""
    if not isinstance(part, dict):
        return part == whole
    return all(
        key not in (whole or ()) if value is None else holds(value, whole.get(key))
        for key, value in part.items()
    )


# --- What is read of one setting: of all paths, or of the default behavior ---

SETTINGS = yaml.safe_load("""
what is not said:
  config: {}
  is: {HttpVersion: http1.1, PriceClass: PriceClass_All, Logging: null, ViewerCertificate: null}
settings of tomorrow:
  config: {HttpVersion: http3, SettingOfTomorrow: {Deep: 1}}
  is: {HttpVersion: http3, SettingOfTomorrow: {Deep: 1}}
an error that is named is cached for five minutes:
  config: {CustomErrorResponses: [{ErrorCode: 404}]}
  is: {CustomErrorResponses: [{ErrorCode: 404, ErrorCachingMinTTL: 300}]}
an error with a time, as text:
  config: {CustomErrorResponses: [{ErrorCode: 404, ErrorCachingMinTTL: "7"}]}
  is: {CustomErrorResponses: [{ErrorCode: 404, ErrorCachingMinTTL: 7}]}
a certificate of CloudFront allows every TLS version:
  config:
    ViewerCertificate: {CloudFrontDefaultCertificate: true, MinimumProtocolVersion: TLSv1.2_2021}
  is: {ViewerCertificate: null}
a certificate of one's own:
  config: {ViewerCertificate: {AcmCertificateArn: arn, SslSupportMethod: vip}}
  is: {ViewerCertificate: {ACMCertificateArn: arn, SSLSupportMethod: vip}}
the arguments of a function keep their order:
  config: {DefaultRootObject: {"Fn::Select": [1, {"Fn::Split": [b, a]}]}}
  is: {DefaultRootObject: {"Fn::Select": [1, {"Fn::Split": [b, a]}]}}
""")
BEHAVIORS = yaml.safe_load("""
what is not said:
  behavior: {OtherOfTomorrow: a}
  is: {AllowedMethods: [GET, HEAD], Compress: false, OtherOfTomorrow: a}
an origin that is not there:
  behavior: {TargetOriginId: gone}
  is: {Origins: []}
an own cache policy, without its name:
  behavior: {CachePolicyId: {Ref: Own}}
  resources: {Own: {Type: CachePolicy, CachePolicyConfig: {Name: mine, MinTTL: 5}}}
  is:
    CachePolicy: {MinTTL: 5, DefaultTTL: 86400, MaxTTL: 31536000, Name: null}
    CachePolicyId: null
a policy that cannot be seen:
  behavior: {CachePolicyId: theirs}
  is: {CachePolicy: {Id: theirs}}
a policy of another stack:
  behavior: {ResponseHeadersPolicyId: {"Fn::ImportValue": shared}}
  is: {ResponseHeadersPolicy: {Id: {"Fn::ImportValue": shared}}}
a resource of another type is no policy:
  behavior: {CachePolicyId: {Ref: Own}}
  resources: {Own: {Type: OriginRequestPolicy, OriginRequestPolicyConfig: {MinTTL: 5}}}
  is: {CachePolicy: {Id: {Ref: Own}, MinTTL: null}}
a section of headers has its defaults, and no other appears:
  behavior: {ResponseHeadersPolicyId: {Ref: Own}}
  resources:
    Own:
      Type: ResponseHeadersPolicy
      ResponseHeadersPolicyConfig:
        Name: mine
        SecurityHeadersConfig:
          StrictTransportSecurity: {AccessControlMaxAgeSec: 1, Override: true}
        ServerTimingHeadersConfig: {Enabled: false}
  is:
    ResponseHeadersPolicy:
      SecurityHeadersConfig:
        StrictTransportSecurity: {AccessControlMaxAgeSec: 1, Preload: false}
        ContentTypeOptions: null
      ServerTimingHeadersConfig: null
      CorsConfig: null
forwarded values are a policy, and all query strings are sent whichever are in the key:
  behavior:
    CachePolicyId: null
    MinTTL: 1
    DefaultTTL: "2"
    ForwardedValues:
      QueryString: true
      QueryStringCacheKeys: [v]
      Headers: [Origin]
      Cookies: {Forward: whitelist, WhitelistedNames: [c]}
  is:
    CachePolicy:
      MinTTL: 1
      DefaultTTL: 2
      MaxTTL: 31536000
      ParametersInCacheKeyAndForwardedToOrigin:
        CookiesConfig: {CookieBehavior: whitelist, Cookies: [c]}
        EnableAcceptEncodingGzip: false
        EnableAcceptEncodingBrotli: false
        HeadersConfig: {HeaderBehavior: whitelist, Headers: [Origin]}
        QueryStringsConfig: {QueryStringBehavior: whitelist, QueryStrings: [v]}
    OriginRequestPolicy: {QueryStringsConfig: {QueryStringBehavior: all}}
    ForwardedValues: null
    MinTTL: null
forwarded values of nothing:
  behavior: {CachePolicyId: null, ForwardedValues: {QueryString: false}}
  is:
    OriginRequestPolicy: null
    CachePolicy:
      ParametersInCacheKeyAndForwardedToOrigin: {HeadersConfig: {HeaderBehavior: none}}
forwarded values of all:
  behavior:
    CachePolicyId: null
    Compress: true
    ForwardedValues: {QueryString: true, Headers: ["*"]}
  is:
    CachePolicy:
      ParametersInCacheKeyAndForwardedToOrigin:
        HeadersConfig: {HeaderBehavior: all}
        QueryStringsConfig: {QueryStringBehavior: all}
        EnableAcceptEncodingGzip: true
keys of a group, each once:
  behavior: {TrustedKeyGroups: [{Ref: Group}, {Ref: Group}]}
  resources:
    Group: {Type: KeyGroup, KeyGroupConfig: {Name: a, Items: [{Ref: Key}, K123]}}
    Key: {Type: PublicKey, PublicKeyConfig: {Name: signing, EncodedKey: "BEGIN\\r\\nKEY"}}
  is: {TrustedKeyGroups: [{EncodedKey: BEGINKEY, Name: signing}, {PublicKey: K123}]}
a key group that cannot be seen:
  behavior: {TrustedKeyGroups: [theirs]}
  is: {TrustedKeyGroups: [{KeyGroup: theirs}]}
a function, without its name and comment:
  behavior:
    FunctionAssociations:
    - {EventType: viewer-request, FunctionARN: {"Fn::GetAtt": [Rewrite, FunctionARN]}}
  resources:
    Rewrite:
      {Type: Function, Name: any, FunctionCode: code, FunctionConfig: {Comment: any, Runtime: js}}
  is:
    FunctionAssociations:
    - {EventType: viewer-request, Function: {FunctionCode: code, FunctionConfig: {Runtime: js}}}
a function that cannot be seen:
  behavior: {FunctionAssociations: [{EventType: viewer-request, FunctionARN: arn}]}
  is: {FunctionAssociations: [{EventType: viewer-request, FunctionARN: arn}]}
the code of Lambda@Edge, without the version and the role:
  behavior:
    LambdaFunctionAssociations: [{EventType: origin-request, LambdaFunctionARN: {Ref: Version}}]
  resources:
    Version: {Type: "Lambda::Version", FunctionName: {Ref: Sign}}
    Sign: {Type: "Lambda::Function", Handler: index.handler, Role: any, Code: {ZipFile: a}}
  is:
    LambdaFunctionAssociations:
    - EventType: origin-request
      IncludeBody: false
      Function: {Code: {ZipFile: a}, Handler: index.handler}
""")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_all_paths_is_read(name):
    row = SETTINGS[name]
    assert holds(row["is"], read(template_of(row["config"])).config)


@pytest.mark.parametrize("name", BEHAVIORS)
def test_a_setting_of_a_behavior_is_read(name):
    row = BEHAVIORS[name]
    assert holds(row["is"], default(row["behavior"], **row.get("resources", {})))


def test_defaults_that_are_written_out_change_nothing():
    config = {
        **DISTRIBUTION_DEFAULTS,
        **{"WebACLId": "", "Aliases": [], "Logging": {"Bucket": ""}},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": "true"},
    }
    behavior = {"Compress": "false", "SmoothStreaming": False, "TrustedKeyGroups": []}
    assert read(template_of(config, behavior=behavior)) == read(template_of())


# --- Behaviors and origins ---


def test_the_first_behavior_that_matches_a_path_has_it():
    patterns = [{"PathPattern": "/a/*"}, {"PathPattern": "*.jpg"}]
    found = read(template_of(behaviors=patterns))
    assert found.behavior_for("a/b.jpg").path_pattern == "/a/*"
    assert found.behavior_for("/b.jpg").path_pattern == "*.jpg"
    assert found.behavior_for("/b.png") is found.default
    assert found.default.path_pattern == "*"


def test_the_order_of_names_means_nothing_and_that_of_behaviors_does():
    patterns = [{"PathPattern": "a/*"}, {"PathPattern": "*.jpg"}]
    found = read(template_of({"Aliases": ["b", "a"]}, behaviors=patterns))
    assert found == read(template_of({"Aliases": ["a", "b"]}, behaviors=patterns))
    assert found != read(template_of({"Aliases": ["a", "b"]}, behaviors=patterns[::-1]))


def test_the_id_of_an_origin_means_nothing():
    moved = {"Origins": [SERVER | {"Id": "moved"}]}
    assert read(template_of(moved, behavior={"TargetOriginId": "moved"})) == read(
        template_of()
    )


def test_a_managed_policy_and_its_copy_are_one():
    both = {"EnableAcceptEncodingGzip": True, "EnableAcceptEncodingBrotli": True}
    config = {"MinTTL": 1, "ParametersInCacheKeyAndForwardedToOrigin": both}
    copied = {"Type": "CachePolicy", "CachePolicyConfig": config}
    assert default({"CachePolicyId": {"Ref": "Copy"}}, Copy=copied) == default()


def test_a_group_asks_its_members_in_their_order():
    second = {**SERVER, "Id": "second", "DomainName": "www2.example.com"}
    group = {
        "Id": "group",
        "Members": {"Items": [{"OriginId": "second"}, {"OriginId": "server"}]},
        "FailoverCriteria": {"StatusCodes": {"Quantity": 2, "Items": [503, 404]}},
    }
    config = {"Origins": [SERVER, second], "OriginGroups": {"Items": [group]}}
    found = read(template_of(config, behavior={"TargetOriginId": "group"})).default
    names = [origin["DomainName"] for origin in found.config["Origins"]]
    assert names == ["www2.example.com", "www.example.com"]
    assert found.config["OriginGroup"] == {
        "FailoverCriteria": {"StatusCodes": [404, 503]},
        "SelectionCriteria": "default",
    }


def test_an_access_control_stands_in_its_origin():
    control = {
        "Type": "OriginAccessControl",
        "OriginAccessControlConfig": {"Name": "mine", "SigningBehavior": "always"},
    }
    bucket = {
        "Id": "server",
        "DomainName": "b.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": {"Fn::GetAtt": ["Control", "Id"]},
    }
    own = read(template_of({"Origins": [bucket]}, Control=control)).default
    (origin,) = own.config["Origins"]
    assert origin["OriginAccessControl"] == {"SigningBehavior": "always"}
    elsewhere = read(template_of({"Origins": [bucket]})).default
    assert "Id" in elsewhere.config["Origins"][0]["OriginAccessControl"]


@pytest.mark.parametrize(
    ("key", "setting"),
    [("CustomOrigin", {"OriginProtocolPolicy": "a"}), ("S3Origin", {"OriginAccessIdentity": "i"})],
)  # fmt: skip
def test_the_oldest_notation_of_an_origin_is_read(key, setting):
    config = {"Origins": None, key: {"DNSName": "old.example.com", **setting}}
    found = read(template_of(config, behavior={"TargetOriginId": ""})).default
    (origin,) = found.config["Origins"]
    assert origin["DomainName"] == "old.example.com"
    assert origin[f"{key}Config"].items() >= setting.items()


# --- Whatever stands there has an answer ---


@pytest.mark.parametrize("odd", [None, "x", 5, [], ["x"], {}, {"Ref": "P"}])
def test_what_is_no_configuration_is_read_as_far_as_it_goes(odd):
    for place in (
        *("Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors"),
        *("ViewerCertificate", "Logging", "CustomErrorResponses", "Restrictions"),
        "ViewerMtlsConfig",
    ):
        assert read(template_of({place: odd})).default.path_pattern == "*", place


@pytest.mark.parametrize("odd", ["x", 5, ["x"], {"Ref": "P"}])
def test_an_odd_setting_of_a_behavior_is_no_ordinary_one(odd):
    plain = {"CachePolicyId": None}
    for place in (
        *("ForwardedValues", "AllowedMethods", "TrustedKeyGroups", "CachePolicyId"),
        *("FunctionAssociations", "LambdaFunctionAssociations", "GrpcConfig"),
    ):
        assert default({**plain, place: odd}) != default(plain), place
