"""What the reader of cdk.json and the constructs refuse, each in one sentence."""

from __future__ import annotations

import json

import pytest
from cdk_support import new_app
from environments import BUCKET, MAXIMAL

from stacks import CdnStack
from stacks.config_reader import check_nothing_lost
from stacks.environment import Environment

ARN = "arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222"
ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/1"
POLICY = "658327ea-f89d-4fab-a63d-7e88639e58f6"


SIGNING = {
    key: MAXIMAL["private"]["signing_keys"][key] for key in ("keys", "signing_key")
}


def read(values=None, **context):
    prod = {"origin": "www.example.com", **(values or {})}
    return Environment.all_from_context(
        {"site": "mysite", "environments": {"prod": prod}, **context}
    )


def refused(values):
    """The sentence for an environment of cdk.json, from the reader or from a construct."""
    with pytest.raises(ValueError) as error:
        for described in read(values):
            with described.named():
                CdnStack(new_app(), described.stack_name, environment=described)
    return str(error.value)


@pytest.mark.parametrize("name", ["ttl.example.org", "a.policies.example.org"])
def test_a_name_of_the_user_keeps_its_words(name):
    zone = {"id": "Z0123456789ABC", "name": "example.com"}
    sentence = refused({"hosted_zone": zone, "static": {"domain_names": [name]}})
    assert sentence == (
        "environments.prod.static.domain_names[0] must be within the hosted zone, "
        f"such as 'static.example.com', got '{name}'"
    )


