"""A distribution is the same, whether its template is read or what was deployed of it."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from pathlib import Path

import botocore.session
import pytest
import yaml
from aws_support import ROOT, client, running_emulator
from botocore import xform_name
from botocore.validate import ParamValidator

from cdn_model import from_api
from cdn_model.distribution import distributions
from cdn_model.intrinsics import Resolver
from cdn_model.values import canonical
from local.environment import ACCOUNT, REGION

FOREIGN = ROOT / "tests" / "review" / "foreign"
GOLDEN = ROOT / "tests" / "snapshots"
# The local AWS has no CloudFormation type for real-time logs, alarms on metric math and old
# streams, and it refuses bucket policies of the bootstrap. Distributions do without them.
DEPLOYED = re.compile(r"AWS::(CloudFront|S3::Bucket$|Lambda|IAM)")
LEFT_OUT = ("AWS::CloudFront::RealtimeLogConfig", "AWS::CloudFront::StreamingDistribution")  # fmt: skip


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        yield url


@pytest.fixture
def cloudfront(endpoint):
    return client("cloudfront", endpoint)


@pytest.fixture
def deploy(endpoint):
    """Deploys a template; gives what references to its resources become."""
    cloudformation = client("cloudformation", endpoint)

    def deployed(template, **parameters):
        stack = {"StackName": f"stack-{uuid.uuid4().hex[:8]}"}
        given = [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in parameters.items()
        ]
        text = json.dumps(template)
        cloudformation.create_stack(**stack, TemplateBody=text, Parameters=given)
        often = {"Delay": 0.05, "MaxAttempts": 1200}
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(**stack, WaiterConfig=often)
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in cloudformation.describe_stack_resources(**stack)[
                "StackResources"
            ]
        }

    yield deployed
    # No two tests can have the same domain names or names of functions.
    reset = urllib.request.Request(f"{endpoint}/_ministack/reset", method="POST")
    urllib.request.urlopen(reset, timeout=20).close()


def template_of(path):
    """What the local AWS deploys of a template, without what it cannot look up."""
    # The secret of another account: any value does for both sides.
    text = path.read_text("utf-8").replace("{{resolve:secretsmanager:", "secret:")
    template = json.loads(text)
    template.pop("Outputs", None)
    template.pop("Rules", None)
    template.get("Parameters", {}).pop("BootstrapVersion", None)
    template["Resources"] = {
        name: resource
        for name, resource in template["Resources"].items()
        if DEPLOYED.match(resource["Type"]) and resource["Type"] not in LEFT_OUT
    }
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFront::Function":
            # A distribution takes published functions only.
            resource["Properties"]["AutoPublish"] = True
    return template


def filled_in(value, ids, parameters):
    """The value with what only a deploy knows: names of resources, and parameters."""
    if isinstance(value, list):
        return [filled_in(part, ids, parameters) for part in value]
    match value:
        case {"Ref": {"Parameter": name}}:
            return parameters[name]
        case {"Ref": name}:
            return ids.get(name, name)
        case {"Fn::GetAtt": [name, "RegionalDomainName"]}:
            return f"{ids[name]}.s3.{REGION}.amazonaws.com"
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/{ids[name]}"
        case {"Fn::Join": [delimiter, parts]}:
            return delimiter.join(filled_in(parts, ids, parameters))
        case {}:
            return {
                key: filled_in(part, ids, parameters) for key, part in value.items()
            }
    return value


def effective(distribution, ids=None, parameters=None):
    found = {"*": distribution.config}
    for behavior in distribution.behaviors:
        found[f"under {behavior.path_pattern}"] = behavior.config
    return filled_in(found, ids or {}, parameters or {})


@pytest.mark.parametrize(
    "path",
    [
        GOLDEN / "lab-cdn-maximal.template.json",
        GOLDEN / "lab-cdn-bucket.template.json",
        FOREIGN / "legacy-identity.template.json",
        FOREIGN / "logged.template.json",
        FOREIGN / "private-bucket.template.json",
        FOREIGN / "whole-site.template.json",
    ],
    ids=lambda path: path.name.split(".")[0],
)
def test_a_template_and_what_is_deployed_of_it_are_one_configuration(
    path, deploy, cloudfront
):
    template = template_of(path)
    ids = deploy(template)
    from_template = distributions(Resolver(template, region=REGION).resources())
    assert from_template
    for name, distribution in from_template.items():
        deployed = from_api.distribution(cloudfront, ids[name])
        assert effective(deployed) == effective(distribution, ids)


@pytest.mark.parametrize(
    ("stage", "is_open", "region"),
    [("prod", "no", ""), ("test", "yes", "eu-west-1"), ("test", "no", "")],
)
def test_the_choice_of_conditions_that_a_deploy_makes_is_what_is_deployed(
    stage, is_open, region, deploy, cloudfront
):
    parameters = {"Stage": stage, "Open": is_open, "Region2": region}
    template = template_of(FOREIGN / "conditions.template.json")
    holds = {
        canonical({"Fn::Equals": [{"Ref": name}, literal]}): parameters[name] == literal
        for name, literal in (("Stage", "prod"), ("Open", "yes"), ("Region2", ""))
    }
    ids = deploy(template, **parameters)
    resolver = Resolver(template, assignment=holds, region=REGION)
    from_template = distributions(resolver.resources())
    assert from_template.keys() <= ids.keys()
    assert ("Spare" in from_template) is ("Spare" in ids)
    for name, distribution in from_template.items():
        deployed = from_api.distribution(cloudfront, ids[name])
        assert effective(deployed) == effective(distribution, ids, parameters)


def test_functions_are_one_but_for_the_code_of_lambda_at_edge(deploy, cloudfront):
    template = template_of(FOREIGN / "edge-code.template.json")
    ids = deploy(template)
    (name, distribution), *_ = distributions(Resolver(template).resources()).items()
    deployed = from_api.distribution(cloudfront, ids[name])
    (seen,) = deployed.behaviors[0].config["LambdaFunctionAssociations"]
    (written,) = distribution.behaviors[0].config["LambdaFunctionAssociations"]
    (version,) = (ids[each] for each in ids if "CurrentVersion" in each)
    assert seen.pop("LambdaFunctionARN") == version
    assert written.pop("Function")["Handler"] == "index.handler"
    assert effective(deployed) == effective(distribution, ids)
    assert "cf from 'cloudfront'" in str(
        deployed.default.config["FunctionAssociations"]
    )


def test_the_published_code_counts_until_newer_code_is_published(deploy, cloudfront):
    ids = deploy(template_of(FOREIGN / "edge-code.template.json"))
    before = from_api.distribution(cloudfront, ids["Edge7038544F"])
    name = ids["Stamp54CF357B"]
    draft = {"Name": name, "Stage": "DEVELOPMENT"}
    cloudfront.update_function(
        Name=name,
        IfMatch=cloudfront.describe_function(**draft)["ETag"],
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=b"function handler(event) { return 1; }",
    )
    assert from_api.distribution(cloudfront, ids["Edge7038544F"]) == before
    etag = cloudfront.describe_function(**draft)["ETag"]
    cloudfront.publish_function(Name=name, IfMatch=etag)
    assert from_api.distribution(cloudfront, ids["Edge7038544F"]) != before


# --- What the local AWS does not store: answers as the API reference describes them ---

MODEL = botocore.session.get_session().get_service_model("cloudfront")
OPERATIONS = {xform_name(name): name for name in MODEL.operation_names}
RECORDED = yaml.safe_load(Path(__file__).with_name("recorded.yml").read_text("utf-8"))
SMALLEST, WRITTEN = RECORDED.pop("smallest")


class Answering:
    """A client of recorded answers, each of the shape that the API has."""

    def __init__(self, config, answers=()):
        answer = {"DistributionConfig": config}
        self.answers = {"get_distribution_config": answer, **dict(answers)}
        self.calls = []
        for method, answer in self.answers.items():
            if method == "get_function":
                answer["FunctionCode"] = answer["FunctionCode"].encode()
            shape = MODEL.operation_model(OPERATIONS[method]).output_shape
            report = ParamValidator().validate(answer, shape)
            assert not report.has_errors(), f"{method}: {report.generate_report()}"

    def __getattr__(self, method):
        def call(**arguments):
            self.calls.append(method)
            return self.answers[method]

        return call


def merged(base, changes):
    """The base with other values, at any depth; None takes one away."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    found = {**base, **{key: merged(base.get(key), changes[key]) for key in changes}}
    return {key: part for key, part in found.items() if part is not None}


