"""How long the edge keeps what: the rules of CloudFront, both sides of each."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from multidict import CIMultiDict

from cdn_edge.cached_response import cache_control, lifetime
from cdn_edge.configuration import Ttls

NOW = 1_800_000_000.0
DEFAULT = Ttls(minimum=0, default=86_400, maximum=31_536_000)
NARROW = Ttls(minimum=10, default=100, maximum=1000)
OPEN = Ttls(minimum=0, default=100, maximum=1000)


def fresh(status=200, control=None, *, ttls=OPEN, error_ttl=10, **headers):
    given = CIMultiDict({name.capitalize(): value for name, value in headers.items()})
    if control is not None:
        given["Cache-Control"] = control
    life = lifetime(status, given, ttls=ttls, error_ttl=error_ttl, now=NOW)
    return None if life is None or life.only_if_origin_fails else life.fresh


def stale(control, ttls=OPEN):
    given = CIMultiDict({"Cache-Control": control})
    life = lifetime(200, given, ttls=ttls, error_ttl=10, now=NOW)
    assert life is not None
    return life.stale_while_revalidate, life.stale_if_error


@pytest.mark.documented(
    "TTLs: minimum, default, maximum, `max-age`, `s-maxage`, `Expires`", "Expiration"
)
@pytest.mark.parametrize(
    ("control", "open_ttl", "narrow_ttl"),
    [
        ("max-age=50", 50, 50),
        ("max-age=5", 5, 10),
        ("max-age=5000", 1000, 1000),
        ("max-age=1000000000, immutable", 1000, 1000),
        ("max-age=0", 0, 10),
        ("max-age=50, s-maxage=70", 70, 70),
        ("s-maxage=0, max-age=50", 0, 10),
        ("public", 100, 100),
        (None, 100, 100),
        ("no-store", None, 10),
        ("no-cache", None, 10),
        ("private, max-age=500", None, 10),
        ('no-cache="Set-Cookie", max-age=50', 50, 50),
        ("MAX-AGE=50", 50, 50),
        ('max-age="50"', 50, 50),
        ("max-age=soon", 100, 100),
        ("max-age=" + "9" * 4301, 1000, 1000),
    ],
)
def test_object_lives_by_header_and_policy(control, open_ttl, narrow_ttl):
    assert fresh(control=control, ttls=OPEN) == open_ttl
    assert fresh(control=control, ttls=NARROW) == narrow_ttl


def test_minimum_above_the_default_wins_where_the_origin_says_nothing():
    assert fresh(ttls=Ttls(minimum=200, default=100, maximum=1000)) == 200


def test_nothing_is_kept_with_caching_disabled():
    disabled = Ttls(minimum=0, default=0, maximum=0)
    assert fresh(control="max-age=50", ttls=disabled) is None
    assert fresh(404, ttls=disabled) is None


@pytest.mark.parametrize(
    ("offset", "control", "seconds"),
    [
        (50, None, 50),
        (-50, None, 0),
        (5000, None, 1000),
        (50, "max-age=70", 70),
        (50, "public", 50),
    ],
)
def test_expires_decides_where_no_max_age_does(offset, control, seconds):
    expires = formatdate(NOW + offset, usegmt=True)
    assert fresh(control=control, expires=expires) == seconds


@pytest.mark.documented(
    "An `Expires` that is no date has passed (no page of CloudFront says so)",
    "https://www.rfc-editor.org/rfc/rfc9111",
)
@pytest.mark.parametrize(
    "text",
    [
        "0",
        "Fri, 15 Jan 2027 08:01:40 UTC",
        "Fri, 15 Jan 2027 08:01:40 AEST",
        "Fri, 15 Jan 27 08:01:40 GMT",
        "Fri 15 Jan 2027 08:01:40 GMT",
        "Fri, 15  Jan 2027 08:01:40 GMT",
        "Fri, 15-Jan-2027 08:01:40 GMT",
        "Fri, 15 Jan 2027 08.01.40 GMT",
        "Fri, 15 Jan 2027 8:01:40 GMT",
        "Fri, 99 Jan 2027 08:01:40 GMT",
    ],
)
def test_expires_that_is_no_date_of_http_has_passed(text):
    assert fresh(expires=text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 15 Jan 2027 08:01:40 GMT",
        "Friday, 15-Jan-27 08:01:40 GMT",
        "Fri Jan 15 08:01:40 2027",
    ],
)
def test_expires_has_three_forms(text):
    assert fresh(expires=text) == 100


def test_two_lines_of_expires_are_none():
    date = formatdate(NOW + 50, usegmt=True)
    headers = CIMultiDict([("Expires", date), ("Expires", date)])
    life = lifetime(200, headers, ttls=OPEN, error_ttl=10, now=NOW)
    assert life.fresh == 0


def test_expires_counts_from_the_date_of_the_response():
    made = formatdate(NOW - 500, usegmt=True)
    assert fresh(expires=formatdate(NOW - 450, usegmt=True), date=made) == 50


@pytest.mark.documented(
    "Errors are kept for their error TTL, or longer when the origin says so",
    "custom-error-pages-expiration",
)
@pytest.mark.parametrize("status", [404, 414, 500, 501, 502, 503, 504])
def test_error_is_kept_for_its_ttl_or_longer_if_it_says_so(status):
    assert fresh(status, error_ttl=10) == 10
    assert fresh(status, "max-age=60", error_ttl=10) == 60
    assert fresh(status, "max-age=5", error_ttl=10) == 10
    assert fresh(status, "max-age=5000", error_ttl=10) == 1000
    assert fresh(status, error_ttl=5000) == 5000
    assert fresh(status, "max-age=9999", error_ttl=5000) == 5000
    assert fresh(status, error_ttl=0) is None
    assert fresh(status, "max-age=60", error_ttl=0) == 60


def test_error_is_kept_as_long_as_expires_says():
    assert fresh(404, expires=formatdate(NOW + 60, usegmt=True)) == 60


@pytest.mark.documented(
    "400, 403, 405, 412 and 415 are kept only with `max-age` or `s-maxage`",
    "HTTPStatusCodes",
)
@pytest.mark.parametrize("status", [400, 403, 405, 412, 415])
def test_some_errors_are_kept_only_on_request(status):
    assert fresh(status, error_ttl=10) is None
    assert fresh(status, "public", error_ttl=10) is None
    assert fresh(status, "max-age=5", error_ttl=10) == 10
    assert fresh(status, "s-maxage=60", error_ttl=10) == 60


@pytest.mark.documented("Other errors are never kept", "HTTPStatusCodes")
@pytest.mark.parametrize("status", [401, 408, 410, 416, 418, 429, 505])
def test_other_errors_are_never_kept(status):
    assert fresh(status, "max-age=60", error_ttl=10) is None


@pytest.mark.parametrize("refusal", ["no-store", "no-cache", "private"])
@pytest.mark.parametrize(
    ("status", "seconds"), [(404, None), (414, None), (501, None), (500, 10), (503, 10)]
)
def test_only_some_errors_may_refuse_to_be_kept(status, seconds, refusal):
    assert fresh(status, refusal, error_ttl=10) == seconds


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirect_is_an_object_like_any_other(status):
    assert fresh(status) == 100
    assert fresh(status, "max-age=50") == 50


@pytest.mark.documented(
    "307 and 308 are kept only with `Cache-Control`", "http-3xx-status-codes"
)
@pytest.mark.parametrize("status", [307, 308])
def test_temporary_redirect_is_kept_only_with_cache_control(status):
    assert fresh(status) is None
    assert fresh(status, expires=formatdate(NOW + 50, usegmt=True)) is None
    assert fresh(status, "max-age=50") == 50


@pytest.mark.parametrize("status", [206, 304])
def test_what_is_no_whole_object_is_never_kept(status):
    assert fresh(status, "max-age=50") is None


def test_vary_star_is_kept_only_by_a_minimum_ttl():
    assert fresh(control="max-age=50", vary="*") is None
    assert fresh(control="max-age=50", vary="*", ttls=NARROW) == 50
    assert fresh(control="max-age=50", vary="Origin") == 50
    assert fresh(control="max-age=50", vary="Origin, *") is None


def test_a_second_line_of_vary_counts():
    headers = CIMultiDict([("Vary", "Origin"), ("Vary", "*")])
    life = lifetime(200, headers, ttls=OPEN, error_ttl=10, now=NOW)
    assert life.only_if_origin_fails


@pytest.mark.parametrize("refusal", ["no-store", "no-cache", "private"])
def test_what_refuses_caching_is_kept_for_a_dead_origin_only(refusal):
    headers = CIMultiDict({"Cache-Control": refusal})
    life = lifetime(200, headers, ttls=OPEN, error_ttl=10, now=NOW)
    assert (life.fresh, life.only_if_origin_fails) == (0, True)
    other = lifetime(200, CIMultiDict(), ttls=OPEN, error_ttl=10, now=NOW)
    assert other.only_if_origin_fails is False


@pytest.mark.documented(
    "The origin's `Age` counts against freshness (no page of CloudFront says so)",
    "https://www.rfc-editor.org/rfc/rfc9111",
)
@pytest.mark.parametrize(
    ("age", "left"),
    [
        ("0", 50),
        ("20", 30),
        ("20, 40", 30),
        ("x", 0),
        ("-20", 0),
        ("20.5", 0),
        ("20;a=b", 0),
        ("9" * 4301, 0),
        ("9" * 100, 0),
        ("60", 0),
    ],
)
def test_age_of_the_origin_counts_against_what_it_allows(age, left):
    assert fresh(control="max-age=50", age=age) == left
    assert fresh(control="max-age=50", age="60", ttls=NARROW) == 10


def test_stale_directives_are_capped_by_the_maximum_ttl():
    assert stale("max-age=50") == (0, None)
    assert stale("stale-while-revalidate=60, stale-if-error=70") == (60, 70)
    assert stale("stale-while-revalidate=6000, stale-if-error=7000") == (1000, 1000)
    assert stale("stale-if-error=0") == (0, 0)


def test_defaults_are_a_day_and_a_year():
    assert fresh(ttls=DEFAULT) == 86_400
    assert fresh(control="max-age=1000000000", ttls=DEFAULT) == 31_536_000


def test_directives_of_several_lines_count_together():
    headers = CIMultiDict(
        [("Cache-Control", "public"), ("cache-control", "Max-Age = 5")]
    )
    assert cache_control(headers) == {"public": None, "max-age": "5"}
