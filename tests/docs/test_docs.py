"""What the documentation says is what the code does."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import shlex
import tomllib

import aws_cdk as cdk
import pytest
from cdk_support import ROOT, environment_template, site_templates
from docs_support import PAGES, code, fenced, prose, section, tables
from environments import SITE
from mutants.mutant import Mutant

import cdn_edge.__main__
import cdn_review.cli
import constructs_lib
import dj_cloudfront.__main__
from dj_cloudfront.contract import Output
from dj_cloudfront.management.commands.cdn import Command
from local.__main__ import _parser
from stacks import Environment

IDS = [str(path.relative_to(ROOT)) for path in PAGES]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=IDS)
CONFIGURATION = ROOT / "docs" / "configuration.md"
PACKAGES = ("cdn_edge", "cdn_model", "cdn_review", "constructs_lib", "dj_cloudfront")
FOLDERS = (*PACKAGES, "docs", "example", "local", "stacks", "tests")


def blocks(language):
    """Fenced blocks of a language: page's name and text."""
    return [
        pytest.param(text, id=f"{path.relative_to(ROOT)}:{number}")
        for path in PAGES
        for number, (kind, text) in enumerate(fenced(path))
        if kind == language
    ]


@EACH_PAGE
def test_files_and_names_of_the_code_exist(page):
    text = prose(page)
    for path in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+\.\w+)`", text):
        assert (ROOT / path).exists(), path
    for name in re.findall(rf"`((?:{'|'.join(PACKAGES)})\.[a-z_][\w.]*)", text):
        assert pkgutil.resolve_name(name)


# -- code blocks


# What only the slow tests install, each in a virtual environment of its own.
FOREIGN = {"pipeline.storage"}


@pytest.mark.parametrize("text", blocks("python"))
def test_python_compiles_and_what_it_imports_exists(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        elif (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and node.module not in FOREIGN
        ):
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module}.{alias.name}"


SETTINGS = [
    one
    for one in blocks("python")
    if "# settings.py" in one.values[0] or one.id.startswith("README.md")
]


@pytest.mark.parametrize("text", SETTINGS)
@pytest.mark.parametrize("debug", [False, True])
def test_settings_run(text, debug, tmp_path, monkeypatch):
    outputs = dict.fromkeys(Output, "d111111abcdef8.cloudfront.net")
    (tmp_path / "cdn-outputs.json").write_text(json.dumps({"mysite-cdn-prod": outputs}))
    if not debug:
        monkeypatch.setenv("BUILD_VERSION", "b1")
    settings = {"BASE_DIR": tmp_path, "DEBUG": debug}
    settings |= {"INSTALLED_APPS": [], "MIDDLEWARE": []}
    exec(compile(text, "settings.py", "exec"), settings)
    if "CDN" in settings:
        found = [settings[name] for name in ("STATIC_URL", "STATIC_ROOT", "MEDIA_URL")]
        base = "https://d111111abcdef8.cloudfront.net/"
        assert found == (
            ["/static/", "/var/mysite/static/local", "/media/"]
            if debug
            else [f"{base}b1/", "/var/mysite/static/b1", base]
        )
    if debug:
        # Empty: Django adds localhost by itself. And runserver may write uploads.
        assert settings.get("ALLOWED_HOSTS", []) == []
        assert settings.get("MEDIA_ROOT", tmp_path) in (tmp_path, tmp_path / "media")
    for path in settings.get("MIDDLEWARE", ()):
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("text", blocks("json"))
def test_json_is_what_its_reader_takes(text):
    value = json.loads(text)
    value = value.get("context", value)
    if "environments" in value:
        assert Environment.all_from_context(value)
    for stack, outputs in value.items():
        if "-cdn-" in stack:
            always = set(environment_template().to_json()["Outputs"])
            assert always <= set(outputs) <= set(Output)


def test_the_mutant_to_copy_applies():
    (text,) = (
        text for kind, text in fenced(ROOT / "CONTRIBUTING.md") if kind == "toml"
    )
    (mutant,) = tomllib.loads(text)["mutant"]
    code = (ROOT / mutant["file"]).read_text("utf-8")
    assert Mutant(**mutant).broken(code) != code
    for test in mutant["tests"]:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text("utf-8")


