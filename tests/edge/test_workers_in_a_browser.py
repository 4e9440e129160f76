"""The worker of docs/pages.md: a blob that imports its script from the CDN, in Chromium."""

from __future__ import annotations

import pytest
from browser_support import chromium, fresh_profile
from docs_support import ROOT, fenced
from pages_support import Hosts, serve, set_up_django

from dj_cloudfront import csp

WORKER = b'import { part } from "./part.js"; postMessage([part, import.meta.url]);'
FILES = {
    "/b1/js/worker.js": WORKER,
    "/b1/js/part.js": b"export const part = 7;",
    "/b1/js/classic.js": b"postMessage([8, 'classic']);",
}
TOLD = "window.told = new Promise(done => worker.onmessage = m => done(m.data));"
POLICY = {"default-src": ["'self'"], "script-src": ["'self'", "'unsafe-inline'"]}


@pytest.fixture(scope="module", autouse=True)
def _django():
    set_up_django()


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


def documented():
    page = ROOT / "docs" / "pages.md"
    (found,) = (text for kind, text in fenced(page) if "new Worker(" in text)
    return found


def visited(browser, template, policy):
    """What the page was told by its worker, and its complaints."""
    with Hosts() as hosts:
        hosts.hold(FILES)
        cdn = hosts.cdn()
        given = {
            "MIDDLEWARE": ["csp.middleware.CSPMiddleware"],
            "CONTENT_SECURITY_POLICY": {"DIRECTIVES": csp.with_cdn(policy(cdn), cdn)},
        }
        icon = '<link rel="icon" href="data:,">'
        with (
            serve(f"{icon}{template}", cdn, **given) as site,
            fresh_profile(browser) as visit,
        ):
            visit.open(site)
            told = visit.page.evaluate(
                "() => Promise.race([window.told, new Promise(d => setTimeout(d, 700))])"
            )
            return told, visit.complaints


def with_blob(cdn):
    """As docs/pages.md has it."""
    workers = ["'self'", "blob:", *filter(None, [cdn.static_origin])]
    return {**without_blob(cdn), "worker-src": workers}


def without_blob(cdn):
    return {**POLICY, "img-src": ["data:"]}


def test_a_blob_imports_the_script_from_the_cdn(browser):
    page = documented().replace("</script>", f"{TOLD}</script>")
    told, complaints = visited(browser, page, with_blob)
    assert complaints == []
    assert told[0] == 7
    assert told[1].endswith("/b1/js/worker.js")


def test_a_classic_script_is_imported_by_its_function(browser):
    page = documented().replace("</script>", f"{TOLD}</script>")
    page = page.replace(
        "import ${JSON.stringify(url)}", "importScripts(${JSON.stringify(url)})"
    )
    page = page.replace(', {type: "module"})', ")").replace("worker.js", "classic.js")
    told, complaints = visited(browser, page, with_blob)
    assert (told, complaints) == ([8, "classic"], [])


def test_without_blob_in_the_policy_there_is_no_worker(browser):
    page = documented().replace("</script>", f"{TOLD}</script>")
    told, complaints = visited(browser, page, without_blob)
    assert told is None
    assert any("Content Security Policy" in one for one in complaints)


def test_a_worker_by_its_url_is_refused_whatever_the_policy_says(browser):
    page = """{% load static %}<script type="module">
    try { window.told = new Worker("{% static 'js/worker.js' %}", {type: "module"}); }
    catch (error) { window.told = error.name; }
    </script>"""
    told, _ = visited(browser, page, with_blob)
    assert told == "SecurityError"
