"""cdn-review.toml says what is unprotected and what is acknowledged, or one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_review.packs.settings import Settings, parse_settings, read_settings

ROOT = Path(__file__).resolve().parents[1]
CHANGE = "prod/static-distribution/distribution-replaced/1a2b3c4d"


def test_without_a_file_everything_is_protected(tmp_path):
    assert read_settings(tmp_path) == Settings()


def test_the_settings_of_a_file(tmp_path):
    (tmp_path / "cdn-review.toml").write_text(
        f"""
        unprotected = ["staging", "dev"]
        [[acknowledged]]
        change = "{CHANGE}"
        reason = " moves on Friday "
        """
    )
    assert read_settings(tmp_path) == Settings(
        unprotected=("dev", "staging"), acknowledged={CHANGE: "moves on Friday"}
    )


def test_the_settings_of_this_repository_leave_dev_alone():
    assert read_settings(ROOT) == Settings(unprotected=("dev",))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("protected = []", "a key must be 'unprotected' or 'acknowledged', got 'prot"),
        ("unprotected = 'dev'", "must be a list of environments, such as ['dev']"),
        ("unprotected = [1]", "such as ['dev'], got a value of another type (int)"),
        ("acknowledged = 5", "acknowledged must be a list of at most 200 tables"),
        ("[[acknowledged]]", "must have a change and a reason alone"),
        (f"[[acknowledged]]\nchange = '{CHANGE}'", "must have a change and a reason"),
        (
            f"[[acknowledged]]\nchange = '{CHANGE}'\nreason = ''",
            f"reason must say why '{CHANGE}' is right, got ''",
        ),
        (
            f"[[acknowledged]]\nchange = '{CHANGE}'\nreason = '{'x' * 501}'",
            "reason must have at most 500 characters, got 501",
        ),
        (
            "[[acknowledged]]\nchange = 'all'\nreason = 'x'",
            "change must be an id that a comparison has given",
        ),
        (
            f"[[acknowledged]]\nchange = '{CHANGE}'\nreason = 'x'\n" * 2,
            "a change must be acknowledged once",
        ),
        ("= 1", "cdn-review.toml must be TOML, and it is not"),
        ("a = " + "[" * 5000, "cdn-review.toml must be TOML, and it is not"),
        ("#" * (128 * 1024 + 1), "must have at most 131072 bytes"),
    ],
    ids=lambda value: value[:40],
)
def test_what_cannot_be_right_in_it_is_refused(text, sentence):
    with pytest.raises(ValueError) as caught:
        parse_settings(text.encode())
    assert sentence in str(caught.value)


def test_settings_that_are_not_utf8_are_refused():
    with pytest.raises(ValueError, match="must be UTF-8 throughout"):
        parse_settings(b"\xff")
