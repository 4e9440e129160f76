"""Which cookies of a site reach a distribution."""

from __future__ import annotations

from itertools import takewhile

# Browsers take no cookie for a domain under which anybody has names, such as this one, or
# any of these next to a country.
_OF_EVERYBODY = ("cloudfront.net",)
_REGISTRIES = ("ac", "co", "com", "edu", "gov", "mil", "ne", "net", "or", "org")


def shared_cookie_domain(site: str, host: str) -> str | None:
    """The ``Domain`` of a cookie that a site sets and another host receives.

    A browser sends a cookie to the domain that set it and below, so the site at
    ``www.example.com`` reaches ``media.example.com`` through ``example.com`` only:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-setting-signed-cookie-custom-policy.html

    :returns: The longest common parent, or None if no cookie of the site reaches the host.
    """
    pairs = zip(reversed(site.split(".")), reversed(host.split(".")), strict=False)
    common = [label for label, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    domain = ".".join(reversed(common))
    if len(common) < 2 or _is_registry(common) or domain in _OF_EVERYBODY:
        return None
    return domain


def _is_registry(common: list[str]) -> bool:
    return len(common) == 2 and len(common[0]) == 2 and common[1] in _REGISTRIES
