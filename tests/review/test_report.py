"""What must be acknowledged, what is read once, and how much there is to read."""

from __future__ import annotations

import json
import tomllib

import pytest
from report_support import change, replaced, report

from cdn_review import markdown, terminal
from cdn_review.change import BlockReason, Tag, Topic

ID = "prod/distribution-replaced/1a2b3c4d"
BOTH = ("media distribution", "static distribution")


def data(*changes, **more):
    return json.loads(report(*changes, **more).to_json())


def lines(*changes, **more):
    return [
        (",".join(line["environments"]), line["role"])
        for line in data(*changes, **more)["lines"]
    ]


def test_what_blocks_waits_for_an_acknowledgement():
    found = report(change(), replaced())
    assert (found.ok, found.changed) == (False, True)
    assert [line.ids for line in found.blocking] == [(ID,)]


def test_nothing_waits_where_nothing_blocks():
    assert report(change()).ok and report().ok
    assert not report().changed


def test_an_acknowledgement_that_the_change_adds_counts():
    found = report(replaced(), acknowledged={ID: "moves on Friday"})
    assert found.ok and found.unused == ()
    assert [line.reason for line in found.acknowledged] == ["moves on Friday"]


def test_an_acknowledgement_that_the_base_already_has_does_not_count():
    found = report(replaced(), there={ID: "moved last year"})
    assert not found.ok and found.unused == ()


def test_an_acknowledgement_holds_for_these_values_alone():
    other = replaced(fingerprint="ffffffff")
    found = report(other, acknowledged={ID: "moves on Friday"})
    assert not found.ok
    assert found.unused == (ID,)


@pytest.mark.parametrize(
    ("name", "is_free"),
    [("prod", True), ("mysite-cdn-prod", True), ("pro", False), ("dev", False)],
)
def test_the_base_names_unprotected_environments_or_stacks(name, is_free):
    found = report(replaced(), unprotected=(name,))
    assert found.ok == is_free
    assert found.lines[0].block == BlockReason.DISTRIBUTION_REPLACED


def test_a_name_that_two_sites_would_share_unprotects_neither():
    stacks = ("a-cdn-eu", "b-cdn-eu")
    change_of_a = replaced(environment="a-cdn-eu")
    assert not report(change_of_a, stacks=stacks, unprotected=("eu",)).ok
    assert report(change_of_a, stacks=stacks, unprotected=("a-cdn-eu",)).ok
    assert data(stacks=stacks)["environments"] == ["a-cdn-eu", "b-cdn-eu"]


def test_a_nested_stack_is_as_protected_as_the_stack_around_it():
    nested = replaced(environment="prod (nested Logs)")
    assert report(nested, unprotected=("mysite-cdn-prod",)).ok
    assert not report(nested, unprotected=("mysite-cdn-dev",)).ok


def test_one_cause_in_several_distributions_asks_for_one_acknowledgement():
    found = report(*(replaced(role=role) for role in BOTH))
    assert [(line.role, line.ids) for line in found.blocking] == [
        ("media and static distribution", (ID,))
    ]
    for text in (markdown.render(found), terminal.render(found, colour=False)):
        assert text.count("[[acknowledged]]") == 1


def test_one_cause_that_reads_differently_is_two_lines_and_one_acknowledgement():
    found = report(replaced("a"), replaced("b", role="media distribution"))
    assert len(found.blocking) == 2
    assert markdown.render(found).count("[[acknowledged]]") == 1
    assert report(replaced("a"), replaced("b"), acknowledged={ID: "moves on Friday"}).ok


def test_each_environment_has_an_acknowledgement_of_its_own():
    found = report(replaced(), replaced(environment="dev"))
    (line,) = found.blocking
    assert line.environments == ("prod", "dev")
    assert line.ids == (ID, "dev/distribution-replaced/1a2b3c4d")
    half = report(
        replaced(), replaced(environment="dev"), acknowledged={ID: "on Friday"}
    )
    assert [line.environments for line in half.blocking] == [("dev",)]
    assert [line.environments for line in half.acknowledged] == [("prod",)]


def test_equal_changes_of_distributions_are_one_line():
    assert lines(*(change(role=role) for role in BOTH)) == [
        ("prod", "media and static distribution")
    ]
    three = [change(role=f"{one} distribution") for one in ("a", "b", "c")]
    assert lines(*three) == [("prod", "a, b and c distribution")]


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


def test_equal_changes_of_environments_are_one_line():
    found = [change(environment=one) for one in ("dev", "staging")]
    assert lines(*found, change("another", environment="dev")) == [
        ("dev,staging", "static distribution"),
        ("dev", "static distribution"),
    ]
    assert len(lines(*found, change("another"))) == 2


def test_environments_with_other_distributions_are_not_mixed_up():
    found = [change(role="media distribution"), change(environment="staging")]
    assert lines(*found) == [
        ("prod", "media distribution"),
        ("staging", "static distribution"),
    ]


def test_topics_come_in_their_order():
    found = report(change(topic=Topic.OTHER), change(topic=Topic.ACCESS))
    assert [line.topic for line in found.lines] == [Topic.ACCESS, Topic.OTHER]


def test_the_headline_counts_the_lines_below_it():
    found = report(
        *(replaced(role=role) for role in BOTH),
        *(change(environment=one) for one in ("dev", "staging")),
        replaced(environment="dev"),
        acknowledged={"dev/distribution-replaced/1a2b3c4d": "it moves"},
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
    found = data(
        replaced("é\u202e", tags=(Tag.COST,), note="n"), notices=("x",), raw="raw"
    )
    assert found == {
        "ok": False,
        "changed": True,
        "before": "1111111",
        "after": "2222222",
        "environments": ["dev", "prod", "staging"],
        "notices": ["x"],
        "lines": [
            {
                "environments": ["prod"],
                "stacks": ["mysite-cdn-prod"],
                "role": "static distribution",
                "topic": "replacement",
                "text": "is replaced by 'é'",
                "note": "n",
                "block": "distribution-replaced",
                "tags": ["cost"],
                "ids": [ID],
                "reason": "",
            }
        ],
        "unused": [],
    }
    assert report(replaced("é")).to_json().isascii()
