"""What a reader of a comment sees, by the library with which GitHub began to render them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

from cdn_review.packs import Pack
from cdn_review.report import Report
from cdn_review.stopping import Stopped, Verdict
from cdn_review.summary import Change, Stop, Topic
from cdn_review.words import say

ALLOWED = {
    *("p", "h3", "strong", "ul", "li", "code", "pre", "sub", "br"),
    *("details", "summary"),
}
# Looked for in texts that are not code, after everything else.
# https://docs.github.com/en/get-started/writing-on-github
_AUTOMATIC = (
    re.compile(r"(?<![\w`])@[A-Za-z0-9]"),
    re.compile(r"(?<!\w)#[0-9]"),
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


def change(text="changes", *values, environment="prod", **more):
    given = {"role": "static distribution", "topic": Topic.LIFETIME, **more}
    return Change(
        stack=f"mysite-cdn-{environment}",
        environment=environment,
        text=say(text, *values),
        **given,
    )


def stop(*values, environment="prod", **more):
    more = {"topic": Topic.REPLACEMENT, "stop": Stop.DISTRIBUTION_REPLACED, **more}
    text = "is replaced" + " by {}" * len(values)
    return change(text, *values, environment=environment, **more)


def stopped(one, digits="1a2b3c4d"):
    role = one.role.replace(" ", "-")
    return Stopped(change=one, id=f"{one.environment}/{role}/{one.stop}/{digits}")


def report(*changes, acknowledged=(), unused=(), **more):
    """A report of which every stop is open that is not acknowledged."""
    done = dict(acknowledged)
    stops = [one for one in changes if one.stop]
    given = {
        "environments": ("dev", "prod", "staging"),
        "before_name": "1111111",
        "after_name": "2222222",
    }
    return Report(
        changes=tuple(changes),
        verdict=Verdict(
            open=tuple(stopped(one) for one in stops if one not in done),
            acknowledged=tuple(
                (stopped(one), done[one]) for one in stops if one in done
            ),
            unused=tuple(unused),
        ),
        **{**given, **more},
    )


def pack(*stacks, **more):
    return Pack(stacks={one.name: one for one in stacks}, **more)
