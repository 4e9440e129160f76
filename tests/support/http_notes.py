"""What redbot says of the servers and stays as it is. docs/web-server.md has the same table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Argued(NamedTuple):
    """A note of redbot, where it is expected, and why it is no fault.

    :param where: Whether the answer of a server to a question has it.
    """

    note: str
    where: Callable[[str, str], bool]
    why: str


# The questions of tests/django/test_server_config_judged.py whose answers may be kept.
KEPT = {"plain", "gzip", "br", "part", "known", "head", "media"}

ARGUED = (
    Argued(
        "STORE_PUBLIC_UNNECESSARY",
        lambda server, question: question in KEPT,
        "Caches would keep the answer without `public` too. It is there for people, who "
        "look for it.",
    ),
    Argued(
        "CSP_UNSAFE_INLINE",
        lambda server, question: question == "media",
        "Styles only, without which an uploaded drawing is another one. `sandbox` and "
        "`default-src 'none'` let no script run.",
    ),
    Argued(
        "VARY_STATUS_MISMATCH",
        lambda server, question: (
            question == "known" or (server, question) == ("nginx", "beyond")
        ),
        "redbot repeats the request for the compressed form, with the tag or the range of "
        "the plain one: another answer is the right one.",
    ),
    Argued(
        "CC_CONFLICTING",
        lambda server, question: (server, question) == ("nginx", "beyond"),
        "nginx adds the headers of a 416 twice; `no-store` is among them and wins.",
    ),
    Argued(
        "STATUS_416_WITHOUT_CONTENT_RANGE",
        lambda server, question: (server, question) == ("apache", "beyond"),
        "Apache sends none with its 416, and no directive adds it.",
    ),
)


def expected(server, question):
    """The warnings and errors of an answer that are argued."""
    return {one.note for one in ARGUED if one.where(server, question)}
