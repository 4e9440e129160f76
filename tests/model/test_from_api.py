"""A distribution is the same, whether its template is read or what was deployed of it."""

from __future__ import annotations

import ast
import io
import json
import time
import urllib.request
import uuid

import botocore.session
import pytest
from aws_support import ROOT, client, running_emulator
from botocore import xform_name
from botocore.validate import ParamValidator

from cdn_model import from_api
from cdn_model.distribution import distributions
from cdn_model.template import Resolver
from cdn_model.values import canonical
from local.environment import ACCOUNT, REGION

FOREIGN = ROOT / "tests" / "review" / "foreign"
GOLDEN = ROOT / "tests" / "snapshots"
# The local AWS has no CloudFormation type for real-time logs, alarms on metric math and old
# streams, and it refuses bucket policies of the bootstrap. Distributions do without them.
DEPLOYED = ("CloudFront", "S3::Bucket", "Lambda", "IAM")
LEFT_OUT = (
    *("AWS::CloudFront::RealtimeLogConfig", "AWS::CloudFront::StreamingDistribution"),
    "AWS::S3::BucketPolicy",
)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        yield url


@pytest.fixture
def cloudfront(endpoint):
    return client("cloudfront", endpoint)


@pytest.fixture
def deploy(endpoint):
    """Deploys a template; gives what references to its resources become."""
    cloudformation = client("cloudformation", endpoint)

    def deployed(template, **parameters):
        stack = f"stack-{uuid.uuid4().hex[:8]}"
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
        )
        deadline = time.monotonic() + 60
        while True:
            (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert found["StackStatus"] == "CREATE_COMPLETE"
        answer = cloudformation.describe_stack_resources(StackName=stack)
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in answer["StackResources"]
        }

    yield deployed
    # No two tests can have the same domain names or names of functions.
    reset = urllib.request.Request(f"{endpoint}/_ministack/reset", method="POST")
    urllib.request.urlopen(reset, timeout=20).close()


def template_of(path):
    """What the local AWS deploys of a template, without what it cannot look up."""
    # The secret of another account: any value does for both sides.
    text = path.read_text("utf-8").replace("{{resolve:secretsmanager:", "secret:")
    template = json.loads(text)
    template.pop("Outputs", None)
    template.pop("Rules", None)
    template.get("Parameters", {}).pop("BootstrapVersion", None)
    template["Resources"] = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith(tuple(f"AWS::{kind}" for kind in DEPLOYED))
        and resource["Type"] not in LEFT_OUT
    }
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFront::Function":
            # A distribution takes published functions only.
            resource["Properties"]["AutoPublish"] = True
    return template