@pytest.mark.parametrize(
    ("values", "key", "example"),
    [
        ({"monitoring": {"lowest_hit_rate_percent": 0}}, "monitoring", 80),
        ({"monitoring": {"slowest_origin_seconds": 0}}, "monitoring", 2),
        ({"bucket": {"keep_replaced_days": 0}, "cors": "any_origin"}, "bucket", 30),
    ],
)
def test_the_example_of_a_number_is_one_that_would_pass(values, key, example):
    (name,) = values[key]
    path = f"environments.prod.{key}.{name}"
    assert refused(values) == f"{path} must be above 0, such as {example}, got 0"


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"origin": {"load_balancer": ""}}, "origin.load_balancer"),
        ({"origin": {"vpc_endpoint_arn": ""}}, "origin.vpc_endpoint_arn"),
        ({"origin": {"vpc_origin_id": ""}}, "origin.vpc_origin_id"),
        ({"origin": {"owner_account_id": ""}}, "origin.owner_account_id"),
        ({"monitoring": {"email": ""}}, "monitoring.email"),
        ({"logs": {"bucket": "mysite-logs", "prefix": ""}}, "logs.prefix"),
        (
            {"legacy_logs": {"bucket": "mysite-logs", "prefix": ""}},
            "legacy_logs.prefix",
        ),
    ],
)
def test_an_empty_string_is_not_taken_for_nothing(values, key):
    if "origin" in values:
        values["origin"]["domain_name"] = "www.example.com"
    assert refused(values).startswith(f"environments.prod.{key} must be ")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"orgin": "x"},
            "environments.prod.orgin must be one of account, allowed_countries, bucket, "
            "certificate_arn, cors, denied_countries, dns_records, error_ttl_seconds, "
            "headers, hosted_zone, http_version, ipv6, legacy_logs, logs, media, monitoring, origin, "
            "origin_secret, policy_ids, price_class, private, region, retain, static, "
            "termination_protection, tls, ttl_seconds, web_acl_arn, got 'orgin': did you "
            "mean 'origin'?",
        ),
        (
            {"static": {"max_age": 1}},
            "environments.prod.static.max_age must be one of allowed_countries, bucket, "
            "certificate_arn, cors, denied_countries, dns_records, domain_names, "
            "error_ttl_seconds, headers, hosted_zone, http_version, ipv6, legacy_logs, policy_ids, price_class, "
            "tls, ttl_seconds, web_acl_arn, got 'max_age'",
        ),
        (
            {"origin": "https://x.example"},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got 'https://x.example': leave out the scheme",
        ),
        (
            {"origin": 5},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got 5",
        ),
        (
            {"origin": None},
            "environments.prod.origin must be given: the host name of the Django server, "
            "such as 'www.example.com'",
        ),
        (
            {"account": "1234"},
            "environments.prod.account must be 12 digits in quotes, such as "
            "'111122223333', got '1234'",
        ),
        (
            {"account": 111122223333},
            "environments.prod.account must be a string such as '111122223333', "
            "got 111122223333",
        ),
        (
            {"region": "virginia"},
            "environments.prod.region must be an AWS region that aws-cdk-lib knows, such as "
            "'us-east-1', got 'virginia'",
        ),
        *(
            (
                {"region": region},
                "environments.prod.region must be of AWS's commercial partition, such as "
                "'us-east-1', because CloudFront in China, GovCloud, the isolated regions and "
                "the European Sovereign Cloud is another service or none, got "
                f"{region!r}",
            )
            for region in (
                *("us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1"),
                *("eu-isoe-west-1", "eusc-de-east-1"),
            )
        ),
        (
            {**BUCKET, "media": {"bucket": {"name": "files", "region": "eu-west-9"}}},
            "environments.prod.media.bucket.region must be an AWS region that aws-cdk-lib "
            "knows, such as 'us-east-1', got 'eu-west-9': did you mean 'eu-west-1' or "
            "'eu-west-2' or 'eu-west-3'?",
        ),
        (
            {"cors": "any-origin"},
            "environments.prod.cors must be one of forward, any_origin, got 'any-origin': "
            "did you mean 'any_origin'?",
        ),
        (
            {"static": ["x"]},
            "environments.prod.static must be a JSON object such as {...}, got ['x']",
        ),
        (
            {"static": {"ttl_seconds": {"max": "1 day"}}},
            "environments.prod.static.ttl_seconds.max must be a whole number of seconds, "
            "such as 86400, got '1 day'",
        ),
        (
            {"media": {"error_ttl_seconds": {"not_found": -1}}},
            "environments.prod.media.error_ttl_seconds.not_found must be a whole number of "
            "seconds, such as 86400, got -1",
        ),
        (
            {"static": {"ttl_seconds": {"min": 9, "default": 5, "max": 8}}},
            "environments.prod.static.ttl_seconds must have min <= default <= max, such as "
            "0, 86400, 31536000 seconds, got 9, 5, 8",
        ),
        (
            {"static": {"domain_names": "static.example.com"}},
            "environments.prod.static.domain_names must be a list of strings such as "
            "[\"static.example.com\"], got 'static.example.com'",
        ),
        (
            {
                "certificate_arn": ARN,
                "static": {"domain_names": ["a.example", "B.example"]},
            },
            "environments.prod.static.domain_names[1] must be a bare host name such as "
            "'www.example.com', got 'B.example': write it in lower case",
        ),
        (
            {"static": {"domain_names": ["static.example.com"]}},
            "environments.prod.certificate_arn or hosted_zone must be given with "
            "domain_names, because CloudFront serves an alias only with a certificate for it, "
            "got domain_names=['static.example.com']",
        ),
        (
            {"certificate_arn": ARN.replace("us-east-1", "eu-west-1")},
            "environments.prod.certificate_arn must be the ARN of a certificate in "
            "us-east-1, where CloudFront reads them, such as "
            "'arn:aws:acm:us-east-1:111122223333:certificate/"
            "12345678-1234-1234-1234-123456789012', got "
            "'arn:aws:acm:eu-west-1:111122223333:certificate/11111111-2222'",
        ),
        (
            {"origin": {"domain_name": "a.example", "connection_timeout_seconds": 11}},
            "environments.prod.origin.connection_timeout_seconds must be a whole number of "
            "seconds, from 1 to 10, such as 5 seconds, got 11 seconds",
        ),
        (
            {"origin": {"domain_name": "a.example", "https_port": "443"}},
            "environments.prod.origin.https_port must be a whole number, such as 443, "
            "got '443'",
        ),
        (
            {"origin": {"load_balancer": "x.elb.amazonaws.com"}},
            "environments.prod.origin.domain_name must be a bare host name such as "
            "'www.example.com', got None",
        ),
        (
            {
                "origin": {
                    "domain_name": "a.example",
                    "load_balancer": "x.elb.amazonaws.com",
                    "vpc_endpoint_arn": "arn",
                }
            },
            "environments.prod.origin.load_balancer and "
            "environments.prod.origin.vpc_endpoint_arn must not both be given: a balancer in "
            "a VPC is the endpoint",
        ),
        (
            {"origin_secret": {"arn": MAXIMAL["origin_secret"]["arn"]}},
            "environments.prod.origin_secret.version must be given, such as "
            "'3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11'",
        ),
        (
            {"origin_secret": {**MAXIMAL["origin_secret"], "version": "AWSCURRENT"}},
            "environments.prod.origin_secret.version must be the id of a version, of 32 to "
            "64 characters, such as '3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11', got "
            "'AWSCURRENT': a label moves on while the template, and so the header, stays "
            "the same",
        ),
        (
            {"static": {"bucket": {}}},
            "environments.prod.cors must be answered by the edge when files are in a bucket, "
            "because S3 does not answer as the server does, such as Cors.any_origin(), got "
            "Cors.forward()",
        ),
        (
            {**BUCKET, "static": {"bucket": {"region": "eu-west-1"}}},
            "environments.prod.static.bucket.region must be left out without "
            "environments.prod.static.bucket.name: a new bucket is made in the stack's region",
        ),
        (
            {**BUCKET, "static": {"bucket": {"name": "My Bucket"}}},
            "environments.prod.static.bucket.name must be the name of a bucket, such as "
            "'mysite-audit-logs', got 'My Bucket'",
        ),
        (
            {
                **BUCKET,
                "static": {"bucket": {"name": "files"}},
                "media": {"bucket": {"name": "files"}},
            },
            "environments.prod.media.bucket must be another bucket than static.bucket, "
            "because uploads would be served under the static domain too, without the policy "
            "that lets them do nothing, got 'files' for both",
        ),
        (
            {"private": {"signing_keys": SIGNING}},
            "environments.prod.origin_secret must be given with signing keys, because without "
            "it anybody who knows the server's name reads private files around CloudFront",
        ),
        (
            {"private": {}},
            "environments.prod.private.signing_keys must be given for private media, such as "
            "SigningKeys(keys={'2026a': pem}, signing_key='2026a')",
        ),
        (
            {
                "origin_secret": MAXIMAL["origin_secret"],
                "media": {"signing_keys": SIGNING},
                "private": {"signing_keys": SIGNING},
            },
            "environments.prod.media.signing_keys and environments.prod.private must not both be "
            "given: either all of media is private, or a tree of its own is",
        ),
        (
            {
                "origin_secret": MAXIMAL["origin_secret"],
                "private": {"signing_keys": {**SIGNING, "signing_key": "2027a"}},
            },
            "environments.prod.private.signing_keys.signing_key must be one of the names in "
            "keys, 2026a, got '2027a'",
        ),
        (
            {
                "origin_secret": MAXIMAL["origin_secret"],
                "private": {
                    "signing_keys": {**SIGNING, "cookies_from": "www.example.com"}
                },
            },
            "environments.prod.private.domain_names must be given for signed "
            "cookies, because no cookie of 'www.example.com' reaches CloudFront's own name; "
            "signed URLs need none",
        ),
        (
            {"region": "eu-west-1", "monitoring": {}},
            "environments.prod.monitoring must be in a stack in 'us-east-1', because "
            "CloudFront's metrics and log deliveries are only there, got 'eu-west-1'",
        ),
        (
            {
                "region": "eu-west-1",
                "hosted_zone": {"id": "Z1", "name": "example.com"},
                "static": {"domain_names": ["static.example.com"]},
            },
            "environments.prod.certificate_arn must be given outside us-east-1, because "
            "CloudFront reads certificates there only, got a stack in 'eu-west-1'",
        ),
        (
            {"monitoring": {"email": "ops"}},
            "environments.prod.monitoring.email must be one address such as "
            "'ops@example.com', got 'ops'",
        ),
        (
            {"monitoring": {"email": "ops@example.com", "topic_arn": "arn"}},
            "environments.prod.monitoring.email and environments.prod.monitoring.topic_arn "
            "must not both be given",
        ),
        (
            {"monitoring": {"requests_per_five_minutes": 0}},
            "environments.prod.monitoring.requests_per_five_minutes must be above 0, such as "
            "100000, got 0",
        ),
        (
            {"legacy_logs": {}},
            "environments.prod.legacy_logs.bucket must be given, such as "
            "'mysite-audit-logs'",
        ),
        (
            {"logs": {"prefix": "x"}},
            "environments.prod.logs.prefix must be left out without "
            "environments.prod.logs.bucket: a log group has no folders",
        ),
        (
            {"logs": {"bucket": "My Bucket"}},
            "environments.prod.logs.bucket must be the name of a bucket, such as "
            "'mysite-audit-logs', got 'My Bucket'",
        ),
        (
            {"cors": {"allow_origins": ["https://x/y"]}},
            "environments.prod.cors.allow_origins must be a scheme and a host without a path "
            "or a default port, such as 'https://www.example.com' or 'https://*.example.com', "
            "got 'https://x/y'",
        ),
        (
            {"web_acl_arn": "arn:aws:wafv2:eu-west-1:1:regional/webacl/a/b"},
            "environments.prod.web_acl_arn must be the ARN of a web ACL of the scope "
            "CLOUDFRONT in us-east-1, such as "
            "'arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id', "
            "got 'arn:aws:wafv2:eu-west-1:1:regional/webacl/a/b'",
        ),
        (
            {"retain": "yes"},
            "environments.prod.retain must be true or false, got 'yes'",
        ),
        (
            {"hosted_zone": {"name": "example.com"}},
            "environments.prod.hosted_zone.id must be given, such as 'Z0123456789ABC'",
        ),
        (
            {"static": {"headers": {"extra": {"X-A": 1}}}},
            "environments.prod.static.headers.extra must be an object of strings such as "
            '{"X-Robots-Tag": "noindex"}, got {\'X-A\': 1}',
        ),
        (
            {"static": {"policy_ids": {"cache": "CachingOptimized"}}},
            "environments.prod.static.policy_ids.cache must be the id of a policy, such as "
            "'658327ea-f89d-4fab-a63d-7e88639e58f6', got 'CachingOptimized'",
        ),
        (
            {"media": {"policy_ids": {"cache": POLICY}, "ttl_seconds": {"min": 1}}},
            "environments.prod.media.ttl_seconds must not be given together with "
            "policy_ids.cache, which decides in its place",
        ),
        (
            {
                "certificate_arn": ARN,
                "static": {"domain_names": ["a.example"]},
                "media": {"domain_names": ["a.example"]},
            },
            "environments.prod: domain names of all distributions must be distinct, got "
            "'a.example' twice",
        ),
    ],
)
def test_fails_when_a_value_is_wrong(values, sentence):
    assert refused(values) == sentence


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"site": None}, "site must be given in the context of cdk.json"),
        (
            {"site": None, "sites": "mysite"},
            "site must be given in the context of cdk.json, got 'sites': did you mean "
            "'site'?",
        ),
        (
            {"site": "My Site"},
            "site must be lower-case letters, digits and single hyphens, starting with a "
            "letter, such as 'mysite', got 'My Site'",
        ),
        (
            {"environments": None},
            "environments must be given in the context of cdk.json",
        ),
        (
            {"environments": "prod"},
            "environments must be a JSON object such as {...}, got 'prod'",
        ),
        (
            {"environments": {}},
            "environments must have at least one environment, such as "
            '{"prod": {"origin": "www.example.com"}}, got {}',
        ),
        (
            {"environments": {"prod": "www.example.com"}},
            "environments.prod must be a JSON object such as {...}, got 'www.example.com'",
        ),
        (
            {"environments": {"Prod": {"origin": "www.example.com"}}},
            "the name of environments.Prod must be lower-case letters, digits and single "
            "hyphens, starting with a letter, such as 'prod', got 'Prod'",
        ),
        (
            {"site": "s" * 120},
            "the name of environments.prod must make a stack name of at most 128 "
            f"characters, got 129 in '{'s' * 120}-cdn-prod'",
        ),
    ],
)
def test_fails_when_the_context_is_wrong(context, sentence):
    with pytest.raises(ValueError) as error:
        read(**context)
    assert str(error.value) == sentence


