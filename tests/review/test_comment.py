"""The comment on a pull request: GitHub's own program against a stand-in for its API."""

from __future__ import annotations

import json

import pytest
from github_support import (
    BOT,
    SHA,
    TOKEN,
    GitHub,
    merge_group,
    pull_request,
    serving,
    workflow_run,
)
from tools import require
from worktree_support import run

from cdn_review.markdown import NO_CHANGE

MARKER = "<!-- cdn-review -->"
REVIEW = "### CDN review: 1 change\n\n- static distribution: files stay 1 day\n"
NOTHING = f"{NO_CHANGE} in `prod`.\n"
OF = f"\n<sub>Of {SHA[:10]}.</sub>\n"
OWN = f"{MARKER}\n{REVIEW}{OF}"
CREATED = ["POST issues/7/comments"]
EDITED = ["PATCH issues/comments/100"]


@pytest.fixture(scope="module")
def serving_github():
    require("gh")
    github = GitHub()
    with serving(github) as address:
        yield github, address


@pytest.fixture
def github(serving_github, tmp_path, monkeypatch):
    github, address = serving_github
    github.__init__()
    for name, value in {
        "HOME": tmp_path,
        "GITHUB_API_URL": address,
        "GITHUB_EVENT_PATH": tmp_path / "event.json",
        "GITHUB_STEP_SUMMARY": tmp_path / "summary.md",
        # gh sends GH_TOKEN to github.com alone.
        "GH_ENTERPRISE_TOKEN": TOKEN,
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    return github


def write(tmp_path, review=REVIEW, *words, event=None):
    (tmp_path / "event.json").write_text(json.dumps(event or pull_request()))
    (tmp_path / "review.md").write_text(review)
    return run("comment", tmp_path / "review.md", *words)


def test_a_comment_is_created_and_then_edited(github, tmp_path):
    assert write(tmp_path).code == 0
    assert github.bodies == [OWN]
    write(tmp_path, REVIEW.replace("1 day", "2 days"))
    assert "2 days" in github.bodies[0]
    assert github.writes == CREATED + EDITED


NUMBERED = [(f"{number}", "guest") for number in range(250)]
THERE = {
    "equal": ([(OWN.strip().replace("\n", "\r\n"), BOT)], [], []),
    "of somebody else": ([(f"{MARKER}\nforged", "guest")], [], CREATED),
    "another of the bot": ([(f"coverage\n{MARKER}", BOT)], [], CREATED),
    "of a bot that is named": ([(MARKER, "acme[bot]")], ["--author", "acme[bot]"], EDITED),
    "on a later page": ([*NUMBERED, (MARKER, BOT)], [], ["PATCH issues/comments/350"]),
}  # fmt: skip


@pytest.mark.parametrize(("there", "words", "writes"), THERE.values(), ids=THERE)
def test_the_own_comment_is_edited_and_no_other(github, tmp_path, there, words, writes):
    for body, author in there:
        github.comment(body, author)
    write(tmp_path, REVIEW, *words)
    assert github.writes == writes


def test_of_several_only_the_oldest_stays(github, tmp_path):
    for text in ("oldest", "newer", "newest"):
        github.comment(f"{MARKER}\n{text}")
    write(tmp_path)
    assert [(one["id"], one["body"]) for one in github.comments] == [(100, OWN)]


def test_each_app_has_a_comment_of_its_own(github, tmp_path):
    write(tmp_path)
    write(tmp_path, REVIEW, "--name", "shop")
    assert github.bodies[1] == f"<!-- cdn-review shop -->\n**shop**\n\n{REVIEW}{OF}"
    write(tmp_path, NOTHING, "--name", "shop")
    assert "no change" in github.bodies[1] and "no change" not in github.bodies[0]


@pytest.mark.parametrize("name", ["-->", "a b", "-a", "a" * 41, "ä", "a\n"])
def test_fails_when_a_name_could_end_the_marker(github, name, tmp_path):
    error = write(tmp_path, REVIEW, f"--name={name}").error
    assert error.startswith("--name must be at most 40")


# --- Which pull request ---

FORK = {"source": "guest/site"}


OLDER = {"sha": "b" * 40}
RUNS = {
    "an older commit": (OLDER, pull_request(), []),
    "a run of an older commit": (OLDER, workflow_run(source="acme/site"), []),
    "closed": (None, pull_request(), []),
    "after the run of a fork": (FORK, workflow_run(), CREATED),
    "another fork": (FORK, workflow_run(source="guest/other"), []),
    "a deleted fork": (FORK, workflow_run(source=None), []),
    "a fork": (FORK, pull_request(source="guest/site"), []),
    "a fork that is gone": (FORK, pull_request(source=None), []),
    "a merge queue": ({}, merge_group(), []),
}


@pytest.mark.parametrize(("opened", "event", "writes"), RUNS.values(), ids=RUNS)
def test_a_comment_is_written_to_the_pull_request_of_the_run_alone(
    github, tmp_path, opened, event, writes
):
    github.comment(f"{MARKER}\nof somebody", author="guest")
    if opened is None:
        github.pulls = []
    else:
        github.open(**opened)
    write(tmp_path, event=event)
    assert github.writes == writes
    assert REVIEW in (tmp_path / "summary.md").read_text()


def test_of_two_pull_requests_of_a_branch_the_event_says_which(github, tmp_path):
    github.pulls = [{**github.pulls[0], "number": 6}, *github.pulls]
    write(tmp_path, event=workflow_run(source="acme/site"))
    assert github.writes == []
    write(tmp_path)
    assert github.writes == CREATED


# --- What is written ---


@pytest.mark.parametrize("there", [[], [f"{MARKER}\n{REVIEW}"]])
def test_where_nothing_changes_a_comment_is_only_edited(github, tmp_path, there):
    for body in there:
        github.comment(body)
    write(tmp_path, NOTHING)
    assert github.bodies == [f"{MARKER}\n{NOTHING}{OF}" for _ in there]


def test_a_failed_comparison_is_a_comment(github, tmp_path):
    write(tmp_path, "")
    assert "could not be compared" in github.bodies[0]
    (tmp_path / "review.md").unlink()
    assert run("comment", tmp_path / "review.md").code == 0
    assert len(github.comments) == 1


@pytest.mark.parametrize(
    ("file", "is_warned"),
    [
        ({"filename": ".github/workflows/cdn-review.yml"}, True),
        ({"filename": "infra/cdn-review.toml"}, True),
        ({"filename": "a.yml", "previous_filename": ".github/a.yml"}, True),
        ({"filename": "docs/.github/a.yml"}, False),
    ],
)
def test_a_change_of_what_reviews_it_is_said(github, tmp_path, file, is_warned):
    github.files = [{"filename": f"{number}.py"} for number in range(100)] + [file]
    write(tmp_path, NOTHING)
    assert len(github.bodies) == is_warned
    assert all("changes what reviews it" in body for body in github.bodies)


def test_what_github_refuses_is_an_error(github, tmp_path, monkeypatch):
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "wrong")
    said = write(tmp_path).error
    assert "gh must reach GitHub" in said and "Bad credentials" in said


def test_outside_of_a_workflow_it_says_what_prints_the_comment(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    said = run("comment", tmp_path / "review.md")
    assert "must run in a job of GitHub Actions" in said.error
