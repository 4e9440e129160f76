"""A second server with the same files."""

from __future__ import annotations

import pytest
from aws_cdk import Fn
from cdk_support import (
    ORIGIN,
    ORIGIN_SECRET,
    configs,
    distribution_config,
    half_template,
    pair_template,
)

from constructs_lib import DjangoOrigin


def server(**options):
    return DjangoOrigin.server(
        "www.example.com", failover_domain_name="www2.example.com", **options
    )


def config(origin):
    return distribution_config(half_template(origin=origin))


def test_the_second_server_is_asked_for_what_the_first_lacks_and_when_it_fails():
    found = config(server())
    (group,) = found["OriginGroups"]["Items"]
    codes = group["FailoverCriteria"]["StatusCodes"]
    assert codes["Items"] == [403, 404, 500, 502, 503, 504]
    assert codes["Quantity"] == 6
    members = [one["OriginId"] for one in group["Members"]["Items"]]
    assert members == ["static", "staticFailover"]
    assert found["DefaultCacheBehavior"]["TargetOriginId"] == group["Id"]
    names = {one["Id"]: one["DomainName"] for one in found["Origins"]}
    assert names == {"static": "www.example.com", "staticFailover": "www2.example.com"}


def test_the_second_server_is_asked_as_the_first_is():
    options = {
        "https_port": 8443,
        "custom_headers": {"X-Site": "mysite"},
        "origin_shield_region": "eu-west-1",
        "origin_secret": ORIGIN_SECRET,
    }
    first, second = config(server(**options))["Origins"]
    for one in (first, second):
        del one["Id"], one["DomainName"]
    assert first == second
    headers = {one["HeaderName"] for one in second["OriginCustomHeaders"]}
    assert headers == {"X-Cdn-Tree", "X-Origin-Secret", "X-Site"}


def test_each_half_has_a_second_server_over_its_own_tree():
    for found in configs(pair_template(origin=server())):
        first, second = (one["OriginPath"] for one in found["Origins"])
        assert first == second
        assert first in ("/static", "/media")


def test_without_a_second_server_there_is_no_group():
    found = config(ORIGIN)
    assert "OriginGroups" not in found
    assert len(found["Origins"]) == 1


def test_a_server_inside_a_vpc_may_have_a_second_one_on_the_internet():
    origin = DjangoOrigin.vpc(
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c",
        domain_name="www.example.com",
        failover_domain_name="www2.example.com",
    )
    first, second = config(origin)["Origins"]
    assert "VpcOriginConfig" in first
    assert second["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_fails_when_the_second_server_is_the_first():
    with pytest.raises(ValueError) as error:
        DjangoOrigin.server("a.example", failover_domain_name="a.example")
    assert str(error.value) == (
        "failover_domain_name must be another server than domain_name, such as "
        "'www2.example.com', got 'a.example' for both"
    )


@pytest.mark.parametrize(
    "name", ["https://b.example", "b.example:443", "192.0.2.1", ""]
)
def test_fails_when_the_second_server_is_no_bare_host_name(name):
    with pytest.raises(ValueError, match="^failover_domain_name must be a bare host"):
        DjangoOrigin.server("a.example", failover_domain_name=name)


def test_a_token_passes_as_the_second_server():
    token = Fn.import_value("second-server")
    found = config(DjangoOrigin.server("www.example.com", failover_domain_name=token))
    assert found["Origins"][1]["DomainName"] == {"Fn::ImportValue": "second-server"}
