from __future__ import annotations

import pytest
from aws_cdk import CfnParameter, Stack, Stage, Token
from aws_cdk import aws_route53 as route53
from cdk_support import (
    CERTIFICATE,
    ORIGIN,
    certificate,
    configs,
    half_template,
    hosted_zone,
    new_app,
    new_stack,
    pair_template,
)

from constructs_lib import (
    DjangoCdn,
    DjangoOrigin,
    MediaDistribution,
    StaticDistribution,
)

HALVES = pytest.mark.parametrize("kind", [StaticDistribution, MediaDistribution])


def in_zone(kind=StaticDistribution, **options):
    stack = new_stack()
    return half_template(kind, stack=stack, hosted_zone=hosted_zone(stack), **options)


def pair_in_zone(region="us-east-1", **options):
    stack = new_stack(region=region)
    return pair_template(stack, hosted_zone=hosted_zone(stack), **options)


def named_pair(**options):
    return pair_in_zone(
        static={"domain_names": ["static.example.com", "assets.example.com"]},
        media={"domain_names": ["media.example.com"]},
        **options,
    )


@pytest.fixture(scope="module")
def pair():
    return named_pair()


def records(template):
    found = template.find_resources("AWS::Route53::RecordSet").values()
    return sorted(
        (record["Properties"]["Name"], record["Properties"]["Type"]) for record in found
    )


def test_a_zone_brings_one_certificate_for_all_aliases(pair):
    pair.resource_count_is("AWS::CertificateManager::Certificate", 1)
    pair.has_resource_properties(
        "AWS::CertificateManager::Certificate",
        {
            "DomainName": "static.example.com",
            "SubjectAlternativeNames": ["assets.example.com", "media.example.com"],
            "ValidationMethod": "DNS",
        },
    )


def test_a_zone_brings_records_of_each_alias_for_ipv4_ipv6_and_https(pair):
    assert records(pair) == [
        (f"{name}.example.com.", kind)
        for name in ("assets", "media", "static")
        for kind in ("A", "AAAA", "HTTPS")
    ]


def test_records_can_wait_for_the_switch(pair):
    template = named_pair(dns_records=False)
    assert records(template) == []
    template.resource_count_is("AWS::CertificateManager::Certificate", 1)
    assert configs(template) == configs(pair)


def test_a_given_certificate_is_used():
    stack = new_stack()
    template = pair_template(
        stack,
        certificate=certificate(stack),
        hosted_zone=hosted_zone(stack),
        static={"domain_names": ["static.example.com"]},
    )
    template.resource_count_is("AWS::CertificateManager::Certificate", 0)
    assert len(records(template)) == 3


@HALVES
def test_a_half_alone_gets_its_certificate_and_records(kind):
    template = in_zone(kind, domain_names=["files.example.com"])
    template.resource_count_is("AWS::CertificateManager::Certificate", 1)
    assert len(records(template)) == 3


def test_an_alias_added_later_leaves_the_others_records_alone():
    def ids(names):
        return set(
            in_zone(domain_names=names).find_resources("AWS::Route53::RecordSet")
        )

    assert ids(["b.example.com"]) < ids(["a.example.com", "b.example.com"])


def test_fails_when_a_certificate_would_be_made_where_cloudfront_finds_none():
    with pytest.raises(ValueError, match="certificate must be given outside us-east-1"):
        named_pair(region="eu-west-1")


@pytest.mark.parametrize("name", ["static.example.org", "badexample.com"])
def test_fails_when_an_alias_is_not_in_the_zone(name):
    expected = (
        r"^static.domain_names\[0\] must be within the hosted zone, such as 'static."
    )
    with pytest.raises(ValueError, match=expected):
        pair_in_zone(static={"domain_names": [name]})


def test_fails_when_aliases_are_a_list_that_nobody_knows_yet():
    names = CfnParameter(new_stack(), "Names", type="CommaDelimitedList")
    with pytest.raises(
        ValueError, match="^static.domain_names must be a list that is known"
    ):
        pair_in_zone(static={"domain_names": names.value_as_list})


def test_a_zone_without_aliases_makes_nothing():
    assert len(pair_in_zone().to_json()["Resources"]) == 6


def half(scope, construct_id, *names):
    given = certificate(scope, f"{construct_id}Certificate")
    StaticDistribution(
        scope, construct_id, origin=ORIGIN, domain_names=names, certificate=given
    )


def neighbours(kind):
    """Two scopes in which two distributions of one app may stand."""
    app = new_app()
    if kind == "stages":
        return [Stack(Stage(app, name), "Cdn") for name in ("Beta", "Prod")]
    if kind == "stacks":
        return [Stack(app, name) for name in ("Blue", "Green")]
    return [Stack(app, "Blue")] * 2


@pytest.mark.parametrize("kind", ["stack", "stacks", "stages"])
def test_fails_when_two_distributions_of_an_app_have_the_same_alias(kind):
    first, second = neighbours(kind)
    half(first, "One", "a.example.com", "b.example.com")
    with pytest.raises(ValueError) as error:
        half(second, "Two", "c.example.com", "b.example.com")
    assert str(error.value) == (
        "domain_names must belong to one distribution, because CloudFront refuses a name "
        f"that another one has, got 'b.example.com' in {second.node.path}/Two and in "
        f"{first.node.path}/One"
    )


def test_fails_when_two_pairs_have_the_same_alias():
    stack = new_stack()
    values = {"origin": ORIGIN, "certificate": certificate(stack)}
    DjangoCdn(stack, "Shop", static={"domain_names": ["cdn.example.com"]}, **values)
    with pytest.raises(
        ValueError, match="in mysite-cdn-test/Blog/Media and in .*Shop/"
    ):
        DjangoCdn(stack, "Blog", media={"domain_names": ["cdn.example.com"]}, **values)


