from __future__ import annotations

import pytest
from aws_cdk import Token
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk.assertions import Template
from cdk_support import distribution_config, new_app, new_stack, only, resources
from keys_support import P256, P256_OTHER, RSA_2048, SECRET, A, B, pem

from constructs_lib.signing import MediaSigning, SigningKeys


def keys(signing_key="2026a", **added):
    return SigningKeys(keys={"2026a": A, **added}, signing_key=signing_key)


def signing_stack(signing_keys=None):
    """A distribution whose only behavior is signed, and the output that Django reads."""
    stack = new_stack()
    signing = MediaSigning(stack, "Signing", keys=signing_keys or keys())
    cloudfront.Distribution(
        stack,
        "Distribution",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin("www.example.com"),
            trusted_key_groups=[signing.key_group],
        ),
    )
    return stack, signing


def signing_template(signing_keys=None):
    return Template.from_stack(signing_stack(signing_keys)[0])


@pytest.fixture(scope="module")
def one_key():
    return signing_template()


@pytest.fixture(scope="module")
def two_keys():
    return signing_template(keys(**{"2026b": B}))


def ids(template):
    return set(template.to_json()["Resources"])


def test_minimal_example():
    stack, signing = signing_stack()
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::CloudFront::PublicKey", 1)
    template.resource_count_is("AWS::CloudFront::KeyGroup", 1)
    (key,) = resources(template, "PublicKey")
    group = only(template, "KeyGroup")["KeyGroupConfig"]
    assert group["Items"] == [{"Ref": key}]
    assert stack.resolve(signing.key_pair_id) == {"Ref": key}
    (group_id,) = resources(template, "KeyGroup")
    behavior = distribution_config(template)["DefaultCacheBehavior"]
    assert behavior["TrustedKeyGroups"] == [{"Ref": group_id}]


def test_maximum_example():
    bodies = [P256, P256_OTHER, RSA_2048]
    named = {f"2026-{index}": pem(body) for index, body in enumerate(bodies)}
    tokens = {
        f"t{index}": Token.as_string({"Fn::ImportValue": f"Key{index}"})
        for index in (1, 2)
    }
    template = signing_template(
        SigningKeys(keys={**named, **tokens}, signing_key="2026-2")
    )
    assert len(only(template, "KeyGroup")["KeyGroupConfig"]["Items"]) == 5
    encoded = [
        key["PublicKeyConfig"]["EncodedKey"]
        for key in resources(template, "PublicKey").values()
    ]
    assert {"Fn::ImportValue": "Key1"} in encoded
    assert all(text in encoded for text in named.values())


def test_the_key_pair_id_is_that_of_the_key_that_signs():
    for name in ("2026a", "2026b"):
        stack, signing = signing_stack(keys(signing_key=name, **{"2026b": B}))
        reference = stack.resolve(signing.key_pair_id)["Ref"]
        assert reference.startswith(f"Signing{name}")


def test_logical_ids_are_a_contract(two_keys):
    assert ids(two_keys) == {
        "Distribution830FAC52",
        "Signing2026a80ADFBEF",
        "Signing2026b97730688",
        "SigningKeyGroupB5E725F9",
    }


def test_rotation_is_adding_then_switching_then_removing(one_key, two_keys):
    before, added = one_key, two_keys
    switched = signing_template(keys(signing_key="2026b", **{"2026b": B}))
    removed = signing_template(SigningKeys(keys={"2026b": B}, signing_key="2026b"))
    (new,) = ids(added) - ids(before)
    (old,) = ids(switched) - ids(removed)
    assert new.startswith("Signing2026b")
    assert old.startswith("Signing2026a")
    # What is there already is not touched: CloudFront would refuse.
    unchanged = resources(before, "PublicKey")
    assert unchanged.items() <= resources(added, "PublicKey").items()
    assert (
        resources(removed, "PublicKey").items() <= resources(added, "PublicKey").items()
    )
    # Switching is an output's business alone.
    assert switched.to_json() == added.to_json()
    assert list(resources(before, "KeyGroup")) == list(resources(removed, "KeyGroup"))
    assert list(resources(before, "Distribution")) == list(
        resources(removed, "Distribution")
    )


