"""Signed cookies cross from the site to the media domain, if they have a parent in common."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from constructs_lib.checks import check_host_name, shown

# Under these, next to a country, anybody registers names, so browsers take no cookie for them.
_OPEN_TO_ALL = ("ac", "co", "com", "edu", "gov", "mil", "ne", "net", "or", "org")


def cookie_domain(*, site: str, media_domain_names: Sequence[str]) -> str:
    """The ``Domain`` of signed cookies that the site sets and the media domain receives.

    A browser sends a cookie to the domain that set it and below, so the site at
    ``www.example.com`` reaches ``media.example.com`` through ``example.com`` only:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-setting-signed-cookie-custom-policy.html

    :param site: Where pages are, such as ``www.example.com``.
    :param media_domain_names: The aliases of the media distribution. The first is in URLs.
    :raises ValueError: when no cookie of the site could reach the first alias.
    """
    check_host_name("site", site)
    if not media_domain_names:
        raise ValueError(
            "media_domain_names must be given for signed cookies, because no cookie of "
            f"{shown(site)} reaches CloudFront's own name; signed URLs need none"
        )
    media = media_domain_names[0]
    pairs = zip(reversed(site.split(".")), reversed(media.split(".")), strict=False)
    common = [label for label, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    parent = ".".join(reversed(common))
    if len(common) < 2 or _is_open_to_all(common):
        raise ValueError(
            "media_domain_names must begin with a name that has its parent domain in common "
            f"with the site for signed cookies, such as 'media.{_parent(site)}' for "
            f"{shown(site)}, got {shown(media)}"
        )
    return parent


def _is_open_to_all(common: Sequence[str]) -> bool:
    return len(common) == 2 and len(common[0]) == 2 and common[1] in _OPEN_TO_ALL


def _parent(site: str) -> str:
    labels = site.split(".")
    return ".".join(labels[1:] if len(labels) > 2 else labels)
