"""Which paths the patterns of behaviors match, and where two of them overlap."""

from __future__ import annotations

import pytest

from cdn_model.path_patterns import LONGEST, matches, overlap, tidy


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("*", "a/b", True),
        ("*", "", True),
        ("images/*", "/images/a", True),
        ("/images/*", "images/a", True),
        ("images/*", "image", False),
        ("*.jpg", "a.jpg", True),
        ("*.jpg", "a/b.jpg", True),
        ("*.jpg", "a.jpg.exe", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a?c", "a*c", False),
        ("a*", "a?", True),
        ("a*bc", "ab", False),
        ("ab*b", "ab", False),
        ("[a]", "a", False),
        ("a.c", "abc", False),
        ("a*b*c", "a-b-b-c", True),
        ("A*", "a", False),
        ("a", "a/", False),
    ],
)
def test_patterns_are_those_of_cloudfront(pattern, path, is_match):
    assert matches(pattern, path) is is_match


@pytest.mark.parametrize(
    ("pattern", "other", "is_match"),
    [("a/*", "a/b*", True), ("a/*", "*", False), ("*.jpg", "private/*.jpg", True)],
)
def test_a_pattern_matches_all_paths_of_a_narrower_one(pattern, other, is_match):
    assert matches(pattern, other) is is_match


def test_no_pattern_takes_long():
    assert not matches("*a" * 120 + "b", "a" * LONGEST)


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("private/*", "*.jpg", "private/*.jpg"),
        ("*", "a", "a"),
        ("a*", "*b", "a*b"),
        ("a?", "?b", "ab"),
        ("a?", "ab", "ab"),
        ("public/*", "private/*", ""),
        ("a", "b", ""),
        ("a?", "abc", ""),
    ],
)
def test_two_patterns_have_a_path_in_common_or_none(first, second, path):
    assert overlap(first, second) == path
    found = overlap(second, first)
    assert bool(found) is bool(path)
    if path:
        assert matches(first, found) and matches(second, found)


def test_a_slash_at_the_beginning_makes_no_difference():
    assert tidy("/a/*") == tidy("a/*") == "a/*"
    assert len(tidy("a" * 1000)) == LONGEST
