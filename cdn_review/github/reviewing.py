"""From an artifact of a pull request to a comment, whatever is in it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cdn_review.github.api import Api, ApiError
from cdn_review.github.artifact import NotThere, fetch
from cdn_review.github.event import Run
from cdn_review.packs import Pack, limits
from cdn_review.packs.files import parse_pack, read_pack
from cdn_review.redaction import redact_text
from cdn_review.rendering import markdown
from cdn_review.report import Report
from cdn_review.sources.deployed import as_deployed
from cdn_review.words import Value

BASE, HEAD, RAW = "base.json", "head.json", "raw.txt"
MEMBERS = {BASE: limits.PACK_BYTES, HEAD: limits.PACK_BYTES, RAW: 2 * 1024 * 1024}
NOT_THERE = (
    "this commit could not be compared, for its stacks could not be synthesized. "
    "The log of its checks says why."
)
DAMAGED = (
    "this commit could not be compared, for what its checks left behind cannot be read. "
    "Look at what it changes in .github/ and in the CDK app, then run the checks again."
)
FINE, STOPPED, COULD_NOT = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Review:
    """A comment, and what it amounts to."""

    body: str
    code: int
    is_changed: bool = True


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """What the pull request has no hand in."""

    unprotected: tuple[str, ...]
    deployed: Path | None
    notices: Iterable[str]


def review(api: Api, run: Run, *, artifact: str, name: str, trusted: Trusted) -> Review:
    """Compare what the run has left and word the comment.

    Damaged and hostile data gives a comment as well, of one fixed sentence. Raises ApiError
    if GitHub cannot be asked.
    """
    deployed = read_pack(trusted.deployed) if trusted.deployed else None
    try:
        files = fetch(api, run, artifact, MEMBERS)
        return _compared(files, name=name, trusted=trusted, deployed=deployed)
    except NotThere as error:
        return _could_not(NOT_THERE, name, error)
    except ApiError:
        raise
    # Whoever wrote the data may know of a fault that nobody here knows of.
    except Exception as error:
        return _could_not(DAMAGED, name, error)


def _compared(
    files: dict[str, bytes], *, name: str, trusted: Trusted, deployed: Pack | None
) -> Review:
    before = replace(parse_pack(files[BASE]), unprotected=trusted.unprotected)
    after = parse_pack(files[HEAD])
    raw = redact_text(files.get(RAW, b"").decode("utf-8", "replace"))
    report = Report.of(before, after, raw=raw, notices=trusted.notices)
    live = _against(deployed, after) if deployed else None
    return Review(
        body=markdown.render(report, name=name, deployed=live),
        code=FINE if report.ok else STOPPED,
        is_changed=report.changed or bool(live and live.changed),
    )


def _against(deployed: Pack, after: Pack) -> Report:
    """Of the stacks that were asked for and are deployed, what a deploy would change."""
    was, now = {}, {}
    for name, stack in deployed.stacks.items():
        if name in after.stacks:
            now[name] = as_deployed(after.stacks[name])
            # Who asked was told the name and the region, not what the app says of the rest.
            was[name] = replace(
                stack, account=now[name].account, region=now[name].region
            )
    return Report.of(replace(deployed, stacks=was), replace(after, stacks=now))


def _could_not(sentence: str, name: str, error: Exception) -> Review:
    reason = Value(redact_text(f"{type(error).__name__}: {error}")).text
    print(f"could not be compared: {reason}", file=sys.stderr)
    return Review(body=markdown.failure(sentence, name=name), code=COULD_NOT)
