"""What a policy allows and what a hint loads, as Chromium does it.

The site is Django's own handler with the real middleware; the CDN is another host.
"""

from __future__ import annotations

import django
import pytest
from browser_support import chromium, fresh_profile
from docs_support import ROOT, fenced
from edge_support import Reply
from pages_support import Hosts, serve, set_up_django

from dj_cloudfront import csp

FONT = ROOT / "example/gallery/static/gallery/fonts/board.woff2"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
CSS = """
@font-face { font-family: Board; src: url(board.woff2) }
p { font: 20px Board; color: rgb(1, 2, 3); background: url(backdrop.svg) }
"""
MAIN = """
import { part } from "./part.mjs";
const answer = await fetch(new URL("data.json", import.meta.url));
window.module = [part, (await answer.json()).n];
"""
FILES = {
    "/b1/site.css": CSS.encode(),
    "/b1/board.woff2": FONT.read_bytes(),
    "/b1/backdrop.svg": SVG,
    "/b1/icon.svg": SVG,
    "/b1/unused.css": b"",
    "/b1/main.js": MAIN.encode(),
    "/b1/part.mjs": b"export const part = 7;",
    "/b1/data.json": b'{"n": 8}',
    "/b1/classic.js": b"window.classic = 9;",
    "/photo.svg": SVG,
    "/upload.js": b"window.upload = true;",
    "/evil.js": b"window.evil = true;",
}
USED = """{% load static %}
<link rel="icon" href="{% static 'icon.svg' %}">
<link rel="stylesheet" href="{% static 'site.css' %}">
<script src="{% static 'classic.js' %}"></script>
<script type="module" src="{% static 'main.js' %}"></script>
<p>Text in a font of the CDN <img src="{% get_media_prefix %}photo.svg" alt=""></p>
"""
REFUSED = """
<script>window.inline = true</script>
<script src="{% get_media_prefix %}upload.js"></script>
<script src="http://evil.localhost:PORT/evil.js"></script>
<img src="http://evil.localhost:PORT/photo.svg" alt="">
"""
SEEN = """async () => {
    const [font] = await document.fonts.load("20px Board").catch(() => []);
    return {
        font: font?.status,
        color: getComputedStyle(document.querySelector("p")).color,
        photo: document.querySelector("p img").naturalWidth,
        module: window.module,
        classic: window.classic,
        others: [window.inline, window.upload, window.evil],
    };
}"""
ALL_OF_IT = {
    "font": "loaded",
    "color": "rgb(1, 2, 3)",
    "photo": 9,
    "module": [7, 8],
    "classic": 9,
    "others": [None, None, None],
}


@pytest.fixture(scope="module", autouse=True)
def _django():
    set_up_django()


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def hosts():
    with Hosts() as running:
        running.hold(FILES)
        yield running


def by_django(policy):
    return {
        "MIDDLEWARE": ["django.middleware.csp.ContentSecurityPolicyMiddleware"],
        "SECURE_CSP": policy,
    }


def by_django_csp(policy):
    return {
        "MIDDLEWARE": ["csp.middleware.CSPMiddleware"],
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": policy},
    }


SENDERS = [by_django_csp, *([by_django] if django.VERSION >= (6,) else [])]


@pytest.mark.parametrize("sent", SENDERS)
def test_a_policy_with_the_cdn_lets_its_files_in_and_nothing_else(browser, hosts, sent):
    one_cdn = hosts.cdn()
    policy = csp.with_cdn({"default-src": ["'none'"]}, one_cdn)
    page = USED + REFUSED.replace("PORT", str(hosts.port))
    with (
        serve(page, one_cdn, **sent(policy)) as address,
        fresh_profile(browser) as visit,
    ):
        visit.open(address)
        assert visit.page.evaluate(SEEN) == ALL_OF_IT
    said = [one for one in visit.complaints if one.startswith("error:")]
    assert len(said) == 4, said
    assert all("violates the following Content Security Policy" in one for one in said)
    assert not [one for one in hosts.asked if "evil" in one.headers["host"]]
    assert "/upload.js" not in hosts.targets


def test_the_same_policy_without_the_cdn_lets_none_of_them_in(browser, hosts):
    policy = by_django_csp({"default-src": ["'none'"]})
    with serve(USED, hosts.cdn(), **policy) as address, fresh_profile(browser) as visit:
        visit.open(address)
    assert hosts.targets == []


# -- hints

PRELOADS = """{% load cdn %}{% cdn_preconnect %}
{% cdn_preload "site.css" %}
{% cdn_preload "board.woff2" %}
{% cdn_preload "backdrop.svg" %}
{% cdn_preload "classic.js" %}
{% cdn_preload "main.js" module=True %}
{% cdn_preload "part.mjs" %}
{% cdn_preload "data.json" %}
"""
# Seconds after the page was loaded, Chromium complains of all that nothing has used.
UNUSED = """{% load cdn %}{% cdn_preload "unused.css" %}"""
BY_HAND = """{% load static %}
<link rel="preload" href="{% static 'board.woff2' %}" as="font" type="font/woff2">
<link rel="preload" href="{% static 'main.js' %}" as="script">
"""


