"""What a synthesized template would deploy, read without any AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdn_edge.configuration import Configuration
from cdn_edge.distributions import Source, parse
from cdn_model.distribution import CLOUDFRONT, DISTRIBUTION
from cdn_model.intrinsics import Resolver
from cdn_model.values import Json, mapping, properties, text


@dataclass(kw_only=True)
class TemplateReader:
    """Reads template files, and again when one of them has changed.

    A distribution has its logical id in the place of the name that a deploy gives it, such as
    ``cdnstaticdistribution1a2b3c4d.cloudfront.localhost``; a public key has its logical id, too.
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


def deployed(template: Json) -> Source:
    """The distributions of a template, and what they refer to, by logical ids."""
    resources: dict[str, dict[str, Json]] = {}
    distributions: list[Json] = []
    for name, resource in Resolver(template).resources().items():
        kind = text(resource.get("Type"))
        given = properties(resource)
        if kind == DISTRIBUTION:
            label = name.lower()
            named = {"Id": name, "DomainName": f"{label}.cloudfront.net"}
            distributions.append({**named, **given})
        elif kind.startswith(CLOUDFRONT):
            resources.setdefault(kind.removeprefix(CLOUDFRONT), {})[name] = given
    return Source(distributions=distributions, resources=resources)
