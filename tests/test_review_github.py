"""The comment on a pull request: which one, by whom, from what, and when not."""

from __future__ import annotations

import argparse
import io
import json
import struct
import zipfile

import pytest
from review_github_support import (
    BOT,
    SHA,
    TOKEN,
    GitHub,
    event,
    fork_pull,
    serving,
    zipped,
)
from review_markup_support import is_harmless, pack
from review_support import golden

from cdn_review.__main__ import main
from cdn_review.commands import comment as command
from cdn_review.github.api import Api, ApiError
from cdn_review.github.artifact import unpack
from cdn_review.github.event import read_run
from cdn_review.github.reviewing import DAMAGED, MEMBERS, NOT_THERE
from cdn_review.packs import Stack
from cdn_review.packs.files import render_pack, write_pack
from cdn_review.rendering.fitting import length

MARKER = "<!-- cdn-review -->"


def side(template=None, **more):
    one = Stack(
        name="mysite-cdn-prod", template=golden() if template is None else template
    )
    return render_pack(pack(one, **more))


def gone():
    """Production without its distributions."""
    kinds = ("AWS::CloudFront::Distribution",)
    template = golden()
    template["Resources"] = {
        name: one
        for name, one in template["Resources"].items()
        if one["Type"] not in kinds
    }
    template["Outputs"] = {}
    return template


SAME = zipped({"base.json": side(), "head.json": side(), "raw.txt": b""})
SLOWER = zipped(
    {
        "base.json": side(),
        "head.json": side(golden(PriceClass="PriceClass_All")),
        "raw.txt": b"[~] PriceClass 111122223333",
    }
)
FORBIDDEN = zipped({"base.json": side(), "head.json": side(gone()), "raw.txt": b""})


@pytest.fixture
def github(tmp_path, monkeypatch):
    """GitHub, and the command that comments there."""
    known = GitHub()
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with serving(known) as address:
        monkeypatch.setenv("GITHUB_API_URL", address)

        def run(*words, **changed):
            path = tmp_path / "event.json"
            path.write_text(json.dumps(event(**changed)))
            settings = ["--settings", str(tmp_path)]
            return main(["comment", "--event", str(path), *settings, *words])

        known.run, known.address, known.folder = run, address, tmp_path
        yield known


def api(github, **more):
    return Api(url=github.address, token=TOKEN, wait=lambda _: None, **more)


def test_the_first_run_creates_a_comment_and_a_second_edits_it(github):
    github.artifact(SLOWER)
    assert github.run() == 0
    github.artifact(SAME)
    assert github.run() == 0
    (body,) = github.bodies
    assert "no change" in body
    assert [one.split()[0] for one in github.writes] == ["POST", "PATCH"]


def test_an_unchanged_comment_sends_nothing(github, capsys):
    github.artifact(SLOWER)
    github.run()
    # As GitHub gives it back.
    github.comments[0]["body"] = github.bodies[0].replace("\n", "\r\n").rstrip()
    assert github.run() == 0
    assert len(github.writes) == 1
    assert "the comment is left as it is" in capsys.readouterr().out


@pytest.mark.parametrize(
    "user",
    [
        {"login": "mallory", "type": "User"},
        {"login": "github-actions[bot]", "type": "User"},
        {"login": "other-app[bot]", "type": "Bot"},
    ],
)
def test_nobody_elses_comment_is_written_over(github, user):
    github.comment(f"{MARKER}\nmine", user)
    github.artifact(SLOWER)
    github.run()
    assert github.bodies[0] == f"{MARKER}\nmine" and len(github.bodies) == 2


@pytest.mark.parametrize(
    "body", ["<!-- cdn-review shop -->\nb", f"quoted:\n{MARKER}", "other"]
)
def test_a_comment_of_ours_on_something_else_is_left_alone(github, body):
    github.comment(body)
    github.artifact(SLOWER)
    github.run()
    assert github.bodies[0] == body and len(github.bodies) == 2


def test_surplus_comments_of_ours_are_deleted(github):
    for _ in range(3):
        github.comment(f"{MARKER}\nold")
    github.artifact(SLOWER)
    github.run()
    assert [one["id"] for one in github.comments] == [100]
    assert "1 change" in github.bodies[0] or "changes" in github.bodies[0]