def filled_in(value, ids, parameters):
    """The value with what only a deploy knows: names of resources, and parameters."""
    if isinstance(value, list):
        return [filled_in(part, ids, parameters) for part in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": {"Parameter": name}}:
            return parameters[name]
        case {"Ref": name}:
            return ids.get(name, name)
        case {"Fn::GetAtt": [name, "RegionalDomainName"]}:
            return f"{ids[name]}.s3.{REGION}.amazonaws.com"
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/{ids[name]}"
        case {"Fn::Join": [delimiter, parts]}:
            return delimiter.join(filled_in(parts, ids, parameters))
    return {key: filled_in(part, ids, parameters) for key, part in value.items()}


def leaves(value, place=""):
    """Every value by its place."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from leaves(part, f"{place}.{key}")
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from leaves(part, f"{place}[{number}]")
    else:
        yield place, value


def effective(distribution, ids=None, parameters=None):
    data = {
        "config": distribution.config,
        "behaviors": [
            {"path_pattern": behavior.path_pattern, "config": behavior.config}
            for behavior in distribution.behaviors
        ],
    }
    return dict(leaves(filled_in(data, ids or {}, parameters or {})))


TEMPLATES = (
    *(GOLDEN / f"lab-cdn-{name}.template.json" for name in ("maximal", "bucket")),
    *(
        FOREIGN / f"{name}.template.json"
        for name in ("legacy-identity", "logged", "private-bucket", "whole-site")
    ),
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name.split(".")[0])
def test_a_template_and_what_is_deployed_of_it_are_one_configuration(
    path, deploy, cloudfront
):
    template = template_of(path)
    ids = deploy(template)
    from_template = distributions(Resolver(template, region=REGION).resources())
    assert from_template
    for name, distribution in from_template.items():
        deployed = from_api.distribution(cloudfront, ids[name])
        assert effective(deployed) == effective(distribution, ids)


@pytest.mark.parametrize(
    "parameters",
    [
        {"Stage": "prod", "Open": "no", "Region2": ""},
        {"Stage": "test", "Open": "yes", "Region2": "eu-west-1"},
        {"Stage": "test", "Open": "no", "Region2": ""},
    ],
    ids=lambda parameters: "-".join(parameters.values()),
)
def test_the_choice_of_conditions_that_a_deploy_makes_is_what_is_deployed(
    parameters, deploy, cloudfront
):
    template = template_of(FOREIGN / "conditions.template.json")
    holds = {
        canonical({"Fn::Equals": [{"Ref": name}, literal]}): parameters[name] == literal
        for name, literal in (("Stage", "prod"), ("Open", "yes"), ("Region2", ""))
    }
    ids = deploy(template, **parameters)
    resolver = Resolver(template, assignment=holds, region=REGION)
    from_template = distributions(resolver.resources())
    assert from_template.keys() <= ids.keys()
    assert ("Spare" in from_template) is ("Spare" in ids)
    for name, distribution in from_template.items():
        deployed = from_api.distribution(cloudfront, ids[name])
        assert effective(deployed) == effective(distribution, ids, parameters)


def test_functions_are_one_but_for_the_code_of_lambda_at_edge(deploy, cloudfront):
    template = template_of(FOREIGN / "edge-code.template.json")
    ids = deploy(template)
    (name, distribution), *_ = distributions(Resolver(template).resources()).items()
    deployed = from_api.distribution(cloudfront, ids[name])
    (seen,) = deployed.behaviors[0].config["LambdaFunctionAssociations"]
    (written,) = distribution.behaviors[0].config["LambdaFunctionAssociations"]
    (version,) = (ids[each] for each in ids if "CurrentVersion" in each)
    assert seen.pop("LambdaFunctionARN") == version
    assert written.pop("Function")["Handler"] == "index.handler"
    assert effective(deployed) == effective(distribution, ids)
    codes = [
        association["Function"]["FunctionCode"]
        for association in deployed.default.config["FunctionAssociations"]
    ]
    assert "cf from 'cloudfront'" in codes[0] and "event.response" in codes[1]


def test_the_published_code_counts_until_newer_code_is_published(deploy, cloudfront):
    template = template_of(FOREIGN / "edge-code.template.json")
    ids = deploy(template)
    before = from_api.distribution(cloudfront, ids["Edge7038544F"])
    name = ids["Stamp54CF357B"]
    draft = {"Name": name, "Stage": "DEVELOPMENT"}
    cloudfront.update_function(
        Name=name,
        IfMatch=cloudfront.describe_function(**draft)["ETag"],
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=b"function handler(event) { return 1; }",
    )
    assert from_api.distribution(cloudfront, ids["Edge7038544F"]) == before
    etag = cloudfront.describe_function(**draft)["ETag"]
    cloudfront.publish_function(Name=name, IfMatch=etag)
    assert from_api.distribution(cloudfront, ids["Edge7038544F"]) != before


# --- What the local AWS does not store: answers as the API reference describes them ---

MODEL = botocore.session.get_session().get_service_model("cloudfront")


class Answering:
    """A client of recorded answers, each of the shape that the API has."""

    def __init__(self, answers):
        self.answers = answers
        self.calls = []

    def __getattr__(self, method):
        def call(**arguments):
            self.calls.append((method, *arguments.values()))
            return self.answers[method, arguments.get("Id") or arguments["Name"]]

        return call


def answering(config, **others):
    """A client that knows the distribution ``E1`` and what it refers to."""
    answers = {("get_distribution_config", "E1"): {"DistributionConfig": config}}
    for method, found in others.items():
        answers |= {(method, name): answer for name, answer in found.items()}
    operations = {xform_name(name): name for name in MODEL.operation_names}
    for (method, name), answer in answers.items():
        shape = MODEL.operation_model(operations[method]).output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), f"{name}: {report.generate_report()}"
    return Answering(answers)


def listed(*items, **more):
    return {"Quantity": len(items), "Items": list(items), **more}


NOTHING = {"Quantity": 0}
OFF = {"Enabled": False, "Quantity": 0}
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html
SERVER = {
    "Id": "server",
    "DomainName": "www.example.com",
    "OriginPath": "",
    "CustomHeaders": NOTHING,
    "CustomOriginConfig": {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": listed("TLSv1.2"),
        "OriginReadTimeout": 30,
        "OriginKeepaliveTimeout": 5,
    },
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html
BEHAVIOR = {
    "TargetOriginId": "server",
    "TrustedSigners": OFF,
    "TrustedKeyGroups": OFF,
    "ViewerProtocolPolicy": "allow-all",
    "AllowedMethods": listed("HEAD", "GET", CachedMethods=listed("HEAD", "GET")),
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": NOTHING,
    "FunctionAssociations": NOTHING,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
}
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
SMALLEST = {
    "CallerReference": "9f2c4f1e-0000-4000-8000-5d1c7a3b2e10",
    "Aliases": NOTHING,
    "DefaultRootObject": "",
    "Origins": listed(SERVER),
    "OriginGroups": NOTHING,
    "DefaultCacheBehavior": BEHAVIOR,
    "CacheBehaviors": NOTHING,
    "CustomErrorResponses": NOTHING,
    "Comment": "",
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "Enabled": True,
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    },
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GeoRestriction.html
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http1.1",
    "IsIPV6Enabled": False,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
    "AnycastIpListId": "",
}
# The same, as a template says it.
SMALLEST_IN_A_TEMPLATE = {
    "Origins": [
        {
            "Id": "server",
            "DomainName": "www.example.com",
            "CustomOriginConfig": {
                "OriginProtocolPolicy": "https-only",
                "OriginSSLProtocols": ["TLSv1.2"],
            },
        }
    ],
    "DefaultCacheBehavior": {
        "TargetOriginId": "server",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    },
    "Enabled": True,
}


def both(config, written, others=None, resources=None):
    """The configuration of recorded answers, and of a template's."""
    template = {
        "Resources": {
            "Edge": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {"DistributionConfig": written},
            },
            **(resources or {}),
        }
    }
    return (
        from_api.distribution(answering(config, **(others or {})), "E1"),
        distributions(Resolver(template).resources())["Edge"],
    )


