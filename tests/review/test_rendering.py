"""A report in a comment and in a terminal, whatever a template holds."""

from __future__ import annotations

import os
from contextlib import redirect_stdout
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report_support import change, is_harmless, page, replaced, report

from cdn_review import markdown, terminal
from cdn_review.change import Tag, Topic

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
MANY = 300


def size(text):
    return len(text.encode())


def everywhere(text):
    """A report with an untrusted text wherever one can be."""
    ids = {f"{text}/distribution-replaced/1a2b3c4d": text, text: text}
    found = report(
        replaced(text, text, environment=text, role=text),
        replaced(text, environment=f"{text} 2", fingerprint=text),
        change("takes {}{} now", text, text, environment=text, role=text),
        acknowledged=ids,
        stacks=(text, "mysite-cdn-prod"),
        notices=(text,),
        raw=text,
    )
    return replace(found, before=text, after=text)


@pytest.mark.parametrize("text", HOSTILE)
def test_known_attacks_have_no_effect(text):
    assert is_harmless(markdown.render(everywhere(text)))


@settings(max_examples=30, deadline=None)
@example("a@b.example")
@given(TEXTS)
def test_untrusted_text_has_no_effect(text):
    rendered = markdown.render(everywhere(text))
    assert is_harmless(rendered)
    assert size(rendered) <= markdown.LIMIT


@settings(max_examples=30, deadline=None)
@example("\x1b[2J\x9b2J\r")
@example("\xa0")
@given(TEXTS)
def test_untrusted_text_cannot_command_a_terminal(text):
    shown = terminal.render(everywhere(text), colour=False)
    assert all(one.isprintable() or one in "\n\t" for one in shown)


def test_the_judge_of_markup_finds_what_has_an_effect():
    for text in ("a@b.example", "<b>a</b>", "@octocat", "[a](b)", "https://a.example"):
        assert not is_harmless(text), text


@pytest.mark.parametrize("text", ["a `b` c", "100 % *", "<b> & $1 and $2", "a_b_c #1"])
def test_our_own_sentences_read_as_they_were_written(text):
    shown = page(markdown.render(report(change(text)))).text
    assert text in shown.replace("\u2060", "")


def test_values_are_shown_as_they_are_and_apart():
    text = markdown.render(report(change("from {} to {}{}", "`a`", "b ` c", "d")))
    # After the two sides and the environment.
    assert page(text).code[3:6] == ["`a`", "b ` c", "d"]


def test_no_change_is_one_line_that_names_what_was_compared():
    assert markdown.render(report(raw="Stack mysite-cdn-prod")) == (
        "**CDN review: no change** in `dev`, `prod`, `staging` (`1111111` → `2222222`).\n"
    )
    assert terminal.render(report(), colour=False) == (
        "CDN review: no change in dev, prod, staging\n1111111 -> 2222222\n"
    )


def test_a_notice_comes_before_everything_else():
    found = report(replaced(), notices=("the requirements differ",))
    text = markdown.render(found)
    assert "⚠️ **the requirements differ**" in text
    assert text.index("requirements") < text.index("To acknowledge")
    shown = terminal.render(found, colour=False)
    assert shown.index("warning: the requirements differ") < shown.index(
        "acknowledge f"
    )
    assert "⚠️" not in markdown.render(report(replaced()))


ID = "prod/distribution-replaced/1a2b3c4d"
GONE = "prod/distribution-deleted/00000000"


