from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_cdk.assertions import Template
from cdk_support import (
    ROOT,
    committed_context,
    environment,
    environment_template,
    new_app,
)
from environments import BUCKET, MAXIMAL, MINIMAL
from keys_support import A, B

from dj_cloudfront.contract import Output
from stacks import CdnStack, Environment
from stacks.cdn_stack import note_quotas

# What cdk.json has, and beside it as little and as much as one environment can say.
COMMITTED = committed_context()
PINNED = {
    COMMITTED["site"]: COMMITTED["environments"],
    "lab": {"minimal": MINIMAL, "maximal": MAXIMAL, "bucket": BUCKET},
}
TEMPLATES = [
    f"{site}-cdn-{name}.template.json"
    for site, environments in PINNED.items()
    for name in environments
]
BUCKET_NAMES = {Output.STATIC_BUCKET_NAME, Output.MEDIA_BUCKET_NAME}
GOLDEN = ROOT / "tests" / "snapshots"
CURE = (
    "if that is meant, run pytest tests/stacks/test_stack.py --rewrite-snapshots and read the diff, "
    "for it is what 'cdk diff' will show"
)


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    """Every pinned environment, synthesized whole: folder of templates."""
    app = new_app()
    for site, environments in PINNED.items():
        context = {"site": site, "environments": environments}
        for described in Environment.all_from_context(context):
            CdnStack(app, described.stack_name, environment=described)
    return Path(app.synth().directory)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_template_is_the_golden_one(assembly, template, request):
    golden = GOLDEN / template
    found = (assembly / template).read_text("utf-8")
    if request.config.getoption("--rewrite-snapshots"):
        golden.write_text(found, "utf-8")
    assert golden.exists(), f"{template} is new: {CURE}"
    assert found == golden.read_text("utf-8"), f"{template} changed: {CURE}"


def test_no_golden_template_is_of_an_environment_that_is_gone(request):
    gone = {found.name for found in GOLDEN.iterdir()} - set(TEMPLATES)
    if request.config.getoption("--rewrite-snapshots"):
        for name in gone:
            (GOLDEN / name).unlink()
        return
    assert not gone, f"{sorted(gone)} are of no environment of cdk.json: {CURE}"


def test_logical_ids_are_a_contract():
    # A changed id makes a new distribution, which cannot take over the old one's aliases.
    ids = set(environment_template().to_json()["Resources"])
    assert ids == {
        "CdnStaticDistributionF1B2E7F9",
        "CdnStaticCachePolicy4653F4A2",
        "CdnStaticResponseHeadersPolicy0C89B091",
        "CdnMediaDistribution42E33823",
        "CdnMediaCachePolicyE0F244DF",
        "CdnMediaResponseHeadersPolicyB08AE747",
    }


def test_logical_ids_are_equal_in_all_environments():
    one, other = (
        {"site": "mysite", "environments": {"dev": {"origin": "dev.example.com"}}},
        {"site": "shop", "environments": {"prod": {"origin": "www.example.com"}}},
    )

    def ids(context):
        (described,) = Environment.all_from_context(context)
        stack = CdnStack(new_app(), described.stack_name, environment=described)
        return set(Template.from_stack(stack).to_json()["Resources"])

    assert ids(one) == ids(other)


def test_outputs_have_the_names_django_reads():
    outputs = environment_template().to_json()["Outputs"]
    assert set(outputs) == {
        output.value
        for output in Output
        if not output.startswith("Private")
        and not output.startswith("MediaKeyPairId")
        and output not in BUCKET_NAMES
    }
    assert not any("Export" in output for output in outputs.values())


def test_what_is_asked_for_adds_its_outputs():
    private = set(environment_template(**MAXIMAL).to_json()["Outputs"])
    bucket = set(environment_template(**BUCKET).to_json()["Outputs"])
    assert private | bucket == {output.value for output in Output}
    assert {Output.MEDIA_KEY_PAIR_ID, Output.MEDIA_KEY_PAIR_IDS} <= private - bucket
    assert bucket - private == BUCKET_NAMES


HALVES = pytest.mark.parametrize("half", ["static", "media"])


def with_bucket(half, **values):
    return environment_template(
        **{**MINIMAL, "cors": "any_origin", half: {"bucket": {}}, **values}
    )


@HALVES
def test_a_bucket_keeps_the_distributions(half):
    def ids(template):
        return set(template.find_resources("AWS::CloudFront::Distribution"))

    assert ids(with_bucket(half)) == ids(environment_template(**MINIMAL))


