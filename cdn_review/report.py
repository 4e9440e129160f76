"""A comparison of two packs, judged: what every way of showing it starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cdn_review.packs import Pack
from cdn_review.stopping import Verdict, judge
from cdn_review.summary import Change
from cdn_review.summary.summarize import summarize


@dataclass(frozen=True, kw_only=True)
class Report:
    """What changes between two sides, and which of it must be acknowledged first."""

    changes: tuple[Change, ...]
    verdict: Verdict
    environments: tuple[str, ...]
    """Those of both sides, changed or not, sorted."""
    before_name: str
    after_name: str
    raw: str = ""
    """The diff of the CDK's CLI, for who wants every property. Foreign text."""
    notices: tuple[str, ...] = ()
    """Sentences about the comparison itself."""

    @classmethod
    def of(
        cls, before: Pack, after: Pack, *, raw: str = "", notices: Iterable[str] = ()
    ) -> Report:
        """Compare two packs.

        Raises ValueError if a template cannot be read as one.
        """
        changes = tuple(summarize(before, after))
        stacks = [*before.stacks.values(), *after.stacks.values()]
        return cls(
            changes=changes,
            verdict=judge(changes, before, after),
            environments=tuple(sorted({stack.environment for stack in stacks})),
            before_name=before.revision,
            after_name=after.revision,
            raw=raw,
            notices=tuple(notices),
        )

    @property
    def ok(self) -> bool:
        """Whether nothing waits for an acknowledgement."""
        return self.verdict.ok

    @property
    def changed(self) -> bool:
        """Whether anything changes for visitors, the bill or security."""
        return bool(self.changes)
