"""Templates of other people: what only a deploy knows gets a name from the template."""

from __future__ import annotations

import pytest
from edge_support import CountingOrigin, RunningEdge

from cdn_edge.distributions import parse
from cdn_edge.template_reader import deployed

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
API_URL = {
    "Fn::Join": [
        "",
        [
            *("https://", {"Ref": "Api"}, ".execute-api.", {"Ref": "AWS::Region"}),
            *(".", {"Ref": "AWS::URLSuffix"}, "/", {"Ref": "Stage"}, "/"),
        ],
    ]
}


def part_of(value, delimiter, index):
    return {"Fn::Select": [index, {"Fn::Split": [delimiter, value]}]}


def template(origin=None, *, parameters=None, resources=None, default=None, **more):
    config = {
        "Enabled": True,
        "Origins": [{"Id": "one", "DomainName": "www.example.com", **(origin or {})}],
        "DefaultCacheBehavior": {
            "TargetOriginId": "one",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
            **(default or {}),
        },
        **more,
    }
    made = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": config},
    }
    return {
        "Parameters": parameters or {},
        "Resources": {"Site": made, **(resources or {})},
    }


def served(template):
    configuration = parse(deployed(template))
    assert configuration.broken == ()
    (found,) = configuration.distributions
    return found


@pytest.mark.parametrize(
    ("name", "there"),
    [
        (
            {"Fn::GetAtt": ["Files", "RegionalDomainName"]},
            "files.s3.us-east-1.amazonaws.com",
        ),
        (
            {"Fn::Sub": "${Files}.s3.${AWS::Region}.amazonaws.com"},
            "files.s3.us-east-1.amazonaws.com",
        ),
        ({"Fn::GetAtt": "Balancer.DNSName"}, "balancer.elb.us-east-1.amazonaws.com"),
        (
            part_of({"Fn::GetAtt": ["Function", "FunctionUrl"]}, "/", 2),
            "function.lambda-url.us-east-1.on.aws",
        ),
        (
            part_of(part_of(API_URL, "://", 1), "/", 0),
            "api.execute-api.us-east-1.amazonaws.com",
        ),
        ({"Fn::ImportValue": "other-stack:FilesDomainName"}, "filesdomainname"),
        ({"Ref": "Server"}, "www.example.org"),
    ],
)
def test_an_origin_that_a_deploy_names_has_a_name_to_map(name, there):
    parameters = {"Server": {"Type": "String", "Default": "www.example.org"}}
    found = served(template({"DomainName": name}, parameters=parameters))
    assert found.behaviors[0].origins[0].domain_name == there


def test_an_api_is_asked_below_its_stage():
    origin = {
        "DomainName": part_of(part_of(API_URL, "://", 1), "/", 0),
        "OriginPath": {"Fn::Join": ["", ["/", {"Ref": "Stage"}]]},
        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
    }
    with (
        CountingOrigin() as api,
        RunningEdge(
            deployed(template(origin)), origins={"*.amazonaws.com": api}
        ) as edge,
    ):
        assert edge.get("/items", host="site.cloudfront.localhost").status == 200
        assert api.asked[0].target == "/Stage/items"
        assert api.asked[0].headers["host"] == "api.execute-api.us-east-1.amazonaws.com"


def test_parameters_have_their_defaults():
    ttls = {"MinTTL": "10", "DefaultTTL": "20", "MaxTTL": "30"}
    parameters = {n: {"Type": "Number", "Default": one} for n, one in ttls.items()}
    policy = {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {
            "CachePolicyConfig": {
                "Name": "n",
                "ParametersInCacheKeyAndForwardedToOrigin": {},
                **{name: {"Ref": name} for name in ttls},
            }
        },
    }
    found = served(
        template(
            parameters=parameters,
            resources={"Policy": policy},
            default={"CachePolicyId": {"Ref": "Policy"}},
        )
    )
    given = found.behaviors[0].cache.ttls
    assert (given.minimum, given.default, given.maximum) == (10, 20, 30)


def test_a_vpc_origin_has_the_protocol_and_the_ports_of_its_resource():
    endpoint = {"OriginProtocolPolicy": "http-only", "HTTPPort": 8080}
    vpc = {
        "Type": "AWS::CloudFront::VpcOrigin",
        "Properties": {"VpcOriginEndpointConfig": {"Arn": "arn", **endpoint}},
    }
    origin = {"VpcOriginConfig": {"VpcOriginId": {"Fn::GetAtt": ["Vpc", "Id"]}}}
    (found,) = served(template(origin, resources={"Vpc": vpc})).behaviors[0].origins
    assert (found.protocol_policy, found.port("http")) == ("http-only", 8080)


def test_a_distribution_for_tenants_says_so_once():
    assert served(template(ConnectionMode="tenant-only")).unmodelled == ("tenants",)


@pytest.mark.parametrize(
    "name",
    [
        {"Fn::Select": [9, {"Fn::Split": ["/", "a"]}]},
        {"Fn::Select": ["a", ["b"]]},
        {"Fn::Split": ["", "a"]},
        {"Fn::Join": ["", {"Ref": "List"}]},
        {"Fn::GetAtt": []},
        {"Fn::ImportValue": {"Fn::Sub": "${Other}-name"}},
        {"Fn::Transform": {"Name": "Include"}},
        {"Ref": {}},
    ],
)
def test_what_nobody_can_name_is_served_all_the_same(name):
    assert served(template({"DomainName": name})).behaviors[0].origins[0].domain_name