@HALVES
def test_a_bucket_leaves_the_other_half_alone(half):
    (other,) = {"static", "media"} - {half}
    plain = environment_template(**MINIMAL, cors="any_origin").to_json()["Resources"]
    found = with_bucket(half).to_json()["Resources"]
    same = {name for name in plain if found[name] == plain[name]}
    assert same >= {name for name in plain if name.startswith(f"Cdn{other.title()}")}
    assert (
        set(found) - set(plain)
        == {
            "static": {
                "StaticBucket8A9E3BDB",
                "StaticBucketOriginAccessControlE1E9B89E",
                "StaticBucketPolicy8B73C330",
            },
            "media": {
                "MediaBucketE52FC6E4",
                "MediaBucketOriginAccessControl473FF69D",
                "MediaBucketPolicyB24E187B",
            },
        }[half]
    )


@HALVES
def test_a_bucket_beside_a_second_server_is_refused(half):
    origin = {"domain_name": "a.example", "failover_domain_name": "b.example"}
    with pytest.raises(ValueError, match=f"^{half}.bucket must not be given with"):
        with_bucket(half, origin=origin)


@HALVES
def test_what_a_retained_distribution_needs_of_its_bucket_is_retained_too(half):
    def kept(template):
        return {
            name
            for name, found in template.to_json()["Resources"].items()
            if found.get("DeletionPolicy") == "Retain"
        }

    template = with_bucket(half, retain=True)
    assert kept(template) == set(template.to_json()["Resources"])
    assert kept(with_bucket(half)) == set(template.find_resources("AWS::S3::Bucket"))


def test_the_vpc_origin_of_a_retained_distribution_is_retained_too():
    # CloudFront refuses to delete it while a distribution uses it.
    endpoint = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"
    origin = {"domain_name": "origin.example.com", "vpc_endpoint_arn": endpoint}
    template = environment_template(**{**MINIMAL, "origin": origin, "retain": True})
    (found,) = template.find_resources("AWS::CloudFront::VpcOrigin").values()
    assert found["DeletionPolicy"] == found["UpdateReplacePolicy"] == "Retain"


def test_the_domain_name_is_the_alias_and_the_dns_target_is_not():
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/1"
    template = environment_template(
        certificate_arn=arn, static={"domain_names": ["static.example.com"]}
    )
    outputs = template.to_json()["Outputs"]
    assert outputs["StaticDomainName"]["Value"] == "static.example.com"
    assert outputs["StaticDnsTarget"]["Value"] == {
        "Fn::GetAtt": ["CdnStaticDistributionF1B2E7F9", "DomainName"]
    }
    assert outputs["MediaDomainName"] == outputs["MediaDnsTarget"]


def test_the_choice_of_cors_reaches_both_halves():
    template = environment_template(cors="any_origin")
    for policy in template.find_resources("AWS::CloudFront::CachePolicy").values():
        key = policy["Properties"]["CachePolicyConfig"]
        headers = key["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"]
        assert headers == {"HeaderBehavior": "none"}


def test_ttls_of_an_environment_reach_its_own_half():
    template = environment_template(
        static={"ttl_seconds": {"default": 60, "max": 120}},
        media={"error_ttl_seconds": {"not_found": 7}},
    )
    template.has_resource_properties(
        "AWS::CloudFront::CachePolicy",
        {"CachePolicyConfig": {"DefaultTTL": 60, "MaxTTL": 120}},
    )
    template.has_resource_properties(
        "AWS::CloudFront::CachePolicy",
        {"CachePolicyConfig": {"DefaultTTL": 86400, "MaxTTL": 604800}},
    )


