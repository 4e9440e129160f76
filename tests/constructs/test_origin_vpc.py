"""A server without a public address: one VPC origin for a stack, without tags."""

from __future__ import annotations

import re

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.assertions import Template
from cdk_support import (
    configs,
    distribution_config,
    half_template,
    new_app,
    new_stack,
    only,
    pair_template,
    resources,
)
from constructs import Construct

from constructs_lib import (
    Bucket,
    Cors,
    DjangoCdn,
    DjangoOrigin,
    IpAddressType,
    MediaDistribution,
    StaticDistribution,
)
from dj_cloudfront.contract import Tree

BALANCER = (
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
    "loadbalancer/app/mysite/50dc6c495c0c9188"
)
INSTANCE = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"


def vpc(endpoint=BALANCER, **options):
    return DjangoOrigin.vpc(endpoint, domain_name="origin.example.com", **options)


def cdn_template(origin, stack=None):
    return pair_template(stack, origin=origin)


@pytest.fixture(scope="module")
def plain():
    return cdn_template(vpc(), new_stack(stack_id="mysite-cdn-prod"))


def logical_id(template):
    (found,) = resources(template, "VpcOrigin")
    return found


def name_of(template):
    return only(template, "VpcOrigin")["VpcOriginEndpointConfig"]["Name"]


def private_balancer(stack):
    return elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=ec2.Vpc(stack, "Vpc"))


def test_one_vpc_origin_serves_both_distributions(plain):
    config = only(plain, "VpcOrigin")["VpcOriginEndpointConfig"]
    assert re.fullmatch("mysite-cdn-prod-VpcOrigin.*-[0-9a-f]{8}", config["Name"])
    assert config | {"Name": "-"} == {
        "Name": "-",
        "Arn": BALANCER,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSSLProtocols": ["TLSv1.2"],
    }
    reference = {"Fn::GetAtt": [logical_id(plain), "Id"]}
    trees = {}
    for found in configs(plain):
        (origin,) = found["Origins"]
        trees[origin["OriginPath"]] = origin
    assert set(trees) == {"/static", "/media"}
    assert trees["/static"] == {
        "Id": "static",
        "DomainName": "origin.example.com",
        "OriginPath": "/static",
        "OriginCustomHeaders": [{"HeaderName": "X-Cdn-Tree", "HeaderValue": "static"}],
        "ConnectionAttempts": 2,
        "ConnectionTimeout": 5,
        "VpcOriginConfig": {
            "VpcOriginId": reference,
            "OriginReadTimeout": 20,
            "OriginKeepaliveTimeout": 5,
        },
    }
    assert trees["/media"]["VpcOriginConfig"]["VpcOriginId"] == reference


def test_maximum_example():
    template = cdn_template(
        vpc(
            INSTANCE,
            https_port=8443,
            origin_shield_region="eu-west-1",
            custom_headers={"X-Site": "mysite"},
        )
    )
    config = only(template, "VpcOrigin")["VpcOriginEndpointConfig"]
    assert (config["Arn"], config["HTTPSPort"]) == (INSTANCE, 8443)
    for found in configs(template):
        (origin,) = found["Origins"]
        assert origin["OriginShield"]["OriginShieldRegion"] == "eu-west-1"
        assert {"HeaderName": "X-Site", "HeaderValue": "mysite"} in origin[
            "OriginCustomHeaders"
        ]


def test_logical_ids_are_a_contract(plain):
    assert logical_id(plain) == "VpcOriginabadeaf26410E811"


@jsii.implements(cdk.IAspect)
class Tagger:
    def visit(self, node):
        if cdk.TagManager.is_taggable_v2(node):
            node.cdk_tag_manager.set_tag("build", "4711")
        elif isinstance(node, cdk.CfnResource) and cdk.TagManager.is_taggable(node):
            node.tags.set_tag("build", "4711")


def tag_as_app(app):
    cdk.Tags.of(app).add("build", "4711", priority=900)


def tag_as_aspect(app):
    cdk.Aspects.of(app).add(Tagger())


@pytest.mark.parametrize("tag", [tag_as_app, tag_as_aspect])
def test_changing_tags_never_reach_what_cannot_be_updated(tag):
    app = new_app()
    stack = new_stack(app)
    tag(app)
    template = cdn_template(vpc(), stack)
    for found in resources(template, "Distribution").values():
        assert found["Tags"] == [{"Key": "build", "Value": "4711"}]
    assert "Tags" not in only(template, "VpcOrigin")