def test_what_the_api_calls_unset_is_what_a_template_leaves_out():
    deployed, written = both(SMALLEST, SMALLEST_IN_A_TEMPLATE)
    assert effective(deployed) == effective(written)
    assert "ViewerCertificate" not in deployed.config
    assert "Logging" not in deployed.config


@pytest.mark.parametrize(
    ("config", "written"),
    [
        (
            {
                "ViewerCertificate": {
                    "CloudFrontDefaultCertificate": False,
                    "ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/c",
                    "SSLSupportMethod": "sni-only",
                    "MinimumProtocolVersion": "TLSv1.2_2021",
                    "Certificate": "arn:aws:acm:us-east-1:1:certificate/c",
                    "CertificateSource": "acm",
                },
                "Aliases": listed("www.example.com", "cdn.example.com"),
            },
            {
                "ViewerCertificate": {
                    "AcmCertificateArn": "arn:aws:acm:us-east-1:1:certificate/c",
                    "SslSupportMethod": "sni-only",
                    "MinimumProtocolVersion": "TLSv1.2_2021",
                },
                "Aliases": ["cdn.example.com", "www.example.com"],
            },
        ),
        (
            {
                "Logging": {
                    "Enabled": True,
                    "IncludeCookies": False,
                    "Bucket": "logs.s3.amazonaws.com",
                    "Prefix": "",
                }
            },
            {"Logging": {"Bucket": "logs.s3.amazonaws.com"}},
        ),
        (
            {
                "Logging": {
                    "Enabled": False,
                    "IncludeCookies": True,
                    "Bucket": "",
                    "Prefix": "",
                }
            },
            {"Logging": {"IncludeCookies": True}},
        ),
        (
            # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomErrorResponse.html
            {
                "CustomErrorResponses": listed(
                    {
                        "ErrorCode": 404,
                        "ResponsePagePath": "/404.html",
                        "ResponseCode": "404",
                        "ErrorCachingMinTTL": 300,
                    },
                    {
                        "ErrorCode": 503,
                        "ResponsePagePath": "",
                        "ResponseCode": "",
                        "ErrorCachingMinTTL": 0,
                    },
                )
            },
            {
                "CustomErrorResponses": [
                    {
                        "ErrorCode": 404,
                        "ResponsePagePath": "/404.html",
                        "ResponseCode": 404,
                    },
                    {"ErrorCode": 503, "ErrorCachingMinTTL": 0},
                ]
            },
        ),
        (
            {
                "Restrictions": {
                    "GeoRestriction": listed("DE", "AT", RestrictionType="whitelist")
                }
            },
            {
                "Restrictions": {
                    "GeoRestriction": {
                        "RestrictionType": "whitelist",
                        "Locations": ["AT", "DE"],
                    }
                }
            },
        ),
        ({"HttpVersion": "http2"}, {"HttpVersion": "http2"}),
        ({"WebACLId": "arn:acl"}, {"WebACLId": "arn:acl"}),
        (
            {"ContinuousDeploymentPolicyId": "p", "Staging": True},
            {"ContinuousDeploymentPolicyId": "p", "Staging": "true"},
        ),
        (
            # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerMtlsConfig.html
            {
                "ViewerMtlsConfig": {
                    "Mode": "required",
                    "TrustStoreConfig": {
                        "TrustStoreId": "t",
                        "AdvertiseTrustStoreCaNames": False,
                        "IgnoreCertificateExpiry": False,
                    },
                }
            },
            {
                "ViewerMtlsConfig": {
                    "Mode": "required",
                    "TrustStoreConfig": {"TrustStoreId": "t"},
                }
            },
        ),
    ],
    ids=(
        *("certificate", "logs", "cookies-in-logs", "errors", "countries", "http"),
        *("web-acl", "staging", "client-certificates"),
    ),
)
def test_a_setting_of_all_paths_is_one_in_both_notations(config, written):
    found, expected = both(
        {**SMALLEST, **config}, {**SMALLEST_IN_A_TEMPLATE, **written}
    )
    assert effective(found) == effective(expected)
    plain = from_api.distribution(answering(SMALLEST), "E1")
    assert effective(found) != effective(plain)


