"""``media.signing`` and ``private`` of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from constructs_lib import SigningKeys
from constructs_lib.distributions import PRIVATE
from constructs_lib.media import cookie_domain
from stacks.configuration.half import KEYS as HALF_KEYS
from stacks.configuration.half import Half
from stacks.configuration.section import Section

_SIGNING_KEYS = ("cookies_from", "keys", "signing_key")


@dataclass(frozen=True, kw_only=True)
class Private:
    """A tree of private media: a third half, and its keys."""

    half: Half
    keys: SigningKeys


def read_private(environment: Section) -> Private | None:
    """Read ``environments.<name>.private``.

    :raises ValueError: with one sentence that names the JSON path.
    """
    if environment.get("private") is None:
        return None
    section = environment.section("private", keys=(*HALF_KEYS, "signing"))
    half = Half.read(section, default=PRIVATE)
    keys = read_signing(section, environment, half.domain_names)
    if keys is None:
        raise ValueError(
            f"{section.at('signing')} must be given, such as "
            '{"keys": {"2026a": "-----BEGIN PUBLIC KEY-----…"}, "signing_key": "2026a"}'
        )
    return Private(half=half, keys=keys)


def read_signing(
    section: Section, environment: Section, domain_names: tuple[str, ...]
) -> SigningKeys | None:
    """Read the ``signing`` of a section. No sentence quotes what may be a private key.

    :raises ValueError: with one sentence that names the JSON path.
    """
    value = section.get("signing")
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError(
            f"{section.at('signing')} must be an object with keys and signing_key"
        )
    signing = section.section("signing", keys=_SIGNING_KEYS)
    if environment.get("origin_secret") is None:
        raise ValueError(
            f"{environment.at('origin_secret')} must be given with {signing.path}, because "
            "whoever asks the server itself would need no signature"
        )
    with signing.named():
        site = signing.text("cookies_from", like="www.example.com")
        if site is not None:
            cookie_domain(site=site, media_domain_names=domain_names)
        # SigningKeys checks the shape itself, in sentences without the values.
        return SigningKeys(
            keys=cast(Mapping[str, Any], signing.get("keys")),
            signing_key=cast(str, signing.get("signing_key")),
        )
