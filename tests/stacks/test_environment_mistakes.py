"""Mistakes that people make in cdk.json, as public questions have them."""

from __future__ import annotations

import re

import pytest
from aws_cdk.assertions import Annotations, Match
from cdk_support import environment, new_app

from stacks import CdnStack

ZONE = {"hosted_zone": {"id": "Z0123456789ABC", "name": "example.com"}}


def stack_of(values):
    described = environment(**values)
    with described.named():
        return CdnStack(new_app(), described.stack_name, environment=described)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"cors": ["https://a.example"]}, 'cors must be one of .* {"allow_origins": '),
        ({"cors": "*"}, "cors must be one of forward, any_origin, got '*'"),
        ({"account": 111122223333}, "account must be a string such as '1111"),
        ({"price_class": 100}, "price_class must be a string such as '100', got 100"),
        ({"logs": {"log_group_days": 45}}, "logs.log_group_days .* got 45 days$"),
        ({"logs": {"bucket": "s3://logs"}}, "logs.bucket must be the name of a bucket"),
        ({"logs": {"bucket": "a..b"}}, "logs.bucket must be the name of a bucket"),
        ({"logs": {"bucket": "192.168.1.1"}}, "logs.bucket must be the name of a buck"),
        (
            {"legacy_logs": {"bucket": "logs.s3.amazonaws.com"}},
            "legacy_logs.bucket must be the name of a bucket.*: leave out the rest$",
        ),
        (
            {**ZONE, "static": {"domain_names": [f"{'a' * 53}.example.com"]}},
            r"domain_names\[0\] must have at most 64 characters",
        ),
        (
            {
                "media": {
                    **ZONE,
                    "domain_names": [f"{'a' * 50}.cdn.media.example.com"],
                }
            },
            r"media.domain_names\[0\] must have at most 64 characters",
        ),
        ({"ttl": {"default": 1}}, "ttl must be one of .* did you mean "),
        ({"static": {"ttl_seconds": 86400}}, "static.ttl_seconds must be a JSON obj"),
        ({"hosted_zone": "example.com"}, "hosted_zone must be a JSON object"),
        ({"headers": {"hsts": True}}, "headers.hsts must be a JSON object"),
    ],
)
def test_a_mistake_ends_in_one_sentence(values, sentence):
    with pytest.raises(ValueError) as error:
        stack_of(values)
    pattern = sentence.replace("'*'", r"'\*'")
    assert re.match(rf"environments\.test\.{pattern}", str(error.value)), error.value


@pytest.mark.parametrize("count", [10, 11])
def test_more_names_than_a_certificate_has_room_for_are_a_warning(count):
    names = [f"n{index}.example.com" for index in range(count)]
    stack = stack_of({**ZONE, "static": {"domain_names": names}})
    said = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp("names in one certificate need a raised quota")
    )
    assert bool(said) is (count > 10)


def test_a_name_of_the_longest_kind_passes():
    stack_of({**ZONE, "static": {"domain_names": [f"{'a' * 52}.example.com"]}})
