"""An import map over files of hashed folders and of the build, as Chromium resolves it."""

from __future__ import annotations

import pytest
from browser_support import chromium, fresh_profile
from django.test import override_settings
from pages_support import Hosts, cdn, serve, set_up_django, urls

from dj_cloudfront.builds.publication import Publication

pytestmark = pytest.mark.slow

# `plain` has a page, so that it keeps the build's URL.
FILES = {
    "app/main.mjs": """
        import { name } from "lib";
        import { part } from "lib/part.mjs";
        import { icon } from "icons";
        import { plain } from "plain";
        import { root } from "root";
        window.seen = [name, part, icon, plain, root, window.loaded];
    """,
    "lib/index.mjs": 'import { part } from "./part.mjs"; export const name = `${part}!`;',
    "lib/part.mjs": 'window.loaded = (window.loaded ?? 0) + 1; export const part = "p";',
    "lib/icons.mjs": 'export const icon = "i";',
    "plain/index.mjs": 'import { part } from "lib/part.mjs"; export const plain = part;',
    "plain/help.html": "<p>help</p>",
    "root.mjs": 'export const root = "r";',
}
PAGE = """{% load static %}<!doctype html><link rel="icon" href="data:,">
<script type="importmap">{
    "imports": {
        "lib": "{% static 'lib/index.mjs' %}",
        "lib/": "{% static 'lib/' %}",
        "plain": "{% static 'plain/index.mjs' %}",
        "root": "{% static 'root.mjs' %}"
    },
    "scopes": {"{% static 'app/' %}": {"icons": "{% static 'lib/icons.mjs' %}"}}
}</script>
<script type="module" src="{% static 'app/main.mjs' %}"></script>
"""


@pytest.mark.parametrize("hashed", [True, False], ids=["hashed folders", "builds"])
def test_an_import_map_leads_to_one_instance_of_each_module(tmp_path, hashed):
    set_up_django()
    root = tmp_path / "static"
    storage = {
        "BACKEND": "dj_cloudfront.storage.BuildStorage",
        "OPTIONS": {"hashed_folders": hashed},
    }

    def settings(hosts, build):
        url_format = f"http://{{label}}.cloudfront.localhost:{hosts.port}"
        one = cdn(url_format=url_format, build_version=build, static_root=root)
        return {"CDN": one, "STATIC_ROOT": one.static_root, **urls(one)}

    def release(hosts, build, files):
        with Publication(root, build, hashed_folders=hashed) as publication:
            for name, text in files.items():
                publication.add_bytes(name, text.encode())
            publication.finish()
        for path in root.glob("[!.]*/**/*.mjs"):
            hosts.hold({f"/{path.relative_to(root)}": path.read_bytes()})

    with Hosts() as hosts, chromium() as browser, fresh_profile(browser) as visit:
        release(hosts, "b1", FILES)
        given = settings(hosts, "b1")
        with serve(
            PAGE, given["CDN"], STORAGES={"staticfiles": storage}, **given
        ) as address:
            visit.open(address)
            assert visit.page.evaluate("seen") == ["p!", "p", "i", "p", "r", 1]
            asked = hosts.targets
            assert len(asked) == len(set(asked)) == 6
            of_the_build = {one for one in asked if one.startswith("/b1/")}
            plain = {"/b1/plain/index.mjs", "/b1/root.mjs"}
            assert of_the_build == (plain if hashed else set(asked))

            changed = 'import { name } from "lib"; window.seen = name;'
            release(hosts, "b2", FILES | {"app/main.mjs": changed})
            with override_settings(**settings(hosts, "b2")):
                visit.open(address)
            assert visit.page.evaluate("seen") == "p!"
            names = [one.split("/", 2)[2] for one in hosts.targets[len(asked) :]]
            ours = ["app/main.mjs"]
            assert names == (
                ours if hashed else [*ours, "lib/index.mjs", "lib/part.mjs"]
            )
    assert visit.complaints == []
