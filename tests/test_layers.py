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
    "cdn_model",
    "cdn_edge",
    "cdn_review",
    "local",
    "example",
    "tests",
    "benchmarks",
}
# What an extra brings, and the only places that may import it, when used.
_ASKS_AWS = (
    "dj_cloudfront/aws_errors.py",
    "dj_cloudfront/commands",
    "dj_cloudfront/media",
    "dj_cloudfront/stack_outputs.py",
    "cdn_review/deployed.py",
    "cdn_review/preflight",
)
EXTRAS = {
    "boto3": _ASKS_AWS,
    "botocore": _ASKS_AWS,
    "brotli": ("dj_cloudfront/builds", "dj_cloudfront/http_probe.py"),
    "cryptography": ("dj_cloudfront/commands/key.py", "dj_cloudfront/media/signer.py"),
    "dns": ("cdn_review/preflight",),
    "whitenoise": ("dj_cloudfront/whitenoise.py",),
}
# What settings name and nothing imports: it may need its extra from the start.
NAMED = ROOT / "dj_cloudfront" / "whitenoise.py"
# Modules of the Django side that need no Django.
SHARED = ("aws_errors", "contract", "findings", "http_probe")
ALLOWED = {
    "app": {"stacks", "aws_cdk"},
    "stacks": {
        *("constructs_lib", "cdn_model", "dj_cloudfront.contract"),
        *("aws_cdk", "constructs"),
    },
    "constructs_lib": {
        *("cdn_model", "dj_cloudfront.contract"),
        *("aws_cdk", "constructs", "cryptography", "jsii"),
    },
    "dj_cloudfront": {"cdn_model", "django", "asgiref", *(set(EXTRAS) - {"dns"})},
    "cdn_model": set(),
    "cdn_review": {
        "cdn_model",
        *(f"dj_cloudfront.{name}" for name in SHARED),
        "boto3",
        "botocore",
        "dns",
    },
    "cdn_edge": {
        "cdn_model",
        *("brotli", "httptools", "multidict"),
        *("boto3", "botocore"),
        "cryptography",
    },
    "local": {"cdn_edge", "dj_cloudfront.contract", "ministack", "boto3", "botocore"},
    # A CDK app of its own, which the CLI runs and nothing imports.
    "local/aws/demo_app": {
        *("app", "constructs_lib", "dj_cloudfront.contract"),
        *("aws_cdk", "constructs"),
    },
    "example": {"dj_cloudfront", "django"},
}


def files_of(room):
    alone = [ROOT / f"{name}.py" for name in ALLOWED if (ROOT / f"{name}.py").exists()]
    if ROOT / f"{room}.py" in alone:
        return [ROOT / f"{room}.py"]
    found = set((ROOT / room).rglob("*.py")) - set(alone)
    return sorted(path for path in found if "__pycache__" not in path.parts)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        yield from imports_of_node(node)


def imports_of_node(node):
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


@pytest.mark.parametrize("name", [name for name in SHARED if name != "contract"])
def test_what_other_packages_share_does_without_django(name):
    path = ROOT / "dj_cloudfront" / f"{name}.py"
    foreign = {name for name in imports_of(path) if not is_standard(name)}
    assert {name.partition(".")[0] for name in foreign} <= {
        "boto3",
        "botocore",
        "brotli",
    }


@pytest.mark.parametrize("name", ["config", "build_version", "csp"])
def test_what_settings_import_brings_neither_django_nor_boto3(name):
    path = ROOT / "dj_cloudfront" / f"{name}.py"
    foreign = {name for name in imports_of(path) if not is_standard(name)}
    assert foreign <= {
        "cdn_model",
        "cdn_model.csp",
        "dj_cloudfront.contract",
        "dj_cloudfront.config",
        "dj_cloudfront.build_version",
        "dj_cloudfront.outputs_file",
    }


def test_a_release_job_can_build_without_django():
    room = ROOT / "dj_cloudfront" / "builds"
    foreign = {name for path in room.rglob("*.py") for name in imports_of(path)}
    ours = ("dj_cloudfront.builds", "dj_cloudfront.build_version")
    assert [
        name
        for name in foreign
        if not is_standard(name)
        and not any(is_within(name, one) for one in (*ours, *EXTRAS))
    ] == []


def test_what_comes_before_settings_does_without_django():
    room = ROOT / "dj_cloudfront"
    files = [
        room / "__main__.py",
        room / "aws_errors.py",
        room / "outputs_file.py",
        room / "stack_outputs.py",
    ]
    foreign = {name for path in files for name in imports_of(path)}
    ours = ("stack_outputs", "outputs_file", "builds", "contract", "aws_errors")
    allowed = (*EXTRAS, "cdn_model", *(f"dj_cloudfront.{one}" for one in ours))
    assert [
        name
        for name in foreign
        if not is_standard(name) and not any(is_within(name, one) for one in allowed)
    ] == []


@pytest.mark.parametrize("room", ["dj_cloudfront", "cdn_review"])
def test_an_extra_is_imported_in_its_room_and_only_when_used(room):
    for path in files_of(room):
        tree = ast.parse(path.read_text("utf-8"))
        at_start = {
            name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in imports_of_node(node)
        }
        for extra, rooms in EXTRAS.items():
            used = any(is_within(name, extra) for name in imports_of(path))
            if path != NAMED:
                assert not any(is_within(name, extra) for name in at_start), path
            assert not used or any(path.is_relative_to(ROOT / r) for r in rooms), path


def test_nothing_imports_what_needs_an_extra_from_the_start():
    for path in files_of("dj_cloudfront"):
        assert f"dj_cloudfront.{NAMED.stem}" not in {*imports_of(path)}, path


def test_configurations_are_made_without_django():
    room = ROOT / "dj_cloudfront" / "server_config"
    foreign = {name for path in room.glob("*.py") for name in imports_of(path)}
    ours = ("dj_cloudfront.server_config", "dj_cloudfront.contract")
    assert [
        name
        for name in foreign
        if not is_standard(name) and not any(is_within(name, one) for one in ours)
    ] == []


@pytest.mark.parametrize(
    "room",
    [
        *("app", "stacks", "constructs_lib", "dj_cloudfront"),
        *("cdn_edge", "cdn_model", "cdn_review"),
    ],
)
def test_nothing_that_ships_imports_what_does_not(room):
    forbidden = ("tests", "benchmarks", "local", "example")
    for path in files_of(room):
        assert not any(
            is_within(name, f) for name in imports_of(path) for f in forbidden
        )


# Django wants the same name, or both packages mean CloudFront's own noun.
SHARED_NAMES = {"Command", "Distribution"}


def test_no_other_class_name_is_defined_twice():
    defined = [
        node.name.lstrip("_")
        for room in ("stacks", "constructs_lib", "dj_cloudfront")
        + ("cdn_edge", "cdn_model", "cdn_review")
        for path in files_of(room)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    ]
    twice = {name for name in defined if defined.count(name) > 1}
    assert twice <= SHARED_NAMES
