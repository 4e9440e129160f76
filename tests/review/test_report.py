"""What must be acknowledged, what is read once, and how much there is to read."""

from __future__ import annotations

import json
import tomllib

import pytest
from report_support import change, replaced, report

from cdn_review import markdown, terminal
from cdn_review.change import Tag, Topic

ID = "prod/distribution-replaced/1a2b3c4d"
OF_DEV = "dev/distribution-replaced/1a2b3c4d"
FRIDAY = {ID: "moves on Friday"}
BOTH = ("media distribution", "static distribution")


def data(*changes, **more):
    return json.loads(report(*changes, **more).to_json())


def lines(*changes):
    return [
        (",".join(line["environments"]), line["role"])
        for line in data(*changes)["lines"]
    ]


@pytest.mark.parametrize(
    ("changes", "given", "ok", "unused"),
    [
        ([], {}, True, []),
        ([change()], {}, True, []),
        ([change(), replaced()], {}, False, []),
        ([replaced()], {"acknowledged": FRIDAY}, True, []),
        # What the base already acknowledges was another change.
        ([replaced()], {"there": FRIDAY}, False, []),
        ([replaced(fingerprint="ffffffff")], {"acknowledged": FRIDAY}, False, [ID]),
        ([replaced("a"), replaced("b")], {"acknowledged": FRIDAY}, True, []),
        ([replaced()], {"unprotected": ["prod"]}, True, []),
        ([replaced()], {"unprotected": ["mysite-cdn-prod"]}, True, []),
        ([replaced()], {"unprotected": ["pro"]}, False, []),
        ([replaced()], {"unprotected": ["dev"]}, False, []),
        (
            [replaced(environment="prod (nested Logs)")],
            {"unprotected": ["mysite-cdn-prod"]},
            True,
            [],
        ),
    ],
)
def test_what_blocks_waits_for_an_acknowledgement(changes, given, ok, unused):
    found = data(*changes, **given)
    assert (found["ok"], found["changed"]) == (ok, bool(changes))
    assert found["unused"] == unused
    assert {line["block"] for line in found["lines"]} <= {None, "distribution-replaced"}


def test_a_name_that_two_sites_would_share_unprotects_neither():
    stacks = ("a-cdn-eu", "b-cdn-eu")
    change_of_a = replaced(environment="a-cdn-eu")
    assert not report(change_of_a, stacks=stacks, unprotected=("eu",)).ok
    assert report(change_of_a, stacks=stacks, unprotected=("a-cdn-eu",)).ok
    assert data(stacks=stacks)["environments"] == ["a-cdn-eu", "b-cdn-eu"]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ([replaced(role=role) for role in BOTH], 1),
        ([replaced("a"), replaced("b", role="media distribution")], 2),
    ],
)
def test_one_cause_in_several_distributions_asks_for_one_acknowledgement(
    changes, count
):
    found = report(*changes)
    assert [line["ids"] for line in data(*changes)["lines"]] == [[ID]] * count
    for text in (markdown.render(found), terminal.render(found, colour=False)):
        assert text.count("[[acknowledged]]") == 1


def test_each_environment_has_an_acknowledgement_of_its_own():
    both = (replaced(), replaced(environment="dev"))
    (line,) = data(*both)["lines"]
    assert (line["environments"], line["ids"]) == (["prod", "dev"], [ID, OF_DEV])
    of_prod, of_dev = data(*both, acknowledged=FRIDAY)["lines"]
    assert (of_dev["environments"], of_dev["reason"]) == (["dev"], "")
    assert (of_prod["environments"], of_prod["reason"]) == (["prod"], FRIDAY[ID])


# --- What is read once ---


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [change(role=role) for role in BOTH],
            [("prod", "media and static distribution")],
        ),
        (
            [change(role=f"{one} distribution") for one in ("a", "b", "c")],
            [("prod", "a, b and c distribution")],
        ),
        (
            [change(environment=one) for one in ("dev", "staging")]
            + [change("another", environment="dev")],
            [("dev,staging", "static distribution"), ("dev", "static distribution")],
        ),
        (
            [change(role="media distribution"), change(environment="staging")],
            [("prod", "media distribution"), ("staging", "static distribution")],
        ),
    ],
)
def test_equal_changes_are_one_line(changes, expected):
    assert lines(*changes) == expected


@pytest.mark.parametrize(
    "other",
    [
        change("takes {}", 2, role="media distribution"),
        change("takes {}", 1, role="media distribution", tags=(Tag.COST,)),
        change("takes {}", 1, role="media distribution", note="dearer"),
        change("takes {}", 1, role="alarms"),
    ],
)
def test_other_values_notes_tags_and_parts_are_lines_of_their_own(other):
    assert len(lines(change("takes {}", 1), other)) == 2


def test_topics_come_in_their_order():
    found = data(change(topic=Topic.OTHER), change(topic=Topic.ACCESS))["lines"]
    assert [line["topic"] for line in found] == ["access", "other"]


def test_the_headline_counts_the_lines_below_it():
    found = report(
        *(replaced(role=role) for role in BOTH),
        *(change(environment=one) for one in ("dev", "staging")),
        replaced(environment="dev"),
        acknowledged={OF_DEV: "it moves"},
    )
    headline = "CDN review: 3 changes, 1 to acknowledge, 1 acknowledged"
    text = markdown.render(found)
    assert f"### ⛔ {headline}\n\n`1111111` → `2222222`" in text
    assert text.count("\n- ") == 3
    shown = terminal.render(found, colour=False)
    assert shown.startswith(f"{headline}\n1111111 -> 2222222\n")
    assert shown.count("static distribution: ") == 3
    assert len(json.loads(found.to_json())["lines"]) == 3


def test_what_to_add_is_toml_with_an_empty_reason():
    text = markdown.render(report(replaced(), change("a setting")))
    entry = text.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(entry) == {"acknowledged": [{"change": ID, "reason": ""}]}
    assert text.index("is replaced") < text.index("a setting")
    assert "acknowledge" not in markdown.render(report(change("a setting")))


def test_json_has_the_documented_keys():
    given = replaced("é\u202e", tags=(Tag.COST,), note="n")
    found = data(given, notices=("x",), raw="raw")
    (line,) = found.pop("lines")
    assert found == {
        **{"ok": False, "changed": True, "before": "1111111", "after": "2222222"},
        **{"environments": ["dev", "prod", "staging"], "notices": ["x"], "unused": []},
    }
    assert line == {
        **{"environments": ["prod"], "stacks": ["mysite-cdn-prod"]},
        **{"role": "static distribution", "topic": "replacement"},
        **{"text": "is replaced by 'é'", "note": "n", "tags": ["cost"]},
        **{"block": "distribution-replaced", "ids": [ID], "reason": ""},
    }
    assert report(replaced("é")).to_json().isascii()
