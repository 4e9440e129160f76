"""Changes made by hand, and what a reader of a comment sees of them.

The judge of markup is the library with which GitHub began to render comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

from cdn_review.change import BlockReason, Change, Topic, format_message
from cdn_review.report import Report
from cdn_review.snapshot import Snapshot, Stack

ENVIRONMENTS = ("dev", "prod", "staging")
ALLOWED = {
    *("p", "h3", "strong", "ul", "li", "code", "pre", "br"),
    *("details", "summary"),
}
# Looked for in texts that are not code, after everything else.
# https://docs.github.com/en/get-started/writing-on-github
_AUTOMATIC = (
    re.compile(r"(?<![\w`])@[A-Za-z0-9]"),
    re.compile(r"(?<!\w)#[0-9]"),
)


def change(text="changes", *values, environment="prod", **more):
    given = {"role": "static distribution", "topic": Topic.TTL, **more}
    return Change(
        stack=f"mysite-cdn-{environment}",
        environment=environment,
        message=format_message(text, *values),
        **given,
    )


def replaced(*values, fingerprint="1a2b3c4d", **more):
    """A change that needs an acknowledgement."""
    given = {
        "topic": Topic.REPLACEMENT,
        "block": BlockReason.DISTRIBUTION_REPLACED,
        "fingerprint": fingerprint,
        **more,
    }
    return change("is replaced" + " by {}" * len(values), *values, **given)


def side(*stacks, name="", **more):
    names = stacks or [f"mysite-cdn-{one}" for one in ENVIRONMENTS]
    return Snapshot(
        stacks={one: Stack(name=one, template={}) for one in names}, name=name, **more
    )


def report(*changes, acknowledged=(), there=(), unprotected=(), stacks=(), **more):
    """A report of what the base ``there`` acknowledges, and the change as well."""
    base = dict(there)
    return Report.of(
        side(*stacks, name="1111111", unprotected=unprotected, acknowledged=base),
        side(*stacks, name="2222222", acknowledged={**base, **dict(acknowledged)}),
        changes,
        **more,
    )


@dataclass
class Page(HTMLParser):
    """The elements of a rendered comment, its text, and which of it GitHub would link."""

    elements: list = field(default_factory=list)
    attributes: list = field(default_factory=list)
    text: str = ""
    code: list = field(default_factory=list)
    automatic: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self._depth = 0

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs if name != "lang"]
        if tag == "code":
            self._depth += 1
            self.code.append("")

    def handle_endtag(self, tag):
        self._depth -= tag == "code"

    def handle_data(self, data):
        self.text += data
        if self._depth:
            self.code[-1] += data
        else:
            self.automatic += [one for one in _AUTOMATIC if one.search(data)]


def page(markdown):
    """Rendered with everything on that could do harm: raw HTML and links are let through."""
    html = cmarkgfm.github_flavored_markdown_to_html(
        markdown, options=Options.CMARK_OPT_UNSAFE
    )
    found = Page()
    found.feed(html)
    found.close()
    return found


def is_harmless(markdown):
    """Whether nothing but what we say has an effect."""
    found = page(markdown)
    strange = {*found.elements} - ALLOWED
    return (strange, found.attributes, found.automatic) == (set(), [], [])
