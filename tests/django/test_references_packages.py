"""The references of stylesheets and scripts from npm, against a CSS parser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from project_support import ROOT

from dj_cloudfront.builds.references import references_in, script_references

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = (
    *("bootstrap@5.3.8", "bulma@1.0.4", "select2@4.0.13", "flatpickr@4.6.13"),
    *("leaflet@1.9.4", "jquery-ui@1.14.1", "codemirror@5.65.20", "katex@0.16.22"),
    *("@fortawesome/fontawesome-free@6.7.2", "slick-carousel@1.8.1", "htmx.org@2.0.6"),
    *("highlight.js@11.11.1", "swagger-ui-dist@5.29.0", "choices.js@11.1.0"),
)
# Each URL that a stylesheet has, in its order: ours and those of tinycss2.
SCRIPT = """
import json, sys
from pathlib import Path

import tinycss2
from dj_cloudfront.builds.references import _urls, unescaped

OF_STRINGS = {"url", "src", "image", "image-set", "-webkit-image-set"}


def walk(tokens):
    for token in tokens:
        if token.type == "url":
            yield token.value
        elif token.type == "function":
            if token.lower_name in OF_STRINGS:
                yield from (one.value for one in token.arguments if one.type == "string")
            yield from walk(token.arguments)
        elif token.type in ("() block", "[] block", "{} block"):
            yield from walk(token.content)


def parsed(data):
    for rule in tinycss2.parse_stylesheet_bytes(data, skip_comments=True)[0]:
        if rule.type == "at-rule" and rule.lower_at_keyword == "import":
            yield from (one.value for one in rule.prelude if one.type == "string")
        is_name = getattr(rule, "lower_at_keyword", "") == "namespace"
        if rule.type in ("at-rule", "qualified-rule") and not is_name:
            yield from walk(rule.prelude)
            yield from walk(rule.content or [])


def ours(data):
    for start, stop, _ in _urls(data):
        yield unescaped(data[start:stop]).decode("utf-8", "replace")


files, urls, differ = 0, 0, []
for path in Path("node_modules").rglob("*.css"):
    if path.is_file():
        data = path.read_bytes()
        wanted, found = [*parsed(data)], [*ours(data)]
        files, urls = files + 1, urls + len(wanted)
        if [one.strip() for one in wanted] != [one.strip() for one in found]:
            differ.append(str(path))
print(json.dumps([files, urls, differ]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    (folder / "package.json").write_text('{"private": true}')
    npm = Path(sys.executable).with_name("npm")
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    subprocess.run([npm, "install", *quiet, *PACKAGES], cwd=folder, check=True)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--target", "python")
    subprocess.run([*pip, "tinycss2==1.4.0"], cwd=folder, check=True)
    return folder


def test_the_urls_of_stylesheets_are_those_of_a_css_parser(folder):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=folder,
        env={"PYTHONPATH": f"{ROOT}:{folder / 'python'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    files, urls, differ = json.loads(done.stdout)
    assert differ == []
    assert files > 200 and urls > 300


def test_no_package_is_reported_without_need(folder):
    found = []
    for path in (folder / "node_modules").rglob("*"):
        if path.suffix in (".js", ".mjs", ".css") and path.is_file():
            find = references_in if path.suffix == ".css" else script_references
            found += find(str(path), path.read_bytes(), "/static/")
    assert found == []
