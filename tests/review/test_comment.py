"""The comment on a pull request: GitHub's own program against a stand-in for its API."""

from __future__ import annotations

import json

import pytest
from github_support import (
    SHA,
    TOKEN,
    GitHub,
    merge_group,
    pull_request,
    run_comment,
    serving,
    workflow_run,
)
from tools import require

from cdn_review.markdown import NO_CHANGE

MARKER = "<!-- cdn-review -->"
REVIEW = "### CDN review: 1 change\n\n- static distribution: files stay 1 day\n"
NOTHING = f"{NO_CHANGE} in `prod`.\n"
OF = f"\n<sub>Of {SHA[:10]}.</sub>\n"


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
    assert run_comment(tmp_path / "review.md", *words) == 0


def test_a_comment_is_created_and_then_edited(github, tmp_path):
    write(tmp_path)
    assert github.bodies == [f"{MARKER}\n{REVIEW}{OF}"]
    write(tmp_path, REVIEW.replace("1 day", "2 days"))
    assert "2 days" in github.bodies[0]
    assert github.writes == ["POST issues/7/comments", "PATCH issues/comments/100"]


def test_an_equal_comment_is_left_as_it_is(github, tmp_path):
    github.comment(f"{MARKER}\n{REVIEW}{OF}".strip().replace("\n", "\r\n"))
    write(tmp_path)
    assert github.writes == []


def test_a_comment_with_the_same_first_line_by_somebody_else_is_not_edited(
    github, tmp_path
):
    github.comment(f"{MARKER}\nforged", author="guest")
    write(tmp_path)
    assert github.bodies == [f"{MARKER}\nforged", f"{MARKER}\n{REVIEW}{OF}"]


def test_another_comment_of_the_same_bot_is_not_edited(github, tmp_path):
    github.comment(f"coverage\n{MARKER}")
    write(tmp_path)
    assert github.writes == ["POST issues/7/comments"]


def test_a_bot_of_ones_own_is_named(github, tmp_path):
    github.comment(f"{MARKER}\nold", author="acme[bot]")
    write(tmp_path, REVIEW, "--author", "acme[bot]")
    assert github.writes == ["PATCH issues/comments/100"]


def test_of_several_only_the_oldest_stays(github, tmp_path):
    for text in ("oldest", "newer", "newest"):
        github.comment(f"{MARKER}\n{text}")
    write(tmp_path)
    assert [one["id"] for one in github.comments] == [100]
    assert github.bodies == [f"{MARKER}\n{REVIEW}{OF}"]


def test_a_comment_on_a_later_page_is_found(github, tmp_path):
    for number in range(250):
        github.comment(f"{number}", author="guest")
    github.comment(f"{MARKER}\nold")
    write(tmp_path)
    assert github.writes == ["PATCH issues/comments/350"]


def test_each_app_has_a_comment_of_its_own(github, tmp_path):
    write(tmp_path)
    write(tmp_path, REVIEW, "--name", "shop")
    assert github.bodies[1] == f"<!-- cdn-review shop -->\n**shop**\n\n{REVIEW}{OF}"
    write(tmp_path, NOTHING, "--name", "shop")
    assert "no change" in github.bodies[1] and "no change" not in github.bodies[0]


@pytest.mark.parametrize("name", ["-->", "a b", "-a", "a" * 41, "ä", "a\n"])
def test_fails_when_a_name_could_end_the_marker(github, name, tmp_path):
    with pytest.raises(ValueError, match="--name must be at most 40"):
        write(tmp_path, REVIEW, f"--name={name}")


def test_the_run_of_an_older_commit_does_not_overwrite_a_newer_comment(
    github, tmp_path
):
    github.comment(f"{MARKER}\nnewer")
    github.open(sha="b" * 40)
    write(tmp_path)
    write(tmp_path, event=workflow_run(source="acme/site"))
    assert github.writes == []


def test_a_closed_pull_request_gets_no_comment(github, tmp_path):
    github.pulls = []
    write(tmp_path)
    assert github.writes == []


def test_of_two_pull_requests_of_a_branch_the_event_says_which(github, tmp_path):
    github.pulls = [{**github.pulls[0], "number": 6}, *github.pulls]
    write(tmp_path, event=workflow_run(source="acme/site"))
    assert github.writes == []
    write(tmp_path)
    assert github.writes == ["POST issues/7/comments"]


def test_the_run_of_a_fork_writes_the_summary_alone(github, tmp_path):
    github.open(source="guest/site")
    write(tmp_path, event=pull_request(source="guest/site"))
    write(tmp_path, event=pull_request(source=None))
    assert github.writes == []
    assert (tmp_path / "summary.md").read_text().count(REVIEW) == 2


def test_after_the_run_of_a_fork_its_pull_request_is_found(github, tmp_path):
    github.open(source="guest/site")
    write(tmp_path, event=workflow_run())
    assert github.writes == ["POST issues/7/comments"]


@pytest.mark.parametrize("source", ["guest/other", None])
def test_another_fork_with_the_same_branch_is_not_taken_for_it(
    github, source, tmp_path
):
    github.open(source="guest/site")
    write(tmp_path, event=workflow_run(source=source))
    assert github.writes == []


def test_a_merge_queue_has_a_summary_and_no_comment(github, tmp_path):
    write(tmp_path, event=merge_group())
    assert github.writes == []
    assert REVIEW in (tmp_path / "summary.md").read_text()


def test_no_comment_is_created_where_nothing_changes(github, tmp_path):
    write(tmp_path, NOTHING)
    assert github.writes == []


def test_a_comment_is_edited_when_nothing_changes_any_more(github, tmp_path):
    github.comment(f"{MARKER}\n{REVIEW}")
    write(tmp_path, NOTHING)
    assert github.bodies == [f"{MARKER}\n{NOTHING}{OF}"]


def test_a_failed_comparison_is_a_comment(github, tmp_path):
    write(tmp_path, "")
    assert "could not be compared" in github.bodies[0]
    (tmp_path / "review.md").unlink()
    assert run_comment(tmp_path / "review.md") == 0
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
    assert [("changes what reviews it" in body) for body in github.bodies] == (
        [True] if is_warned else []
    )


def test_what_github_refuses_is_an_error(github, tmp_path, monkeypatch):
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "wrong")
    with pytest.raises(ValueError, match="gh must reach GitHub.*Bad credentials"):
        write(tmp_path)
