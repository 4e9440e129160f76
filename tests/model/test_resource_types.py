"""The tables about resource types, against what the CDK CLI knows of CloudFormation."""

from __future__ import annotations

import gzip
import json
import os

import pytest
from cdk_support import ROOT

from cdn_model import distribution
from cdn_model.resource_types import (
    DEFAULTS,
    UNIQUE_NAMES,
    immutable_properties,
    with_defaults,
)

DATABASE = ROOT / "node_modules" / "aws-cdk" / "db.json.gz"


@pytest.fixture(scope="module")
def schema():
    if not DATABASE.exists():
        reason = "the CDK CLI is not installed: npm ci"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    with gzip.open(DATABASE) as file:
        return json.load(file)["schema"]


@pytest.fixture(scope="module")
def resources(schema):
    return {
        resource["cloudFormationType"]: resource["properties"]
        for resource in schema["resource"]["entities"]
    }


@pytest.mark.slow
def test_what_replaces_a_resource_is_what_the_cli_knows(resources):
    table = immutable_properties()
    services = {name.rpartition("::")[0] for name in table}
    expected = {
        name: {
            key
            for key, details in properties.items()
            if details.get("causesReplacement") == "yes"
        }
        for name, properties in resources.items()
        if name.rpartition("::")[0] in services
    }
    of_table = {name: expected.get(name) for name in table}
    assert {name: set(names) for name, names in table.items()} == of_table
    of_cloudfront = {
        name
        for name, names in expected.items()
        if names and name.startswith("AWS::CloudFront::")
    }
    assert of_cloudfront <= table.keys()


@pytest.mark.slow
def test_names_that_an_account_has_once_are_properties(resources):
    for name, places in UNIQUE_NAMES.items():
        tops = {place.partition(".")[0] for place in places}
        assert tops <= resources[name].keys(), name


# --- Defaults ---


def defaults_of(resources, schema, resource_type):
    """The defaults that CloudFormation's schema states, by their place."""
    types = {entity["$id"]: entity for entity in schema["typeDefinition"]["entities"]}

    def of(properties, place):
        for name, details in properties.items():
            if details.get("defaultValue") is not None:
                yield (*place, name), json.loads(details["defaultValue"])
            for identity in references(details["type"]):
                if len(place) < 8:
                    yield from of(types[identity]["properties"], (*place, name))

    return dict(of(resources[resource_type], ()))


def references(value):
    if isinstance(value, dict):
        if value.get("type") == "ref":
            yield value["reference"]["$ref"]
        else:
            for part in value.values():
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def at(found, *place):
    for name in place:
        found = found[name]
    return found


ORIGIN = {"Id": "o", "DomainName": "www.example.com"}
OLDEST = {"DNSName": "www.example.com"}
SECTIONS = ("CustomOriginConfig", "S3OriginConfig", "VpcOriginConfig")


def effective(config, behavior=None):
    """The distribution of a configuration that says nothing else."""
    config = {
        "Origins": [ORIGIN | {section: {} for section in SECTIONS}],
        "DefaultCacheBehavior": {"TargetOriginId": "o"},
        **config,
    }
    return distribution.from_config(config, lambda kind, value: None)


def value_of(place):
    """What the model has where a template says nothing, by the place in the template."""
    _, section, *rest = place
    if section in ("CustomOrigin", "S3Origin"):
        found = effective(
            {
                "Origins": [],
                "DefaultCacheBehavior": {"TargetOriginId": ""},
                section: OLDEST,
            }
        )
        return at(found.default.config["Origins"][0], f"{section}Config").get(rest[0])
    if section == "Origins":
        origin = effective({}).default.config["Origins"][0]
        return at(origin, *rest[:-1]).get(rest[-1])
    if section in ("CacheBehaviors", "DefaultCacheBehavior"):
        found = effective({"CacheBehaviors": [{"TargetOriginId": "o"}]})
        behavior = found.behaviors[0 if section == "CacheBehaviors" else 1].config
        is_ttl = rest[0].endswith("TTL")
        return (behavior["CachePolicy"] if is_ttl else behavior).get(rest[0])
    if section == "CustomErrorResponses":
        found = effective({section: [{"ErrorCode": 404}]}).config
        return found[section][0].get(rest[0])
    if section == "Logging":
        return effective({section: {"Bucket": "b"}}).config[section].get(rest[0])
    return effective({}).config.get(section)


@pytest.mark.slow
def test_each_default_of_a_distribution_is_the_models(resources, schema):
    stated = defaults_of(resources, schema, "AWS::CloudFront::Distribution")
    assert len(stated) > 30
    found = {
        # What is left out where it is empty stands for an empty text.
        place: "" if value_of(place) is None else value_of(place)
        for place in stated
    }
    assert found == stated


@pytest.mark.slow
def test_each_default_of_another_type_is_in_the_table(resources, schema):
    """Those of policies stand beside those of distributions."""
    beside = ("Distribution", "CachePolicy", "OriginRequestPolicy")
    for name in resources:
        kind = name.removeprefix("AWS::CloudFront::")
        if kind == name or kind in (*beside, "ResponseHeadersPolicy"):
            continue
        for place, value in defaults_of(resources, schema, name).items():
            assert at(DEFAULTS[name], *place) == value, (name, place)


def test_defaults_fill_in_what_is_missing_and_nothing_else():
    given = {"VpcOriginEndpointConfig": {"Arn": "arn", "HTTPPort": 8080}}
    (config,) = with_defaults("AWS::CloudFront::VpcOrigin", given).values()
    assert config == {
        "Arn": "arn",
        "HTTPPort": 8080,
        "HTTPSPort": 443,
        "IpAddressType": "ipv4",
        "OriginProtocolPolicy": "match-viewer",
    }
    assert with_defaults("AWS::SNS::Topic", {"TopicName": "a"}) == {"TopicName": "a"}
