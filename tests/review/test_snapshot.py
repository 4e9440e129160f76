"""Templates from disk: cdk.out folders, single files, and the settings beside them."""

from __future__ import annotations

import json
import os

import pytest
from worktree_support import STACK, run, template

NESTED = {
    "Type": "AWS::CloudFormation::Stack",
    "Properties": {"TemplateURL": {"Fn::Sub": f"https://x/{'a' * 64}.json"}},
}
ACKNOWLEDGED = """
[[acknowledged]]
change = "prod/access-widened/1a2b3c4d"
reason = "the files are public now"
"""


def compare(before, after=None):
    return run("compare", "--json", before, after or before)


def lines(before, after):
    return compare(before, after).data["lines"]


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def assembly(folder, artifacts, **files):
    """A folder as ``cdk synth`` writes it; the names of files have a ``__`` for the dot."""
    written(folder / "manifest.json", {"artifacts": artifacts})
    for name, content in files.items():
        written(folder / name.replace("__", "."), content)
    return folder


def artifact(file="T.json", *, environment="aws://111122223333/us-east-1", **more):
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": file, **more},
    }


def test_a_stack_has_what_the_manifest_says(tmp_path):
    def side(name, **about):
        tree = {"type": "cdk:tree"}
        stacks = {"One": artifact(stackName=STACK, **about), "Tree": tree}
        return assembly(tmp_path / name, stacks, T__json=template())

    before = side("a", terminationProtection=True)
    elsewhere = side("b", environment="aws://111122223333/eu-west-1")
    found = compare(before, elsewhere).data
    assert found["environments"] == ["prod"]
    texts = str([line["text"] for line in found["lines"]])
    assert "protection" in texts and "eu-west-1" in texts
    unknown = side("c", environment="aws://unknown-account/unknown-region")
    assert "unknown" not in str(lines(unknown, elsewhere))


def test_stages_and_nested_stacks_are_read(tmp_path):
    deep = NESTED | {"Metadata": {"aws:asset:path": "D.json"}}
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "stage"}}

    def side(name, number):
        folder = assembly(tmp_path / name, {"S": stage})
        key = number * 64
        url = {"TemplateURL": {"Fn::Sub": f"https://x/{key}.json"}}
        assembly(
            folder / "stage",
            {"P": artifact(stackName=STACK)},
            T__json={"Resources": {"Logs": {**NESTED, "Properties": url}}},
            P__assets__json={"files": {key: {"source": {"path": "N.json"}}}},
            N__json={"Resources": {"Deep": deep}},
            D__json=template(name),
        )
        return folder

    # Where a template is says no more than the template.
    (line,) = lines(side("old", "a"), side("new", "b"))
    assert line["stacks"] == [f"{STACK} (nested Logs-Deep)"]


@pytest.mark.parametrize("name", ["S", "P"])
def test_a_template_or_a_stage_inside_of_itself_ends_with_an_error(tmp_path, name):
    metadata = {"aws:asset:path": "T.json"}
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
    known = {"S": stage, "P": artifact()}
    inside = {"Resources": {"Inner": {**NESTED, "Metadata": metadata}}}
    folder = assembly(tmp_path, {name: known[name]}, T__json=inside)
    assert compare(folder).code == 2


@pytest.mark.parametrize("file", ["../outside.json", "/etc/hostname", "link.json"])
def test_nothing_outside_of_the_folder_is_read(tmp_path, file):
    outside = written(tmp_path / "outside.json", template())
    folder = assembly(tmp_path / "cdk.out", {"S": artifact(file)})
    (folder / "link.json").symlink_to(outside)
    assert "each file of cdk.out must be in it" in compare(folder).error


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a": ' + "[" * 100_000, "T.json must be an object in JSON: max"),
        ('{"Resources": ', "T.json must be an object in JSON: Expecting"),
        ("[]", "T.json must be an object in JSON: convert YAML"),
        ({"Resources": []}, "Resources of 'S' must be an object"),
        ({"Resources": {"a": 1}}, "Resources of 'S' must hold objects"),
        ({"Resources": {"a": {}}}, "resource 'a' of 'S' must have a Type"),
        ({"Outputs": {"a": 1}}, "Outputs of 'S' must hold objects"),
        (None, "T.json must be a file, and there is none"),
        (os.mkfifo, "T.json must be a file"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path, content, sentence):
    files = {} if content is None or callable(content) else {"T__json": content}
    folder = assembly(tmp_path, {"S": artifact()}, **files)
    if callable(content):
        content(folder / "T.json")
    assert sentence in compare(folder).error


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_template_may_have_any_encoding_of_unicode(tmp_path, encoding):
    plain = written(tmp_path / "plain.json", template("Größe"))
    path = tmp_path / "t.json"
    path.write_bytes(json.dumps(template("Größe"), ensure_ascii=False).encode(encoding))
    assert lines(plain, path) == []


def test_two_stacks_of_one_name_are_refused(tmp_path):
    artifacts = {"A": artifact(stackName=STACK), "B": artifact(stackName=STACK)}
    folder = assembly(tmp_path, artifacts, T__json={})
    assert "each stack must have a name of its own" in compare(folder).error


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
    before = written(tmp_path / old, template())
    after = written(tmp_path / new, template(viewers="allow-all"))
    found = compare(before, after).data
    assert found["lines"][0]["stacks"] == [name]
    # Equal names of files would not tell the sides apart.
    assert found["before"] != found["after"]


@pytest.mark.parametrize("name", ["t.yaml", "t.yml", "t.template"])
def test_a_yaml_template_is_refused_with_the_cure(tmp_path, name):
    path = written(tmp_path / name, "Resources:\n  A:\n    Type: AWS::SNS::Topic\n")
    assert "must be an object in JSON: convert YAML" in compare(path).error


def test_sides_that_are_no_pair_are_refused(tmp_path):
    path = written(tmp_path / "t.json", "{}")
    error = compare(tmp_path, path).error
    assert "must be two template files or two folders" in error
    assert "'cdk synth' wrote, such as cdk.out" in compare(tmp_path).error


def test_a_missing_side_is_refused_as_a_file_or_a_folder(tmp_path):
    folder = assembly(tmp_path, {"S": artifact()}, T__json={})
    missing = tmp_path / "no" / "cdk.out"
    for there in (missing, folder):
        error = compare(there, missing).error
        assert "must be two template files or two folders" in error
        assert f"and {str(missing)!r}" in error


# --- What is left out ---

FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Code": {"S3Key": "x"},
        "Runtime": {"Fn::FindInMap": ["LatestNodeRuntimeMap", "x", "value"]},
    },
}
HELPER = "CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F"


