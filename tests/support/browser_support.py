"""A real Chromium, with a log of what it asked for and what it complained of."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright
from tools import require

# Without these it calls home at every start.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


@dataclass(kw_only=True)
class Visit:
    """What one profile saw."""

    page: object
    responses: list = field(default_factory=list)
    complaints: list = field(default_factory=list)

    def open(self, url):
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")

    def answers_from(self, *hosts):
        """Responses of hosts, as (URL, status, X-Cache)."""
        return [
            (answer.url, answer.status, answer.headers.get("x-cache"))
            for answer in self.responses
            if urlsplit(answer.url).netloc in hosts
        ]

    def hosts(self):
        return {urlsplit(answer.url).netloc for answer in self.responses}


@contextmanager
def chromium():
    """A running browser."""
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def fresh_profile(browser, **options):
    """A visit with an empty cache."""
    context = browser.new_context(**options)
    page = context.new_page()
    visit = Visit(page=page)
    page.on("response", lambda response: visit.responses.append(response))
    page.on("pageerror", lambda error: visit.complaints.append(f"error: {error}"))
    page.on("requestfailed", lambda r: visit.complaints.append(f"{r.failure}: {r.url}"))
    page.on(
        "console",
        lambda message: (
            visit.complaints.append(f"{message.type}: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    try:
        yield visit
    finally:
        context.close()
