"""Django's own tests of static files, with our storages in the place of Django's."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django_suite.source import unpack

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "django_suite"
EXCEPTIONS = tomllib.loads((FOLDER / "exceptions.toml").read_text())["exception"]
# What a build refuses to hold, see the exceptions.
HOSTILE = "staticfiles_tests/apps/test/static/test/%2F.txt"


MODES = ("django", "local", "builds", "broken")


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """What became of each test, by mode. All modes run at the same time."""
    started = {mode: start(mode, tmp_path_factory.mktemp(mode)) for mode in MODES}
    done = {mode: process.communicate(timeout=280) for mode, process in started.items()}
    for mode, (_, errors) in done.items():
        assert started[mode].returncode == 0, errors
    return {mode: json.loads(out.splitlines()[-1]) for mode, (out, _) in done.items()}


def start(mode, folder):
    tests = unpack(folder)
    if mode == "builds":
        (tests / HOSTILE).unlink()
    return subprocess.Popen(
        [sys.executable, FOLDER / "run.py", tests, mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def those(results, outcome):
    return {name for name, found in results["outcomes"].items() if found == outcome}


def explained(results, unexpected):
    return "\n".join(f"{name}: {results['reasons'][name]}" for name in unexpected)


def test_the_tests_pass_with_djangos_storages(suite):
    results = suite["django"]
    assert those(results, "passed") == set(results["outcomes"])
    assert len(results["outcomes"]) > 150
    assert results["made"] == 0


def test_all_pass_with_ours_and_local_urls(suite):
    results = suite["local"]
    failed = those(results, "failed")
    assert not failed, explained(results, failed)
    assert set(results["outcomes"]) == set(suite["django"]["outcomes"])
    assert results["made"] > 100


def test_those_that_fail_when_builds_are_published_are_the_listed_exceptions(suite):
    results = suite["builds"]
    exceptions = {name for entry in EXCEPTIONS for name in entry["tests"]}
    failed = those(results, "failed")
    assert not failed - exceptions, explained(results, failed - exceptions)
    assert not exceptions - failed, "these pass now: take them off the list"
    assert set(results["outcomes"]) == set(suite["django"]["outcomes"])
    assert results["made"] > 100


def test_a_storage_with_wrong_urls_is_noticed(suite):
    results = suite["broken"]
    assert len(those(results, "failed")) > 20
    assert results["made"] > 100


def test_each_exception_is_argued_and_listed_once():
    names = [name for entry in EXCEPTIONS for name in entry["tests"]]
    assert len(names) == len(set(names))
    assert all(len(entry["reason"]) > 60 for entry in EXCEPTIONS)
