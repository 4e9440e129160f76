"""The commands as they are typed: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from review_support import ROOT, app_in, golden

from cdn_review.__main__ import main
from cdn_review.packs import Stack
from cdn_review.packs.files import read_pack, write_pack
from cdn_review.packs.preparing import prepare
from cdn_review.packs.settings import Settings


def side(folder, template):
    folder.mkdir()
    path = folder / "mysite-cdn-prod.template.json"
    path.write_text(json.dumps(template))
    return str(path)


@pytest.fixture
def same(tmp_path):
    return side(tmp_path / "before", golden())


@pytest.fixture
def cheaper(tmp_path):
    return side(tmp_path / "after", golden(PriceClass="PriceClass_All"))


@pytest.fixture
def gone(tmp_path):
    return side(tmp_path / "gone", {"Resources": {}})


@pytest.fixture
def app(tmp_path, monkeypatch):
    return app_in(tmp_path, monkeypatch)


# -- compare


def test_nothing_that_changes_is_one_line(same, capsys):
    assert main(["compare", same, same]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "CDN review: no change in prod"


def test_what_changes_is_said_and_stops_nothing(same, cheaper, capsys):
    assert main(["compare", same, cheaper]) == 0
    assert "static distribution" in capsys.readouterr().out


def test_what_must_be_acknowledged_ends_with_1(same, gone, capsys):
    assert main(["compare", same, gone]) == 1
    assert "distribution-deleted" in capsys.readouterr().out


def test_an_acknowledgement_in_the_pack_ends_with_0(same, gone, tmp_path, capsys):
    assert main(["compare", same, gone, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    ids = [one["id"] for one in said["changes"] if one["stop"]]
    before, after = str(tmp_path / "before.json"), str(tmp_path / "after.json")
    write_pack(prepare([as_stack(golden())]), Path(before))
    packed = prepare(
        [as_stack({"Resources": {}})], settings=acknowledging(ids, "it moves")
    )
    write_pack(packed, Path(after))
    assert main(["compare", before, after]) == 0
    assert "it moves" in capsys.readouterr().out


def as_stack(template):
    return Stack(name="mysite-cdn-prod", template=template)


def acknowledging(ids, reason):
    return Settings(acknowledged=dict.fromkeys(ids, reason))


def test_json_is_data_and_markdown_is_a_comment(same, cheaper, capsys):
    main(["compare", same, cheaper, "--json"])
    assert json.loads(capsys.readouterr().out)["changed"] is True
    main(["compare", same, cheaper, "--markdown"])
    assert capsys.readouterr().out.startswith(("<!--", "#"))


def test_colour_is_for_terminals_or_on_demand(same, cheaper, capsys):
    main(["compare", same, cheaper])
    assert "\x1b[" not in capsys.readouterr().out
    main(["compare", same, cheaper, "--color", "always"])
    assert "\x1b[" in capsys.readouterr().out


def test_a_raw_diff_is_shown_below_and_redacted(same, cheaper, tmp_path, capsys):
    raw = tmp_path / "raw.txt"
    raw.write_text("[+] 111122223333\n")
    assert main(["compare", same, cheaper, "--raw", str(raw)]) == 0
    said = capsys.readouterr().out
    assert "[+] account-aeb2" in said and "111122223333" not in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing", "missing"), "missing must be a file that can be read, and it is"),
        ((".", "."), "a folder to compare must be one that 'cdk synth' has written"),
        (("damaged", "damaged"), "damaged must be JSON, and it is not"),
    ],
)
def test_what_cannot_be_compared_ends_with_2(
    words, sentence, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("damaged").write_text("{")
    assert main(["compare", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {sentence}")
    assert said.err.count("\n") == 1


def test_an_error_is_redacted(capsys):
    assert main(["compare", "of-111122223333", "x"]) == 2
    assert "of-account-aeb2 must be a file" in capsys.readouterr().err


def test_a_mistake_of_ours_ends_with_2_and_is_redacted(same, monkeypatch, capsys):
    def fail(*_):
        raise KeyError("111122223333")

    monkeypatch.setattr("cdn_review.commands.compare.read_side", fail)
    assert main(["compare", same, same]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Traceback") and said.endswith("KeyError: 'account-aeb2'\n")


def test_who_has_seen_enough_gets_no_complaint(same):
    command = f"{sys.executable} -m cdn_review compare {same} {same} | true"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stderr == ""


def test_only_the_command_that_is_called_is_imported():
    code = "import sys; from cdn_review.__main__ import main\ntry: main(['compare', '--help'])\nexcept SystemExit: print('comment' in str(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.startswith("usage: cdn-review compare")
    assert "cdn_review.commands.comment" not in done.stdout
    assert done.stderr == ""


# -- synthesize


def test_a_pack_of_the_app(app, tmp_path, capsys):
    (app / "cdn-review.toml").write_text('unprotected = ["dev"]')
    program = f"{sys.executable} {tmp_path / 'cdk.py'}"
    output = tmp_path / "head.json"
    words = ["--cdk", program, "-o", str(output), "--revision", "1a2b3c4d"]
    assert main(["synthesize", *words]) == 0
    assert capsys.readouterr().out == f"{output}: 1 stack\n"
    pack = read_pack(output)
    assert (pack.revision, pack.unprotected) == ("1a2b3c4d", ("dev",))
    assert pack.stacks["mysite-cdn-prod"].account == "account-aeb2"
