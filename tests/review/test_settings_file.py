"""cdn-review.toml."""

from __future__ import annotations

import pytest

from cdn_review.settings import Settings, parse_settings, read_settings

ACKNOWLEDGED = """
[[acknowledged]]
change = "prod/access-widened/1a2b3c4d"
reason = "  the files are public now "
"""


def test_without_a_file_everything_is_protected(tmp_path):
    assert read_settings(tmp_path) == Settings()
    assert read_settings(tmp_path).install == ()


def test_what_the_file_says(tmp_path):
    text = 'unprotected = ["prod-eu", "dev"]\ninstall = "npm ci"\n' + ACKNOWLEDGED
    (tmp_path / "cdn-review.toml").write_text(text)
    assert read_settings(tmp_path) == Settings(
        unprotected=("dev", "prod-eu"),
        acknowledged={"prod/access-widened/1a2b3c4d": "the files are public now"},
        install=("npm ci",),
    )


def test_install_is_one_command_or_several():
    assert parse_settings(b"install = ['a', 'b']").install == ("a", "b")
    assert parse_settings(b"install = 'a'").install == ("a",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("protected = []", "a key must be one of unprotected, acknowledged, install"),
        ("unprotected = ['a b']", "unprotected must be a list of environments"),
        ("unprotected = [1]", "unprotected must be a list of environments"),
        ("install = ['']", "install must be a command or a list of commands"),
        ("install = 1", "install must be a command or a list of commands"),
        ("acknowledged = 1", "each [[acknowledged]] must have a change and a reason"),
        ("[[acknowledged]]\nchange = 'x'", "must have a change and a reason"),
        (
            "[[acknowledged]]\nchange = 'prod/static/access-widened/1a2b3c4d'\nreason = 'x'",
            "change must be the id that a report gives, such as 'prod/access-wid",
        ),
        (ACKNOWLEDGED + ACKNOWLEDGED, "a change must be acknowledged once"),
        (ACKNOWLEDGED.replace('"  the files are public now "', "1"), "must be a text"),
        ("a = ", "cdn-review.toml must be TOML"),
    ],
)
def test_what_cannot_be_right_is_refused(text, sentence):
    with pytest.raises(ValueError) as caught:
        parse_settings(text.encode())
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("cdn-review.toml")


def test_a_file_of_another_encoding_is_refused():
    with pytest.raises(ValueError, match="cdn-review.toml must be UTF-8"):
        parse_settings(b"# \xff")
