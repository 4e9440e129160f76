from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk import Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import distribution_config, new_stack, resources

from constructs_lib import (
    DjangoCdn,
    DjangoOrigin,
    IpAddressType,
    OriginRecord,
    OriginSecret,
    StaticDistribution,
)
from constructs_lib.origins.shield import NEAREST_SHIELD_REGIONS, SHIELD_REGIONS

DNS_NAME = "mysite-1234567890.eu-west-3.elb.amazonaws.com"
SECRET = OriginSecret(
    arn="arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite/origin-a1B2c3",
    version="3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11",
)


def server(**options):
    return DjangoOrigin.server("www.example.com", **options)


def rendered(origin, stack=None):
    stack = stack or new_stack()
    StaticDistribution(stack, "Half", origin=origin)
    (found,) = distribution_config(Template.from_stack(stack))["Origins"]
    return found


def balancer(stack):
    return elbv2.ApplicationLoadBalancer(
        stack, "Balancer", vpc=ec2.Vpc(stack, "Vpc"), internet_facing=True
    )


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("https://www.example.com", "leave out the scheme"),
        ("www.example.com/static", "leave out the path"),
        ("www.example.com:443", "leave out the port"),
        ("192.0.2.7", "accepts no IP address"),
        ("[2001:db8::1]", "accepts no IP address"),
        ("WWW.example.com", "lower case"),
        ("localhost", ""),
        ("", ""),
        ("www..example.com", ""),
        ("-www.example.com", ""),
        ("www.example.com\n", ""),
        ("www.example.com.", ""),
        (f"{'a' * 64}.example.com", ""),
        (".".join(["abcdefgh"] * 29), ""),
    ],
)
def test_fails_when_the_origin_is_no_bare_host_name(name, cure):
    with pytest.raises(ValueError, match="^domain_name must be a bare host name") as e:
        DjangoOrigin.server(name)
    assert repr(name) in str(e.value)
    assert cure in str(e.value)
    assert (": " in str(e.value).partition(repr(name))[2]) == bool(cure)