def of_server(**settings):
    return {**SMALLEST, "Origins": listed({**SERVER, **settings})}


def of_server_in_a_template(**settings):
    (server,) = SMALLEST_IN_A_TEMPLATE["Origins"]
    origin = {
        key: part for key, part in {**server, **settings}.items() if part is not None
    }
    return {**SMALLEST_IN_A_TEMPLATE, "Origins": [origin]}


def without(mapping, *keys):
    return {key: part for key, part in mapping.items() if key not in keys}


# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_S3OriginConfig.html
BUCKET = without(SERVER, "CustomOriginConfig")


def test_an_origin_is_one_in_both_notations():
    found, expected = both(
        of_server(
            CustomHeaders=listed({"HeaderName": "X-Site", "HeaderValue": "a"}),
            OriginShield={"Enabled": True, "OriginShieldRegion": "eu-west-1"},
        ),
        of_server_in_a_template(
            OriginCustomHeaders=[{"HeaderName": "X-Site", "HeaderValue": "a"}],
            OriginShield={"OriginShieldRegion": "eu-west-1", "Enabled": "true"},
        ),
    )
    assert effective(found) == effective(expected)
    (origin,) = found.default.config["Origins"]
    assert origin["CustomHeaders"][0]["HeaderValue"] == "a"


