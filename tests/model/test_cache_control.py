"""For how long a shared cache may keep an answer."""

from __future__ import annotations

import pytest

from cdn_model.cache_control import directives, lifetime

YEAR = "Wed, 24 Nov 2027 00:00:00 GMT"


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("", None),
        ("public", None),
        ("public, max-age=60", 60),
        ('Max-Age="60"', 60),
        ("max-age=60, s-maxage=5", 5),
        ("max-age=60, no-store", 0),
        ('max-age=60, private="X-A"', 60),
        ("max-age=-1", None),
        ("max-age=" + "9" * 5000, 10**19),
        ("no-cache", 0),
    ],
)
def test_a_lifetime_is_read_as_cloudfront_reads_it(control, seconds):
    assert lifetime(control) == seconds


@pytest.mark.parametrize(
    ("control", "expires", "date", "seconds"),
    [
        ("max-age=60", "0", "", 60),
        ("", "0", "", 0),
        ("", YEAR, "Tue, 24 Nov 2026 00:00:00 GMT", 31_536_000),
        ("", YEAR, "Thu, 25 Nov 2027 00:00:00 GMT", 0),
        ("", YEAR, "", 0),
    ],
)
def test_expires_counts_without_a_max_age(control, expires, date, seconds):
    assert lifetime(control, expires=expires, date=date) == seconds


def test_directives_have_lower_case_names_and_values_without_quotes():
    assert directives('Public, No-Cache="a, b", max-age = 60') == {
        "public": None,
        "no-cache": "a, b",
        "max-age": "60",
    }
