"""The lists of `make mutants`, and the runner itself on a tiny tree."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections import Counter

import pytest
from cdk_support import ROOT
from mutants.mutant import read_mutants

MUTANTS = ROOT / "tests" / "mutants"
LISTED = read_mutants()
EACH = pytest.mark.parametrize("mutant", LISTED, ids=lambda mutant: mutant.name)


@EACH
def test_a_mutant_applies_and_changes_something(mutant):
    text = (ROOT / mutant.file).read_text("utf-8")
    assert mutant.broken(text) != text


@EACH
def test_a_mutant_is_for_tests_that_exist(mutant):
    assert mutant.tests
    for test in mutant.tests:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        functions = {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
        assert name.partition("[")[0] in {*functions, ""}, test


def test_mutants_have_names_of_their_own():
    names = Counter(mutant.name for mutant in LISTED)
    assert [name for name, count in names.items() if count > 1] == []


CODE = """\
def add(one, other):
    return one + other


def greeting(name):
    return f"hello {name}"
"""
TESTS = """\
from code_under_test import add, greeting


def test_add():
    assert add(1, 2) == 3


def test_greeting():
    assert greeting("you")
"""


def entry(name, old, new, test="test_code.py::test_add"):
    return (
        f"[[mutant]]\nname = '{name}'\nfile = 'code_under_test.py'\n"
        f"pattern = '{old}'\nreplacement = '{new}'\ntests = ['{test}']\n"
    )


KILLED = entry("Adds wrongly", r"one \+ other", "one - other")
SURVIVOR = entry("Greets all alike", " {name}", "", "test_code.py::test_greeting")
STALE = entry("Divides", "one / other", "one")
BROKEN = entry("Cannot be imported", "def add", "def plus")
HANGING = entry("Never ends", "return one", "while True: pass; one")


@pytest.fixture
def tiny(tmp_path):
    """Write a tiny tree with a list of mutants, and run them."""
    folder = tmp_path / "tree"
    no_list = shutil.ignore_patterns("*.toml")
    shutil.copytree(MUTANTS, folder / "tests" / "mutants", ignore=no_list)
    (folder / "node_modules").mkdir()
    (folder / ".gitignore").write_text("node_modules\n.local\n__pycache__\n")
    (folder / "pyproject.toml").write_text('[tool.pytest]\npythonpath = ["."]\n')
    (folder / "code_under_test.py").write_text(CODE)
    (folder / "test_code.py").write_text(TESTS)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)

    def run(*mutants, options=(), **environment):
        (folder / "tests" / "mutants" / "list.toml").write_text("\n".join(mutants))
        done = subprocess.run(
            [sys.executable, "tests/mutants/run.py", *options],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (folder / "code_under_test.py").read_text() == CODE
        return done

    run.folder = folder
    return run


def last_line(done):
    return done.stdout.splitlines()[-1]


def test_all_killed_ends_with_0(tiny):
    done = tiny(KILLED)
    assert "1/1  killed  Adds wrongly (" in done.stdout
    assert (last_line(done), done.returncode) == ("1 passed, 0 failed", 0)


def test_a_survivor_ends_with_1(tiny):
    done = tiny(KILLED, SURVIVOR)
    assert "SURVIVED  Greets all alike (" in done.stdout
    assert "SURVIVED: Greets all alike, in code_under_test.py\n" in done.stdout
    assert (last_line(done), done.returncode) == ("1 passed, 1 failed", 1)


def test_a_mutant_whose_code_has_changed_ends_with_1(tiny):
    done = tiny(KILLED, STALE)
    assert "no longer applies  Divides (" in done.stdout
    assert (
        "the mutant no longer applies: its pattern must match once in "
        "all of code_under_test.py, got 0 times\n"
    ) in done.stdout
    assert (last_line(done), done.returncode) == ("1 passed, 1 failed", 1)


def test_a_mutant_that_no_test_could_judge_is_not_killed(tiny):
    done = tiny(BROKEN)
    assert "error  Cannot be imported (" in done.stdout
    assert "ImportError" in done.stdout
    assert (last_line(done), done.returncode) == ("0 passed, 1 failed", 1)


def test_a_mutant_that_hangs_is_killed(tiny):
    done = tiny(HANGING, options=["--seconds", "8"])
    assert "killed  Never ends (" in done.stdout
    assert "s): it hangs\n" in done.stdout
    assert (last_line(done), done.returncode) == ("1 passed, 0 failed", 0)


def test_tests_that_fail_on_unbroken_code_end_with_2(tiny):
    (tiny.folder / "test_code.py").write_text(TESTS.replace("== 3", "== 4"))
    done = tiny(KILLED, SURVIVOR)
    assert "assert 3 == 4" in done.stdout
    assert "the tests must pass on unbroken code" in done.stdout
    assert (last_line(done), done.returncode) == ("0 passed, 2 failed", 2)


def test_the_callers_python_path_leads_to_no_other_code(tiny):
    done = tiny(KILLED, PYTHONPATH=str(tiny.folder), PYTEST_ADDOPTS="--collect-only")
    assert (last_line(done), done.returncode) == ("1 passed, 0 failed", 0)


def test_only_and_list_narrow_and_name(tiny):
    done = tiny(KILLED, SURVIVOR, options=["--only", "ADDS", "--list"])
    assert done.stdout == "Adds wrongly  (code_under_test.py)\n"
    none = tiny(KILLED, options=["--only", "x y"])
    assert (none.returncode, none.stderr) == (
        1,
        "--only must be a part of a name, got 'x y'\n",
    )
