"""Rules for some paths only: each path is compared with what it had before."""

from __future__ import annotations

import pytest
from review_distributions_support import BEHAVIOR, SERVER, stops, template, told

from cdn_review.summary.distributions.paths import matches

SIGNED = {"TrustedKeyGroups": ["g"]}


def paths(*patterns, **default):
    return template(
        default, others=[{"PathPattern": pattern, **more} for pattern, more in patterns]
    )


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("*", "a/b", True),
        ("images/*", "/images/a", True),
        ("/images/*", "images/a", True),
        ("images/*", "image", False),
        ("*.jpg", "a.jpg", True),
        ("*.jpg", "a.jpg.exe", False),
        ("a?c", "abc", True),
        ("a?c", "a*c", False),
        ("a*", "a?", True),
        ("a*bc", "ab", False),
        ("ab*b", "ab", False),
        ("[a]", "a", False),
        ("a*b*c", "a-b-b-c", True),
        ("A*", "a", False),
    ],
)
def test_patterns_are_those_of_cloudfront(pattern, path, is_match):
    assert matches(pattern, path) is is_match


def test_no_pattern_takes_long():
    assert not matches("*a" * 120 + "b", "a" * 255)


def test_a_change_of_all_paths_is_said_once_and_for_no_path():
    before = paths(("a/*", SIGNED), ("b/*", {}))
    viewer = {"ViewerProtocolPolicy": "https-only"}
    after = paths(("a/*", {**SIGNED, **viewer}), ("b/*", viewer), **viewer)
    assert told(before, after) == ["requests by http:// are refused"]


def test_a_change_of_some_paths_names_them():
    before, lenient = (
        paths(("a/*", {}), ("b/*", {}), ("c/*", SIGNED)),
        {"Compress": True},
    )
    one = paths(("a/*", lenient), ("b/*", lenient), ("c/*", SIGNED))
    text = "what the origin did not compress is compressed at the edge"
    assert told(before, one) == [f"under 'a/*, b/*': {text}"]
    most = paths(("a/*", lenient), ("b/*", lenient), ("c/*", SIGNED), **lenient)
    assert told(before, most) == [f"except under 'c/*': {text}"]


def test_a_new_pattern_is_compared_with_what_had_its_paths():
    assert stops(template(SIGNED), paths(("a/*", {}), **SIGNED)) == ["access-widened"]
    assert told(template(SIGNED), paths(("a/*", SIGNED), **SIGNED)) == []


def test_a_pattern_that_goes_leaves_its_paths_to_another():
    (line,) = told(paths(("private/*", SIGNED)), template())
    assert line.startswith("under 'private/*': files no longer need a signed URL")
    assert told(paths(("a/*", {})), template()) == []


def test_another_order_is_told_where_patterns_overlap():
    one, other = ("private/*", SIGNED), ("*.jpg", {})
    (line,) = told(paths(one, other), paths(other, one))
    assert line.startswith("under 'private/*.jpg': files no longer need a signed URL")
    apart = ("public/*", {})
    assert told(paths(one, apart), paths(apart, one)) == []


def test_a_pattern_that_is_never_reached_changes_nothing():
    before = paths(("a*", {}), ("ab*", {}))
    assert told(before, paths(("a*", {}), ("ab*", SIGNED))) == []


def group(*members, codes=(403, 404)):
    origins = [{**SERVER, "Id": str(place), **one} for place, one in enumerate(members)]
    both = {
        "Id": "group",
        "Members": {"Items": [{"OriginId": one["Id"]} for one in origins]},
        "FailoverCriteria": {"StatusCodes": {"Items": list(codes)}},
    }
    return template(
        {"TargetOriginId": "group"},
        config={"Origins": origins, "OriginGroups": {"Items": [both]}},
    )


SECOND = {"DomainName": "www2.example.com"}
BUCKET = {
    "DomainName": "bucket.s3.amazonaws.com",
    "CustomOriginConfig": None,
    "OriginCustomHeaders": None,
    "S3OriginConfig": {},
    "OriginAccessControlId": "c",
}


def test_a_second_server_has_to_be_as_closed_as_the_first():
    assert stops(template(), group({}, SECOND)) == []
    bare = {**SECOND, "OriginPath": "", "OriginCustomHeaders": []}
    assert set(stops(template(), group({}, bare))) == {"origin-opened"}
    whole = {"OriginPath": ""}
    assert stops(template(), group({}, whole)) == ["origin-opened"]


def test_a_bucket_that_is_asked_first_has_not_become_of_the_server():
    lines = told(template(), group(BUCKET, {}))
    assert len(lines) == 1 and lines[0].startswith(
        "a bucket is asked first: 'bucket.s3"
    )
    (line,) = told(group(BUCKET, {}), template())
    assert line == "a bucket is no longer asked: 'bucket.s3.amazonaws.com'"


def test_the_codes_on_which_the_second_is_asked_are_told():
    (line,) = told(group({}, SECOND), group({}, SECOND, codes=(404,)))
    assert line == "the second origin is asked on '404' instead of '403, 404'"


def test_the_id_of_an_origin_means_nothing():
    other = {**SERVER, "Id": "moved"}
    after = template({"TargetOriginId": "moved"}, config={"Origins": [other]})
    assert told(template(), after) == []
    assert BEHAVIOR["TargetOriginId"] == "server"
