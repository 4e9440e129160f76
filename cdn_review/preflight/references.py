"""What a template only refers to: secrets, buckets, endpoints in a private network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdn_review.delivery.plain import mapping, properties, resources, text

_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(arn:[^}]*?:secret:[^:}]+|[^:}]+)([^}]*)\}\}"
)
_S3_DOMAIN = re.compile(
    r"([a-z0-9.-]{3,63})\.s3(?:[.-](?:dualstack\.)?([a-z0-9-]+))?\.amazonaws\.com"
)
_S3_ARN = re.compile(r"arn:aws:s3:::([a-z0-9.-]{3,63})(?:/.*)?")


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A version of a secret that the stack refers to.

    :param name: Its ARN or its name.
    """

    name: str
    version: str

    @property
    def region(self) -> str:
        """Where it is, '' if only the stack knows."""
        return self.name.split(":")[3] if self.name.startswith("arn:") else ""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket that has to exist before the stack.

    :param region: Where an origin asks for it, '' if it does not say.
    :param is_origin: Whether files are fetched from it; else it takes logs.
    """

    name: str
    region: str = ""
    is_origin: bool = False


def secrets_of(template: Mapping[str, Any]) -> list[Secret]:
    """Each version of each secret, once."""
    found = set()
    for part in strings(template):
        for name, rest in _SECRET.findall(part):
            # :SecretString:json-key:version-stage:version-id, each may be empty.
            found.add((name, (rest.split(":") + [""] * 5)[4]))
    return [Secret(name=name, version=version) for name, version in sorted(found)]


def buckets_of(template: Mapping[str, Any]) -> list[Bucket]:
    """Buckets that are named, and not made by the template itself."""
    found: dict[str, Bucket] = {}
    for part in strings(template.get("Resources")):
        if arn := _S3_ARN.fullmatch(part):
            found.setdefault(arn[1], Bucket(name=arn[1]))
        if domain := _S3_DOMAIN.fullmatch(part):
            name, region = domain[1], domain[2] or ""
            found[name] = Bucket(name=name, region=region, is_origin=True)
    made = resources(template, "AWS::S3::Bucket").values()
    own = {text(properties(one).get("BucketName")) for one in made}
    return [one for name, one in sorted(found.items()) if name not in own]


def endpoints_of(template: Mapping[str, Any]) -> list[str]:
    """ARNs of what CloudFront reaches inside a private network."""
    made = resources(template, "AWS::CloudFront::VpcOrigin").values()
    found = {
        text(mapping(properties(one).get("VpcOriginEndpointConfig")).get("Arn"))
        for one in made
    }
    return sorted(one for one in found if one.startswith("arn:"))


def strings(value: object) -> Iterator[str]:
    """Every string in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)
