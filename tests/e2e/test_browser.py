"""What a visitor's browser sees, by its own network log."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from browser_support import fresh_profile

DONE = 'html[data-assets="done"]'


@pytest.fixture(scope="module")
def home(browser, status):
    """The home page, whose table has asked for each file again."""
    with fresh_profile(browser) as visit:
        visit.open(status["site"])
        visit.page.wait_for_selector(DONE)
        yield visit


@pytest.fixture(scope="module")
def status(local_site):
    return local_site.status


@pytest.fixture(scope="module")
def cdn_hosts(status):
    hosts = [urlsplit(status[tree]).netloc for tree in ("static", "media", "private")]
    assert len(set(hosts)) == 3
    return hosts


def own_host(status):
    return urlsplit(status["site"]).netloc


def test_every_asset_of_the_page_comes_from_the_distributions(home, status, cdn_hosts):
    assert home.complaints == []
    assert home.hosts() == {own_host(status), *cdn_hosts}
    from_the_site = home.answers_from(own_host(status))
    # The page, and what its server says of the private picture.
    assert from_the_site == [
        (status["site"], 200, None),
        (f"{status['site']}edge-answer", 200, None),
    ]
    for host in cdn_hosts:
        answers = home.answers_from(host)
        assert answers
        assert {code for _, code, _ in answers} <= {200, 204}, answers
    suffixes = {url.rsplit(".", 1)[-1] for url, *_ in home.answers_from(cdn_hosts[0])}
    assert {"css", "woff2", "js", "svg"} <= suffixes


def test_the_admin_is_whole(visit, status, cdn_hosts):
    visit.open(f"{status['site']}admin/login/")
    assert visit.complaints == []
    pages = [url for url, *_ in visit.answers_from(own_host(status))]
    assert pages == [f"{status['site']}admin/login/"]
    assets = visit.answers_from(cdn_hosts[0])
    assert len(assets) > 5
    assert all(code == 200 for _, code, _ in assets), assets


def test_the_font_is_drawn_and_the_module_ran(home):
    loaded = home.page.evaluate(
        "() => [...document.fonts].filter(font => font.status === 'loaded').length"
    )
    assert loaded >= 1


def test_a_second_visitor_is_served_from_the_edge(home, visit, status, cdn_hosts):
    visit.open(status["site"])
    answers = visit.answers_from(*cdn_hosts)
    assert answers
    assert {hit for *_, hit in answers} == {"Hit from cloudfront"}, answers


def test_the_page_shows_what_the_edge_answered(home, status):
    rows = home.page.query_selector_all("tr:has([data-asset-url])")
    assert len(rows) >= 9
    for row in rows:
        url = shown(row, "asset-url")
        assert shown(row, "status") == ("403" if is_refused(row) else "200"), url
        assert shown(row, "x-cache").endswith(" from cloudfront"), url
        assert shown(row, "age").isdigit() or not shown(row, "x-cache").startswith(
            "Hit"
        )
        if url.startswith(status["static"]):
            assert shown(row, "build") == status["build"]


def is_refused(row):
    return row.evaluate("row => row.parentElement.dataset.expected") == "403"


def shown(row, name):
    return row.query_selector(f"[data-{name}]").get_attribute(f"data-{name}")


@pytest.mark.parametrize("tree", ["static", "media"])
def test_a_preflighted_fetch_passes(home, status, tree):
    urls = [
        row.get_attribute("data-asset-url")
        for row in home.page.query_selector_all("[data-asset-url]")
    ]
    url = next(url for url in urls if url.startswith(status[tree]))
    code = home.page.evaluate(
        """url => fetch(url, {headers: {"X-Test": "1"}, cache: "no-store"})
            .then(response => response.status)""",
        url,
    )
    assert code == 200
    assert home.complaints == []


def test_an_img_and_then_a_fetch_of_one_url_both_work(home, status):
    url = home.page.get_attribute(f'img[src^="{status["media"]}"]', "src")
    code = home.page.evaluate("url => fetch(url).then(answer => answer.status)", url)
    assert code == 200
    assert home.complaints == []


def test_an_upload_comes_back_from_the_media_distribution(visit, status, tmp_path):
    visit.open(status["site"])
    seen = {
        image.get_attribute("src")
        for image in visit.page.query_selector_all(f'img[src^="{status["media"]}"]')
    }
    picture = tmp_path / "holiday.gif"
    picture.write_bytes(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04"
        b"\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )
    visit.page.set_input_files('input[type="file"]', str(picture))
    visit.page.click("form button")
    visit.page.wait_for_load_state("networkidle")
    new = {
        image.get_attribute("src")
        for image in visit.page.query_selector_all(f'img[src^="{status["media"]}"]')
    } - seen
    assert len(new) == 1
    (url,) = new
    assert re.search(r"/uploads/[0-9a-f]{20}/holiday\.gif$", url)
    assert (url, 200) in [(answer.url, answer.status) for answer in visit.responses]
    assert visit.complaints == []
