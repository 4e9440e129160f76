"""docs/review.md says and shows what the code does."""

from __future__ import annotations

import pkgutil
import re

import pytest
from cdk_support import ROOT
from review_picture import PICTURE, TEXT, comment, hash_of, raw_of, remembered

from cdn_review import commands
from cdn_review.packs import limits
from cdn_review.packs.settings import parse_settings
from cdn_review.rendering.markdown import LIMIT
from cdn_review.summary import Stop

PAGE = (ROOT / "docs" / "review.md").read_text("utf-8")
SHOWN = TEXT.read_text("utf-8")


def rows(heading):
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.M)


def test_every_kind_that_stops_is_explained():
    assert {*rows("What stops")} == {str(stop) for stop in Stop}


def test_every_command_is_listed():
    known = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert {*rows("On your machine")} == known


def test_the_settings_that_are_shown_are_read():
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    settings = parse_settings(block.encode())
    assert settings.unprotected == ("dev",)
    (change,) = settings.acknowledged
    assert change in SHOWN or change.startswith("prod/static-distribution/")


def test_the_comment_that_is_shown_is_the_one_that_is_written():
    assert comment(raw_of(SHOWN)) == SHOWN


def test_another_comment_would_be_noticed():
    assert comment("another diff") != SHOWN
    assert hash_of(SHOWN + " ") != remembered(PICTURE.read_bytes())


def test_the_picture_is_of_this_comment():
    told = "run 'python tests/review_picture.py'"
    assert remembered(PICTURE.read_bytes()) == hash_of(SHOWN), told


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (limits.PACK_BYTES // limits.MIB, "{} MB for a pack"),
        (limits.STACKS, "{} stacks"),
        (limits.RESOURCES, "{:,} resources"),
        (limits.DEPTH, "{} levels"),
        (LIMIT, "{:,} bytes"),
    ],
)
def test_the_limits_are_those_of_the_code(number, text):
    assert text.format(number) in PAGE


@pytest.mark.parametrize("name", ["cdn-review.yml", "cdn-comment.yml"])
def test_the_files_to_copy_are_there(name):
    text = (ROOT / "docs" / "review" / name).read_text("utf-8")
    assert f"(review/{name})" in PAGE
    assert "your-organization/dj-cloudfront/.github/actions/" in text
    used = re.findall(r"dj-cloudfront/(\.github/actions/[a-z]+)@", text)
    assert all((ROOT / one / "action.yml").is_file() for one in used)