@pytest.mark.parametrize(
    "name", ["www.example.com", "a.b", "xn--bcher-kva.example", "1.example.com"]
)
def test_a_bare_host_name_passes(name):
    assert DjangoOrigin.server(name).domain_name == name


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"connection_attempts": 0}, "connection_attempts must be 1, 2 or 3, got 0"),
        ({"connection_attempts": 4}, "connection_attempts must be 1, 2 or 3, got 4"),
        (
            {"connection_timeout": timedelta(seconds=11)},
            "connection_timeout must be a whole number of seconds, from 1 to 10",
        ),
        (
            {"connection_timeout": timedelta(0)},
            "connection_timeout must be a whole number of seconds, from 1 to 10",
        ),
        (
            {"read_timeout": timedelta(milliseconds=1500)},
            "read_timeout must be a whole number of seconds, at least 1",
        ),
        (
            {"keepalive_timeout": timedelta(0)},
            "keepalive_timeout must be a whole number",
        ),
        (
            {"response_completion_timeout": timedelta(seconds=3601)},
            "response_completion_timeout must be .* from 1 to 3600",
        ),
        (
            {"response_completion_timeout": timedelta(seconds=19)},
            "response_completion_timeout must not be below read_timeout, got 19 and 20",
        ),
        *(
            ({"https_port": port}, f"https_port must be 80, 443 or .* got {port}$")
            for port in (0, 81, 442, 444, 1023, 65536, -1)
        ),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_number(values, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        DjangoOrigin.server("www.example.com", **values)


def test_values_at_the_bounds_pass():
    origin = DjangoOrigin.server(
        "www.example.com",
        connection_attempts=1,
        connection_timeout=timedelta(seconds=10),
        read_timeout=timedelta(seconds=180),
        keepalive_timeout=timedelta(seconds=1),
    )
    assert origin.connection_attempts == 1


def test_origins_of_equal_values_are_equal():
    assert server(custom_headers={"X-Site": "a"}) == server(
        custom_headers={"X-Site": "a"}
    )
    assert hash(server()) == hash(server())
    assert server() != server(https_port=8443)


@pytest.mark.parametrize("port", [80, 443, 1024, 65535])
def test_ports_that_cloudfront_connects_to_pass(port):
    assert server(https_port=port).https_port == port


def test_maximum_example():
    origin = server(
        ip_address_type=IpAddressType.DUALSTACK,
        connection_attempts=3,
        connection_timeout=timedelta(seconds=1),
        read_timeout=timedelta(seconds=120),
        keepalive_timeout=timedelta(seconds=120),
        response_completion_timeout=timedelta(seconds=120),
        https_port=8443,
        custom_headers={"X-Site": "mysite"},
        origin_shield_region="eu-west-1",
        origin_secret=SECRET,
    )
    stack = new_stack()
    assert rendered(origin, stack) == {
        "Id": "static",
        "DomainName": "www.example.com",
        "OriginPath": "/static",
        "OriginCustomHeaders": [
            {"HeaderName": "X-Cdn-Tree", "HeaderValue": "static"},
            {"HeaderName": "X-Origin-Secret", "HeaderValue": SECRET.render(stack)},
            {"HeaderName": "X-Site", "HeaderValue": "mysite"},
        ],
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 1,
        "ResponseCompletionTimeout": 120,
        "OriginShield": {"Enabled": True, "OriginShieldRegion": "eu-west-1"},
        "CustomOriginConfig": {
            "HTTPSPort": 8443,
            "IpAddressType": "dualstack",
            "OriginProtocolPolicy": "https-only",
            "OriginSSLProtocols": ["TLSv1.2"],
            "OriginReadTimeout": 120,
            "OriginKeepaliveTimeout": 120,
        },
    }
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


@pytest.mark.parametrize(
    ("kind", "said"),
    [(IpAddressType.IPV4, None), (IpAddressType.IPV6, "ipv6")],
)
def test_ip_version_is_said_when_it_is_not_the_usual_one(kind, said):
    config = rendered(server(ip_address_type=kind))["CustomOriginConfig"]
    assert config.get("IpAddressType") == said


@pytest.mark.parametrize("name", ["read", "keepalive"])
def test_a_timeout_over_a_quota_that_can_be_raised_is_a_warning(name):
    stack = new_stack()
    rendered(server(**{f"{name}_timeout": timedelta(seconds=121)}), stack)
    Annotations.from_stack(stack).has_warning(
        "/mysite-cdn-test/Half",
        Match.string_like_regexp(f"{name}_timeout of 121 seconds needs a raised quota"),
    )


@pytest.mark.parametrize("region", SHIELD_REGIONS)
def test_a_region_with_an_origin_shield_passes(region):
    assert server(origin_shield_region=region).origin_shield_region == region


@pytest.mark.parametrize(("region", "nearest"), NEAREST_SHIELD_REGIONS.items())
def test_fails_when_a_region_has_no_origin_shield_and_proposes_the_nearest(
    region, nearest
):
    assert nearest in SHIELD_REGIONS
    sentence = f"got '{region}': '{nearest}' is the nearest to servers in {region}$"
    with pytest.raises(ValueError, match=f"^origin_shield_region must be .*{sentence}"):
        server(origin_shield_region=region)


def test_fails_when_a_region_has_no_origin_shield_and_no_nearest_one_is_known():
    with pytest.raises(ValueError, match="got 'mars-1': take the one with the lowest"):
        server(origin_shield_region="mars-1")


@pytest.mark.parametrize(
    "name",
    [
        "Cache-Control",
        "Connection",
        "Content-Length",
        "Cookie",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Max-Forwards",
        "Pragma",
        "Proxy-Authenticate",
        "Proxy-Anything",
        "Range",
        "Request-Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Via",
        "X-Amz-Date",
        "x-amz-cf-id",
        "X-Edge-Location",
        "X-Real-Ip",
        "host",
    ],
)
def test_fails_when_cloudfront_forbids_a_header(name):
    with pytest.raises(ValueError, match=f"CloudFront sends or removes.* got '{name}'"):
        server(custom_headers={name: "1"})


@pytest.mark.parametrize("name", ["X-Cdn-Tree", "x-cdn-tree", "X-Origin-Secret"])
def test_fails_when_a_header_is_one_of_ours(name):
    with pytest.raises(ValueError, match=f"must not have '{name}', which is sent with"):
        server(custom_headers={name: "1"})


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"": "1"}, "must have names of 1 to 256 letters"),
        ({"X Site": "1"}, "must have names of .* got 'X Site'"),
        ({"X-Site:": "1"}, "must have names of .* got 'X-Site:'"),
        ({"X" * 257: "1"}, "must have names of 1 to 256"),
        ({"X-Site": ""}, "must be 1 to 1783 printable .* got 0 characters"),
        ({"X-Site": " 1"}, "must be .* without a space at either end"),
        ({"X-Site": "a\r\nHost: b"}, "must be 1 to 1783 printable characters"),
        ({"X-Site": "ü"}, "must be 1 to 1783 printable characters of ASCII"),
        ({"X-Site": "1" * 1784}, "got 1784 characters"),
        ({"X-Site": "1", "x-site": "2"}, "must be distinct, got 'x-site' twice"),
        (
            {f"X-{i}": "1" for i in range(29)},
            "at most 28 headers beside X-Cdn-Tree, X-Origin-Secret, got 29",
        ),
        (
            {f"X-{i}": "1" * 1783 for i in range(6)},
            "at most 10240 characters in all names and values",
        ),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_header(headers, sentence):
    with pytest.raises(ValueError, match=f"custom_headers.*{sentence}"):
        server(custom_headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"X" * 256: "1" * 1783},
        {f"X-{i}": "1" for i in range(28)},
        {"X-Viable": "a b"},
        {"Teapot": "1"},
        {"Accept": "text/css, */*"},
    ],
)
def test_headers_at_the_bounds_pass(headers):
    sent = {
        header["HeaderName"]: header["HeaderValue"]
        for header in rendered(server(custom_headers=headers))["OriginCustomHeaders"]
    }
    assert sent == {"X-Cdn-Tree": "static", **headers}


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "X-Shared-Secret"])
def test_warns_of_a_header_that_shows_a_secret(name):
    stack = new_stack()
    rendered(server(custom_headers={name: "hunter2"}), stack)
    warnings = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    assert f"custom_headers['{name}'] stands in plain text" in warnings[0].entry.data
    assert "hunter2" not in warnings[0].entry.data


