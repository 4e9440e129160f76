"""What changes besides what distributions do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_review.packs import Stack
from cdn_review.summary.change import Change
from cdn_review.summary.matching import Match
from cdn_review.summary.resources.access.buckets import buckets
from cdn_review.summary.resources.access.filters import filters
from cdn_review.summary.resources.access.keys import keys
from cdn_review.summary.resources.distributions import distributions
from cdn_review.summary.resources.names import names
from cdn_review.summary.resources.others import others
from cdn_review.summary.resources.outputs import outputs
from cdn_review.summary.resources.stack import stack_settings


def resource_changes(
    before: Stack, after: Stack, matches: Sequence[Match]
) -> Iterator[Change]:
    """Resources that come, go, are replaced or set differently, and the stack's own settings."""
    yield from distributions(after, matches)
    yield from names(after, matches)
    yield from keys(before, after, matches)
    yield from buckets(after, matches)
    yield from filters(after, matches)
    yield from others(after, matches)
    yield from stack_settings(before, after, matches)
    yield from outputs(before, after, matches)