def visit_with(head, browser, hosts):
    """How often a page with this head asked for each path, and Chromium's complaints."""
    # Else the browser's cache would hide that a file was asked for twice.
    for reply in hosts.replies.values():
        reply.headers = {**reply.headers, "Cache-Control": "no-store"}
    middleware = ["dj_cloudfront.resource_hints.PreconnectMiddleware"]
    with (
        serve(head + UNUSED + USED, hosts.cdn(), MIDDLEWARE=middleware) as address,
        fresh_profile(browser) as visit,
        visit.page.expect_console_message(
            lambda message: "unused.css was preloaded" in message.text, timeout=20_000
        ),
    ):
        visit.open(address)
        assert visit.page.evaluate(SEEN) == ALL_OF_IT
    return hosts.times(), [one for one in visit.complaints if "unused.css" not in one]


def test_what_is_preloaded_is_loaded_once_and_used(browser, hosts):
    times, complaints = visit_with(PRELOADS, browser, hosts)
    files = set(FILES) - {"/upload.js", "/evil.js"}
    assert times == dict.fromkeys(files, 1)
    assert complaints == []


@pytest.mark.slow
def test_a_preload_of_another_kind_than_the_use_is_loaded_twice(browser, hosts):
    times, complaints = visit_with(BY_HAND, browser, hosts)
    assert times["/b1/board.woff2"] == times["/b1/main.js"] == 2
    assert any("board.woff2" in complaint for complaint in complaints)


# -- what no header makes possible

SPRITE = (
    b'<svg xmlns="http://www.w3.org/2000/svg">'
    b'<symbol id="a"><rect width="9" height="9"/></symbol></svg>'
)
REFUSALS = """async base => {
    const outcome = async start => {
        try { await start(); return "started"; } catch (error) { return error.name; }
    };
    const svg = document.querySelector("svg");
    svg.innerHTML = `<use href="${base}sprite.svg#a"/>`;
    await fetch(`${base}sprite.svg`);
    await new Promise(done => setTimeout(done, 300));
    return {
        use: svg.firstChild.getBBox().width,
        worker: await outcome(() => new Worker(`${base}worker.js`)),
        shared: await outcome(() => new SharedWorker(`${base}worker.js`)),
        service: await outcome(() => navigator.serviceWorker.register(`${base}worker.js`)),
    };
}"""


@pytest.mark.parametrize(
    ("is_across", "result"),
    [
        (True, [0, "SecurityError", "SecurityError", "SecurityError"]),
        (False, [9, "started", "started", "started"]),
    ],
)
def test_sprites_and_workers_are_refused_across_hosts(
    browser, hosts, is_across, result
):
    page = Reply(headers={"Content-Type": "text/html"}, body=b"<svg></svg>")
    hosts.hold({"/b1/sprite.svg": SPRITE, "/b1/worker.js": b""})
    hosts.replies["/"] = page
    site = f"http://{hosts.address}/"
    base = hosts.cdn().static_url if is_across else f"{site}b1/"
    with fresh_profile(browser) as visit:
        visit.page.goto(site)
        assert list(visit.page.evaluate(REFUSALS, base).values()) == result


# -- the worker of docs/pages.md: a blob that imports its script from the CDN

TOLD = "window.told = new Promise(done => worker.onmessage = m => done(m.data));"
SCRIPTS = {
    "/b1/js/worker.js": (
        b'import { part } from "./part.js"; postMessage([part, import.meta.url]);'
    ),
    "/b1/js/part.js": b"export const part = 7;",
    "/b1/js/classic.js": b"postMessage([8, 'classic']);",
}


def told_by_worker(browser, hosts, template, *more):
    """What the page was told by its worker, and its complaints.

    :param more: Of ``worker-src``, besides the site and the CDN.
    """
    hosts.hold(SCRIPTS)
    cdn = hosts.cdn()
    policy = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["data:"],
        **({"worker-src": ["'self'", *more, cdn.static_origin]} if more else {}),
    }
    with (
        serve(
            f'<link rel="icon" href="data:,">{template}',
            cdn,
            **by_django_csp(csp.with_cdn(policy, cdn)),
        ) as site,
        fresh_profile(browser) as visit,
    ):
        visit.page.goto(site)
        told = visit.page.evaluate(
            "() => Promise.race([window.told, new Promise(d => setTimeout(d, 700))])"
        )
        return told, visit.complaints


@pytest.fixture(scope="module")
def documented():
    (found,) = (
        text for _, text in fenced(ROOT / "docs" / "pages.md") if "new Worker(" in text
    )
    return found.replace("</script>", f"{TOLD}</script>")


def test_a_blob_imports_the_script_from_the_cdn(browser, hosts, documented):
    told, complaints = told_by_worker(browser, hosts, documented, "blob:")
    assert complaints == []
    assert told[0] == 7
    assert told[1].endswith("/b1/js/worker.js")


@pytest.mark.slow
def test_a_classic_script_is_imported_by_its_function(browser, hosts, documented):
    page = documented.replace(
        "import ${JSON.stringify(url)}", "importScripts(${JSON.stringify(url)})"
    )
    page = page.replace(', {type: "module"})', ")").replace("worker.js", "classic.js")
    told, complaints = told_by_worker(browser, hosts, page, "blob:")
    assert (told, complaints) == ([8, "classic"], [])


def test_without_blob_in_the_policy_there_is_no_worker(browser, hosts, documented):
    told, complaints = told_by_worker(browser, hosts, documented)
    assert told is None
    assert any("Content Security Policy" in one for one in complaints)
