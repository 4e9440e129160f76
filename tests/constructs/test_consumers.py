"""Apps of others: they use the constructs, and their rules and ours get along."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk.assertions import Template
from cdk_support import CERTIFICATE, ORIGIN, ROOT, certificate
from constructs import Construct
from consumers import house_app, pair_app, static_app
from consumers_support import distributions, new_stack, resources

import constructs_lib
import dj_cloudfront
from constructs_lib import (
    Cors,
    DjangoCdn,
    Policies,
    StaticDistribution,
)

CONSUMERS = pytest.mark.parametrize("consumer", [pair_app, static_app, house_app])
FOLDER = Path(pair_app.__file__).parent
PAGE = (ROOT / "docs" / "reuse.md").read_text("utf-8")
NAMED = ("CachePolicyConfig", "ResponseHeadersPolicyConfig")


def templates(app):
    """Every template of an app, those of stages too, as the CLI would read it."""
    assembly = app.synth()
    return {
        artifact.stack_name: Path(artifact.template_full_path).read_bytes()
        for artifact in assembly.stacks_recursively
    }


def parsed(app):
    return {name: json.loads(text) for name, text in templates(app).items()}


def walk(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def policy_names(found):
    """Physical names, a token spelt out."""
    return [
        json.dumps(resource["Properties"][config]["Name"])
        for template in found.values()
        for resource in template["Resources"].values()
        for config in NAMED
        if config in resource.get("Properties", {})
    ]


def blocks():
    return re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)


def run_block(containing, **names):
    """Execute the one block of the page that has these words."""
    (text,) = (block for block in blocks() if containing in block)
    public = {name: getattr(constructs_lib, name) for name in constructs_lib.__all__}
    values = {
        **public,
        "cdk": cdk,
        "cloudfront": cloudfront,
        "Construct": Construct,
        "origin": ORIGIN,
        **names,
    }
    exec(compile(text, f"docs/reuse.md: {containing}", "exec"), values)
    return values


# -- the apps


def test_a_foreign_stack_has_a_pair_and_outputs_of_its_own():
    stack = pair_app.build(cdk.App())
    template = Template.from_stack(stack)
    found = distributions(stack)
    assert found["static"]["Aliases"] == ["static.shop.example.com"]
    assert found["media"]["Aliases"] == ["media.shop.example.com"]
    for config in found.values():
        certificate = config["ViewerCertificate"]["AcmCertificateArn"]
        assert certificate == pair_app.CERTIFICATE
        assert config["DefaultCacheBehavior"]["AllowedMethods"] == ["GET", "HEAD"]
    outputs = template.to_json()["Outputs"]
    assert outputs["StaticDomainName"]["Value"] == "static.shop.example.com"
    target = outputs["CnameOfStatic"]["Value"]["Fn::GetAtt"]
    assert target == ["CdnStaticDistributionF1B2E7F9", "DomainName"]


def test_django_reads_the_outputs_of_a_foreign_stack(tmp_path):
    outputs = Template.from_stack(pair_app.build(cdk.App())).to_json()["Outputs"]
    written = {name: output["Value"] for name, output in outputs.items()}
    # The CLI writes what CloudFormation made of a token.
    written |= {n: "d1.cloudfront.net" for n in written if n.startswith("Cname")}
    path = tmp_path / "cdn-outputs.json"
    path.write_text(json.dumps({"shop": written}))
    cdn = dj_cloudfront.config(path, build_version="b1", static_root="/srv/static")
    assert cdn.static_url == "https://static.shop.example.com/b1/"
    assert cdn.media_url == "https://media.shop.example.com/"


def test_one_distribution_stands_beside_the_resources_of_its_host():
    for stack in static_app.build(cdk.App()):
        kinds = [r["Type"] for r in resources(Template.from_stack(stack)).values()]
        assert sorted(kinds) == [
            "AWS::CloudFront::CachePolicy",
            "AWS::CloudFront::Distribution",
            "AWS::CloudFront::ResponseHeadersPolicy",
            "AWS::S3::Bucket",
            "AWS::SNS::Topic",
        ]


@CONSUMERS
def test_a_template_refers_to_nothing_but_itself_and_is_the_only_asset(consumer):
    app = cdk.App()
    consumer.build(app)
    manifest = Path(app.synth().directory, "manifest.json").read_text("utf-8")
    assert "missing" not in json.loads(manifest)
    for template in parsed(app).values():
        own = set(template["Resources"]) | set(template.get("Parameters", {}))
        assert set(template.get("Parameters", {})) <= {"BootstrapVersion"}
        for value in walk({k: v for k, v in template.items() if k != "Rules"}):
            assert not {"Fn::ImportValue", "Fn::Sub", "Fn::Transform"} & set(value)
            if "Ref" in value:
                assert value["Ref"] in own or value["Ref"].startswith("AWS::")
            if "Fn::GetAtt" in value:
                assert value["Fn::GetAtt"][0] in own
        kinds = {resource["Type"] for resource in template["Resources"].values()}
        assert not [k for k in kinds if "Custom" in k or "Lambda" in k or "IAM" in k]
    for path in Path(app.outdir).rglob("*.assets.json"):
        manifest = json.loads(path.read_text("utf-8"))
        sources = [file["source"]["path"] for file in manifest["files"].values()]
        assert [s for s in sources if not s.endswith(".template.json")] == []
        assert not manifest["dockerImages"]


def test_all_the_apps_fit_into_one_account():
    app = cdk.App()
    for consumer in (pair_app, static_app, house_app):
        consumer.build(app)
    names = policy_names(parsed(app))
    assert len(names) == 12
    assert len(set(names)) == 12


@CONSUMERS
def test_the_same_app_gives_equal_bytes(consumer):
    first, second = cdk.App(), cdk.App()
    consumer.build(first)
    consumer.build(second)
    assert templates(first) == templates(second)


@CONSUMERS
def test_an_app_imports_public_names_only(consumer):
    tree = ast.parse(Path(consumer.__file__).read_text("utf-8"))
    public = {
        "constructs_lib": constructs_lib.__all__,
        "dj_cloudfront.contract": ("Output",),
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in public:
            assert {alias.name for alias in node.names} <= set(public[node.module])
        elif isinstance(node, ast.ImportFrom):
            assert node.module.partition(".")[0] not in ("constructs_lib", "stacks")


# -- several in one host


def test_two_pairs_in_one_stack_share_neither_ids_nor_names():
    stack = new_stack()
    run_block("site.lower()", stack=stack)
    template = Template.from_stack(stack)
    assert len(resources(template)) == 12
    assert len(set(policy_names({"Host": template.to_json()}))) == 8
    servers = [
        resource["Properties"]["DistributionConfig"]["Origins"][0]["DomainName"]
        for resource in resources(template).values()
        if "Distribution" in resource["Type"]
    ]
    assert sorted(set(servers)) == ["forum.example.com", "shop.example.com"]


def test_pairs_in_stages_and_nested_stacks_have_names_of_their_own():
    app = cdk.App()
    for stage_id in ("test", "live"):
        stack = new_stack(cdk.Stage(app, stage_id), "cdn")
        DjangoCdn(stack, "Cdn", origin=ORIGIN)
        DjangoCdn(cdk.NestedStack(stack, "Nested"), "Cdn", origin=ORIGIN)
    found = {
        path: json.loads(path.read_text("utf-8"))
        for path in Path(app.synth().directory).rglob("*.template.json")
    }
    names = policy_names({k: t for k, t in found.items() if "Resources" in t})
    assert len(names) == 2 * 2 * 4
    assert len(set(names)) == len(names)


def test_ids_in_a_stage_are_those_outside_of_it():
    outside, app = new_stack(), cdk.App()
    inside = new_stack(cdk.Stage(app, "live"))
    for stack in (outside, inside):
        DjangoCdn(stack, "Cdn", origin=ORIGIN)
    assert set(resources(Template.from_stack(inside))) == set(
        resources(Template.from_stack(outside))
    )


def test_without_a_region_cloudformation_completes_the_names():
    _, live = static_app.build(cdk.App())
    (name, _) = policy_names({"live": Template.from_stack(live).to_json()})
    start, region, end = json.loads(name)["Fn::Join"][1]
    assert start == "live-blog-Files-Static-CachePolicy-"
    assert region == {"Ref": "AWS::Region"}
    assert re.fullmatch("-[0-9a-f]{8}", end)


def test_an_existing_policy_takes_no_room_in_the_account():
    stack = new_stack()
    existing = run_block('"Shared"', stack=stack)["existing"]
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::CloudFront::Distribution", 2)
    template.resource_count_is("AWS::CloudFront::CachePolicy", 0)
    behavior = distributions(stack)["static"]["DefaultCacheBehavior"]
    assert behavior["CachePolicyId"] == existing


def test_the_escape_hatch_reaches_the_resource_of_one_half_only():
    stack = new_stack()
    cdn = DjangoCdn(stack, "Cdn", origin=ORIGIN)
    run_block("default_child\nassert", cdn=cdn)
    found = distributions(stack)
    assert found["static"]["AnycastIpListId"] == "aip_1234"
    assert "AnycastIpListId" not in found["media"]


def test_the_cdk_s_own_methods_work_on_a_distribution():
    stack = new_stack()
    cdn = DjangoCdn(stack, "Cdn", origin=ORIGIN)
    cdk.CfnOutput(stack, "Arn", value=cdn.static.distribution.distribution_arn)
    (output,) = Template.from_stack(stack).to_json()["Outputs"].values()
    assert {"Ref": "CdnStaticDistributionF1B2E7F9"} in output["Value"]["Fn::Join"][1]


# -- what a host can rely on


def test_the_documented_paths_are_those_of_a_pair():
    cdn = DjangoCdn(new_stack(), "Cdn", origin=ORIGIN, cors=Cors.forward())
    defined = {
        child.node.path.removeprefix("Host/Cdn/"): child.cfn_resource_type
        for child in cdn.node.find_all()
        if isinstance(child, cdk.CfnResource)
    }
    documented = re.findall(r"^\| `([\w/]+/Resource)` \| `([\w:]+)` \|$", PAGE, re.M)
    assert dict(documented) == defined


def test_a_wrapped_construct_keeps_its_logical_ids():
    before, after = new_stack(), new_stack()
    StaticDistribution(before, "Static", origin=ORIGIN)
    run_block('"Default"', stack=after)
    assert set(resources(Template.from_stack(before))) == set(
        resources(Template.from_stack(after))
    )


def test_a_moved_construct_does_not():
    before, after = new_stack(), new_stack()
    StaticDistribution(before, "Static", origin=ORIGIN)
    StaticDistribution(Construct(after, "Files"), "Static", origin=ORIGIN)
    assert not set(resources(Template.from_stack(before))) & set(
        resources(Template.from_stack(after))
    )


def test_a_server_may_be_known_at_deploy_time_only():
    stack = new_stack()
    run_block("import_value", stack=stack)
    (origin,) = distributions(stack)["static"]["Origins"]
    assert origin["DomainName"] == {"Fn::ImportValue": "ShopServerName"}


def test_a_certificate_by_arn_works_in_any_region():
    stack = new_stack(region="eu-west-1")
    StaticDistribution(
        stack,
        "Static",
        origin=ORIGIN,
        domain_names=["static.example.com"],
        certificate=certificate(stack),
        policies=Policies(),
    )
    found = distributions(stack)["static"]["ViewerCertificate"]
    assert found["AcmCertificateArn"] == CERTIFICATE


# -- the page


@CONSUMERS
def test_the_page_shows_the_app_as_it_is(consumer):
    assert Path(consumer.__file__).read_text("utf-8") in blocks()


def test_every_app_is_run():
    assert {path.stem for path in FOLDER.glob("*.py")} == {
        consumer.__name__.rpartition(".")[2] for consumer in CONSUMERS.args[1]
    }


def test_every_block_of_the_page_is_an_app_or_is_run():
    source = Path(__file__).read_text("utf-8")
    words = re.findall(r"run_block\(\s*(\"[^\"]+\"|'[^']+')", source)
    run = [ast.literal_eval(word) for word in words]
    apps = [path.read_text("utf-8") for path in FOLDER.glob("*.py")]
    for block in blocks():
        assert block in apps or any(word in block for word in run), block


def test_the_public_names_on_the_page_are_exported():
    for name in re.findall(r"`((?:Django|Static|Media)\w+)`", PAGE):
        assert name in constructs_lib.__all__