def test_the_private_half_of_an_environment_is_its_own():
    template = environment_template(**MAXIMAL).to_json()["Resources"]
    (cache,) = (
        one["Properties"]["CachePolicyConfig"]
        for name, one in template.items()
        if name.startswith("CdnPrivateCachePolicy")
    )
    assert (cache["DefaultTTL"], cache["MaxTTL"]) == (60, 600)
    (headers,) = (
        one["Properties"]["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]
        for name, one in template.items()
        if name.startswith("CdnPrivateResponseHeadersPolicy")
    )
    sent = {header["Header"]: header["Value"] for header in headers}
    assert sent["X-Robots-Tag"] == "noindex, noimageindex"
    assert sent["Cache-Control"] == "private, max-age=300", (
        "what is added takes nothing away"
    )


def test_the_maximal_environment_synthesizes():
    template = environment_template(**MAXIMAL)
    for name, resource in template.to_json()["Resources"].items():
        if name.startswith("Cdn"):
            assert resource["DeletionPolicy"] == "Retain"
            assert resource["UpdateReplacePolicy"] == "Retain"


def test_records_are_never_retained():
    # Else a name that was given up would still lead to CloudFront.
    template = environment_template(**{**MAXIMAL, "dns_records": True})
    records = template.find_resources("AWS::Route53::RecordSet")
    assert len(records) == 9
    for record in records.values():
        assert "DeletionPolicy" not in record


def test_nothing_is_retained_unless_asked_for():
    for resource in environment_template().to_json()["Resources"].values():
        assert "DeletionPolicy" not in resource


@pytest.mark.parametrize("protected", [True, False])
def test_termination_protection_is_asked_for(protected):
    described = environment(termination_protection=protected)
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    assert stack.termination_protection is protected


def test_from_minimal_to_maximal_the_distributions_stay_the_same():
    # A changed logical id would make a new distribution beside the old one.
    def ids(template):
        return set(template.find_resources("AWS::CloudFront::Distribution"))

    minimal, maximal = environment_template(**MINIMAL), environment_template(**MAXIMAL)
    assert ids(minimal) < ids(maximal)
    assert len(ids(maximal)) == 3


def noted(environments):
    """What an app of environments says, by stack."""
    app = new_app()
    for described in Environment.all_from_context(
        {"site": "mysite", "environments": environments}
    ):
        CdnStack(app, described.stack_name, environment=described)
    note_quotas(app)
    return notes_of(app)


def test_the_app_says_in_one_line_how_many_policies_it_takes_of_an_account():
    apart = {**MINIMAL, "account": "111122223333"}
    assert noted({"prod": apart, "dev": MINIMAL, "qa": MINIMAL}) == {
        "mysite-cdn-dev": ("info", "4 of 20 cache policies of its account")
    }
    assert noted({"prod": apart}) == {
        "mysite-cdn-prod": ("info", "2 of 20 cache policies of account 111122223333")
    }


def test_more_policies_than_an_account_has_room_for_are_a_warning_on_each_stack():
    notes = noted({f"e{index}": MINIMAL for index in range(11)})
    assert len(notes) == 11
    for level, text in notes.values():
        assert level == "warning"
        assert text.startswith("22 of 20 cache policies of its account, over all ")


def test_as_many_policies_as_an_account_has_room_for_are_no_warning():
    (note,) = noted({f"e{index}": MINIMAL for index in range(10)}).values()
    assert note[0] == "info"
    assert note[1].startswith("20 of 20 ")


def test_vpc_origins_and_keys_are_counted_against_their_own_quota():
    policy = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    managed = {"cache": policy, "response_headers": policy}
    arn = "arn:aws:ec2:us-east-1:111122223333:instance/i-0a1b2c"
    inside = {
        "origin": {"domain_name": "www.example.com", "vpc_endpoint_arn": arn},
        "policy_ids": managed,
    }
    (note,) = noted({f"e{index}": inside for index in range(25)}).values()
    assert note == ("info", "25 of 25 VPC origins of its account")
    notes = noted({f"e{index}": inside for index in range(26)})
    assert {level for level, _ in notes.values()} == {"warning"}
    signing = {"keys": {"a": A, "b": B}, "signing_key": "a"}
    private = {**inside, "origin_secret": MAXIMAL["origin_secret"]}
    private["private"] = {"signing_keys": signing}
    (note,) = noted({"e1": private, "e2": private}).values()
    assert note == ("info", "4 of 10 public keys of its account")


def test_an_app_without_policies_of_its_own_says_nothing():
    app = new_app()
    note_quotas(app)
    assert notes_of(app) == {}
    managed = {
        "cache": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "response_headers": "67f7725c-6f97-4210-82d7-5512b31e9d03",
    }
    half = {"policy_ids": managed}
    assert noted({"prod": {**MINIMAL, "static": half, "media": half}}) == {}
    # One kind of its own is enough to count.
    half = {"policy_ids": {"cache": managed["cache"]}}
    (note,) = noted({"prod": {**MINIMAL, "static": half, "media": half}}).values()
    assert note == ("info", "2 of 20 response headers policies of its account")


def notes_of(app):
    found = {}
    for stack in app.node.children:
        for entry in stack.node.metadata:
            if entry.type in ("aws:cdk:info", "aws:cdk:warning"):
                text = str(entry.data).partition(" [ack:")[0]
                found[stack.stack_name] = (entry.type.removeprefix("aws:cdk:"), text)
    return found


def test_a_build_version_never_enters_a_template(assembly, monkeypatch):
    monkeypatch.setenv("BUILD_VERSION", "build-4711")
    assert "build-4711" not in json.dumps(environment_template().to_json())


def test_nothing_needs_an_asset_or_a_custom_resource(assembly):
    for template in TEMPLATES:
        assets = assembly / template.replace(".template.", ".assets.")
        files = json.loads(assets.read_text("utf-8"))["files"]
        assert len(files) == 1, "the template itself, and nothing else"
        text = (assembly / template).read_text("utf-8")
        assert "Custom::" not in text
        assert "Fn::ImportValue" not in text