@pytest.mark.parametrize(("name", "is_told"), [(HELPER, False), ("Edge", True)])
def test_the_code_of_the_cdks_own_functions_is_left_out(tmp_path, name, is_told):
    def side(version):
        mappings = {"LatestNodeRuntimeMap": {"x": {"value": version}}}
        text = json.dumps(FUNCTION).replace('"x"}', f'"{version}"}}')
        content = {"Resources": {name: json.loads(text)}, "Mappings": mappings}
        return written(tmp_path / f"{version}.json", content)

    assert bool(lines(side("1"), side("2"))) is is_told


def test_an_expanding_entry_is_left_out_with_a_notice(tmp_path):
    def side(name, word, **entries):
        content = template(word)
        content["Resources"] |= entries
        return written(tmp_path / f"{name}.json", content)

    loop = {"Fn::ForEach::A": ["N", ["a"], {"S${N}": {"Type": "AWS::S3::Bucket"}}]}
    found = compare(side("old", "a", **loop), side("new", "b", **loop))
    assert found.words == ("a", "b")
    assert found.notices == [
        "the Fn::ForEach entries of 'new' are not compared: only CloudFormation expands them"
    ]
    assert compare(side("plain", "a")).notices == []


@pytest.mark.parametrize(
    ("stacks", "environments"),
    [
        ([STACK, "other"], ["other", "prod"]),
        (["a-cdn-eu", "b-cdn-eu", "a-cdn-us"], ["a-cdn-eu", "b-cdn-eu", "us"]),
    ],
)
def test_an_environment_has_its_short_name_where_that_is_clear(
    tmp_path, stacks, environments
):
    artifacts = {name: artifact() for name in stacks}
    folder = assembly(tmp_path, artifacts, T__json=template())
    assert compare(folder).data["environments"] == environments


# --- cdn-review.toml ---


def test_a_folder_may_have_settings_and_cdk_out_in_it(tmp_path):
    for name, viewers in (("a", "https-only"), ("b", "allow-all")):
        content = template(viewers=viewers)
        assembly(tmp_path / name / "cdk.out", {STACK: artifact()}, T__json=content)
    assert compare(tmp_path / "a", tmp_path / "b").code == 1
    settings = 'unprotected = ["prod"]\ninstall = ["npm ci"]\n' + ACKNOWLEDGED
    written(tmp_path / "a" / "cdn-review.toml", settings)
    assert compare(tmp_path / "a", tmp_path / "b").code == 0
    assert compare(tmp_path / "a" / "cdk.out", tmp_path / "b").code == 1
    written(tmp_path / "b" / "cdn-review.toml", ACKNOWLEDGED)
    unused = compare(tmp_path / "a" / "cdk.out", tmp_path / "b").data["unused"]
    assert unused == ["prod/access-widened/1a2b3c4d"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("protected = []", "a key must be one of unprotected, acknowledged, install"),
        ("unprotected = ['a b']", "unprotected must be a list of environments"),
        ("unprotected = [1]", "unprotected must be a list of environments"),
        ("install = ['']", "install must be a command or a list of commands"),
        ("install = 1", "install must be a command or a list of commands"),
        ("acknowledged = 1", "each [[acknowledged]] must have a change and a reason"),
        ("[[acknowledged]]\nchange = 'x'", "must have a change and a reason"),
        (
            ACKNOWLEDGED.replace("prod/", "prod/static/"),
            "change must be the id of a report, such as 'prod/access-wid",
        ),
        (ACKNOWLEDGED * 2, "a change must be acknowledged once"),
        (ACKNOWLEDGED.replace('"the files are public now"', "1"), "must be a text"),
        ("a = ", "cdn-review.toml must be TOML"),
        (b"# \xff", "must be TOML, in UTF-8"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(tmp_path, text, sentence):
    folder = assembly(tmp_path, {STACK: artifact()}, T__json=template())
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "cdn-review.toml").write_bytes(data)
    error = compare(folder).error
    assert error.startswith("cdn-review.toml") and sentence in error
