"""The commands as they are typed: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cdn_review.__main__ import main
from cdn_review.packs.files import read_pack, write_pack
from cdn_review.packs.preparing import prepare
from cdn_review.sources import cli, git
from cdn_review.sources.revision import settings_at

# Not that of cdk_support, which takes seconds to import.
ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "snapshots" / "mysite-cdn-prod.template.json"

# A CDK CLI for apps that are a template: what it is told, it does.
CLI = """\
import json, os, pathlib, shutil, sys
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir()
template = json.loads(pathlib.Path("template.json").read_text())
if "fail" in template:
    sys.exit(print(template["fail"]) or 1)
pathlib.Path(os.environ["SEEN"]).write_text(json.dumps(
    {"words": sys.argv[1:], "variables": dict(os.environ), "cwd": os.getcwd()}))
shutil.copy("template.json", output / "T.json")
(output / "manifest.json").write_text(json.dumps({"artifacts": {"mysite-cdn-prod": {
    "type": "aws:cloudformation:stack",
    "environment": "aws://111122223333/us-east-1",
    "properties": {"templateFile": "T.json"}}}}))
"""


def golden(**changes):
    """The golden template of production, with other properties of its distributions."""
    template = json.loads(GOLDEN.read_text("utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFront::Distribution":
            resource["Properties"]["DistributionConfig"] |= changes
    return template


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


def git_in(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    command = ["git", *identity, *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def app(tmp_path, monkeypatch):
    """An app in a subfolder of a repository, on main, with one commit."""
    repository = tmp_path / "repository"
    folder = repository / "infra"
    folder.mkdir(parents=True)
    (folder / "cdk.json").write_text("{}")
    (folder / "template.json").write_text(json.dumps(golden()))
    (tmp_path / "cdk.py").write_text(CLI)
    git_in(repository, "init", "-q", "-b", "main")
    git_in(repository, "add", ".")
    git_in(repository, "commit", "-q", "-m", "Begin")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.json"))
    monkeypatch.chdir(folder)
    return folder


def diff(*words):
    program = f"{sys.executable} {Path.cwd().parents[1] / 'cdk.py'}"
    return main(["diff", "--cdk", program, *words])


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
    from cdn_review.packs import Stack

    return Stack(name="mysite-cdn-prod", template=template)


def acknowledging(ids, reason):
    from cdn_review.packs.settings import Settings

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


# -- diff against a revision


def test_an_unchanged_working_tree_has_no_change(app, capsys):
    assert diff() == 0
    said = capsys.readouterr()
    assert said.out.startswith("CDN review: no change in prod\n")
    commit = git_in(app, "rev-parse", "--short=8", "HEAD")
    assert f"compared {commit} (main) with the working tree" in said.out
    assert said.err == f"synthesizing the working tree and {commit} (main) …\n"


def test_what_is_not_committed_is_a_change(app, capsys):
    (app / "template.json").write_text(json.dumps({"Resources": {}}))
    assert diff() == 1
    assert "static distribution" in capsys.readouterr().out


def test_a_branch_is_compared_with_where_it_left_main(app, capsys):
    git_in(app, "checkout", "-q", "-b", "topic")
    (app / "template.json").write_text(json.dumps(golden(PriceClass="PriceClass_All")))
    git_in(app, "commit", "-q", "-a", "-m", "Serve more")
    git_in(app, "checkout", "-q", "main")
    (app / "template.json").write_text(json.dumps(golden(HttpVersion="http1.1")))
    git_in(app, "commit", "-q", "-a", "-m", "Go on meanwhile")
    git_in(app, "checkout", "-q", "topic")
    assert diff("--json") == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert changes and not [one for one in changes if "HTTP/" in one["text"]]
    assert diff("--against", "main", "--json") == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert [one for one in changes if "HTTP/" in one["text"]]


def test_the_base_decides_what_is_protected(app, capsys):
    (app / "template.json").write_text(json.dumps({"Resources": {}}))
    (app / "cdn-review.toml").write_text('unprotected = ["prod"]')
    assert diff() == 1
    git_in(app, "add", "cdn-review.toml")
    git_in(app, "commit", "-q", "-m", "Free prod")
    assert diff() == 0
    capsys.readouterr()


def test_one_environment_of_all(app, capsys):
    assert diff("prod") == 0
    assert diff("mysite-cdn-prod") == 0
    assert diff("dev") == 2
    assert "ENV must be an environment of the app, which are prod, got 'dev'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("revision", ["nope", "-x", "--output=x", "HEAD:infra", "a\nb"])
def test_an_unknown_revision_ends_with_2(app, revision, capsys):
    assert diff(f"--against={revision}") == 2
    assert "error: --against must be a revision that this repository has" in (
        capsys.readouterr().err
    )


def test_outside_a_repository_it_ends_with_2(app, tmp_path, monkeypatch, capsys):
    alone = tmp_path / "alone" / "app"
    alone.mkdir(parents=True)
    (alone / "cdk.json").write_text("{}")
    monkeypatch.chdir(alone)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert main(["diff"]) == 2
    assert "the app must be in a git repository" in capsys.readouterr().err


def test_without_an_app_it_ends_with_2(app, capsys):
    assert diff("--app-folder", "..") == 2
    assert "must be the folder of a cdk.json" in capsys.readouterr().err
    git_in(app, "rm", "-q", "--cached", "cdk.json")
    git_in(app, "commit", "-q", "-m", "Lose the app")
    assert diff() == 2
    assert "there is none in" in capsys.readouterr().err


def test_a_failure_of_the_app_is_shown_redacted(app, capsys):
    (app / "template.json").write_text('{"fail": "no origin of 111122223333"}')
    assert diff() == 2
    said = capsys.readouterr().err
    assert (
        "the app must synthesize without credentials, and in the working tree" in said
    )
    assert said.endswith("no origin of account-aeb2\n")


def test_nothing_is_left_in_the_repository(app, capsys):
    before = sorted(path for path in app.parent.rglob("*") if path.is_file())
    assert diff() == 0
    assert git_in(app, "status", "--porcelain") == ""
    assert git_in(app, "worktree", "list").count("\n") == 0
    assert before == sorted(path for path in app.parent.rglob("*") if path.is_file())
    capsys.readouterr()


# -- what git and the CLI are told


def test_a_revision_is_exported_byte_for_byte(app, tmp_path):
    repository = app.parent
    marker = tmp_path / "ran"
    (app / ".gitattributes").write_text(
        "* text=auto eol=crlf filter=own ident\nhidden export-ignore\n"
    )
    (app / "hidden").write_bytes(b"$Id$\nline\n")
    (app / "run.sh").write_text("#!/bin/sh\n")
    (app / "run.sh").chmod(0o755)
    (app / "link").symlink_to("hidden")
    git_in(repository, "add", ".")
    git_in(repository, "commit", "-q", "-m", "Add attributes")
    for side_ in ("smudge", "clean"):
        git_in(repository, "config", f"filter.own.{side_}", f"touch {marker}; cat")
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    checkout = git.checkout_of(app)
    target = tmp_path / "exported"
    target.mkdir()
    git.export(checkout, git.commit_of(checkout, "HEAD"), target)
    assert (target / "infra" / "hidden").read_bytes() == b"$Id$\nline\n"
    assert os.readlink(target / "infra" / "link") == "hidden"
    assert os.access(target / "infra" / "run.sh", os.X_OK)
    assert not os.access(target / "infra" / "hidden", os.X_OK)
    assert not marker.exists()


def test_a_link_of_a_revision_leads_no_file_out_of_it(app, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    repository = app.parent
    blob = git_in(repository, "rev-parse", "HEAD:infra/cdk.json")
    (app / "target").write_text(str(outside))
    link = git_in(repository, "hash-object", "-w", "infra/target")
    # No git would write a tree like this; who means harm can.
    tree = f"100644 blob {blob}\tfile\n"
    inner = mktree(repository, tree)
    outer = mktree(repository, f"120000 blob {link}\tdoor\n040000 tree {inner}\tdoor\n")
    commit = git_in(repository, "commit-tree", outer, "-m", "Harm")
    target = tmp_path / "exported"
    target.mkdir()
    with pytest.raises(ValueError, match="must be inside it, and 'door/file' is not"):
        git.export(git.checkout_of(app), commit, target)
    assert list(outside.iterdir()) == []


def mktree(folder, listed):
    done = subprocess.run(
        ["git", "mktree"], cwd=folder, input=listed.encode(), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def test_the_settings_of_a_revision(app):
    checkout = git.checkout_of(app)
    assert settings_at(checkout, git.commit_of(checkout, "HEAD")).unprotected == ()
    (app / "cdn-review.toml").write_text('unprotected = ["dev"]')
    git_in(app, "add", ".")
    git_in(app, "commit", "-q", "-m", "Free dev")
    assert settings_at(checkout, git.commit_of(checkout, "HEAD")).unprotected == (
        "dev",
    )


def test_the_app_gets_no_credentials_and_no_token(app, tmp_path, monkeypatch, capsys):
    foreign = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_PROFILE": "x",
        "AWS_REGION": "x",
        "CDK_DEFAULT_ACCOUNT": "x",
        "GITHUB_TOKEN": "x",
        "ACTIONS_RUNTIME_TOKEN": "x",
        "GIT_DIR": "x",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OUR_STAGE", "prod")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(tmp_path))))
    assert diff() == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    variables = seen["variables"]
    assert foreign.keys() & variables.keys() == set()
    assert {name for name in variables if name.startswith("AWS_")} == {
        "AWS_CONFIG_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
    assert variables["OUR_STAGE"] == "prod"
    assert variables["PYTHONPATH"] == str(tmp_path)
    assert str(Path(sys.executable).parent) in variables["PATH"].split(os.pathsep)[:2]
    assert {"--no-lookups", "--quiet", "--no-notices"} <= set(seen["words"])
    capsys.readouterr()


def test_the_cli_is_that_of_the_app(tmp_path, monkeypatch):
    app = tmp_path / "repository" / "infra"
    app.mkdir(parents=True)
    bin_ = tmp_path / "repository" / "node_modules" / ".bin"
    bin_.mkdir(parents=True)
    assert cli.find_cli(app, "npx cdk") == ["npx", "cdk"]
    (bin_ / "cdk").write_text("")
    assert cli.find_cli(app) == [str(bin_ / "cdk")]
    (bin_ / "cdk").unlink()
    monkeypatch.setattr(cli, "tool_path", lambda: str(bin_))
    with pytest.raises(ValueError, match="the CDK CLI must be installed"):
        cli.find_cli(app)


def test_a_cli_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "_SECONDS", 0.2)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(ValueError, match="cdk synth must end within"):
        cli.run(command, cwd=tmp_path, env=os.environ, what="cdk synth")


def test_of_much_output_the_end_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "_MOST_BYTES", 100)
    code = "for n in range(100): print('line', n)"
    command = [sys.executable, "-c", code]
    done = cli.run(command, cwd=tmp_path, env=os.environ, what="cdk synth")
    lines = done.output.splitlines()
    assert lines[-1] == "line 99" and lines[0] in {f"line {n}" for n in range(80, 100)}


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
