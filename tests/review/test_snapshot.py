"""Templates from disk: cdk.out folders and single files."""

from __future__ import annotations

import json
import os

import pytest
from worktree_support import STACK, template

from cdn_review.snapshot import (
    environments,
    notices,
    read_assembly,
    read_folder,
    read_pair,
    stack_of,
)

NESTED = {
    "Type": "AWS::CloudFormation::Stack",
    "Properties": {"TemplateURL": {"Fn::Sub": f"https://x/{'a' * 64}.json"}},
}


def assembly(folder, artifacts, **files):
    """A folder as ``cdk synth`` writes it; the names of files have a ``-`` for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def artifact(file="T.json", *, environment="aws://111122223333/us-east-1", **more):
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": file, **more},
    }


def test_a_stack_has_what_the_manifest_says(tmp_path):
    folder = assembly(
        tmp_path,
        {
            "One": artifact(stackName=STACK, terminationProtection=True),
            "Two": artifact(environment="aws://unknown-account/unknown-region"),
            "Tree": {"type": "cdk:tree"},
        },
        T__json=template(),
    )
    one, two = read_assembly(folder)
    assert (one.name, one.account, one.region) == (STACK, "111122223333", "us-east-1")
    assert one.termination_protection
    assert (two.name, two.account, two.region) == ("Two", "", "")
    assert not two.termination_protection
    assert one.template == template()


def test_stages_and_nested_stacks_are_read(tmp_path):
    inner = {"Resources": {"Deep": NESTED | {"Metadata": {"aws:asset:path": "D.json"}}}}
    folder = assembly(
        tmp_path,
        {"S": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "stage"}}},
    )
    assembly(
        folder / "stage",
        {"P": artifact(stackName=STACK)},
        T__json={"Resources": {"Logs": NESTED}},
        P__assets__json={"files": {"a" * 64: {"source": {"path": "N.json"}}}},
        N__json=inner,
        D__json=template(),
    )
    stacks = read_assembly(folder)
    assert [stack.name for stack in stacks] == [
        STACK,
        f"{STACK} (nested Logs)",
        f"{STACK} (nested Logs-Deep)",
    ]
    assert stacks[-1].template == template()
    assert stacks[-1].account == "111122223333"
    # Where its template is says no more than the template.
    assert "a" * 64 not in json.dumps(stacks[0].template)


@pytest.mark.parametrize("file", ["../outside.json", "/etc/hostname", "link.json"])
def test_nothing_outside_of_the_folder_is_read(tmp_path, file):
    (tmp_path / "outside.json").write_text(json.dumps(template()))
    folder = assembly(tmp_path / "cdk.out", {"S": artifact(file)})
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(ValueError, match="each file of cdk.out must be in it"):
        read_assembly(folder)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"T__json": '{"a": ' + "[" * 100_000},
            "T.json must be an object in JSON: max",
        ),
        ({"T__json": '{"Resources": '}, "T.json must be an object in JSON: Expecting"),
        (
            {"T__json": '{"a": 1, "a": 2}'},
            "must be unique in its object, got 'a' twice",
        ),
        ({"T__json": "[]"}, "T.json must be an object in JSON: convert YAML"),
        ({"T__json": {"Resources": []}}, "Resources of 'S' must be an object"),
        ({"T__json": {"Resources": {"a": 1}}}, "Resources of 'S' must hold objects"),
        ({"T__json": {"Resources": {"a": {}}}}, "resource 'a' of 'S' must have a Type"),
        ({"T__json": {"Outputs": {"a": 1}}}, "Outputs of 'S' must hold objects"),
        ({}, "T.json must be a file, and there is none"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path, files, sentence):
    folder = assembly(tmp_path, {"S": artifact()}, **files)
    with pytest.raises(ValueError) as caught:
        read_assembly(folder)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_template_may_have_any_encoding_of_unicode(tmp_path, encoding):
    path = tmp_path / "t.json"
    path.write_bytes(json.dumps(template("Größe"), ensure_ascii=False).encode(encoding))
    _, after = read_pair(path, path)
    assert after.stacks["t"].template == template("Größe")


def test_two_stacks_of_one_name_are_refused(tmp_path):
    artifacts = {"A": artifact(stackName=STACK), "B": artifact(stackName=STACK)}
    with pytest.raises(ValueError, match="each stack must have a name of its own"):
        read_folder(assembly(tmp_path, artifacts, T__json={}))


def test_a_folder_may_have_settings_and_cdk_out_in_it(tmp_path):
    assembly(tmp_path / "cdk.out", {STACK: artifact()}, T__json=template())
    (tmp_path / "cdn-review.toml").write_text('unprotected = ["dev"]')
    outer, inner = read_folder(tmp_path), read_folder(tmp_path / "cdk.out")
    assert outer.stacks == inner.stacks
    assert (outer.unprotected, inner.unprotected) == (("dev",), ())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="one that 'cdk synth' wrote, such as cdk.out"):
        read_folder(empty)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("old.template.json", "new.template.json", "new"),
        ("01-x.json", "my_site.template.json", "template"),
        ("a b.json", "<x>.json", "template"),
        (f"a/{STACK}.template.json", f"b/{STACK}.template.json", STACK),
    ],
)
def test_two_template_files_are_one_stack(tmp_path, old, new, name):
    for path in (tmp_path / old, tmp_path / new):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(template()))
    before, after = read_pair(tmp_path / old, tmp_path / new)
    assert list(before.stacks) == list(after.stacks) == [name]
    # Equal names of files would not tell the sides apart.
    assert before.name != after.name


@pytest.mark.parametrize("name", ["t.yaml", "t.yml", "t.template"])
def test_a_yaml_template_is_refused_with_the_cure(tmp_path, name):
    path = tmp_path / name
    path.write_text("Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    with pytest.raises(ValueError, match="must be an object in JSON: convert YAML"):
        read_pair(path, path)


def test_a_file_and_a_folder_are_no_pair(tmp_path):
    path = tmp_path / "t.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="must be two template files or two folders"):
        read_pair(tmp_path, path)


def quiet(**sections):
    return stack_of(sections, name="S").template


def test_what_only_names_the_tools_is_left_out():
    kept = template(Transform="AWS::LanguageExtensions", Description="Site")
    resource = kept["Resources"]["Distribution"]
    noisy = quiet(
        **kept
        | {
            "Metadata": {"a": 1},
            "Conditions": {"CDKMetadataAvailable": {}},
            "Parameters": {"BootstrapVersion": {"Type": "String"}},
            "Rules": {"CheckBootstrapVersion": {}},
            "Outputs": {},
            "Resources": {
                "CDKMetadata": {"Type": "AWS::CDK::Metadata"},
                "Distribution": resource | {"Metadata": {"aws:cdk:path": "x"}},
            },
        }
    )
    assert noisy == kept
    parameters = {"Level": {"Type": "String"}}
    assert quiet(Parameters=parameters) == {"Parameters": parameters}


def test_the_code_of_the_cdks_own_functions_is_left_out():
    properties = {
        "Code": {"S3Key": "x"},
        "Runtime": {"Fn::FindInMap": ["LatestNodeRuntimeMap", "x", "value"]},
        "Role": "r",
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    mappings = {"LatestNodeRuntimeMap": {"x": {"value": "nodejs22.x"}}}
    helper = "CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F"
    left = quiet(Resources={helper: function}, Mappings=mappings)
    assert left == {
        "Resources": {helper: function | {"Properties": {"Role": "r"}}},
    }
    # A function of the app itself is compared, and so is the mapping that it reads.
    own = {"Resources": {"Edge": function}, "Mappings": mappings}
    assert quiet(**own) == own


def test_a_mapping_stays_where_something_reads_it():
    mappings = {"Used": {"a": {"b": "1"}}, "Other": {"a": {"b": "2"}}}
    output = {"O": {"Value": {"Fn::FindInMap": ["Used", "a", "b"]}}}
    left = quiet(Outputs=output, Mappings=mappings)
    assert left["Mappings"] == {"Used": mappings["Used"]}
    computed = {"O": {"Value": {"Fn::FindInMap": [{"Ref": "P"}, "a", "b"]}}}
    assert quiet(Outputs=computed, Mappings=mappings)["Mappings"] == mappings


def test_an_expanding_entry_is_left_out_with_a_notice(tmp_path):
    loop = {"Fn::ForEach::Sites": ["Name", ["a"], {"Site${Name}": {"Type": "x"}}]}
    content = template()
    content["Resources"] |= loop
    for name in ("old.json", "new.json"):
        (tmp_path / name).write_text(json.dumps(content))
    before, after = read_pair(tmp_path / "old.json", tmp_path / "new.json")
    assert after.stacks["new"].template == template()
    assert notices(before, after) == [
        "the Fn::ForEach entries of 'new' are not compared: only CloudFormation expands them"
    ]
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps(template()))
    assert notices(*read_pair(plain, plain)) == []


def test_an_environment_is_called_by_its_short_name_where_that_is_clear():
    assert environments([STACK, f"{STACK} (nested Logs)", "other"]) == {
        STACK: "prod",
        f"{STACK} (nested Logs)": "prod",
        "other": "other",
    }
    assert environments(["a-cdn-eu", "b-cdn-eu", "a-cdn-us"]) == {
        "a-cdn-eu": "a-cdn-eu",
        "b-cdn-eu": "b-cdn-eu",
        "a-cdn-us": "us",
    }


def test_a_pipe_is_no_template(tmp_path):
    os.mkfifo(tmp_path / "T.json")
    folder = assembly(tmp_path, {"S": artifact()})
    with pytest.raises(ValueError, match="T.json must be a file"):
        read_assembly(folder)
