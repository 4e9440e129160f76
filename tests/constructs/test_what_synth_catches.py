"""What CloudFront would refuse while it deploys and the CDK lets pass is refused at synth."""

from __future__ import annotations

import pytest
from aws_cdk.assertions import Annotations, Match
from cdk_support import environment, environment_template, new_app

from constructs_lib import Cors
from stacks import CdnStack

PROD = "^environments.test."
OWN, OTHER = "111122223333", "444455556666"
CERTIFICATE = "arn:aws:acm:us-east-1:{}:certificate/1234-abcd"
WEB_ACL = "arn:aws:wafv2:us-east-1:{}:global/webacl/cdn/1234-abcd"
INSTANCE = "arn:aws:ec2:eu-west-1:{}:instance/i-0a1b2c"


def of_origin(**values):
    return {"origin": {"domain_name": "www.example.com", **values}}


# Measured with CDK 2.275: a template with any of these is made without a word. Those with a
# star the CDK or its rules do notice, in words that name no key of cdk.json.
MISTAKES = {
    "all TTLs are 0, with a key of headers and encodings": (
        {"static": {"ttl_seconds": {"min": 0, "default": 0, "max": 0}}},
        "static.ttl_seconds.max must be .* at least 1",
    ),
    "a policy has more than 10 headers": (
        {"static": {"headers": {"extra": {f"X-{index}": "1" for index in range(10)}}}},
        "static.headers.extra must have at most 10 headers",
    ),
    "every origin is allowed together with credentials": (
        {"cors": {"allow_origins": ["*"], "credentials": True}},
        "cors.allow_origins must be a scheme and a host",
    ),
    "a header is removed twice *": (
        {"static": {"headers": {"remove": ["X-A", "x-a"]}}},
        "static.headers.remove must be distinct, got 'x-a' twice",
    ),
    "a header is added twice": (
        {"static": {"headers": {"extra": {"X-A": "1", "x-a": "2"}}}},
        "static.headers.extra must be distinct, got 'x-a' twice",
    ),
    "a country is named twice": (
        {"denied_countries": ["DE", "DE"]},
        "denied_countries must be distinct, got 'DE' twice",
    ),
    "an origin is allowed twice": (
        {"cors": {"allow_origins": ["https://a.example", "https://a.example"]}},
        "cors.allow_origins must be distinct, got 'https://a.example' twice",
    ),
    "a certificate is of another account": (
        {"account": OWN, "certificate_arn": CERTIFICATE.format(OTHER)},
        f"certificate_arn must be of the stack's account, such as '{OWN}', got 'arn:",
    ),
    "a certificate of one distribution is of another account": (
        {"account": OWN, "media": {"certificate_arn": CERTIFICATE.format(OTHER)}},
        f"media.certificate_arn must be of the stack's account, such as '{OWN}'",
    ),
    "a certificate is of China": (
        {"certificate_arn": CERTIFICATE.format(OWN).replace("aws", "aws-cn")},
        "certificate_arn must be the ARN of a certificate in us-east-1",
    ),
    "a web ACL is of another account": (
        {"account": OWN, "web_acl_arn": WEB_ACL.format(OTHER)},
        f"web_acl_arn must be of the stack's account, such as '{OWN}', got 'arn:",
    ),
    "an endpoint is of another account": (
        {"account": OWN, **of_origin(vpc_endpoint_arn=INSTANCE.format(OTHER))},
        f"origin.vpc_endpoint_arn must be of the stack's account, such as '{OWN}'",
    ),
    "a custom header is for proxies": (
        of_origin(custom_headers={"Proxy-Authenticate": "x"}),
        "origin.custom_headers must not have a header that CloudFront sends or removes",
    ),
}


@pytest.mark.parametrize(("values", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_that_would_fail_the_deploy_is_said_at_synth(values, sentence):
    with pytest.raises(ValueError, match=PROD + sentence):
        described = environment(**values)
        with described.named():
            CdnStack(new_app(), described.stack_name, environment=described)


RIGHT = {
    "all ARNs are of the account": {
        "account": OWN,
        "certificate_arn": CERTIFICATE.format(OWN),
        "web_acl_arn": WEB_ACL.format(OWN),
        **of_origin(vpc_endpoint_arn=INSTANCE.format(OWN)),
    },
    "ARNs are of any account where none is given": {
        "certificate_arn": CERTIFICATE.format(OTHER),
        "web_acl_arn": WEB_ACL.format(OTHER),
        **of_origin(vpc_endpoint_arn=INSTANCE.format(OTHER)),
    },
    "the owner of a VPC origin is another account": {
        "account": OWN,
        **of_origin(vpc_origin_id="vo_1a", owner_account_id=OTHER),
    },
    "the longest TTL alone is above 0": {
        "static": {"ttl_seconds": {"min": 0, "default": 0, "max": 1}}
    },
    "a policy has 10 headers": {
        "static": {"headers": {"extra": {f"X-{index}": "1" for index in range(9)}}}
    },
    "one origin is allowed together with credentials": {
        "cors": {"allow_origins": ["https://a.example"], "credentials": True}
    },
    "a header is added and removed once": {
        "static": {"headers": {"extra": {"X-A": "1"}, "remove": ["X-A", "X-B"]}}
    },
    "a country is named once": {"denied_countries": ["DE", "AT"]},
    "a custom header is of one's own": of_origin(custom_headers={"X-Site": "x"}),
}


@pytest.mark.parametrize("values", RIGHT.values(), ids=RIGHT)
def test_its_opposite_passes(values):
    environment_template(**values)


@pytest.mark.parametrize("name", ["read", "keepalive"])
@pytest.mark.parametrize(("seconds", "warned"), [(120, False), (121, True)])
def test_a_timeout_that_needs_a_raised_quota_is_a_warning(name, seconds, warned):
    described = environment(**of_origin(**{f"{name}_timeout_seconds": seconds}))
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    said = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp(f"{name}_timeout of 121 seconds needs a raised")
    )
    # Once for each distribution.
    assert len(said) == (2 if warned else 0)


@pytest.mark.parametrize(
    "cors",
    [Cors.forward(), Cors.any_origin(), Cors.allow_origins("https://a.example")],
)
def test_no_choice_of_cors_keys_on_a_header_that_cannot_be_in_the_key(cors):
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/header-caching.html
    impossible = {"accept-encoding", "connection", "cookie", "host", "te", "upgrade"}
    assert not impossible & {name.lower() for name in cors.key_headers}
    assert len(cors.key_headers) <= 10
