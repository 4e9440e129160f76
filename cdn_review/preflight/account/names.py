"""Names that are unique in an account, and taken."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.preflight.account.credentials import stack_resources
from cdn_review.preflight.account.listing import LISTS
from cdn_review.preflight.aws import Aws
from cdn_review.preflight.result import Result, failed, passed, skipped
from cdn_review.preflight.target import Target


def check_names(target: Target, aws: Aws) -> Iterator[Result]:
    """A name that something else has makes the deploy fail, in the middle of it."""
    wanted = list(target.named())
    if not wanted:
        yield skipped("names", "the template gives no names")
        return
    own = _own(target, aws)
    taken = 0
    for kind in sorted({kind for kind, _, _ in wanted}):
        mine = {name: logical for one, name, logical in wanted if one == kind}
        there = LISTS[kind](aws, target, list(mine))
        for name, logical in mine.items():
            holders = {name, *there[name]} if name in there else set()
            owners = {own[kind, one] for one in holders if (kind, one) in own}
            if not holders or logical in owners:
                continue
            taken += 1
            yield _taken(kind.rpartition("::")[2], name, is_own=bool(owners))
    if not taken:
        yield passed("names", f"{len(wanted)} names are free or this stack's own")


def _own(target: Target, aws: Aws) -> dict[tuple[str, str], str]:
    """Logical ids by type and physical id."""
    return {
        (kind, physical): logical
        for kind, logical, physical in stack_resources(target, aws)
        if physical
    }


def _taken(what: str, name: str, *, is_own: bool) -> Result:
    if is_own:
        # CloudFormation makes what is new before it deletes what is gone.
        sentence = (
            f"a {what} of the name {name!r} is this stack's under another logical id"
        )
        cure = "keep the logical id, or give this one another name"
        return failed("names", sentence, cure)
    sentence = f"a {what} of the name {name!r} exists already, outside this stack"
    cure = "delete it if nothing uses it, or give this one another name"
    return failed("names", sentence, cure)
