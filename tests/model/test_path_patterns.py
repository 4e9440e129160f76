"""Which paths the patterns of behaviors match, and where two of them overlap."""

from __future__ import annotations

import pytest

from cdn_model.path_patterns import LONGEST, matches, overlap, tidy


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*", ["a/b", ""], []),
        ("images/*", ["/images/a"], ["image"]),
        ("/images/*", ["images/a"], []),
        ("*.jpg", ["a.jpg", "a/b.jpg", "private/*.jpg"], ["a.jpg.exe"]),
        ("a?c", ["abc"], ["ac", "a*c"]),
        ("a*", ["a?"], []),
        ("a*bc", [], ["ab"]),
        ("ab*b", [], ["ab"]),
        ("[a]", [], ["a"]),
        ("a.c", [], ["abc"]),
        ("a*b*c", ["a-b-b-c"], []),
        ("A*", [], ["a"]),
        ("a", [], ["a/"]),
        # A pattern matches all paths of a narrower one.
        ("a/*", ["a/b*"], ["*"]),
        ("*a" * 120 + "b", [], ["a" * LONGEST]),
    ],
)
def test_patterns_are_those_of_cloudfront(pattern, matching, others):
    assert [path for path in (*matching, *others) if matches(pattern, path)] == matching


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
