from __future__ import annotations

import json
from datetime import timedelta

import pytest

from stacks.environment import Environment
from stacks.section import check_no_key_twice

ARN = "arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222"


def read(values=None, **context):
    prod = {"origin": "www.example.com", **(values or {})}
    return Environment.all_from_context(
        {"site": "mysite", "environments": {"prod": prod}, **context}
    )


def test_an_environment_needs_no_more_than_an_origin():
    (prod,) = read()
    assert prod.stack_name == "mysite-cdn-prod"
    assert prod.origin == "www.example.com"
    assert (prod.account, prod.region, prod.cors) == (None, "us-east-1", "forward")
    assert prod.static.ttl.max == timedelta(days=365)
    assert prod.media.ttl.max == timedelta(days=7)


def test_every_key_is_read():
    (prod,) = read(
        {
            "account": "111122223333",
            "region": "eu-central-1",
            "cors": "any_origin",
            "certificate_arn": ARN,
            "static": {
                "domain_names": ["static.example.com"],
                "ttl_seconds": {"min": 1, "default": 2, "max": 3},
                "error_ttl_seconds": {"not_found": 4, "server_error": 5},
            },
            "media": {"domain_names": ["media.example.com"]},
        }
    )
    assert prod.account == "111122223333"
    assert prod.region == "eu-central-1"
    assert prod.cors == "any_origin"
    assert prod.certificate_arn == ARN
    assert prod.static.domain_names == ("static.example.com",)
    assert prod.static.ttl.default == timedelta(seconds=2)
    assert prod.static.error_ttl.not_found == timedelta(seconds=4)
    assert prod.media.domain_names == ("media.example.com",)


def test_all_environments_are_read_in_order():
    dev = {"origin": "dev.example.com"}
    found = Environment.all_from_context(
        {"site": "shop", "environments": {"dev": dev, "prod": dev}}
    )
    assert [one.stack_name for one in found] == ["shop-cdn-dev", "shop-cdn-prod"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"orgin": "x"},
            "environments.prod.orgin must be one of account, certificate_arn, cors, media, "
            "origin, region, static, got 'orgin': did you mean 'origin'?",
        ),
        (
            {"static": {"max_age": 1}},
            "environments.prod.static.max_age must be one of domain_names, "
            "error_ttl_seconds, ttl_seconds, got 'max_age'",
        ),
        (
            {"origin": "https://x.example"},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got 'https://x.example': leave out the scheme",
        ),
        (
            {"origin": "x.example:443"},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got 'x.example:443': leave out the port",
        ),
        (
            {"origin": "x.example/app"},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got 'x.example/app': leave out the path",
        ),
        (
            {"origin": "192.0.2.1"},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got '192.0.2.1': CloudFront accepts no IP address, so give it a name in DNS",
        ),
        (
            {"origin": "WWW.example.com"},
            "environments.prod.origin must be a bare host name such as 'www.example.com', "
            "got 'WWW.example.com': write it in lower case",
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
            "environments.prod.region must be an AWS region, such as 'us-east-1', "
            "got 'virginia'",
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
            {"media": {"ttl_seconds": {"min": True}}},
            "environments.prod.media.ttl_seconds.min must be a whole number of seconds, "
            "such as 86400, got True",
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
            "environments.prod.certificate_arn must be given with "
            "environments.prod.static.domain_names, because CloudFront serves an alias only "
            "with a certificate for it, got ['static.example.com']",
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
            {
                "certificate_arn": ARN,
                "static": {"domain_names": ["a.example"]},
                "media": {"domain_names": ["a.example"]},
            },
            "domain_names of all environments must be distinct, got 'a.example' twice",
        ),
    ],
)
def test_fails_when_a_value_is_wrong(values, sentence):
    with pytest.raises(ValueError) as error:
        read(values)
    assert str(error.value) == sentence


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
    with pytest.raises(ValueError, match="got 'static.example.com' twice"):
        Environment.all_from_context(
            {"site": "mysite", "environments": {"blue": one, "green": one}}
        )


def test_fails_when_cdk_json_names_an_environment_twice():
    text = '{"context": {"environments": {"prod": {}, "prod": {}}}}'
    with pytest.raises(ValueError, match="key twice in one object, got 'prod' twice"):
        check_no_key_twice(text)


def test_one_name_in_different_objects_is_no_repetition():
    check_no_key_twice(json.dumps({"a": {"prod": 1}, "b": {"prod": 1}}))
