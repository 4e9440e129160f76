"""The arrows of the architecture, held by the import statements."""

from __future__ import annotations

import ast
import sys

import pytest
from cdk_support import ROOT

OURS = {
    "app",
    "stacks",
    "constructs_lib",
    "dj_cloudfront",
    "local",
    "example",
    "tests",
    "benchmarks",
}
ALLOWED = {
    "app": {"stacks", "aws_cdk"},
    "stacks": {"constructs_lib", "dj_cloudfront.contract", "aws_cdk", "constructs"},
    "constructs_lib": {"aws_cdk", "constructs"},
    "dj_cloudfront": {"django", "asgiref"},
    "local": {
        "dj_cloudfront.contract",
        "ministack",
        "aiohttp",
        "boto3",
        "botocore",
        "multidict",
        "yarl",
    },
    "example": {"dj_cloudfront", "django"},
}


def files_of(room):
    found = [ROOT / f"{room}.py"] if room == "app" else (ROOT / room).rglob("*.py")
    return [path for path in found if "__pycache__" not in path.parts]


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def is_standard(name):

    return name.split(".")[0] in sys.stdlib_module_names


def is_within(name, package):
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_along_its_arrows(room):
    own = {room} | {path.name for path in (ROOT / room).glob("*/")}
    assert files_of(room), f"{room} has no files"
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files_of(room)
        for name in imports_of(path)
        if not is_standard(name)
        and not any(is_within(name, allowed) for allowed in ALLOWED[room] | own)
    ]
    assert wrong == []


def test_the_contract_imports_the_standard_library_only():
    path = ROOT / "dj_cloudfront" / "contract.py"
    assert all(is_standard(name) for name in imports_of(path))


def test_config_imports_neither_django_nor_boto3():
    path = ROOT / "dj_cloudfront" / "settings.py"
    foreign = {name for name in imports_of(path) if not is_standard(name)}
    assert foreign == {"dj_cloudfront.contract"}


@pytest.mark.parametrize("room", ["app", "stacks", "constructs_lib", "dj_cloudfront"])
def test_nothing_that_ships_imports_what_does_not(room):
    forbidden = ("tests", "benchmarks", "local", "example")
    for path in files_of(room):
        assert not any(
            is_within(name, f) for name in imports_of(path) for f in forbidden
        )
