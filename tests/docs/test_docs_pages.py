"""What docs/checks.md and docs/pages.md say is what the code does."""

from __future__ import annotations

import ast
import inspect
import re

import pytest
from cdk_support import ROOT
from docs_support import code, fenced, prose, section, tables
from pages_support import cdn, page_settings, rendered, set_up_django

from dj_cloudfront import csp, resource_hints
from dj_cloudfront.checks.ids import SYSTEM_CHECKS
from dj_cloudfront.checks.templates import MOST_BYTES, MOST_FILES

CHECKS, PAGES = ROOT / "docs" / "checks.md", ROOT / "docs" / "pages.md"
NAMES = ("static.example.com", "media.example.com")


# -- the checks


@pytest.mark.parametrize(
    ("level", "title"),
    [("error", "Errors"), ("warning", "Warnings"), ("information", "Information")],
)
def test_the_checks_are_documented_as_they_are(level, title):
    (rows,) = tables(section(CHECKS, title))
    documented = [
        (code(one)[0], code(when), what, cure) for one, when, what, cure in rows
    ]
    for rule, row in zip(
        (rule for rule in SYSTEM_CHECKS if rule.id[0] == level[0].upper()),
        documented,
        strict=True,
    ):
        assert row[:2] == (rule.id, ["--deploy"] if rule.deploy else [])
        assert row[2]
        assert row[3].replace("`", "") == rule.hint


def test_every_id_that_is_named_exists():
    ids = {rule.id for rule in SYSTEM_CHECKS}
    for page in (ROOT / "docs").rglob("*.md"):
        assert set(re.findall(r"`([EWI]\d{3})`", prose(page))) <= ids, page.name


def test_the_bounds_of_the_scan_are_documented():
    text = section(CHECKS, "What some of them look at")
    assert f"up to {MOST_FILES:,} files of each kind" in text
    assert f"{MOST_BYTES // 1_000_000} MB each" in text


# -- the policy


def test_the_policy_is_the_one_that_is_shown():
    blocks = [text for kind, text in fenced(PAGES) if kind == "python"]
    names = {"CDN": cdn(names=NAMES)}
    exec(compile(blocks[0], "settings.py", "exec"), names)
    assert names["SECURE_CSP"] == ast.literal_eval(blocks[1])
    assert names["CONTENT_SECURITY_POLICY"]["DIRECTIVES"] == names["SECURE_CSP"]


def test_with_cdn_is_documented_as_it_is():
    arguments, directives = tables(section(PAGES, "`with_cdn()`"))
    signature = inspect.signature(csp.with_cdn)
    assert [code(row[0])[0] for row in arguments] == list(signature.parameters)
    for name, kind, default, _ in arguments:
        found = signature.parameters[code(name)[0]]
        assert code(kind) == [found.annotation]
        given = found.default is not inspect.Parameter.empty
        assert (
            getattr(csp, code(default)[0]) == found.default
            if given
            else (default == "required")
        )
    assert {code(name)[0]: tuple(code(row)) for name, row in directives} == {
        "STATIC": csp.STATIC,
        "MEDIA": csp.MEDIA,
    }


# -- the hints


def test_the_endings_are_those_that_can_be_preloaded():
    (rows,) = tables(section(PAGES, "Files loaded early"))
    endings = [ending for row in rows for ending in code(row[0])]
    assert sorted(endings) == sorted(resource_hints.PRELOADS)


@pytest.mark.parametrize(
    ("ending", "link"),
    [
        (ending, code(row[1])[0])
        for row in tables(section(PAGES, "Files loaded early"))[0]
        for ending in code(row[0])
    ],
)
def test_an_ending_gives_the_link_that_is_shown(ending, link):
    set_up_django()
    with page_settings(cdn()):
        made = rendered(f'{{% load cdn %}}{{% cdn_preload "a.{ending}" %}}')
    assert set(link.split()) <= set(made.strip("<>").split())
    assert ("crossorigin" in made) == ("crossorigin" in link)


def test_the_page_to_copy_renders():
    set_up_django()
    (text,) = (text for _, text in fenced(PAGES) if "{% cdn_preconnect %}" in text)
    with page_settings(cdn(names=NAMES)):
        page = rendered(text)
    assert page.count("<link") == 6
    assert (
        '<link rel="preconnect" href="https://static.example.com" crossorigin>' in page
    )
