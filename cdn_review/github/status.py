"""The check that a pull request cannot set itself: a status on its head commit."""

from __future__ import annotations

from cdn_review.github.api import Api
from cdn_review.github.event import Run
from cdn_review.github.reviewing import COULD_NOT, STOPPED

_SAYS = {
    STOPPED: ("failure", "something must be acknowledged in cdn-review.toml"),
    COULD_NOT: ("error", "it could not be compared"),
}
_FINE = ("success", "nothing waits for an acknowledgement")
_REWRITTEN = ("failure", "a fork changes .github/, and so what it is judged by")


def state(code: int, *, is_rewritten: bool) -> tuple[str, str]:
    """What to set, and why.

    A fork that changes the workflows decides what it leaves behind for the comment, so that
    never succeeds. Who may push a branch here can set any status anyway.
    """
    if code in _SAYS:
        return _SAYS[code]
    return _REWRITTEN if is_rewritten else _FINE


def set_status(
    api: Api, run: Run, context: str, *, code: int, is_rewritten: bool
) -> None:
    """Set the status ``context`` of the run's commit, which needs ``statuses: write``.

    https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
    """
    word, why = state(code, is_rewritten=is_rewritten)
    content = {"state": word, "context": context, "description": why}
    if run.url:
        content["target_url"] = run.url
    api.send("POST", f"/repos/{run.repository}/statuses/{run.head_sha}", content)