def test_a_stack_has_one_vpc_origin_for_an_endpoint():
    stack = new_stack()
    DjangoCdn(stack, "Cdn", origin=vpc())
    DjangoCdn(stack, "Other", origin=vpc())
    StaticDistribution(Construct(stack, "Elsewhere"), "Static", origin=vpc())
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::CloudFront::Distribution", 5)
    template.resource_count_is("AWS::CloudFront::VpcOrigin", 1)


def test_an_endpoint_may_be_reached_by_ipv6_too():
    stack = new_stack()
    dual = vpc(
        ip_address_type=IpAddressType.DUALSTACK, failover_domain_name="b.example.com"
    )
    template = cdn_template(dual, stack)
    config = only(template, "VpcOrigin")["VpcOriginEndpointConfig"]
    assert config["IpAddressType"] == "dualstack"
    for found in configs(template):
        for origin in found["Origins"]:
            assert "IpAddressType" not in origin.get("CustomOriginConfig", {})


def test_an_endpoint_by_ipv6_alone_is_refused():
    with pytest.raises(ValueError, match="^ip_address_type must be 'ipv4' or 'dual"):
        vpc(ip_address_type=IpAddressType.IPV6)


@pytest.mark.parametrize("role", ["Static", "Media"])
def test_a_vpc_origin_of_another_account_names_its_owner(role):
    stack = new_stack()
    shared = cloudfront.VpcOrigin.from_vpc_origin_id(stack, "Shared", "vo_123")
    bucket = Bucket(stack, "Bucket", cors=Cors.any_origin())
    DjangoCdn(
        stack,
        "Cdn",
        origin=vpc(shared, owner_account_id="444455556666"),
        media={"bucket": bucket},
    )
    found = resources(Template.from_stack(stack), "Distribution")
    (config,) = (
        one["DistributionConfig"]
        for name, one in found.items()
        if name.startswith(f"Cdn{role}")
    )
    (server,) = (one for one in config["Origins"] if "VpcOriginConfig" in one)
    assert server["VpcOriginConfig"]["OwnerAccountId"] == "444455556666"
    assert all(one["Id"] for one in config["Origins"])


@pytest.mark.parametrize(
    ("endpoint", "owner", "sentence"),
    [
        (BALANCER, "444455556666", "^owner_account_id must be left out with an endp"),
        ("existing", "4444", "^owner_account_id must be 12 digits, such as .*'4444'"),
    ],
)
def test_fails_when_an_owner_cannot_be_right(endpoint, owner, sentence):
    if endpoint == "existing":
        endpoint = cloudfront.VpcOrigin.from_vpc_origin_id(new_stack(), "V", "vo_1")
    with pytest.raises(ValueError, match=sentence):
        vpc(endpoint, owner_account_id=owner)


@pytest.mark.parametrize(
    "other",
    [
        vpc(INSTANCE),
        vpc(https_port=8443),
        vpc(ip_address_type=IpAddressType.DUALSTACK),
    ],
)
def test_another_endpoint_or_port_is_another_vpc_origin(plain, other):
    # CloudFormation makes the new one, moves the distributions, deletes the old one.
    after = cdn_template(other, new_stack(stack_id="mysite-cdn-prod"))
    assert logical_id(plain) != logical_id(after)
    assert name_of(plain) != name_of(after)


def test_other_options_leave_the_vpc_origin_alone(plain):
    other = vpc(connection_attempts=3, custom_headers={"X-Site": "a"})
    after = cdn_template(other, new_stack(stack_id="mysite-cdn-prod"))
    assert resources(plain, "VpcOrigin") == resources(after, "VpcOrigin")


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2", None])
def test_the_name_fits_and_differs_over_regions(region):
    app = new_app()
    stack = cdk.Stack(app, "s" * 100, env=cdk.Environment(region=region))
    name = name_of(cdn_template(vpc(), stack))
    if region is None:
        before, reference, after = name["Fn::Join"][1]
        assert reference == {"Ref": "AWS::Region"}
        assert len(before) + len("ap-southeast-2") + len(after) <= 64
    else:
        # As long as with a region of 16 characters, so that a known one changes nothing.
        assert len(name) == 64 - 16 + len(region)


