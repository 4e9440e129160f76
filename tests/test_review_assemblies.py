"""cdk.out is read within bounds, and nothing outside of it."""

from __future__ import annotations

import json

import pytest

from cdn_review.packs import Stack, limits
from cdn_review.packs.assembly import read_assembly

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def stack(name="mysite-cdn-prod", template=TOPIC, **about):
    return Stack(name=name, template=template, **about)


def assembly(folder, artifacts, **files):
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"version": "36.0.0", "artifacts": artifacts}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def artifact(file="T.json", environment="aws://111122223333/us-east-1", **properties):
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": file, **properties},
    }


def test_the_stacks_of_an_assembly(tmp_path):
    artifacts = {
        "Prod": artifact(stackName="mysite-cdn-prod", terminationProtection=True),
        "mysite-cdn-dev": artifact(environment="aws://unknown-account/unknown-region"),
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
    }
    assert read_assembly(assembly(tmp_path, artifacts, T=TOPIC)) == [
        stack(account="111122223333", region="us-east-1", termination_protection=True),
        stack("mysite-cdn-dev"),
    ]


def test_stages_are_read_within_a_depth(tmp_path):
    folder, stage = tmp_path, {"directoryName": "inner"}
    for depth in range(limits.NESTED_FOLDERS + 2):
        artifacts = {
            "Inner": {"type": "cdk:cloud-assembly", "properties": stage},
            f"S{depth}": artifact(),
        }
        assembly(folder, artifacts, T=TOPIC)
        folder = folder / "inner"
    with pytest.raises(ValueError, match="nested at most 4 levels"):
        read_assembly(tmp_path)
    assembly(folder.parent, {"Last": artifact()}, T=TOPIC)
    innermost = tmp_path / "inner" / "inner"
    assert {one.name for one in read_assembly(innermost)} == {"S2", "S3", "S4", "Last"}


def test_nested_stacks_are_found_by_their_metadata_and_by_their_hash(tmp_path):
    digits = "1a" * 32
    parent = {
        "Resources": {
            "Logs": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": {"Fn::Sub": f"https://s3/{digits}.json"}},
            },
            "Alarms": {
                "Type": "AWS::CloudFormation::Stack",
                "Metadata": {"aws:asset:path": "Inner.json"},
                "Properties": {"TemplateURL": "https://s3/x.json"},
            },
            "Elsewhere": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "https://s3/y.json"},
            },
        }
    }
    assets = {"files": {digits: {"source": {"path": "Inner.json"}}}}
    files = {"T": parent, "Inner": TOPIC, "site-cdn-prod.assets": assets}
    found = read_assembly(assembly(tmp_path, {"site-cdn-prod": artifact()}, **files))
    assert [one.name for one in found] == [
        "site-cdn-prod",
        "site-cdn-prod (nested Logs)",
        "site-cdn-prod (nested Alarms)",
    ]
    assert {one.environment for one in found} == {"prod"}


def test_a_nested_stack_in_itself_ends(tmp_path):
    itself = {
        "Type": "AWS::CloudFormation::Stack",
        "Metadata": {"aws:asset:path": "T.json"},
    }
    folder = assembly(
        tmp_path, {"A": artifact()}, T={"Resources": {"A": itself, "B": itself}}
    )
    with pytest.raises(ValueError, match="nested at most 4 levels deep"):
        read_assembly(folder)


@pytest.mark.parametrize("file", ["../secret.json", "/etc/passwd", "link.json", "", 5])
def test_nothing_outside_an_assembly_is_read(tmp_path, file):
    (tmp_path / "secret.json").write_text(json.dumps(TOPIC))
    folder = assembly(tmp_path / "cdk.out", {"A": artifact(file=file)})
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ValueError, match="file of an assembly must"):
        read_assembly(folder)


def test_no_stage_leads_out_of_an_assembly(tmp_path):
    assembly(tmp_path, {"A": artifact()}, T=TOPIC)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": ".."}}
    folder = assembly(tmp_path / "cdk.out", {"Stage": stage})
    with pytest.raises(ValueError, match="must be inside it, and '..' is not"):
        read_assembly(folder)


@pytest.mark.parametrize(
    ("artifacts", "sentence"),
    [
        ([], "'artifacts' in an assembly must be an object"),
        ({"A": {"properties": []}}, "'properties' in an assembly must be an object"),
        ({"A": artifact(environment="prod")}, "the environment of a stack must be one"),
        ({"A": artifact(stackName=["a"])}, "the name of a stack must be"),
        ({"A": artifact(terminationProtection="yes")}, "must be true or false"),
    ],
)
def test_what_is_no_assembly_is_refused(tmp_path, artifacts, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_assembly(assembly(tmp_path, artifacts, T=TOPIC))