def test_a_bucket_with_an_access_control_is_one_in_both_notations():
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html
    control = {
        "Name": "any",
        "Description": "",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    answer = {"OriginAccessControl": {"Id": "C", "OriginAccessControlConfig": control}}
    bucket = {"OriginAccessIdentity": "", "OriginReadTimeout": 30}
    found, expected = both(
        {
            **SMALLEST,
            "Origins": listed(
                {**BUCKET, "S3OriginConfig": bucket, "OriginAccessControlId": "C"}
            ),
        },
        of_server_in_a_template(
            CustomOriginConfig=None,
            S3OriginConfig={},
            OriginAccessControlId={"Fn::GetAtt": ["Control", "Id"]},
        ),
        {"get_origin_access_control": {"C": answer}},
        {
            "Control": {
                "Type": "AWS::CloudFront::OriginAccessControl",
                "Properties": {
                    "OriginAccessControlConfig": {**control, "Name": "of a template"}
                },
            }
        },
    )
    assert effective(found) == effective(expected)
    (origin,) = found.default.config["Origins"]
    assert origin["OriginAccessControl"]["SigningBehavior"] == "always"


def test_a_group_of_origins_is_one_in_both_notations():
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginGroup.html
    second = {"Id": "second", "DomainName": "www2.example.com"}
    group = {
        "Id": "group",
        "FailoverCriteria": {"StatusCodes": listed(504, 404)},
        "Members": listed({"OriginId": "server"}, {"OriginId": "second"}),
        "SelectionCriteria": "default",
    }
    (server,) = SMALLEST_IN_A_TEMPLATE["Origins"]
    found, expected = both(
        {
            **SMALLEST,
            "Origins": listed(SERVER, {**SERVER, **second}),
            "OriginGroups": listed(group),
            "DefaultCacheBehavior": {**BEHAVIOR, "TargetOriginId": "group"},
        },
        {
            **SMALLEST_IN_A_TEMPLATE,
            "Origins": [{**server, **second}, server],
            "OriginGroups": {
                "Items": [
                    {
                        **without(group, "SelectionCriteria"),
                        "FailoverCriteria": {"StatusCodes": {"Items": [404, 504]}},
                    }
                ]
            },
            "DefaultCacheBehavior": {
                **SMALLEST_IN_A_TEMPLATE["DefaultCacheBehavior"],
                "TargetOriginId": "group",
            },
        },
    )
    assert effective(found) == effective(expected)
    names = [origin["DomainName"] for origin in found.default.config["Origins"]]
    assert names == ["www.example.com", "www2.example.com"]


def behaving(**settings):
    return {**SMALLEST, "DefaultCacheBehavior": {**BEHAVIOR, **settings}}


def behaving_in_a_template(**settings):
    behavior = {**SMALLEST_IN_A_TEMPLATE["DefaultCacheBehavior"], **settings}
    return {**SMALLEST_IN_A_TEMPLATE, "DefaultCacheBehavior": behavior}


def test_settings_from_before_policies_are_one_in_both_notations():
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ForwardedValues.html
    values = {
        "QueryString": True,
        "Cookies": {"Forward": "whitelist", "WhitelistedNames": listed("b", "a")},
        "Headers": listed("Origin"),
        "QueryStringCacheKeys": NOTHING,
    }
    found, expected = both(
        behaving(
            CachePolicyId="",
            OriginRequestPolicyId="",
            ForwardedValues=values,
            MinTTL=0,
            DefaultTTL=86400,
            MaxTTL=31536000,
        ),
        behaving_in_a_template(
            CachePolicyId="",
            ForwardedValues={
                "QueryString": "true",
                "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["a", "b"]},
                "Headers": ["Origin"],
            },
        ),
    )
    assert effective(found) == effective(expected)
    key = found.default.config["CachePolicy"][
        "ParametersInCacheKeyAndForwardedToOrigin"
    ]
    assert key["CookiesConfig"] == {
        "CookieBehavior": "whitelist",
        "Cookies": ["a", "b"],
    }
    assert "OriginRequestPolicy" in found.default.config


def test_policies_of_ones_own_are_one_in_both_notations():
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html
    headers = {
        "Name": "any",
        "Comment": "",
        "CorsConfig": {
            "AccessControlAllowOrigins": listed("https://b", "https://a"),
            "AccessControlAllowHeaders": listed("*"),
            "AccessControlAllowMethods": listed("GET", "HEAD"),
            "AccessControlAllowCredentials": False,
            "OriginOverride": True,
        },
        "SecurityHeadersConfig": {
            "StrictTransportSecurity": {
                "Override": True,
                "IncludeSubdomains": False,
                "Preload": False,
                "AccessControlMaxAgeSec": 60,
            },
            "XSSProtection": {"Override": True, "Protection": False},
        },
        "ServerTimingHeadersConfig": {"Enabled": False, "SamplingRate": 0.0},
        "CustomHeadersConfig": NOTHING,
        "RemoveHeadersConfig": listed({"Header": "Set-Cookie"}),
    }
    written = {
        "Name": "of a template",
        "CorsConfig": {
            "AccessControlAllowOrigins": {"Items": ["https://a", "https://b"]},
            "AccessControlAllowHeaders": {"Items": ["*"]},
            "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
            "AccessControlAllowCredentials": "false",
            "OriginOverride": True,
        },
        "SecurityHeadersConfig": {
            "StrictTransportSecurity": {
                "Override": True,
                "AccessControlMaxAgeSec": "60",
            },
            "XSSProtection": {"Override": True, "Protection": False},
        },
        "RemoveHeadersConfig": {"Items": [{"Header": "Set-Cookie"}]},
    }
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html
    cache = {
        "Name": "any",
        "Comment": "",
        "MinTTL": 1,
        "DefaultTTL": 86400,
        "MaxTTL": 31536000,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            "EnableAcceptEncodingBrotli": False,
            "HeadersConfig": {
                "HeaderBehavior": "whitelist",
                "Headers": listed("Origin", "Accept"),
            },
            "CookiesConfig": {"CookieBehavior": "none", "Cookies": NOTHING},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }
    found, expected = both(
        behaving(CachePolicyId="C", ResponseHeadersPolicyId="H"),
        behaving_in_a_template(
            CachePolicyId={"Ref": "Cache"}, ResponseHeadersPolicyId={"Ref": "Headers"}
        ),
        {
            "get_cache_policy": {
                "C": {"CachePolicy": policy_answer(CachePolicyConfig=cache)}
            },
            "get_response_headers_policy": {
                "H": {
                    "ResponseHeadersPolicy": policy_answer(
                        ResponseHeadersPolicyConfig=headers
                    )
                }
            },
        },
        {
            "Cache": {
                "Type": "AWS::CloudFront::CachePolicy",
                "Properties": {
                    "CachePolicyConfig": {
                        "Name": "of a template",
                        "MinTTL": 1,
                        "DefaultTTL": 86400,
                        "MaxTTL": 31536000,
                        "ParametersInCacheKeyAndForwardedToOrigin": {
                            "EnableAcceptEncodingGzip": True,
                            "HeadersConfig": {
                                "HeaderBehavior": "whitelist",
                                "Headers": ["Accept", "Origin"],
                            },
                            "CookiesConfig": {"CookieBehavior": "none"},
                            "QueryStringsConfig": {"QueryStringBehavior": "none"},
                        },
                    }
                },
            },
            "Headers": {
                "Type": "AWS::CloudFront::ResponseHeadersPolicy",
                "Properties": {"ResponseHeadersPolicyConfig": written},
            },
        },
    )
    assert effective(found) == effective(expected)
    assert found.default.config["CachePolicy"]["MinTTL"] == 1


def policy_answer(**config):
    return {"Id": "any", "LastModifiedTime": 0, **config}


KEY = "-----BEGIN PUBLIC KEY-----\nMFkwEw==\n-----END PUBLIC KEY-----\n"
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_KeyGroupConfig.html
KEYS = {
    "get_key_group": {
        "G": {
            "KeyGroup": policy_answer(
                KeyGroupConfig={"Name": "any", "Items": ["K"], "Comment": ""}
            )
        }
    },
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_PublicKeyConfig.html
    "get_public_key": {
        "K": {
            "PublicKey": {
                "Id": "K",
                "CreatedTime": 0,
                "PublicKeyConfig": {
                    "CallerReference": "any",
                    "Name": "signing",
                    "EncodedKey": KEY,
                    "Comment": "",
                },
            }
        }
    },
}


def test_keys_that_can_sign_are_one_in_both_notations():
    found, expected = both(
        behaving(TrustedKeyGroups=listed("G", Enabled=True)),
        behaving_in_a_template(TrustedKeyGroups=[{"Ref": "Group"}]),
        KEYS,
        {
            "Group": {
                "Type": "AWS::CloudFront::KeyGroup",
                "Properties": {
                    "KeyGroupConfig": {"Name": "other", "Items": [{"Ref": "Key"}]}
                },
            },
            "Key": {
                "Type": "AWS::CloudFront::PublicKey",
                "Properties": {
                    "PublicKeyConfig": {
                        "CallerReference": "other",
                        "Name": "signing",
                        "EncodedKey": KEY.replace("\n", "\r\n").strip(),
                    }
                },
            },
        },
    )
    assert effective(found) == effective(expected)
    (key,) = found.default.config["TrustedKeyGroups"]
    assert "MFkwEw==" in key["EncodedKey"]


def test_a_list_of_key_groups_that_is_off_asks_for_no_signature():
    config = behaving(TrustedKeyGroups=listed("G", Enabled=False))
    off = from_api.distribution(answering(config), "E1")
    assert "TrustedKeyGroups" not in off.default.config


STORE = "arn:aws:cloudfront::111122223333:key-value-store/s"
FUNCTION = "arn:aws:cloudfront::111122223333:function/redirect"
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DescribeFunction.html
SUMMARY = {
    "Name": "redirect",
    "Status": "DEPLOYED",
    "FunctionConfig": {
        "Comment": "any",
        "Runtime": "cloudfront-js-2.0",
        "KeyValueStoreAssociations": listed({"KeyValueStoreARN": STORE}),
    },
    "FunctionMetadata": {"FunctionARN": FUNCTION, "LastModifiedTime": 0},
}


@pytest.mark.parametrize("stream", [bytes, io.BytesIO])
def test_a_function_is_one_in_both_notations(stream):
    code = "function handler(event) { return event.request; } // é"
    found, expected = both(
        behaving(
            FunctionAssociations=listed(
                {"FunctionARN": FUNCTION, "EventType": "viewer-request"}
            )
        ),
        behaving_in_a_template(
            FunctionAssociations=[
                {
                    "EventType": "viewer-request",
                    "FunctionARN": {"Fn::GetAtt": ["Redirect", "FunctionARN"]},
                }
            ]
        ),
        {
            "describe_function": {"redirect": {"FunctionSummary": SUMMARY}},
            "get_function": {"redirect": {"FunctionCode": stream(code.encode())}},
        },
        {
            "Redirect": {
                "Type": "AWS::CloudFront::Function",
                "Properties": {
                    "Name": "other",
                    "AutoPublish": True,
                    "FunctionCode": code,
                    "FunctionConfig": {
                        "Comment": "other",
                        "Runtime": "cloudfront-js-2.0",
                        "KeyValueStoreAssociations": [{"KeyValueStoreARN": STORE}],
                    },
                },
            }
        },
    )
    assert effective(found) == effective(expected)
    (association,) = found.default.config["FunctionAssociations"]
    assert association["Function"]["FunctionCode"] == code


def test_lambda_at_edge_stands_for_itself_by_its_version():
    arn = "arn:aws:lambda:us-east-1:111122223333:function:sign-in:7"
    association = {"LambdaFunctionARN": arn, "EventType": "origin-request"}
    found, expected = both(
        behaving(
            LambdaFunctionAssociations=listed({**association, "IncludeBody": False})
        ),
        behaving_in_a_template(LambdaFunctionAssociations=[association]),
    )
    assert effective(found) == effective(expected)
    (seen,) = found.default.config["LambdaFunctionAssociations"]
    assert seen["LambdaFunctionARN"] == arn


# --- What is asked ---


def test_what_several_behaviors_use_is_asked_for_once():
    group = {"TrustedKeyGroups": listed("G", Enabled=True)}
    config = behaving(**group) | {
        "CacheBehaviors": listed({**BEHAVIOR, **group, "PathPattern": "a/*"})
    }
    asking = answering(config, **KEYS)
    found = from_api.distributions(asking, ["E1"])["E1"]
    assert [behavior.path_pattern for behavior in found.behaviors] == ["a/*", "*"]
    assert asking.calls == [
        ("get_distribution_config", "E1"),
        ("get_key_group", "G"),
        ("get_public_key", "K"),
    ]


def test_policies_of_aws_are_known_without_a_call():
    asking = answering(SMALLEST)
    found = from_api.distribution(asking, "E1")
    assert found.default.config["CachePolicy"]["DefaultTTL"] == 86400
    assert asking.calls == [("get_distribution_config", "E1")]


def test_only_calls_that_are_documented_are_made():
    documented = {
        xform_name(name)
        for name in MODEL.operation_names
        if f"``{name}``" in from_api.__doc__
    }
    source = ast.parse((ROOT / "cdn_model" / "from_api.py").read_text("utf-8"))
    used = {
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value in map(xform_name, MODEL.operation_names)
    }
    assert used == documented


def test_an_answer_that_is_refused_is_not_hidden():
    with pytest.raises(KeyError, match="get_cache_policy"):
        from_api.distribution(answering(behaving(CachePolicyId="C")), "E1")
