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
    resources,
)
from environments import BUCKET, MAXIMAL, MINIMAL

from dj_cloudfront.contract import Output
from stacks import CdnStack, Environment

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


@pytest.fixture(scope="module")
def minimal():
    return environment_template(**MINIMAL)


@pytest.fixture(scope="module")
def maximal():
    return environment_template(**MAXIMAL)


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


def test_logical_ids_are_a_contract(minimal):
    # A changed id makes a new distribution, which cannot take over the old one's aliases.
    ids = set(minimal.to_json()["Resources"])
    assert ids == {
        "CdnStaticDistributionF1B2E7F9",
        "CdnStaticCachePolicy4653F4A2",
        "CdnStaticResponseHeadersPolicy0C89B091",
        "CdnMediaDistribution42E33823",
        "CdnMediaCachePolicyE0F244DF",
        "CdnMediaResponseHeadersPolicyB08AE747",
    }


def test_logical_ids_are_equal_in_all_environments(minimal):
    context = {"site": "shop", "environments": {"dev": {"origin": "dev.example.com"}}}
    (described,) = Environment.all_from_context(context)
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    found = Template.from_stack(stack).to_json()["Resources"]
    assert found.keys() == minimal.to_json()["Resources"].keys()


def test_outputs_have_the_names_django_reads(minimal):
    outputs = minimal.to_json()["Outputs"]
    assert set(outputs) == {
        output.value
        for output in Output
        if not output.startswith("Private")
        and not output.startswith("MediaKeyPairId")
        and output not in BUCKET_NAMES
    }
    assert not any("Export" in output for output in outputs.values())


def test_what_is_asked_for_adds_its_outputs(maximal):
    private = set(maximal.to_json()["Outputs"])
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
def test_a_bucket_leaves_the_other_half_and_all_distributions_alone(half, minimal):
    (other,) = {"static", "media"} - {half}
    plain = environment_template(**MINIMAL, cors="any_origin").to_json()["Resources"]
    found = with_bucket(half).to_json()["Resources"]
    assert plain.keys() == minimal.to_json()["Resources"].keys()
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


def test_the_private_half_of_an_environment_is_its_own(maximal):
    template = maximal.to_json()["Resources"]
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


def test_the_maximal_environment_is_retained(maximal):
    for name, resource in maximal.to_json()["Resources"].items():
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


def test_nothing_is_retained_unless_asked_for(minimal):
    for resource in minimal.to_json()["Resources"].values():
        assert "DeletionPolicy" not in resource


@pytest.mark.parametrize("protected", [True, False])
def test_termination_protection_is_asked_for(protected):
    described = environment(termination_protection=protected)
    stack = CdnStack(new_app(), described.stack_name, environment=described)
    assert stack.termination_protection is protected


def test_from_minimal_to_maximal_the_distributions_stay_the_same(minimal, maximal):
    # A changed logical id would make a new distribution beside the old one.
    before, after = (
        resources(minimal, "Distribution"),
        resources(maximal, "Distribution"),
    )
    assert before.keys() < after.keys()
    assert len(after) == 3


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
