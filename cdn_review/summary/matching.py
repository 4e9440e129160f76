"""Which resource of one side is which of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdn_review.delivery.plain import Json, resources
from cdn_review.packs import Stack
from cdn_review.summary.roles import Roles


@dataclass(frozen=True, kw_only=True)
class Match:
    """A resource on both sides, or on one. Replaced: on both, under another logical id."""

    role: str
    id_before: str = ""
    id_after: str = ""
    before: Json | None = None
    after: Json | None = None

    @property
    def kind(self) -> str:
        found = self.after if self.after is not None else self.before
        return str((found or {}).get("Type"))

    @property
    def is_replaced(self) -> bool:
        return (
            bool(self.id_before and self.id_after) and self.id_before != self.id_after
        )


def match(before: Stack, after: Stack) -> list[Match]:
    """Pair by logical id and type, as CloudFormation does; the rest by role.

    What CloudFormation will delete and make anew under another logical id plays the same
    part, so it is one match, which is replaced.
    """
    old, new = resources(before.template), resources(after.template)
    old_roles = Roles.of(before.template).by_id
    new_roles = Roles.of(after.template).by_id
    found = [
        Match(
            role=new_roles[name],
            id_before=name,
            id_after=name,
            before=old[name],
            after=one,
        )
        for name, one in new.items()
        if name in old and old[name].get("Type") == one.get("Type")
    ]
    kept = {one.id_after for one in found}
    gone = _by_part(old, old_roles, kept)
    come = _by_part(new, new_roles, kept)
    for part in sorted(gone.keys() | come.keys()):
        first, second = gone.get(part, ""), come.get(part, "")
        found.append(
            Match(
                role=part[1],
                id_before=first,
                id_after=second,
                before=old.get(first),
                after=new.get(second),
            )
        )
    return found


def _by_part(
    found: Mapping[str, Json], roles: Mapping[str, str], kept: set[str]
) -> dict[tuple[str, str], str]:
    return {
        (str(one.get("Type")), roles[name]): name
        for name, one in found.items()
        if name not in kept
    }