@pytest.mark.parametrize(
    ("found", "in_comment", "in_terminal"),
    [
        (
            report(replaced(), acknowledged={ID: "moves on Friday"}),
            ["**Acknowledged**", "<br>Reason: `moves on Friday`"],
            ["    reason: moves on Friday"],
        ),
        (report(acknowledged={GONE: "it goes"}), [f"- `{GONE}`"], [f"  {GONE}"]),
        (
            report(*(change("a setting", environment=e) for e in ("dev", "staging"))),
            [
                "**`dev`, `staging`**\n\n- static distribution: a setting",
                "No change in `prod`.",
            ],
            [],
        ),
        (
            report(replaced(tags=(Tag.SECURITY,)), change("a setting")),
            [
                "- `prod`: **distribution replaced** · **security** · static",
                "- static distribution: a setting",
            ],
            [
                "to acknowledge first\n  prod: static distribution: is replaced [",
                f'change = "{ID}"',
                "  static distribution: a setting",
            ],
        ),
    ],
    ids=["acknowledged", "unused", "environments", "labels"],
)
def test_what_a_reader_sees(found, in_comment, in_terminal):
    text = markdown.render(found)
    assert [part for part in in_comment if text.count(part) != 1] == []
    assert ("⛔" in text) == ("[[acknowledged]]" in text) == (not found.ok)
    shown = terminal.render(found, colour=False)
    assert [part for part in in_terminal if part not in shown] == []
    assert "\x1b" not in shown and "\x1b[" in terminal.render(found, colour=True)


def test_the_raw_diff_is_folded_and_nothing_in_it_ends_its_block():
    raw = "[-] a\n```\n</details>\n@octocat <b>````</b>"
    text = markdown.render(report(change(), raw=raw))
    assert is_harmless(text)
    assert raw in [one.strip("\n") for one in page(text).code]
    assert "<details><summary>cdk diff</summary>" in text
    assert raw in terminal.render(report(change(), raw=raw), colour=False)


def many(count, word="takes", **more):
    return [change(f"{word} {{}}", f"{n} {'x' * 100}", **more) for n in range(count)]


def test_the_raw_diff_is_cut_first():
    text = markdown.render(report(*many(20), raw="+ line\n" * 100_000))
    assert size(text) <= markdown.LIMIT
    assert text.count("takes") == 20 and "do not fit" not in text
    assert "cdk diff, its beginning" in text and is_harmless(text)


def test_lines_are_cut_from_the_end_and_blocks_stay():
    other = many(MANY, "sets", topic=Topic.OTHER)
    text = markdown.render(report(*many(MANY), *other, replaced(), raw="raw"))
    assert size(text) <= markdown.LIMIT
    assert text.count("takes") == MANY and 0 < text.count("sets") < MANY
    assert "is replaced" in text and "[[acknowledged]]" in text
    assert "No change in" not in text and "cdk diff" not in text
    # And the line that says where nothing changes.
    left = MANY - text.count("sets") + 1
    assert f"{left} more lines do not fit here" in text


def test_headings_without_a_line_left_take_no_room():
    names = [f"{number}-{'x' * 60}" for number in range(2000)]
    alone = [change("takes {}", name, environment=name) for name in names]
    text = markdown.render(report(*alone, replaced()))
    assert "is replaced" in text and 0 < text.count("takes") < len(names)
    assert size(text) <= markdown.LIMIT


@pytest.mark.parametrize("limit", [20_000, markdown.LIMIT])
def test_nothing_makes_a_comment_too_long(limit):
    wild = "\U0001f600" * 200
    blocks = [replaced(f"{n} {wild}", environment=f"{wild}{n}") for n in range(500)]
    found = report(
        *blocks,
        acknowledged={f"{n}{wild}": wild for n in range(200)},
        notices=(wild * 10,) * 30,
        raw="`" * 70_000,
    )
    text = markdown.render(found, limit=limit)
    assert size(text) <= limit
    assert "500 to acknowledge" in text and is_harmless(text)


def test_a_terminal_is_80_columns_wide_where_words_allow_it():
    long = change("takes {}", "word " * 20, note="words " * 20, tags=tuple(Tag))
    shown = terminal.render(report(long, replaced()), colour=False)
    assert max(map(len, shown.split("\n"))) <= 80
    unbroken = change("takes {}", "x" * 100)
    assert "x" * 100 in terminal.render(report(unbroken), colour=False)


@pytest.mark.parametrize(
    ("choice", "variables", "expected"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"TERM": "dumb"}, False),
    ],
)
def test_colours_follow_the_terminal_and_no_color(
    monkeypatch, choice, variables, expected
):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.setenv(name, variables.get(name, ""))
    ours, theirs = os.openpty()
    with open(theirs, "w") as out, redirect_stdout(out):
        assert terminal.is_coloured(choice) == expected
    os.close(ours)
