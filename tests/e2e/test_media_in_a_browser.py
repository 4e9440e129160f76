"""The demo's uploads and its private picture, by what a browser and the page's table show."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from browser_support import fresh_profile
from uploads_support import png

DONE = 'html[data-assets="done"]'
GONE = "Upload that was replaced or deleted"
SIGNED, REFUSED, BY_COOKIES = (
    "Private, by a signed URL",
    "Private, without a signature",
    "Private, by signed cookies",
)


@pytest.fixture
def visit(browser, local_site):
    with fresh_profile(browser) as fresh:
        fresh.open(local_site.status["site"])
        yield fresh


def rows(visit):
    """What the page's table shows by what a file is: URL, status and X-Cache of the first."""
    visit.page.wait_for_selector(DONE)
    found = {}
    for row in visit.page.query_selector_all("tr:has([data-asset-url])"):
        file, status, hit = (
            row.query_selector(f"[data-{name}]")
            for name in ("asset-url", "status", "x-cache")
        )
        what = file.inner_text().partition("\n")[0].strip()
        url = file.get_attribute("data-asset-url")
        found.setdefault(what, (url, status.inner_text(), hit.inner_text()))
    return found


def click(visit, what):
    with visit.page.expect_navigation():
        visit.page.click(what)
    visit.page.wait_for_load_state("networkidle")


def upload(visit, tmp_path, form):
    """The URL of the picture that the page then shows first."""
    picture = tmp_path / "team.png"
    picture.write_bytes(png())
    visit.page.set_input_files(f"{form} input[type=file]", str(picture))
    click(visit, f"{form} button")
    return first_upload(visit)


def first_upload(visit):
    return visit.page.get_attribute("#upload ~ .photos figure img", "src")


REPLACE = '#upload ~ .photos figure:first-child form[action$="/replace"]'
DELETE = '#upload ~ .photos figure:first-child form[action$="/delete"] button'


def gone(visit):
    """The row of the last upload that went, once the edge has dropped its copy."""
    deadline = time.monotonic() + 20
    while True:
        found = rows(visit)[GONE]
        if found[1] == "404" or time.monotonic() > deadline:
            return found
        visit.page.wait_for_timeout(500)
        visit.page.click("#again")


def test_a_replaced_upload_has_another_url_and_the_old_one_is_gone(visit, tmp_path):
    old = upload(visit, tmp_path, "#upload")
    assert old in [url for url, status, _ in rows(visit).values() if status == "200"]
    new = upload(visit, tmp_path, REPLACE)
    assert urlsplit(new).path.rpartition("/")[2] == "team.png"
    assert new != old
    assert gone(visit) == (old, "404", "Error from cloudfront")
    click(visit, DELETE)
    assert first_upload(visit) != new
    assert gone(visit) == (new, "404", "Error from cloudfront")


SIGNED_PICTURE = 'section[aria-labelledby="private"] img[alt="By a signed URL"]'
COOKIE_PICTURE = 'section[aria-labelledby="private"] img[alt="By signed cookies"]'
SHOWN = "selector => document.querySelector(selector).naturalWidth"


def test_signed_cookies_open_it_and_their_end_closes_it(visit, local_site):
    url, *answer = rows(visit)[REFUSED]
    assert answer == ["403", "Error from cloudfront"]
    assert url == f"{local_site.status['private']}sunset.png"
    assert visit.page.goto(url).status == 403
    visit.open(local_site.status["site"])
    click(visit, "#cookies")
    assert rows(visit)[BY_COOKIES][:2] == (url, "200")
    assert visit.page.evaluate(SHOWN, COOKIE_PICTURE) == 480
    cookies = visit.page.context.cookies()
    given = [one for one in cookies if one["name"].startswith("CloudFront-")]
    assert len(given) == 4
    assert {one["domain"] for one in given} == {".cloudfront.localhost"}
    assert all(one["httpOnly"] and one["secure"] for one in given)
    click(visit, "#cookies")
    assert rows(visit)[REFUSED][1] == "403"


def test_a_private_picture_is_seen_by_its_signed_url_and_asked_for_once(
    browser, local_site
):
    asked = [given_out(local_site)]
    urls = set()
    with fresh_profile(browser) as visit:
        for _ in "12":
            visit.open(local_site.status["site"])
            url, status, hit = rows(visit)[SIGNED]
            assert re.search(r"/sunset\.png\?Expires=\d+&.*Signature=", url)
            assert status == "200"
            assert hit.endswith(" from cloudfront")
            urls.add(url)
            assert visit.page.evaluate(SHOWN, SIGNED_PICTURE) == 480
            asked.append(given_out(local_site))
    # The table asks past the browser's cache, once a view.
    assert (asked[1] - asked[0], asked[2] - asked[1]) == (2, len(urls))


def given_out(local_site):
    """How often the edge gave the private picture out."""
    log = (local_site.state / "logs" / "edge.log").read_text()
    return log.count(" GET /sunset.png 200 ")


def test_a_page_under_another_name_is_told_why_it_gets_no_cookies(browser, local_site):
    port = urlsplit(local_site.status["site"]).port
    with fresh_profile(browser) as visit:
        visit.open(f"http://localhost:{port}/")
        click(visit, "#cookies")
        said = visit.page.inner_text(".message")
    assert "must be under a domain that they share with the site" in said


def test_no_key_is_shown_anywhere(visit, local_site):
    site = local_site.state / "site"
    key = site / "keys" / "demo.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    secret = "".join(key.read_text().split("-----")[2].split())
    secrets = [secret[:40], (site / "origin-secret").read_text()]
    shown = [
        visit.page.content(),
        local_site.said,
        (site / "cdn-outputs.json").read_text(),
    ]
    shown += [path.read_text(errors="replace") for path in _written(local_site.state)]
    for one in secrets:
        assert not [text[:80] for text in shown if one in text]


def _written(state):
    """Logs and templates. Caddy's configuration and the local AWS need the secret."""
    yield from (
        path for path in (state / "logs").iterdir() if path.name != "manage.log"
    )
    yield from (state / "cdk.out").glob("*.json")
