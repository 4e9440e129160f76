"""A report in a comment, in a terminal and as data, whatever a template holds."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from review_markup_support import change, is_harmless, page, report, stop

from cdn_review.rendering import json as as_json
from cdn_review.rendering import markdown, markup, terminal
from cdn_review.rendering.fitting import length
from cdn_review.summary import Topic

HOSTILE = (
    "`", "``", "``a`", "`a", "a` <b>b</b> `c", "a`` @octocat ``c", "<img src=x onerror=alert(1)>", "<script>", "-->", "</details>",
    "@octocat", "a@b.example", "#1", "https://evil.example", "www.evil.example", "[a](b)",
    "![a](b)", "**a**", "_a_", "~~a~~", "\\", "$a$", "$`a`$", ":tada:", "| a |", "&lt;b&gt;",
    "mailto:a@b.example", "xmpp:a@b.example", "\u202eevil", "a\n\n# b", "<!-- cdn-review -->",
    "```\n@octocat", "    code", "- [ ] a", "<a@b.example>", "<https://evil.example>",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join),
    st.text(max_size=60),
)


def lines(text):
    return text.rstrip().split("\n")


def test_no_change_is_one_line():
    text = markdown.render(report(raw="Stack mysite-cdn-prod"))
    marker, line = lines(text)
    assert marker == "<!-- cdn-review -->"
    assert line == (
        "**CDN review: no change** in `dev`, `prod`, `staging` (`1111111` to `2222222`)."
    )


def test_what_must_be_acknowledged_comes_first_with_the_lines_to_add():
    text = markdown.render(report(change("a setting"), stop("{}")))
    assert text.index("CDN review: 2 changes, 1 must be acknowledged") < text.index(
        "is replaced"
    )
    assert text.index("is replaced") < text.index("a setting")
    assert "⛔" in lines(text)[1]
    entry = text.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(entry)["acknowledged"] == [
        {
            "change": "prod/static-distribution/distribution-replaced/1a2b3c4d",
            "reason": "",
        }
    ]


def test_nothing_to_acknowledge_asks_for_nothing():
    text = markdown.render(report(change("a setting")))
    assert "acknowledge" not in text and "⛔" not in text
    assert "### CDN review: 1 change" in text


def test_an_acknowledged_change_is_shown_with_its_reason():
    one = stop()
    text = markdown.render(report(one, acknowledged=[(one, "moves on Friday")]))
    assert "CDN review: 1 change, 1 acknowledged" in text
    assert "**Acknowledged**" in text and "<br>Reason: `moves on Friday`" in text
    assert "[[acknowledged]]" not in text and "⛔" not in text


def test_an_acknowledgement_without_its_change_is_named():
    text = markdown.render(report(unused=("prod/x/distribution-deleted/00000000",)))
    assert "- `prod/x/distribution-deleted/00000000`" in text


def test_a_stopped_change_is_not_said_twice():
    text = markdown.render(report(stop(), change("a setting")))
    assert text.count("is replaced") == 1


def test_environments_with_the_same_changes_share_a_heading():
    both = [change("a setting", environment=one) for one in ("dev", "staging")]
    text = markdown.render(report(*both, change("another")))
    assert "**`dev`, `staging`**" in text and "**`prod`**" in text
    assert text.count("a setting") == 1


def test_environments_with_other_values_do_not():
    both = [change("takes {}", one, environment=one) for one in ("dev", "staging")]
    text = markdown.render(report(*both))
    assert "**`dev`**" in text and "**`staging`**" in text
    assert "No change in `prod`." in text


def test_one_stop_of_two_environments_is_one_line_and_two_entries():
    text = markdown.render(report(stop(environment="prod"), stop(environment="dev")))
    assert "- `prod`, `dev`: **distribution replaced**" in text
    assert text.count("[[acknowledged]]") == 2


def test_costs_and_security_are_flagged():
    text = markdown.render(
        report(change("dearer", costs=True), change("wider", topic=Topic.ACCESS))
    )
    assert "- **cost** · static distribution: dearer" in text
    assert "- **security** · static distribution: wider" in text
    assert "**cost**" not in markdown.render(report(change("plain")))


def test_the_raw_diff_is_folded_and_nothing_in_it_ends_its_block():
    raw = "[-] a\n```\n</details>\n@octocat <b>````</b>"
    text = markdown.render(report(change(), raw=raw))
    assert is_harmless(text)
    assert raw in [one.strip("\n") for one in page(text).code]
    assert "<details><summary>cdk diff</summary>" in text


def test_a_named_comment_has_a_marker_of_its_own():
    text = markdown.render(report(), name="shop")
    assert lines(text)[0] == "<!-- cdn-review shop -->"
    assert "CDN review of shop: no change" in text


@pytest.mark.parametrize("name", ["-->", "a b", "-a", "a" * 41, "ä", "a\n"])
def test_fails_when_a_name_could_end_the_marker(name):
    with pytest.raises(ValueError, match="--name must be"):
        markdown.marker(name)


def test_what_is_deployed_has_a_section_of_its_own():
    live = report(stop(), environments=("prod",))
    text = markdown.render(report(), deployed=live)
    assert "**Against what is deployed**\n\n- `prod`: **distribution replaced**" in text
    same = markdown.render(report(), deployed=report(environments=("prod",)))
    assert "**Against what is deployed:** no change in `prod`." in same


def everywhere(text):
    """A report with a foreign text wherever one can be."""
    one = stop(text, text, environment=text, role=text)
    return report(
        one,
        stop(text, environment=f"{text} 2"),
        change("takes {}{} now", text, text, environment=text, role=text),
        acknowledged=[(one, text)],
        unused=(text,),
        environments=(text, "prod"),
        before_name=text,
        after_name=text,
        raw=text,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_known_attacks_have_no_effect(text):
    assert is_harmless(markdown.render(everywhere(text)))


@settings(max_examples=60, deadline=None)
@example("a@b.example")
@given(TEXTS)
def test_foreign_text_has_no_effect(text):
    rendered = markdown.render(everywhere(text))
    assert is_harmless(rendered)
    assert length(rendered) <= markdown.LIMIT


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_our_own_sentences_are_escaped_as_well(text):
    shown = f"a {markup.own(text)} z"
    assert is_harmless(shown) and "\n" not in shown


@pytest.mark.parametrize("text", ["a `b` c", "100 % *", "<b> & $1 and $2", "a_b_c #1"])
def test_our_own_sentences_read_as_they_were_written(text):
    assert page(markup.own(text)).text.strip().replace("\u2060", "") == text


def test_values_are_shown_as_they_are():
    text = markdown.render(report(change("from {} to {}", "`a`", "b ` c")))
    assert page(text).code[:3] == ["prod", "`a`", "b ` c"]


def test_values_that_touch_are_two():
    text = markdown.render(report(change("takes {}{}", "a", "b")))
    assert page(text).code[1:3] == ["a", "b"]


def test_the_judge_of_markup_finds_what_has_an_effect():
    for text in ("a@b.example", "<b>a</b>", "@octocat", "[a](b)", "https://a.example"):
        assert not is_harmless(text), text


def many(count, word="takes", **more):
    texts = [f"{n} {'x' * 100}" for n in range(count)]
    return [change(f"{word} {{}}", text, **more) for text in texts]


def test_the_raw_diff_is_cut_first():
    one = report(*many(20), raw="+ line\n" * 100_000)
    text = markdown.render(one)
    assert length(text) <= 60_000
    assert text.count("takes") == 20
    assert "cdk diff, its beginning" in text and text.endswith("`2222222`.</sub>\n")
    assert is_harmless(text)


def test_settings_without_a_meaning_go_next_and_stops_stay():
    other = many(300, "sets", topic=Topic.OTHER)
    text = markdown.render(report(*other, *many(300), stop(), raw="raw"))
    assert length(text) <= 60_000
    assert text.count("takes") == 300 and 0 < text.count("sets") < 300
    assert "is replaced" in text and "[[acknowledged]]" in text
    assert "more lines do not fit here" in text and "cdk diff" not in text


def test_what_is_flagged_stays_longer_than_what_is_not():
    text = markdown.render(report(*many(600), *many(100, "costs", costs=True), stop()))
    assert text.count("**cost**") == 100 and 0 < text.count("takes") < 600


@pytest.mark.parametrize("limit", [20_000, 60_000])
def test_nothing_makes_a_comment_too_long(limit):
    wild = "\U0001f600" * 200
    stops = [stop(f"{n} {wild}", environment=f"{wild}{n}") for n in range(500)]
    text = markdown.render(
        report(*stops, unused=[wild] * 200, notices=(wild,) * 30, raw="`" * 70_000),
        limit=limit,
    )
    assert length(text) <= limit
    assert "must be acknowledged" in text and is_harmless(text)


def test_a_terminal_gets_colours_when_it_is_asked_and_only_then():
    one = report(stop(), change("a setting", costs=True))
    plain = terminal.render(one, colour=False)
    coloured = terminal.render(one, colour=True)
    assert "\x1b" not in plain and "\x1b[31;1m" in coloured
    assert "to acknowledge first\n  prod: static distribution: is replaced" in plain
    assert 'change = "prod/static-distribution/distribution-replaced/1a2b3c4d"' in plain
    assert "  static distribution: a setting [cost]" in plain


def test_a_terminal_shows_reasons_notices_and_names():
    one = stop()
    text = terminal.render(
        report(
            one, acknowledged=[(one, "on Friday")], unused=("a/b/c/d",), notices=("x",)
        ),
        colour=False,
    )
    assert "    reason: on Friday" in text
    assert "note: x" in text and "  a/b/c/d" in text
    assert "compared 1111111 with 2222222" in text


@settings(max_examples=60, deadline=None)
@example("\x1b[2J\x9b2J\r")
@example("\xa0")
@given(TEXTS)
def test_foreign_text_cannot_command_a_terminal(text):
    shown = terminal.render(everywhere(text), colour=False)
    assert all(one.isprintable() or one in "\n\t" for one in shown)


def test_data_has_every_documented_key():
    one = stop("x")
    data = json.loads(as_json.render(report(one, change(), raw="raw")))
    assert {"ok", "changed", "environments", "changes", "unused", "notices"} <= {*data}
    assert (data["ok"], data["changed"]) == (False, True)
    assert data["changes"][0] == {
        "environment": "prod",
        "stack": "mysite-cdn-prod",
        "role": "static distribution",
        "topic": "replacement",
        "text": "is replaced by 'x'",
        "note": "",
        "costs": False,
        "stop": "distribution-replaced",
        "id": "prod/static-distribution/distribution-replaced/1a2b3c4d",
        "acknowledged": None,
    }
    assert (data["changes"][1]["stop"], data["changes"][1]["id"]) == (None, None)


def test_data_has_the_reason_of_what_is_acknowledged():
    one = stop()
    data = json.loads(as_json.render(report(one, acknowledged=[(one, "on Friday")])))
    assert data["ok"] and data["changes"][0]["acknowledged"] == "on Friday"


def test_data_is_ascii():
    assert as_json.render(report(change("takes {}", "é\u202e"))).isascii()