def test_an_alias_is_used_once_over_all_environments():
    one = {
        "origin": "www.example.com",
        "certificate_arn": ARN,
        "static": {"domain_names": ["static.example.com"]},
    }
    app = new_app()
    blue, green = Environment.all_from_context(
        {"site": "mysite", "environments": {"blue": one, "green": one}}
    )
    CdnStack(app, blue.stack_name, environment=blue)
    with (
        pytest.raises(
            ValueError, match="^environments.green.static.domain_names must belong to"
        ),
        green.named(),
    ):
        CdnStack(app, green.stack_name, environment=green)


@pytest.mark.parametrize("region", ["mx-central-1", "il-central-1"])
def test_regions_of_any_shape_are_regions(region):
    (prod,) = read({"region": region})
    assert prod.region == region


def test_fails_when_cdk_json_names_an_environment_twice():
    text = '{"context": {"environments": {"prod": {}, "prod": {}}}}'
    with pytest.raises(
        ValueError, match="^a key must not be given twice .* got 'prod' twice"
    ):
        check_nothing_lost(text)


def test_one_name_in_different_objects_is_no_repetition():
    check_nothing_lost(json.dumps({"a": {"prod": 1}, "b": {"prod": 1}}))


@pytest.mark.parametrize(("name", "path"), [("prod", r"\.prod"), ("a b", r"\['a b'\]")])
def test_fails_when_an_environment_is_null(name, path):
    dev = {"origin": "dev.example.com", "media": None}
    environments = {"dev": dev, name: None}
    text = json.dumps({"context": {"site": "mysite", "environments": environments}})
    with pytest.raises(
        ValueError, match=f"^environments{path} must be a JSON object .* got null$"
    ):
        check_nothing_lost(text)


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"context": null}', '{"context": {"environments": []}}']
)
def test_other_shapes_are_refused_where_they_are_read(text):
    check_nothing_lost(text)
