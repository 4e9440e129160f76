"""A report in a comment and in a terminal, whatever a template holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report_support import change, is_harmless, page, replaced, report

from cdn_review import markdown, markup, terminal
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


@settings(max_examples=60, deadline=None)
@example("a@b.example")
@given(TEXTS)
def test_untrusted_text_has_no_effect(text):
    rendered = markdown.render(everywhere(text))
    assert is_harmless(rendered)
    assert size(rendered) <= markdown.LIMIT


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_our_own_sentences_are_escaped_as_well(text):
    shown = f"a {markup.own(text)} z"
    assert is_harmless(shown) and "\n" not in shown


@settings(max_examples=60, deadline=None)
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
    assert page(markup.own(text)).text.strip().replace("\u2060", "") == text


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


def test_an_acknowledged_change_is_shown_with_its_reason():
    reason = {"prod/distribution-replaced/1a2b3c4d": "moves on Friday"}
    found = report(replaced(), acknowledged=reason)
    text = markdown.render(found)
    assert "**Acknowledged**" in text and "<br>Reason: `moves on Friday`" in text
    assert "[[acknowledged]]" not in text and "⛔" not in text
    assert "    reason: moves on Friday" in terminal.render(found, colour=False)


def test_an_acknowledgement_without_its_change_is_named():
    unused = {"prod/distribution-deleted/00000000": "it goes"}
    found = report(acknowledged=unused)
    assert "- `prod/distribution-deleted/00000000`" in markdown.render(found)
    assert "  prod/distribution-deleted/00000000" in terminal.render(
        found, colour=False
    )


def test_environments_are_headings_and_the_unchanged_ones_a_line():
    both = [change("a setting", environment=one) for one in ("dev", "staging")]
    text = markdown.render(report(*both))
    assert "**`dev`, `staging`**\n\n- static distribution: a setting" in text
    assert text.count("a setting") == 1 and "No change in `prod`." in text


def test_tags_and_blocks_are_labels():
    found = report(replaced(tags=(Tag.SECURITY,)), change("plain"))
    text = markdown.render(found)
    assert "- `prod`: **distribution replaced** · **security** · static" in text
    assert "- static distribution: plain" in text


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


def test_settings_that_no_sentence_explains_go_next_and_blocks_stay():
    other = many(MANY, "sets", topic=Topic.OTHER)
    # The group of prod, which has the other settings, comes before that of dev.
    known = [change("plain"), *many(MANY, environment="dev")]
    text = markdown.render(report(*known, *other, replaced(), raw="raw"))
    assert size(text) <= markdown.LIMIT
    assert text.count("takes") == MANY and 0 < text.count("sets") < MANY
    assert "is replaced" in text and "[[acknowledged]]" in text
    left = MANY - text.count("sets")
    assert f"{left} more lines do not fit here" in text and "cdk diff" not in text


def test_what_is_labelled_stays_longer_than_what_is_not():
    dear = many(100, "costs", tags=(Tag.COST,))
    text = markdown.render(report(*many(600), *dear, replaced()))
    assert text.count("**cost**") == 100 and 0 < text.count("takes") < 600


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


def test_a_terminal_gets_colours_when_it_is_asked_and_only_then():
    found = report(replaced(), change("a setting", tags=(Tag.COST,)))
    plain = terminal.render(found, colour=False)
    assert "\x1b" not in plain and "\x1b[31;1m" in terminal.render(found, colour=True)
    assert "to acknowledge first\n  prod: static distribution: is replaced [" in plain
    assert 'change = "prod/distribution-replaced/1a2b3c4d"' in plain
    assert "  static distribution: a setting [cost]" in plain


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
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal.is_coloured(choice) == expected