def test_our_comment_is_found_behind_many_others(github):
    for n in range(250):
        github.comment(f"{n}", {"login": "somebody", "type": "User"})
    github.comment(f"{MARKER}\nold")
    github.artifact(SLOWER)
    github.run()
    assert len(github.comments) == 251 and "old" not in github.bodies[-1]


def test_no_change_is_written_so_that_silence_means_that_it_did_not_run(github):
    github.artifact(SAME)
    github.run()
    assert "no change" in github.bodies[0]


def test_no_first_comment_without_a_change_when_only_changes_are_wanted(github):
    github.artifact(SAME)
    assert github.run("--only-changes") == 0
    assert github.writes == []
    github.comment(f"{MARKER}\nold")
    github.run("--only-changes")
    assert "no change" in github.bodies[0]


def test_a_forbidden_change_ends_with_1_and_says_how_to_acknowledge_it(github):
    github.artifact(FORBIDDEN)
    assert github.run() == 1
    assert "[[acknowledged]]" in github.bodies[0]
    assert github.run("--exit-zero") == 0


def test_the_default_branch_says_what_is_protected_not_the_artifact(github):
    free = side(unprotected=("prod",))
    github.artifact(zipped({"base.json": free, "head.json": side(gone())}))
    assert github.run() == 1
    (github.folder / "cdn-review.toml").write_text('unprotected = ["prod"]\n')
    assert github.run() == 0


def test_a_pull_request_of_a_fork_is_looked_up(github):
    github.artifact(SLOWER)
    github.fork_pulls = [
        fork_pull(),
        fork_pull(8, "b" * 40),
        fork_pull(9, SHA, "x/site"),
    ]
    assert github.run(fork=True) == 0
    assert len(github.comments) == 1


@pytest.mark.parametrize(
    "pulls", [[], [fork_pull(sha="b" * 40)], [fork_pull(7), fork_pull(8)]]
)
def test_without_one_pull_request_there_is_nothing_to_do(github, capsys, pulls):
    github.artifact(SLOWER)
    github.fork_pulls = pulls
    assert github.run(fork=True) == 0
    assert github.writes == [] and "nothing to do" in capsys.readouterr().out


def test_a_pull_request_with_another_head_is_not_the_one(github):
    github.artifact(SLOWER)
    assert github.run(sha="b" * 40) == 0
    assert github.writes == []


def test_a_pull_request_into_a_fork_is_not_the_one(github):
    github.artifact(SLOWER)
    pull = {"number": 7, "head": {"sha": SHA}, "base": {"repo": {"id": 6}}}
    assert github.run(pull_requests=[pull]) == 0
    assert github.writes == []


@pytest.mark.parametrize("changed", [{"sha": "b" * 40}, {"state": "closed"}])
def test_an_old_run_writes_nothing(github, capsys, changed):
    github.artifact(SLOWER)
    vars(github).update(changed)
    assert github.run() == 0
    assert github.writes == [] and "moved on or is closed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "run", [{"event": "push"}, {"conclusion": "cancelled"}, {"conclusion": "skipped"}]
)
def test_other_runs_are_passed_over(github, run):
    assert github.run(**run) == 0
    assert github.requests == []


@pytest.mark.parametrize(
    ("file", "is_noticed"),
    [
        ({"filename": ".github/workflows/cdn-review.yml"}, True),
        ({"filename": "a.yml", "previous_filename": ".github/workflows/a.yml"}, True),
        ({"filename": "docs/.github/a.yml"}, False),
        ({"filename": "app.py"}, False),
    ],
)
def test_the_comment_says_when_the_review_itself_changes(github, file, is_noticed):
    github.artifact(SAME)
    github.files = [{"filename": f"{n}.py"} for n in range(100)] + [file]
    github.run()
    assert ("so how it is reviewed" in github.bodies[0]) is is_noticed


def test_the_comment_says_when_the_settings_change(github):
    github.artifact(SAME)
    github.files = [{"filename": "infra/cdn-review.toml"}]
    github.run()
    assert "changes cdn-review.toml" in github.bodies[0]


def test_files_beyond_the_list_may_be_anything(github):
    github.artifact(SAME)
    github.files = [{"filename": f"{n}.py"} for n in range(3000)]
    github.run()
    assert "so how it is reviewed" in github.bodies[0]


