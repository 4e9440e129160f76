"""A release while visitors read: nothing fails, nothing old changes, nothing mixes."""

from __future__ import annotations

import hashlib
import re
import threading
import time

import pytest

REFERENCE = re.compile(r"""["'(](http://[^"')\s]+)["')]""")


class Reader:
    """Loads the page and all it refers to, over and over, and remembers every byte."""

    def __init__(self, site):
        self.site = site
        self.status = site.status
        hosts = [self.status[tree].split("/")[2] for tree in ("static", "media")]
        self.shown = tuple(f"http://{host}/" for host in hosts)
        self.builds = set()
        self.pages = 0
        self.failures = []
        self.digests = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *raised):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        while not self._stop.is_set():
            try:
                self.read()
            except Exception as error:
                self.failures.append(repr(error))

    def read(self):
        page = self.site.get(self.status["site"])
        if page.status != 200:
            self.failures.append(f"the page answered {page.status}")
            return
        self.pages += 1
        text = page.body.decode()
        (build,) = set(re.findall(r'name="build-version" content="([^"]+)"', text))
        self.builds.add(build)
        static = self.status["static"].rsplit("/", 2)[0]
        for url in set(REFERENCE.findall(text)):
            if url.startswith(static) and f"/{build}/" not in url:
                self.failures.append(f"the page of {build} refers to {url}")
            self.load(url.partition("#")[0])

    def load(self, url):
        if not url.startswith(self.shown):
            return
        answer = self.site.get(url)
        if answer.status != 200:
            self.failures.append(f"{url} answered {answer.status}")
        digest = hashlib.sha256(answer.body).hexdigest()
        if self.digests.setdefault(url, digest) != digest:
            self.failures.append(f"{url} changed its bytes")


@pytest.fixture
def release(local_site):
    def ship(*version):
        done = local_site.run("release", *version)
        assert done.returncode == 0, done.stderr
        return local_site.status["build"]

    return ship


def test_releases_forwards_and_back_break_no_page(local_site, release):
    status = local_site.status
    first = status["build"]
    second = f"{first}-next"
    early = f"{status['static']}gallery/css/site.css".replace(
        f"/{first}/", f"/{second}/"
    )
    with Reader(local_site) as reader:
        wait_for(lambda: reader.pages > 1)
        assert local_site.get(early).status == 404
        assert release(second) == second
        assert local_site.get(early).status == 200, "no 404 is kept"
        wait_for(lambda: second in reader.builds)
        third = release()
        assert release(first) == first
        before = reader.pages
        wait_for(lambda: reader.pages > before + 1)
    assert reader.failures == []
    assert len({first, second, third}) == 3
    assert {first, second, third} >= reader.builds >= {first, second}


def test_a_page_of_the_old_build_keeps_its_assets(local_site, visit, release):
    old = local_site.status
    visit.open(old["site"])
    urls = sorted(url for url, *_ in visit.answers_from(old["static"].split("/")[2]))
    assert urls
    new = release()
    assert new != old["build"]
    for url in urls:
        assert f"/{old['build']}/" in url
        code = visit.page.evaluate(
            """async url => {
                const answer = await fetch(url, {cache: "reload"});
                await answer.arrayBuffer();
                return answer.status;
            }""",
            url,
        )
        assert code == 200, url
    # A worker of the old build may answer a moment longer, on connections it has.
    wait_for(lambda: build_shown(visit, old["site"]) == new)
    assert visit.complaints == []


def test_fails_when_a_version_is_no_safe_folder_name(local_site):
    before = local_site.status["build"]
    done = local_site.run("release", "../b9")
    assert done.returncode == 1
    assert done.stderr.startswith("VERSION must be 1 to 64 letters")
    assert local_site.status["build"] == before


def build_shown(visit, url):
    visit.open(url)
    return visit.page.get_attribute('meta[name="build-version"]', "content")


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