def test_the_cdks_own_endpoints_are_accepted():
    stack = new_stack()
    balancer = private_balancer(stack)
    endpoint = cloudfront.VpcOriginEndpoint.application_load_balancer(balancer)
    template = cdn_template(vpc(endpoint), stack)
    config = only(template, "VpcOrigin")["VpcOriginEndpointConfig"]
    assert config["Arn"] == {"Ref": "Balancer71DDC9D9"}


def of_balancer(stack):
    return vpc(private_balancer(stack).load_balancer_arn)


def with_port(stack):
    port = cdk.CfnParameter(stack, "Port", type="Number").value_as_number
    return vpc(https_port=port)


@pytest.mark.parametrize("make", [of_balancer, with_port])
def test_the_logical_id_of_a_token_is_the_same_in_every_synthesis(make):
    found = set()
    for noise in (0, 3):
        stack = new_stack()
        for index in range(noise):
            parameter = cdk.CfnParameter(stack, f"Noise{index}", type="Number")
            repr((parameter.value_as_number, parameter.value_as_string))
        found.add(logical_id(cdn_template(make(stack), stack)))
    assert len(found) == 1


def test_endpoints_of_another_stack_are_accepted():
    app = new_app()
    servers = new_stack(app, "servers")
    arn = private_balancer(servers).load_balancer_arn
    template = cdn_template(vpc(arn), new_stack(app, "cdn"))
    assert "servers" in str(only(template, "VpcOrigin")["VpcOriginEndpointConfig"])


def test_fails_when_endpoints_of_two_stacks_have_one_logical_id():
    app = new_app()
    first, second = (private_balancer(new_stack(app, name)) for name in ("a1", "b1"))
    stack = new_stack(app, "cdn")
    StaticDistribution(stack, "Static", origin=vpc(first.load_balancer_arn))
    with pytest.raises(ValueError, match="^endpoint must have a logical id of its own"):
        MediaDistribution(stack, "Media", origin=vpc(second.load_balancer_arn))


def test_an_existing_vpc_origin_is_used_as_it_is():
    stack = new_stack()
    existing = cloudfront.VpcOrigin.from_vpc_origin_id(stack, "Existing", "vo_123")
    template = cdn_template(vpc(existing), stack)
    template.resource_count_is("AWS::CloudFront::VpcOrigin", 0)
    for found in configs(template):
        (origin,) = found["Origins"]
        assert origin["VpcOriginConfig"]["VpcOriginId"] == "vo_123"


def test_fails_when_an_existing_vpc_origin_is_given_a_port():
    existing = cloudfront.VpcOrigin.from_vpc_origin_id(new_stack(), "Existing", "vo_1")
    with pytest.raises(ValueError, match="^https_port must be left out .* got 8443"):
        vpc(existing, https_port=8443)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "origin.example.com",
        "i-0123456789abcdef0",
        BALANCER.replace("/app/", "/gwy/"),
        BALANCER.replace(":loadbalancer/app/", ":targetgroup/"),
        BALANCER.replace("111122223333", ""),
        INSTANCE + "\n",
    ],
)
def test_fails_when_an_endpoint_is_no_balancer_or_instance(endpoint):
    with pytest.raises(ValueError, match="^endpoint must be the ARN of") as error:
        vpc(endpoint)
    assert repr(endpoint) in str(error.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        BALANCER.replace("/app/", "/net/"),
        BALANCER.replace("arn:aws:", "arn:aws-us-gov:"),
        INSTANCE,
    ],
)
def test_a_balancer_or_an_instance_passes(endpoint):
    assert vpc(endpoint).vpc_endpoint_arn == endpoint


def test_tokens_pass():
    arn, name = (
        cdk.Token.as_string({"Fn::ImportValue": each}) for each in ("Arn", "Name")
    )
    template = half_template(origin=DjangoOrigin.vpc(arn, domain_name=name))
    config = only(template, "VpcOrigin")["VpcOriginEndpointConfig"]
    assert config["Arn"] == {"Fn::ImportValue": "Arn"}
    (origin,) = distribution_config(template)["Origins"]
    assert origin["DomainName"] == {"Fn::ImportValue": "Name"}


def test_a_distribution_of_ones_own_in_a_stack_gets_one_too():
    stack = new_stack()
    cloudfront.Distribution(
        stack,
        "Own",
        default_behavior=cloudfront.BehaviorOptions(
            origin=vpc().render(stack, Tree.STATIC),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        ),
    )
    Template.from_stack(stack).resource_count_is("AWS::CloudFront::VpcOrigin", 1)