def test_apps_know_nothing_of_each_other():
    for _ in range(2):
        half(new_stack(), "One", "a.example.com")


def test_tokens_may_be_the_same_alias_for_all_that_is_known():
    first, second = neighbours("stacks")
    name = Token.as_string({"Ref": "Alias"})
    half(first, "One", name)
    half(second, "Two", name)


def test_a_certificate_without_aliases_lets_one_be_moved_to_either_half():
    # CloudFront asks the target of a move for it: docs/operations.md.
    stack = new_stack()
    found = configs(pair_template(stack, certificate=certificate(stack)))
    assert len(found) == 2
    for config in found:
        assert config["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE
        assert "Aliases" not in config


def test_names_may_be_tokens_with_a_hosted_zone():
    stack = new_stack()
    known_later = hosted_zone(stack, CfnParameter(stack, "Domain").value_as_string)
    parent = known_later.zone_name
    template = pair_template(
        stack,
        origin=DjangoOrigin.server("-".join([f"www.{parent}"] * 5)),
        hosted_zone=known_later,
        static={"domain_names": [f"static.{parent}"]},
        media={"domain_names": ["media.example.com", f"media.{parent}"]},
    )
    assert len(template.find_resources("AWS::Route53::RecordSet")) == 9
    comments = {config["Comment"] for config in configs(template)}
    assert comments == {"Static files", "Media files"}


def test_a_wildcard_gets_its_certificate_and_records():
    names = ["a.cdn.example.com", "*.cdn.example.com"]
    template = in_zone(domain_names=names)
    assert {name for name, _ in records(template)} == {f"{name}." for name in names}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            ["*.example.com"],
            r"domain_names\[0\] must be a name that can stand in URLs, such as "
            r"'static.example.com' before '\*.example.com', got '\*.example.com'",
        ),
        (["a.example.com", "*a.example.com"], r"domain_names\[1\] must be a bare host"),
        (
            ["a.example.com", "b.*.example.com"],
            r"domain_names\[1\] must be a bare host",
        ),
        (["a.example.com", "*.example.org"], r"domain_names\[1\] must be within the"),
    ],
)
def test_fails_when_a_wildcard_cannot_be_an_alias(names, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        in_zone(domain_names=names)


ASKED = DjangoOrigin.server(
    "origin.example.com", failover_domain_name="origin2.example.com"
)


@pytest.mark.parametrize("name", ["origin.example.com", "origin2.example.com"])
@pytest.mark.parametrize("kind", ["stack", "stacks", "stages"])
def test_fails_when_an_origin_is_an_alias(name, kind):
    first, second = neighbours(kind)
    StaticDistribution(first, "Asking", origin=ASKED)
    expected = f"^domain_names must not have the name of an origin, .* got '{name}' as"
    with pytest.raises(ValueError, match=expected):
        half(second, "Asked", name)
    half(second, "Other", "other.example.com")
    with pytest.raises(ValueError, match=expected.replace(name, "other.example.com")):
        other = DjangoOrigin.server("other.example.com")
        StaticDistribution(first, "AskingToo", origin=other)


def test_fails_when_the_origin_of_a_pair_is_an_alias_of_it():
    with pytest.raises(ValueError, match="^media.domain_names must not have the name"):
        pair_in_zone(media={"domain_names": ["www.example.com"]})


def test_an_origin_inside_a_vpc_may_have_the_name_of_an_alias():
    # Nobody looks its name up.
    stack = new_stack()
    arn = "arn:aws:ec2:us-east-1:111122223333:instance/i-0a1b2c"
    origin = DjangoOrigin.vpc(arn, domain_name="a.example.com")
    StaticDistribution(stack, "Asking", origin=origin)
    half(stack, "Asked", "a.example.com")


def test_fails_in_a_stack_where_cloudfront_is_another_service():
    stack = new_stack(region="cn-north-1")
    with pytest.raises(
        ValueError, match="^the stack's region must be of AWS's commerc"
    ):
        half_template(stack=stack)


def test_a_construct_that_failed_claims_nothing():
    stack = new_stack()
    values = {"origin": ORIGIN, "hosted_zone": hosted_zone(stack)}
    static = {"domain_names": ["static.example.com"]}
    with pytest.raises(ValueError, match="^media.web_acl_arn must be"):
        DjangoCdn(stack, "Wrong", static=static, media={"web_acl_arn": "x"}, **values)
    with pytest.raises(ValueError, match="^web_acl_arn must be"):
        StaticDistribution(stack, "Bad", web_acl_arn="x", **static, **values)
    DjangoCdn(stack, "Right", static=static, **values)
    half(stack, "Origin", "files.example.com")


def test_fails_when_a_zone_is_known_by_its_id_alone():
    stack = new_stack()
    with pytest.raises(
        ValueError,
        match=r"^hosted_zone must be .* with its name, .* got 'Z1' without a name$",
    ):
        half_template(
            stack=stack,
            hosted_zone=route53.HostedZone.from_hosted_zone_id(stack, "Zone", "Z1"),
            domain_names=["static.example.com"],
        )


@pytest.mark.parametrize("name", ["d111111abcdef8.cloudfront.net", "*.cloudfront.net"])
def test_fails_when_an_alias_is_a_name_that_cloudfront_gives(name):
    sentence = r"^domain_names\[0\] must be a name in a domain of yours, such as "
    with pytest.raises(ValueError, match=sentence):
        half_template(domain_names=[name])
