from __future__ import annotations

import pytest

from constructs_lib.signing import cookie_domain


@pytest.mark.parametrize(
    ("site", "media", "domain"),
    [
        ("www.example.com", "media.example.com", "example.com"),
        ("example.com", "media.example.com", "example.com"),
        ("www.example.co.uk", "media.example.co.uk", "example.co.uk"),
        ("www.shop.example.com", "media.example.com", "example.com"),
        ("www.example.com", "media.www.example.com", "www.example.com"),
        ("www.co.com", "media.co.com", "co.com"),
    ],
)
def test_signed_cookies_cross_by_the_parent_domain(site, media, domain):
    found = cookie_domain(site=site, domain_names=[media, "other.example.org"])
    assert found == domain


@pytest.mark.parametrize(
    ("site", "media"),
    [
        ("www.example.com", "media.example.org"),
        ("www.example.com", "media.myexample.com"),
        ("www.example.co.uk", "media.other.co.uk"),
        ("www.example.com", "d111111abcdef8.cloudfront.net"),
        ("www.example.com", "media.other.com"),
    ],
)
def test_fails_when_signed_cookies_would_not_arrive(site, media):
    with pytest.raises(
        ValueError, match=f"^domain_names must begin .* got {media!r}$"
    ) as found:
        cookie_domain(site=site, domain_names=[media, "media.example.com"])
    assert f"'media.{site.removeprefix('www.')}'" in str(found.value)


def test_fails_when_signed_cookies_meet_cloudfronts_own_name():
    with pytest.raises(ValueError, match="^domain_names must be given for signed"):
        cookie_domain(site="www.example.com", domain_names=[])


def test_fails_when_the_site_is_no_host_name():
    with pytest.raises(ValueError, match="^site must be a bare host name"):
        cookie_domain(site="https://www.example.com", domain_names=["a.b.c"])


def test_cloudfronts_own_name_is_no_parent_that_two_distributions_share():
    # Browsers take no cookie for cloudfront.net, which is everybody's.
    site, media = "d222222abcdef8.cloudfront.net", "d111111abcdef8.cloudfront.net"
    with pytest.raises(ValueError, match="must begin with a name"):
        cookie_domain(site=site, domain_names=[media])