@pytest.mark.parametrize(
    "value",
    ["{{resolve:secretsmanager:a}}", Token.as_string({"Fn::ImportValue": "Key"})],
)
def test_a_reference_in_a_header_is_not_warned_of(value):
    stack = new_stack()
    rendered(server(custom_headers={"X-Api-Key": value}), stack)
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_fails_when_a_bad_value_would_be_printed():
    with pytest.raises(ValueError, match="X-Site") as error:
        server(custom_headers={"X-Site": "hunter2\n"})
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        DNS_NAME,
        "mysite-0123456789abcdef.elb.eu-west-3.amazonaws.com",
        "internal-mysite-1.us-east-1.elb.amazonaws.com",
        "mysite-1.cn-north-1.elb.amazonaws.com.cn",
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda name: DjangoOrigin.server(name),
        lambda name: DjangoOrigin.load_balancer("other.example.com", domain_name=name),
        lambda name: DjangoOrigin.vpc(
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
            domain_name=name,
        ),
    ],
    ids=["server", "load_balancer", "vpc"],
)
def test_fails_when_the_name_is_a_balancers_own(make, name):
    with pytest.raises(
        ValueError,
        match="^domain_name must be on the listener's certificate and resolve to the "
        f"balancer, such as 'origin.example.com', got '{name}'",
    ):
        make(name)


@pytest.mark.parametrize("name", ["elb.example.com", "files.elbamazonaws.com"])
def test_a_name_that_looks_like_a_balancers_passes(name):
    assert DjangoOrigin.server(name).domain_name == name


def test_a_balancer_is_asked_by_the_name_on_its_certificate():
    stack = new_stack()
    alb = balancer(stack)
    origin = DjangoOrigin.load_balancer(
        alb, domain_name="origin.example.com", https_port=8443
    )
    assert origin.balancer_dns_name == alb.load_balancer_dns_name
    DjangoCdn(stack, "Cdn", origin=origin)
    for found in resources(Template.from_stack(stack), "Distribution").values():
        (only,) = found["DistributionConfig"]["Origins"]
        assert only["DomainName"] == "origin.example.com"
        assert only["CustomOriginConfig"]["HTTPSPort"] == 8443


def test_fails_when_a_balancers_own_name_is_a_token():
    alb = balancer(new_stack())
    with pytest.raises(ValueError, match="must be on the listener's certificate"):
        DjangoOrigin.load_balancer(alb, domain_name=alb.load_balancer_dns_name)


def test_another_token_passes_as_name_of_a_balancer():
    name = Token.as_string({"Fn::ImportValue": "OriginName"})
    origin = DjangoOrigin.load_balancer(DNS_NAME, domain_name=name)
    assert rendered(origin)["DomainName"] == {"Fn::ImportValue": "OriginName"}


def test_fails_when_a_balancer_is_no_host_name():
    with pytest.raises(ValueError, match="^balancer must be a bare host name"):
        DjangoOrigin.load_balancer(
            "arn:aws:elasticloadbalancing:x", domain_name="origin.example.com"
        )


@pytest.mark.parametrize("kind", ["object", "name"])
def test_a_record_leads_from_the_origins_name_to_the_balancer(kind):
    stack = new_stack()
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z123", zone_name="example.com"
    )
    origin = DjangoOrigin.load_balancer(
        balancer(stack) if kind == "object" else DNS_NAME,
        domain_name="origin.example.com",
    )
    OriginRecord(stack, "OriginRecord", origin=origin, zone=zone)
    found = Template.from_stack(stack).find_resources("AWS::Route53::RecordSet")
    target = {"Fn::GetAtt": ["Balancer71DDC9D9", "DNSName"]}
    (record,) = found.values()
    assert record["Properties"] == {
        "HostedZoneId": "Z123",
        "Name": "origin.example.com.",
        "ResourceRecords": [target if kind == "object" else DNS_NAME],
        "TTL": "300",
        "Type": "CNAME",
    }


@pytest.mark.parametrize(
    ("origin", "zone_name", "sentence"),
    [
        (
            server(),
            "example.com",
            "origin must be a load balancer, .*'www.example.com'",
        ),
        *(
            (
                DjangoOrigin.load_balancer(DNS_NAME, domain_name="o.example.com"),
                zone_name,
                f"zone must be above the origin's name, .* got '{zone_name}'",
            )
            for zone_name in ("example.org", "o.example.com", "le.com")
        ),
    ],
)
def test_fails_when_a_record_cannot_be_made(origin, zone_name, sentence):
    stack = new_stack()
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z123", zone_name=zone_name
    )
    with pytest.raises(ValueError, match=f"^{sentence}"):
        OriginRecord(stack, "OriginRecord", origin=origin, zone=zone)
