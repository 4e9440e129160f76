"""Packs are read within bounds, whoever wrote them, and written without noise."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from cdn_review.packs import Pack, Stack, limits
from cdn_review.packs.assembly import read_template
from cdn_review.packs.files import parse_pack, read_pack, render_pack, write_pack
from cdn_review.packs.preparing import prepare, quiet
from cdn_review.packs.settings import Settings

# Not that of cdk_support, which takes seconds to import.
ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "snapshots" / "lab-cdn-maximal.template.json"
CHANGE = "prod/static-distribution/distribution-replaced/1a2b3c4d"
TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def stack(name="mysite-cdn-prod", template=TOPIC, **about):
    return Stack(name=name, template=template, **about)


def pack(**parts):
    """The content of a pack file."""
    empty = {"format": 1, "revision": "", "unprotected": [], "acknowledged": {}}
    return {**empty, "stacks": {}, **parts}


def pack_of(**parts):
    """The content of a pack file with one stack."""
    about = {"account": "", "region": "", "termination_protection": False}
    return pack(stacks={"a-cdn-prod": {**about, "template": TOPIC, **parts}})


def refusal(data):
    with pytest.raises(ValueError) as caught:
        parse_pack(data if isinstance(data, bytes) else json.dumps(data).encode())
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 400
    return sentence


# -- writing and reading


def test_a_pack_is_read_as_it_was_written(tmp_path):
    settings = Settings(unprotected=("dev",), acknowledged={CHANGE: "it is meant"})
    golden = read_template(GOLDEN)
    written = prepare([golden, stack()], revision="1a2b", settings=settings)
    write_pack(written, tmp_path / "pack.json")
    assert read_pack(tmp_path / "pack.json") == written
    assert list(tmp_path.iterdir()) == [tmp_path / "pack.json"]


def test_equal_packs_are_equal_bytes():
    shuffled = json.loads(GOLDEN.read_text("utf-8"))
    shuffled["Resources"] = dict(reversed(shuffled["Resources"].items()))
    first = [read_template(GOLDEN), stack()]
    second = [stack(), Stack(name=first[0].name, template=shuffled)]
    assert render_pack(prepare(first)) == render_pack(prepare(second))


def test_what_was_not_redacted_is_redacted_when_it_is_written():
    raw = Pack(stacks={"a": stack("a", account="111122223333")})
    assert b"111122223333" not in render_pack(raw)


def test_a_pack_that_nobody_would_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "PACK_BYTES", 100)
    with pytest.raises(ValueError, match="a pack must have at most 100 bytes"):
        write_pack(prepare([stack()]), tmp_path / "pack.json")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_pack(tmp_path, monkeypatch):
    path = tmp_path / "pack.json"
    path.write_text("old")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError):
        write_pack(prepare([stack()]), path)
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"]


# -- hostile packs


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the pack must be JSON, and it is not: expecting value in line 1"),
        (b"\xff", "the pack must be UTF-8 throughout, and it is not"),
        (b'{"a": "\\ud800"}', "the pack must be UTF-8 throughout, and it is not"),
        (b'{"a": 1, "a": 2}', "a key is given twice in one object"),
        (b'{"a": NaN}', "it has a number that is none, such as NaN"),
        (b'{"a": 1e999}', "it has a number that is too large"),
        (b'{"a": 1' + b"0" * 60 + b"}", "it has a number that is too large"),
        (b"[" * 100_000, "it is nested more than 64 levels deep"),
        (b'{"a":' * 100_000, "it is nested more than 64 levels deep"),
        (b"[" + b"0," * 900_000 + b"0]", "it has more than 400000 values"),
        (b" " * (limits.PACK_BYTES + 1), "must have at most 5242880 bytes"),
        (b"{} x", "the pack must be JSON, and it is not: extra data in line 1"),
        (b"[]", "a pack must have the format 1"),
        (b"null", "a pack must have the format 1"),
        (b'{"format": 2}', "write it anew with this version of cdn-review"),
        (b'{"format": 1}', "a pack must have the parts of its format, and no other"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_what_is_no_pack_is_refused_in_one_sentence(data, sentence):
    start = time.process_time()
    assert sentence in refusal(data)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (pack(more=1), "and no other"),
        (pack(revision=5), "revision must be a short text"),
        (pack(revision="x" * 300), "revision must be a short text"),
        (pack(stacks=[]), "stacks must be an object of at most 200"),
        (pack(stacks={"a": 5}), "must have the parts of its format alone"),
        (pack(unprotected="dev"), "unprotected must be a list of environments"),
        (pack(unprotected=["a/b"]), "such as ['dev'], got 'a/b'"),
        (pack(acknowledged=[]), "acknowledged must be an object in a pack"),
        (pack(acknowledged={"prod": "why"}), "change must be an id"),
        (pack(acknowledged={CHANGE: " "}), "reason must say why"),
        (pack_of(more=1), "must have the parts of its format alone"),
        (pack_of(account="@everyone"), "the account of the stack 'a-cdn-prod' must be"),
        (pack_of(region="US EAST"), "the region of the stack 'a-cdn-prod' must be one"),
        (pack_of(region=5), "got a value of another type (int)"),
        (pack_of(termination_protection=1), "must be true or false"),
        (pack_of(template=[]), "must be an object"),
        (pack_of(template={"Resources": []}), "Resources of the stack"),
        (pack_of(template={"Resources": {"A": []}}), "must be an object with a Type"),
        (pack_of(template={"Resources": {"A": {"Type": ""}}}), "with a Type"),
        (pack_of(template={"Resources": {"A": {"Type": "x" * 300}}}), "with a Type"),
        (
            pack_of(template={"Resources": {"A": {"Type": "T", "Properties": []}}}),
            "the Properties of a resource",
        ),
        (pack_of(template={"Outputs": {"A": "x"}}), "must hold objects"),
        (pack_of(template={"Conditions": 1}), "Conditions of the stack"),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_wrong_types_are_refused_in_one_sentence(content, sentence):
    assert sentence in refusal(content)


@pytest.mark.parametrize("name", ["", "a b", "<b>", "a/../b", "@x", "a" * 300, "ä"])
def test_the_name_of_a_stack_is_one(name):
    (content,) = pack_of()["stacks"].values()
    assert "the name of a stack must be" in refusal(pack(stacks={name: content}))


def test_there_are_not_more_stacks_and_resources_than_allowed(monkeypatch):
    (content,) = pack_of()["stacks"].values()
    many = {f"s{number}": content for number in range(limits.STACKS + 1)}
    assert "at most 200" in refusal(pack(stacks=many))
    resources = {f"R{number}": {"Type": "T"} for number in range(1001)}
    assert "at most 1000 resources, got 1001" in refusal(
        pack_of(template={"Resources": resources})
    )


def test_two_stacks_that_are_redacted_to_one_name_are_refused(monkeypatch):
    monkeypatch.setattr("cdn_review.redaction.marks._digest", lambda text: "0" * 64)
    stacks = [stack("a-111122223333"), stack("a-444455556666")]
    with pytest.raises(ValueError, match="'a-account-0000' is given twice"):
        prepare(stacks)


def test_a_pipe_and_a_folder_are_no_packs(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(ValueError, match="must be a file"):
            read_pack(path)


def test_of_a_long_file_no_more_is_read_than_needed(tmp_path):
    with (tmp_path / "pack.json").open("wb") as file:
        file.truncate(8 * 1024**3)
    with pytest.raises(ValueError, match="must have at most 5242880 bytes"):
        read_pack(tmp_path / "pack.json")


# -- noise


def test_what_the_tools_add_is_left_out():
    noisy = {
        "Metadata": {"a": 1},
        "Conditions": {"CDKMetadataAvailable": {"Fn::Or": []}},
        "Parameters": {"BootstrapVersion": {"Type": "String"}},
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
        "Resources": {
            "CDKMetadata": {"Type": "AWS::CDK::Metadata"},
            "Topic": {"Type": "AWS::SNS::Topic", "Metadata": {"aws:cdk:path": "a"}},
        },
    }
    assert quiet(noisy) == TOPIC


def test_what_the_author_wrote_stays():
    own = {
        "Description": "ours",
        "Conditions": {"IsProd": {"Fn::Equals": ["a", "a"]}},
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {
            "Edge": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Code": {"S3Key": f"{'1a' * 32}.zip"}, "Runtime": "n"},
            }
        },
    }
    assert quiet(own) == own


def test_the_code_of_the_cdks_own_helpers_follows_its_version():
    properties = {"Code": {"S3Key": "x.zip"}, "Runtime": "nodejs22.x", "Timeout": 5}
    name = "CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F"
    helper = {"Type": "AWS::Lambda::Function", "Properties": properties}
    quieted = quiet({"Resources": {name: helper}})["Resources"][name]
    assert quieted["Properties"] == {"Timeout": 5}


def test_a_nested_stack_has_no_hash():
    def nested(digits):
        url = {"Fn::Sub": f"https://s3/bucket/{digits * 32}.json"}
        resource = {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": url},
        }
        return {"Resources": {"Logs": resource}}

    assert quiet(nested("1a")) == quiet(nested("2b"))
