"""What a synthesized template would deploy, read without any AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdn_edge.configuration import Configuration
from cdn_edge.distributions import Source, parse
from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.intrinsics import Resolver
from cdn_model.values import Json, mapping, properties, text


@dataclass(kw_only=True)
class TemplateReader:
    """Reads template files, and again when one of them has changed.

    A resource has its logical id in the place of what a deploy gives it: the host of a
    distribution is ``cdnstatic1a2b3c4d.cloudfront.localhost``, a public key has the id
    ``MediaKey1A2B3C4D``, and a bucket is ``files1a2b3c4d.s3.us-east-1.amazonaws.com``.
    Parameters have their defaults.
    """

    paths: Sequence[Path]
    _last: list[int] = field(default_factory=list)

    def read(self) -> Configuration | None:
        """None: nothing has changed since the last reading.

        :raises OSError: when a file cannot be read.
        :raises ValueError: when it is no template.
        """
        changed = [path.stat().st_mtime_ns for path in self.paths]
        if changed == self._last:
            return None
        templates = [json.loads(path.read_text("utf-8")) for path in self.paths]
        found = [parse(deployed(mapping(template))) for template in templates]
        self._last = changed
        return Configuration(
            distributions=tuple(one for each in found for one in each.distributions),
            broken=tuple(line for each in found for line in each.broken),
        )


_REGION = "us-east-1"
_PSEUDO = {"AWS::AccountId": "000000000000", "AWS::StackName": "stack"}
_ATTRIBUTES = {
    "DNSName": f"{{}}.elb.{_REGION}.amazonaws.com",
    "DomainName": "{}.s3.amazonaws.com",
    "FunctionUrl": f"https://{{}}.lambda-url.{_REGION}.on.aws/",
    "RegionalDomainName": f"{{}}.s3.{_REGION}.amazonaws.com",
    "WebsiteURL": f"http://{{}}.s3-website-{_REGION}.amazonaws.com",
}


def deployed(template: Json) -> Source:
    """The distributions of a template, and what they refer to, by logical ids."""
    resources: dict[str, dict[str, Json]] = {}
    distributions: list[Json] = []
    for name, resource in Resolver(template, region=_REGION).resources().items():
        kind = text(resource.get("Type"))
        if not kind.startswith(CLOUDFRONT):
            continue
        given = mapping(_known(properties(resource)))
        if kind == DISTRIBUTION:
            label = name.lower()
            named = {"Id": name, "DomainName": f"{label}.cloudfront.net"}
            distributions.append({**named, **given})
        else:
            resources.setdefault(kind.removeprefix(CLOUDFRONT), {})[name] = given
    return Source(distributions=distributions, resources=resources)


def _known(value: object) -> Any:
    """What the resolver leaves to the deploy, by the name of what it comes from."""
    if isinstance(value, list):
        return [_known(part) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        try:
            return _value(function, argument)
        except (LookupError, TypeError, ValueError, AttributeError):
            return value
    return {key: _known(part) for key, part in value.items()}


def _value(function: str, argument: Any) -> Any:
    if function == "Ref":
        if isinstance(argument, dict):
            return argument.get("Default", argument["Parameter"])
        return _PSEUDO.get(argument, argument)
    given = _known(argument)
    match function:
        case "Fn::GetAtt":
            name, attribute = given
            return _ATTRIBUTES.get(attribute, "{}").format(name)
        case "Fn::ImportValue":
            return given.rpartition(":")[2]
        case "Fn::Join":
            return given[0].join(map(text, given[1]))
        case "Fn::Split":
            return given[1].split(given[0])
        case "Fn::Select":
            return given[1][int(given[0])]
    return {function: given}
