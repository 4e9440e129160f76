"""IP addresses inside text, found without knowing where they begin."""

from __future__ import annotations

import ipaddress
import re

from cdn_review.redaction import marks

_FOUR = re.compile(r"(?<![0-9])[0-9]{1,3}(?:\.[0-9]{1,3}){3,}(?![0-9])")
# Only where it begins: trying each digit of a long number anew would take its square.
_RUN = re.compile(r"(?<![0-9A-Fa-f.:])[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*")
# Nobody lives there, and what is open to 0.0.0.0/0 is for a reviewer to see.
_NOBODY = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1"}
_LONGEST_ADDRESS = 45
_LONGEST_RUN = 4 * _LONGEST_ADDRESS


def redact_addresses(text: str) -> str:
    """Mark IPv6 and IPv4 addresses. Those that are nobody's stay, such as 0.0.0.0."""
    if ":" in text:
        text = _RUN.sub(_in_run, text)
    return _FOUR.sub(lambda found: _mark(found.group()), text)


def _in_run(found: re.Match[str]) -> str:
    """Of digits, colons and points: an address may be the whole of it, or stand in it."""
    run = found.group()
    if run.count(":") < 2:
        return run
    if len(run) > _LONGEST_RUN:
        # Nothing that means something looks like this, and looking would take long.
        return marks.address(run)
    before = found.string[max(0, found.start() - 2) : found.start()]
    after = found.string[found.end() : found.end() + 1]
    done, position = "", 0
    while position < len(run):
        end = _end_of_address(before, run, after, position)
        done += _mark(run[position:end]) if end else run[position]
        position = end or position + 1
    return done


def _end_of_address(before: str, run: str, after: str, start: int) -> int:
    """Where the longest address that starts here ends, or 0."""
    if not _can_start(before + run[:start]):
        return 0
    for end in range(min(len(run), start + _LONGEST_ADDRESS), start + 1, -1):
        following = (run[end:] + after)[:1]
        if _can_end(run[end - 1], following) and _is_address(run[start:end]):
            return end
    return 0


def _can_start(preceding: str) -> bool:
    # The letter of a line break that is written as \n belongs to no word.
    last = "" if re.search(r"\\[bfnrt]\Z", preceding) else preceding[-1:]
    return not last.isalnum()


def _can_end(last: str, following: str) -> bool:
    return last != "." and not following.isalnum()


def _is_address(text: str) -> bool:
    # Most are none, and to count is quick. The last two groups may be an IPv4 address.
    if "::" not in text and text.count(":") != (6 if "." in text else 7):
        return False
    # The end of a region in an ARN without an account, as in us-east-1::/restapis, is none.
    if re.fullmatch(r"[0-9A-Fa-f]{1,2}::", text):
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _mark(text: str) -> str:
    return text if text in _NOBODY else marks.address(text)
