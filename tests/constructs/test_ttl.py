from __future__ import annotations

from datetime import timedelta

import pytest
from cdk_support import half_template, pair_template

from constructs_lib import ErrorTtl, MediaDistribution, Ttl


def seconds(value):
    return timedelta(seconds=value)


def test_the_order_min_default_max_passes():
    assert Ttl(min=seconds(1), default=seconds(1), max=seconds(1)).max == seconds(1)


@pytest.mark.parametrize(
    ("low", "default", "high"), [(2, 1, 3), (0, 4, 3), (5, 86_400, 4)]
)
def test_fails_when_ttls_are_out_of_order(low, default, high):
    expected = f"min <= default <= max, .* got {low}, {default}, {high}$"
    with pytest.raises(ValueError, match=expected):
        Ttl(min=seconds(low), default=seconds(default), max=seconds(high))


def test_fails_when_caching_is_switched_off():
    with pytest.raises(ValueError, match="ttl.max must be .* at least 1"):
        Ttl(default=seconds(0), max=seconds(0))


def test_fails_when_a_duration_is_a_number():
    with pytest.raises(
        ValueError, match="^ttl.max must be a datetime.timedelta, .* got 60$"
    ):
        Ttl(max=60)


@pytest.mark.parametrize("value", [-1, 0.5])
def test_fails_when_seconds_are_negative_or_broken(value):
    with pytest.raises(ValueError, match="ttl.min must be a whole number of seconds"):
        Ttl(min=seconds(value))
    with pytest.raises(ValueError, match="error_ttl.not_found must be a whole number"):
        ErrorTtl(not_found=seconds(value))
    with pytest.raises(ValueError, match="error_ttl.server_error must be a whole"):
        ErrorTtl(server_error=seconds(value))


@pytest.mark.parametrize("name", ["not_found", "server_error"])
def test_fails_when_errors_would_outlive_what_caps_them(name):
    ttl = Ttl(default=seconds(60), max=seconds(60))
    expected = (
        f"^error_ttl.{name} must not be above ttl.max, .* such as 60 seconds, got 61$"
    )
    with pytest.raises(ValueError, match=expected):
        half_template(ttl=ttl, error_ttl=ErrorTtl(**{name: seconds(61)}))
    half_template(ttl=ttl, error_ttl=ErrorTtl(**{name: seconds(60)}))


def cache_policies(template):
    """The TTLs of each cache policy: minimum, default and maximum."""
    found = template.find_resources("AWS::CloudFront::CachePolicy").values()
    configs = [one["Properties"]["CachePolicyConfig"] for one in found]
    return {(one["MinTTL"], one["DefaultTTL"], one["MaxTTL"]) for one in configs}


def test_each_distribution_completes_a_ttl_by_its_own_maximum():
    found = cache_policies(pair_template(ttl=Ttl(default=seconds(60))))
    assert found == {(0, 60, 31_536_000), (0, 60, 604_800)}


def test_fails_when_a_ttl_is_above_the_maximum_of_the_distribution():
    ttl = Ttl(default=timedelta(days=8))
    expected = "^ttl must have min <= default <= max, .* got 0, 691200, 604800$"
    with pytest.raises(ValueError, match=expected):
        half_template(MediaDistribution, ttl=ttl)
    assert cache_policies(half_template(ttl=ttl)) == {(0, 691_200, 31_536_000)}


def test_fails_when_errors_would_outlive_the_maximum_of_the_distribution():
    options = {
        "ttl": Ttl(default=seconds(60)),
        "error_ttl": ErrorTtl(not_found=timedelta(days=8)),
    }
    with pytest.raises(ValueError, match="^error_ttl.not_found must not be above"):
        half_template(MediaDistribution, **options)
    half_template(**options)