def test_the_environment_that_the_demo_deploys_is_kept():
    local = _parser().parse_args(["up"]).environment
    (text,) = (
        one.values[0]
        for one in blocks("json")
        if one.id.startswith("docs/getting-started.md")
        and "environments" in one.values[0]
    )
    assert local in json.loads(text)["context"]["environments"]


# -- commands


def shell_lines():
    """Commands of blocks, continued lines as one, and those named in a sentence."""
    for page in PAGES:
        lines = [
            line.strip()
            for kind, text in fenced(page)
            if kind == "sh"
            for line in text.replace("\\\n", " ").splitlines()
        ]
        lines += re.findall(
            r"`((?:make|npx|\.venv/bin/python|python) [^`]+)`", prose(page)
        )
        for line in dict.fromkeys(filter(None, lines)):
            yield pytest.param(line, id=f"{page.relative_to(ROOT)}:{line}")


SHELL = list(shell_lines())
STACK_NAMES = {one.stack_name for one in Environment.all_from_context(SITE)}


def own(arguments):
    """Those before the next command of the line."""
    ends = [
        n for n, word in enumerate(arguments) if word in ("&&", "||", "|", ">", ";")
    ]
    return arguments[: min(ends, default=None)]


@pytest.mark.parametrize("line", SHELL)
def test_a_command_exists(line):
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    match words:
        case ["make", target, *_]:
            targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
            assert target in targets
        case ["python" | ".venv/bin/python", "-m", "local", *arguments]:
            if arguments and "…" not in arguments:
                _parser().parse_args(arguments)
        case ["python" | ".venv/bin/python", "-m", "benchmarks", *_]:
            assert (ROOT / "benchmarks" / "__main__.py").exists()
        case ["python", "-m", "pytest", *arguments]:
            paths = [word for word in arguments if "/" in word]
            assert all((ROOT / path.partition("::")[0]).exists() for path in paths)
        case ["python", "manage.py", "cdn", *arguments]:
            Command().create_parser("manage.py", "cdn").parse_args(own(arguments))
        case ["python", "-m", "dj_cloudfront", *arguments]:
            dj_cloudfront.__main__._parser().parse_args(own(arguments))
        case ["python", "-m", "cdn_edge", *arguments]:
            if arguments and "…" not in arguments:
                cdn_edge.__main__.parser().parse_args(own(arguments))
        case ["python", "-m", "cdn_review", *arguments]:
            if arguments:
                cdn_review.cli.parser().parse_args(own(arguments))
        case ["python", "manage.py", command, *_]:
            known = {"check", "collectstatic", "migrate", "runserver", "test"}
            known.add("compress")  # of django-compressor
            assert command in known
        case ["python", script, *_]:
            assert (ROOT / script).exists()
        case ["npx", "cdk"]:
            assert (ROOT / "node_modules" / ".bin" / "cdk").exists()
        case ["npx", "cdk", command, *arguments]:
            known = {"bootstrap", "deploy", "destroy", "diff", "list", "synth"}
            assert command in known
            named = {word for word in arguments if "-cdn-" in word}
            assert named <= STACK_NAMES
        case ["npx", other, *_]:
            pytest.fail(f"npx {other} is not installed")


def test_every_target_is_in_the_help_and_every_help_is_a_target():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    helped = set(re.findall(r'@echo "make ([\w-]+)', makefile))
    assert helped <= set(re.findall(r"^([\w-]+):", makefile, re.M))
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert {target for target in helped if f"`make {target}`" in contributing} == helped


def words_of(parser):
    found = set()
    for action in parser._actions:
        found |= {option for option in action.option_strings if option.startswith("--")}
        if isinstance(action.choices, dict):
            for name, command in action.choices.items():
                found |= {name} | words_of(command)
    return found - {"--help"}


def test_the_local_commands_and_options_are_all_documented():
    commands, options = tables(section(ROOT / "docs" / "local.md", "Commands"))
    named = {code(row[0])[0].split()[3] for row in commands}
    named |= {code(row[0])[0] for row in options}
    assert named == words_of(_parser())


# -- links


def anchors(page):
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading))
        found.add(plain.strip().lower().replace(" ", "-"))
    return found


def links(page):
    return re.findall(r"\[[^]]*\]\(([^)\s]+)\)", prose(page))