def test_white_space_in_a_key_changes_nothing(one_key):
    # CloudFront cannot change a key in place, so the deploy would fail.
    for text in (
        A,
        A.strip(),
        f"\n  {A}\n\n",
        pem(P256, newline="\r\n"),
        A.replace("\n", " "),
        A.replace("\n", ""),
    ):
        given = SigningKeys(keys={"2026a": text}, signing_key="2026a")
        assert given.encoded() == {"2026a": A}
    assert only(one_key, "PublicKey")["PublicKeyConfig"]["EncodedKey"] == A


def test_names_differ_over_environments_and_regions():
    found = set()
    for stack_id in ("mysite-cdn-dev", "mysite-cdn-prod"):
        for region in ("us-east-1", "eu-west-1"):
            stack = new_stack(stack_id=stack_id, region=region)
            MediaSigning(stack, "Signing", keys=keys())
            template = Template.from_stack(stack)
            found.add(only(template, "PublicKey")["PublicKeyConfig"]["Name"])
            found.add(only(template, "KeyGroup")["KeyGroupConfig"]["Name"])
    assert len(found) == 8
    assert all(len(name) <= 64 for name in found)


def test_what_cannot_change_in_place_does_not_change_with_the_stacks_other_keys(
    one_key,
):
    config = only(one_key, "PublicKey")["PublicKeyConfig"]
    name = "mysite-cdn-test-Signing-2026a-us-east-1-76bc6d58"
    assert config["CallerReference"] == config["Name"] == name


def test_fails_when_a_private_key_is_in_a_wrong_place_without_showing_it():
    text = pem(SECRET, "PRIVATE" + " KEY")
    for values in (
        {"keys": {text: A}, "signing_key": text},
        {"keys": {"2026a": A}, "signing_key": text},
        {"keys": text, "signing_key": "2026a"},
        {"keys": [text], "signing_key": "2026a"},
    ):
        with pytest.raises(ValueError, match=r"got a value of type \w+") as found:
            SigningKeys(**values)
        assert SECRET[:8] not in str(found.value)


@pytest.mark.parametrize("given", [{}, {str(i): A for i in range(6)}])
def test_fails_when_keys_are_none_or_too_many(given):
    with pytest.raises(
        ValueError, match="^keys must have from 1 to 5 keys, .* got [06]$"
    ):
        SigningKeys(keys=given, signing_key="0")


@pytest.mark.parametrize(
    "name", ["", "2026A", "2026_a", "a.b", "-a", "a-", "a--b", "a" * 33, "KeyGroup", 7]
)
def test_fails_when_the_name_of_a_key_could_be_no_id(name):
    with pytest.raises(
        ValueError, match="^keys must have names of at most 32 lower-case"
    ):
        SigningKeys(keys={name: A}, signing_key=name)


def test_the_longest_name_passes():
    name = "a" * 32
    assert SigningKeys(keys={name: A}, signing_key=name).encoded() == {name: A}


@pytest.mark.parametrize("name", ["2025", "", None, ["2026a"]])
def test_fails_when_the_signing_key_is_none_of_the_keys(name):
    with pytest.raises(
        ValueError,
        match="^signing_key must be one of the names in keys, 2026a, 2026b, got",
    ):
        keys(signing_key=name, **{"2026b": B})


def test_fails_when_a_new_name_has_the_old_key():
    with pytest.raises(
        ValueError,
        match="^keys must be distinct, .* got one key as '2026a' and '2026b'$",
    ):
        keys(**{"2026b": A.strip()})


def test_cloudformations_own_rules_find_no_fault():
    # The app turns them into errors, which synth() raises.
    app = new_app()
    stack = new_stack(app)
    MediaSigning(stack, "Signing", keys=keys(**{"2026b": B}))
    assert app.synth().get_stack_by_name(stack.stack_name).template["Resources"]
