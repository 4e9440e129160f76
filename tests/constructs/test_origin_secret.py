"""The header by which a server knows its own distributions, and its rotation."""

from __future__ import annotations

import json

import pytest
from aws_cdk import Token
from cdk_support import configs, new_stack, pair_template
from origin_support import MEDIA
from servers_support import nginx

from constructs_lib import DjangoOrigin, OriginSecret

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite/origin-a1B2c3"
OLD = "3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11"
NEW = "9c2d8a57-52ab-4a0b-8f7e-0b6a8d1f4c22"


def cdn_template(secret, stack=None):
    origin = DjangoOrigin.server("www.example.com", origin_secret=secret)
    return pair_template(stack, origin=origin)


@pytest.fixture(scope="module")
def old():
    return cdn_template(OriginSecret(arn=ARN, version=OLD))


@pytest.fixture(scope="module")
def without():
    return pair_template()


def sent(template):
    """The secret's header of each distribution."""
    return [
        header["HeaderValue"]
        for config in configs(template)
        for origin in config["Origins"]
        for header in origin["OriginCustomHeaders"]
        if header["HeaderName"] == "X-Origin-Secret"
    ]


def differences(before, after, path=()):
    """The paths at which two JSON values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from differences(before.get(key), after.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        assert len(before) == len(after), path
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, index))
    elif before != after:
        yield path


def test_both_distributions_send_a_reference_to_one_version(old, without):
    reference = f"{{{{resolve:secretsmanager:{ARN}:SecretString:::{OLD}}}}}"
    assert sent(old) == [reference, reference]
    # secretsmanager : 7 parts of the ARN : SecretString : json key : stage : version
    assert reference.strip("{}").split(":")[-4:] == ["SecretString", "", "", OLD]
    assert sent(without) == []


def test_the_template_holds_no_value_and_needs_no_resource_for_it(old, without):
    assert old.to_json()["Resources"].keys() == without.to_json()["Resources"].keys()
    assert "SecretsManager" not in json.dumps(old.to_json())


def test_a_new_value_without_a_new_version_gives_an_empty_diff(old):
    # The value is in Secrets Manager only: nothing of it is read while templates are made.
    again = cdn_template(OriginSecret(arn=ARN, version=OLD))
    assert again.to_json() == old.to_json()


def test_a_new_version_changes_one_property_of_each_distribution(old):
    after = cdn_template(OriginSecret(arn=ARN, version=NEW)).to_json()
    header = ("DistributionConfig", "Origins", 0, "OriginCustomHeaders", 1)
    assert list(differences(old.to_json(), after)) == [
        ("Resources", name, "Properties", *header, "HeaderValue")
        for name in ("CdnMediaDistribution42E33823", "CdnStaticDistributionF1B2E7F9")
    ]


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "mysite/origin",
        ARN.removesuffix("-a1B2c3"),
        ARN.replace("111122223333", "1"),
        ARN.replace("secretsmanager", "ssm"),
        f"{ARN}:SecretString",
        ARN + "}}",
        ARN + "\n",
    ],
)
def test_fails_when_the_arn_is_not_whole(arn):
    with pytest.raises(ValueError, match=r"^origin_secret\.arn must be the whole ARN"):
        OriginSecret(arn=arn, version=OLD)


@pytest.mark.parametrize(
    "version", ["", "1", "a" * 31, "a" * 65, f"{OLD}:x", f"{OLD}}}}}", f"{OLD}\n"]
)
def test_fails_when_the_version_is_no_id(version):
    with pytest.raises(ValueError, match=r"^origin_secret\.version must be the id of"):
        OriginSecret(arn=ARN, version=version)


@pytest.mark.parametrize("label", ["AWSCURRENT", "AWSPREVIOUS"])
def test_fails_when_the_version_is_a_label(label):
    with pytest.raises(ValueError, match=f"got '{label}': a label moves on while"):
        OriginSecret(arn=ARN, version=label)


@pytest.mark.parametrize("version", ["a" * 32, "A1-" + "b" * 61, OLD])
def test_an_id_of_a_version_passes(version):
    assert OriginSecret(arn=ARN, version=version).version == version


def test_fails_when_the_secret_is_in_another_region():
    secret = OriginSecret(arn=ARN, version=OLD)
    sentence = r"^origin_secret\.arn must be a secret in eu-west-1, the stack's region"
    with pytest.raises(ValueError, match=sentence):
        cdn_template(secret, new_stack(region="eu-west-1"))


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_a_secret_of_the_stacks_region_or_of_one_not_known_yet_passes(region):
    secret = OriginSecret(arn=ARN.replace("us-east-1", "eu-west-1"), version=OLD)
    assert sent(cdn_template(secret, new_stack(region=region)))


def test_tokens_pass():
    arn, version = (
        Token.as_string({"Fn::ImportValue": name}) for name in ("Arn", "Version")
    )
    first, _ = sent(cdn_template(OriginSecret(arn=arn, version=version)))
    assert first == {
        "Fn::Join": [
            "",
            [
                "{{resolve:secretsmanager:",
                {"Fn::ImportValue": "Arn"},
                ":SecretString:::",
                {"Fn::ImportValue": "Version"},
                "}}",
            ],
        ]
    }


FIRST, SECOND = "ab" * 32, "cd" * 32


def media(origin, secret):
    headers = {"X-Cdn-Tree": "media", "X-Origin-Secret": secret}
    return origin.send("/media/u.png", headers=headers)


def test_a_value_that_was_dropped_is_refused(tmp_path):
    with nginx(tmp_path, secrets=[SECOND]) as origin:
        assert media(origin, SECOND).body == MEDIA
        assert media(origin, FIRST).status == 403


def test_no_request_fails_in_the_documented_order(tmp_path):
    # What the distributions may send at a step, and what the servers accept in it.
    steps = [
        ((FIRST,), (FIRST,)),
        ((FIRST,), (FIRST, SECOND)),
        ((FIRST, SECOND), (FIRST, SECOND)),
        ((SECOND,), (FIRST, SECOND)),
        ((SECOND,), (SECOND,)),
    ]
    for index, (sent_values, accepted) in enumerate(steps):
        folder = tmp_path / str(index)
        folder.mkdir()
        with nginx(folder, secrets=accepted) as origin:
            for secret in sent_values:
                assert media(origin, secret).status == 200