@EACH_PAGE
def test_links_lead_somewhere(page):
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in path:
            assert path.startswith("https://")
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def linked_from(page):
    return {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}


def test_every_page_is_linked_from_the_readme():
    pages = {*(ROOT / "docs").glob("*.md")}
    assert pages <= linked_from(ROOT / "README.md")


def test_every_decision_is_in_their_list():
    folder = ROOT / "docs" / "decisions"
    assert {*folder.glob("0*.md")} <= linked_from(folder / "README.md")


# -- the configuration


def test_every_choice_is_documented():
    text = CONFIGURATION.read_text("utf-8")
    for kind in vars(constructs_lib).values():
        if isinstance(kind, type) and issubclass(kind, str):
            for choice in kind:
                assert f"`{kind.__name__}.{choice.name}`" in text or (
                    f"`{choice.name}`" in text
                ), f"{kind.__name__}.{choice.name}"


def test_the_attributes_are_there():
    rows = tables(section(CONFIGURATION, "`MediaDistribution`"))[1]
    distribution = constructs_lib.MediaDistribution(
        cdk.Stack(),
        "Media",
        origin=constructs_lib.DjangoOrigin.server("www.example.com"),
    )
    own = set(vars(distribution)) - set(vars(cdk.Stack())) - {"node"}
    assert {code(row[0])[0] for row in rows} == {
        n for n in own if not n.startswith("_")
    }


def test_ids_and_outputs_are_those_of_the_template():
    ids, always, sometimes = tables(section(CONFIGURATION, "Ids and outputs"))
    template = environment_template().to_json()
    assert {code(row[0])[0] for row in ids} == set(template["Resources"])
    assert {code(row[0])[0] for row in always} == set(template["Outputs"])
    assert {code(row[0])[0] for row in (*always, *sometimes)} == set(Output)


def test_the_name_of_a_policy_is_one_of_the_template():
    template = site_templates()["mysite-cdn-prod.template.json"].decode()
    named = re.findall(
        r"`(mysite-cdn-prod-Cdn-[^`]+)`", CONFIGURATION.read_text("utf-8")
    )
    assert named
    assert all(f'"{name}"' in template for name in named)


# -- versions and names


def pinned():
    found = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text("utf-8")
        found |= dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==([\w.]+)$", lines, re.M))
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    return found | package["devDependencies"]


def test_every_dependency_has_its_reason_once():
    page = ROOT / "docs" / "decisions" / "0001-dependencies.md"
    rows = [row for table in tables(prose(page)) for row in table]
    assert len(rows) == len(pinned())
    assert {code(row[0])[0]: row[1] for row in rows} == pinned()
    assert all(len(row[3]) > 10 for row in rows)


def test_python_is_of_the_version_that_is_required():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    required = re.search(r'requires-python = ">=([\d.]+)"', project)[1]
    for page in PAGES:
        for version in re.findall(r"\bPython (\d\.\d+)", prose(page)):
            assert version == required, page.name


def test_the_readme_names_what_the_measurement_says():
    (measured, _) = tables(prose(ROOT / "docs" / "benchmarks.md"))
    fetched = {row[0]: row[1] for row in measured}
    mixed = {row[0]: row[5].removesuffix(" of 536") for row in measured}
    text = prose(ROOT / "README.md")
    ours, bucket, whitenoise, query, _ = [row[-2:] for row in tables(text)[0]]
    with_subfolders, plain = "hashed folders", "plain build folders"
    folders = "hashed folders, top only"
    assert ours[0] == (
        f"{fetched[folders]}; {fetched[with_subfolders]} with subfolders; "
        f"{fetched[plain]} without `hashed_folders`"
    )
    assert {ours[1]} == {mixed[folders], mixed[with_subfolders], mixed[plain]} == {"0"}
    for row, design in (
        (bucket, "hashed names in a bucket (S3)"),
        (whitenoise, "WhiteNoise, hashed names, whole site"),
        (query, "query strings"),
    ):
        assert row == [fetched[design], mixed[design]]
    assert f"[{fetched[folders]} instead of {fetched[plain]}]" in text
    share = int(fetched[with_subfolders].split()[0]) / int(fetched[plain].split()[0])
    assert "a quarter of the bytes" in text
    assert share == pytest.approx(0.25, abs=0.01)