def test_what_the_api_calls_unset_is_what_a_template_leaves_out():
    deployed = from_api.distribution(Answering(SMALLEST), "E1")
    assert deployed == from_template(WRITTEN)
    assert not {"ViewerCertificate", "Logging"} & deployed.config.keys()


def from_template(config, resources=()):
    """The configuration that a template has."""
    edge = {"Type": "Distribution", "DistributionConfig": config}
    made = {
        name: {"Type": f"AWS::CloudFront::{properties.pop('Type')}", "Properties": properties}
        for name, properties in {"Edge": edge, **dict(resources)}.items()
    }  # fmt: skip
    return distributions(Resolver({"Resources": made}).resources())["Edge"]


@pytest.mark.parametrize("name", RECORDED)
def test_a_setting_is_one_in_both_notations(name):
    row = json.loads(json.dumps(RECORDED[name]))
    asking = Answering(merged(SMALLEST, row["api"]), row.get("answers", ()))
    found = from_api.distribution(asking, "E1")
    written = merged(WRITTEN, row["template"])
    expected = from_template(written, row.get("resources", ()))
    assert effective(found) == effective(expected)
    assert found != from_template(WRITTEN)
    assert {*asking.calls} == asking.answers.keys()
    documented = re.findall(r"``(\w+)``", from_api.__doc__)
    assert {OPERATIONS[method] for method in asking.calls} <= {*documented}


def test_what_several_behaviors_use_is_asked_for_once():
    row = json.loads(json.dumps(RECORDED["key groups"]))
    config = merged(SMALLEST, row["api"])
    second = {**config["DefaultCacheBehavior"], "PathPattern": "a/*"}
    config["CacheBehaviors"] = {"Quantity": 1, "Items": [second]}
    asking = Answering(config, row["answers"])
    found = from_api.distributions(asking, ["E1"])["E1"]
    assert [behavior.path_pattern for behavior in found.behaviors] == ["a/*", "*"]
    assert len(asking.calls) == 3


def test_a_list_of_key_groups_that_is_off_asks_for_no_signature():
    off = {"Enabled": False, "Quantity": 1, "Items": ["G"]}
    asking = Answering(
        merged(SMALLEST, {"DefaultCacheBehavior": {"TrustedKeyGroups": off}})
    )
    found = from_api.distribution(asking, "E1")
    assert "TrustedKeyGroups" not in found.default.config
    assert found.default.config["CachePolicy"]["DefaultTTL"] == 86400
    assert asking.calls == ["get_distribution_config"]


def test_an_answer_that_is_refused_is_not_hidden():
    config = merged(SMALLEST, {"DefaultCacheBehavior": {"CachePolicyId": "C"}})
    with pytest.raises(KeyError, match="get_cache_policy"):
        from_api.distribution(Answering(config), "E1")
