"""docs/deploying.md: what can be told without running it. tests/e2e runs it."""

from __future__ import annotations

import re

import pytest
import yaml
from deploying_support import PAGE, headings, recipe
from docs_support import ROOT, fenced

OPERATIONS = ROOT / "docs" / "operations.md"
TESTS = sorted((ROOT / "tests" / "e2e").glob("test_deploying*.py"))
RECIPES = {heading: found for heading in headings() if (found := recipe(heading))}
# What a release does, in the order that is safe.
STEPS = (
    "cdn publish",
    "cdn check",
    "> /etc/mysite/release.env",
    "systemctl",
    "cdn use",
)


def test_each_block_says_where_it_runs_and_stops_at_a_failure():
    blocks = [text for kind, text in fenced(PAGE) if kind == "sh"]
    scripts = [text for text in blocks if text.startswith("# ")]
    assert len(scripts) == sum(map(len, RECIPES.values())) == len(blocks) - 1
    for text in scripts:
        where, *commands = text.splitlines()
        assert where[2:].strip()
        assert len(commands) == 1 or commands[0] == "set -e"


@pytest.mark.parametrize("heading", RECIPES)
def test_each_recipe_is_run(heading):
    assert f'recipe("{heading}")' in "".join(one.read_text("utf-8") for one in TESTS)


@pytest.mark.parametrize(
    "heading",
    [one for one, found in RECIPES.items() if "cdn publish" in str(found)],
)
def test_files_come_before_pages(heading):
    text = "\n".join(RECIPES[heading].values())
    places = [text.find(step) for step in STEPS if step in text]
    assert places == sorted(places)
    assert "cdn check" in text


def test_nothing_is_removed_by_the_way():
    for script in (text for found in RECIPES.values() for text in found.values()):
        assert "--delete" not in script and "--clear" not in script


def test_only_the_release_job_can_write_builds():
    (text,) = (text for kind, text in fenced(PAGE) if kind == "yaml")
    services = yaml.safe_load(text)["services"]
    mounts = {
        name: [one for one in service["volumes"] if one.startswith("builds:")]
        for name, service in services.items()
    }
    assert mounts == {
        "web": ["builds:/var/mysite/static:ro"],
        "app": [],
        "release": ["builds:/var/mysite/static"],
    }
    assert services["app"]["image"] == services["release"]["image"]


@pytest.mark.parametrize(
    ("here", "there"), [("Releasing", "One server"), ("Rolling back", "Rolling back")]
)
def test_operations_has_the_same_commands(here, there):
    """Those of a single server, which knows itself by its own name."""
    script = OPERATIONS.read_text("utf-8").partition(f"\n## {here}\n")[2]
    (_, commands), *_ = re.findall(r"```(sh)\n(.*?)```", script, re.S)
    expected = list(recipe(there).values())[-1].replace(
        "--host www.example.com --origin https://10.0.0.5",
        "--origin https://www.example.com",
    )
    assert commands.splitlines() == [
        line for line in expected.splitlines() if "check --deploy" not in line
    ]