def test_a_status_is_set_only_when_it_is_asked_for(github):
    github.artifact(SLOWER)
    github.run()
    assert github.statuses == []
    github.run("--status", "cdn")
    assert [(one["context"], one["state"]) for one in github.statuses] == [
        ("cdn", "success")
    ]


def test_the_status_fails_while_something_must_be_acknowledged(github):
    github.artifact(FORBIDDEN)
    github.run("--status", "cdn")
    assert github.statuses[0]["state"] == "failure"


def test_a_fork_that_changes_the_workflows_has_no_success(github):
    github.artifact(SAME)
    github.files = [{"filename": ".github/workflows/cdn-review.yml"}]
    github.fork_pulls = [fork_pull()]
    github.run("--status", "cdn", fork=True)
    github.run("--status", "cdn")
    assert [one["state"] for one in github.statuses] == ["failure", "success"]


def test_what_is_deployed_is_compared_with_the_head(github):
    path = github.folder / "deployed.json"
    write_pack(pack(Stack(name="mysite-cdn-prod", template=golden())), path)
    github.artifact(SLOWER)
    github.run("--deployed", str(path))
    assert "**Against what is deployed**" in github.bodies[0]


def test_no_account_and_no_token_stands_in_the_comment(github, capfd):
    github.artifact(SLOWER)
    github.run()
    said = "".join([*github.bodies, *capfd.readouterr()])
    assert "111122223333" not in said and TOKEN not in said
    assert "account-" in github.bodies[0]


def test_the_token_does_not_follow_to_the_host_of_the_artifacts(github):
    github.artifact(SLOWER)
    github.run()
    assert github.tokens_elsewhere == [None]


def member_claims(name, size):
    """A zip that says one size and holds another."""
    data = bytearray(zipped({name: b"x" * 10}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + at
        data[place : place + 4] = struct.pack("<I", size)
    return bytes(data)


def deep(levels):
    return b'{"format": 1, "stacks": ' + b"[" * levels + b"]" * levels + b"}"


EVIL = "@octocat <img src=x> [a](http://b.example) ``` \u202e"


def hostile_template():
    """Foreign text wherever a template takes any."""
    template = golden(
        Comment=EVIL,
        Aliases=[EVIL, "a.example"],
        DefaultRootObject=EVIL,
        **{EVIL: [EVIL]},
    )
    template["Outputs"][EVIL] = {"Value": EVIL}
    template["Resources"][EVIL] = {"Type": EVIL, "Properties": {EVIL: [EVIL] * 3}}
    return template


DAMAGED_ONES = {
    "no zip": b"<html>",
    "cut": SLOWER[:-30],
    "damaged inside": SLOWER[:200] + b"\0" * 50 + SLOWER[250:],
    "a bomb": zipped({"base.json": b"\0" * (64 * 2**20), "head.json": b""}),
    "a bomb that denies it": member_claims("base.json", 3),
    "gigabytes claimed inside": member_claims("base.json", 2**32 - 2),
    "a path": zipped({"../../base.json": b"", "base.json": side()}),
    "another name": zipped({"base.json": side(), "x.py": b""}),
    "many": zipped({f"{n}": b"" for n in range(1000)}),
    "a side is missing": zipped({"base.json": side()}),
    "deep": zipped({"base.json": deep(100_000), "head.json": side()}),
    "no object": zipped({"base.json": b"[]", "head.json": b"3"}),
    "nothing": zipped({}),
}


@pytest.mark.parametrize("data", DAMAGED_ONES.values(), ids=DAMAGED_ONES)
def test_a_damaged_artifact_gives_one_fixed_sentence_and_2(github, data):
    github.artifact(data)
    assert github.run() == 2
    (body,) = github.bodies
    assert body.startswith(MARKER) and len(body.strip().split("\n")) == 2
    assert DAMAGED[:60] in body and is_harmless(body)


def test_a_name_given_twice_is_refused():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("base.json", b"a")
        archive.writestr("base.json", b"b")
    with pytest.raises(ValueError, match="its own files alone"):
        unpack(data.getvalue(), MEMBERS)


@pytest.mark.parametrize("name", ["x.py", "../base.json", "/base.json", "base.json/"])
def test_a_name_that_is_not_expected_is_refused(name):
    with pytest.raises(ValueError, match="its own files alone"):
        unpack(zipped({name: b""}), MEMBERS)


def test_an_artifact_that_claims_gigabytes_is_not_downloaded(github):
    github.artifact(SLOWER, size=2**33)
    assert github.run() == 2
    assert not any(one.endswith("/zip") for one in github.requests)


def test_an_artifact_that_has_more_than_it_claims_is_not_read_to_its_end(github):
    github.artifact(b"x" * (13 * 2**20), size=10)
    assert github.run() == 2
    assert DAMAGED[:60] in github.bodies[0]


def test_a_run_that_left_nothing_is_said_to_have_failed(github):
    github.artifact(SLOWER, name="something-else")
    assert github.run(conclusion="failure") == 2
    assert NOT_THERE[:40] in github.bodies[0]


def test_hostile_names_give_a_bounded_and_escaped_comment(github):
    files = {
        "base.json": side(),
        "head.json": side(hostile_template(), revision=EVIL),
        "raw.txt": f"```\n{EVIL}\n</details>\n" * 20_000,
    }
    github.artifact(zipped(files))
    assert github.run() in (0, 1)
    (body,) = github.bodies
    assert "octocat" in body and "img src" in body
    assert is_harmless(body) and length(body) <= 60_000


def test_a_server_that_is_overloaded_is_asked_again(github):
    github.artifact(SLOWER)
    github.failures = [(502, {}), (503, {}), (429, {"Retry_After": "1"})]
    assert github.run() == 0
    assert len(github.comments) == 1


def test_a_server_that_stays_down_is_given_up(github, capsys):
    github.artifact(SLOWER)
    github.failures = [(502, {})] * 9
    assert github.run() == 2
    said = capsys.readouterr().err
    assert "GitHub answered 502 to GET" in said and "per_page" not in said
    assert TOKEN not in said and github.writes == []


def test_a_comment_is_not_created_twice_for_a_lost_answer(github):
    github.failures = [(502, {})]
    with pytest.raises(ApiError):
        api(github).send("POST", "/repos/acme/site/issues/7/comments", {"body": "a"})
    assert len(github.requests) == 1


def test_a_missing_permission_is_named_with_its_cure(github):
    github.failures = [(403, {})]
    with pytest.raises(ApiError, match="pull-requests: write") as refused:
        api(github).get("/repos/acme/site/pulls", secret="query")
    assert "query" not in str(refused.value) and refused.value.status == 403


@pytest.mark.parametrize("place", ["http://127.0.0.2:1/a", "file:///etc/passwd"])
def test_what_changes_something_is_not_redirected(github, place):
    github.failures = [(302, {"Location": place})]
    with pytest.raises(ApiError, match="answered 302"):
        api(github).send("PATCH", "/a", {})


def test_a_redirect_leads_to_no_file(github):
    github.failures = [(302, {"Location": "file:///etc/passwd"})]
    with pytest.raises(ApiError):
        api(github).get("/a")


def test_the_token_follows_on_the_same_host(github):
    place = f"{github.address}/repos/acme/site/pulls"
    github.failures = [(301, {"Location": place})]
    assert api(github).get("/old") == []


def test_an_unreachable_server_is_a_sentence():
    with pytest.raises(ApiError, match="github must answer get /a, and"):
        Api(url="http://127.0.0.1:1", token=TOKEN, wait=lambda _: None).get("/a", b="c")


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        ("http://api.example", TOKEN, "must be an HTTPS address"),
        ("https://api.example", "", "GITHUB_TOKEN must be set"),
    ],
)
def test_fails_without_a_safe_way_to_ask(url, token, says):
    with pytest.raises(ValueError, match=says):
        Api(url=url, token=token)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"pull_request": {}}, "must be a workflow_run"),
        ([], "must be a workflow_run"),
        (event(head_sha="../.."), "head_sha must be a commit"),
        (event(id="1/../2"), "workflow_run|id of type int"),
        ({**event(), "repository": {"full_name": "a/b/c", "id": 1}}, "owner/name"),
    ],
)
def test_fails_for_an_event_of_another_kind(tmp_path, data, says):
    path = tmp_path / "event.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=says):
        read_run(path)


def test_fails_without_an_event(monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    assert main(["comment", "--settings", "."]) == 2
    assert "--event must be a file" in capsys.readouterr().err


def test_the_bot_is_the_one_of_a_jobs_own_token():
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert parser.parse_args(["--settings", "."]).author == BOT["login"]
