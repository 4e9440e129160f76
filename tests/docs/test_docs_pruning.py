"""What docs/pruning.md says is what the code does."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest
from cdk_support import ROOT
from django.core.management.base import CommandError
from docs_support import code, fenced, options_of, parser_of, section, tables
from project_support import Project
from prune_support import cdn, make_build, make_builds, set_age, site, versions

from dj_cloudfront.builds.in_use import register_server, registered_servers
from dj_cloudfront.commands.list import _HEAD

PAGE = ROOT / "docs" / "pruning.md"
SETTINGS = """
import dj_cloudfront

CDN = dj_cloudfront.config(
    build_version=dj_cloudfront.build_version(),
    static_root=BASE_DIR / "static",
)
STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
"""


def blocks(kind, *having):
    return [
        text
        for found, text in fenced(PAGE)
        if found == kind and all(part in text for part in having)
    ]


def block(kind, *having):
    (text,) = blocks(kind, *having)
    return text


# -- the options


@pytest.mark.parametrize(
    ("name", "places"), [("prune", [0, 1]), ("list", [0]), ("use", [2])]
)
def test_the_options_are_those_that_there_are(name, places):
    found = tables(section(PAGE, "Removing"))
    rows = [row for place in places for row in found[place]]
    shown = {code(row[0])[0].split()[0]: row for row in rows}
    there = options_of(parser_of(name))
    assert set(shown) == set(there)
    for option, (cell, default, _) in shown.items():
        action = there[option]
        words = code(cell)[0].split()
        assert words[1:] == ([action.metavar] if action.nargs != 0 else [])
        if code(default):
            value = action.default
            days = getattr(value, "days", value)
            assert code(default) == [str(days)]
        elif action.nargs == 0:
            assert default == "off"


def test_the_columns_are_those_of_the_list():
    head, *lines = block("text", "OWN").splitlines()
    assert tuple(head.split()) == _HEAD
    assert [line.split()[0] for line in lines] == sorted(
        (line.split()[0] for line in lines), reverse=True
    )


# -- the scripts, run


@pytest.fixture
def project(tmp_path):
    """A site with the folders of the page under its own."""
    project = Project(
        tmp_path,
        SETTINGS,
        {"STATIC_DOMAIN_NAME": "static.example.com", "WHERE": str(tmp_path)},
    )
    (tmp_path / "etc").mkdir()
    systemctl = project.write(
        "bin/systemctl", "#!/bin/sh\necho $@ >> $WHERE/restarts\n"
    )
    systemctl.chmod(0o755)
    return project


def here(text, project):
    for folder, there in {
        "/etc/mysite": project.folder / "etc",
        "/var/mysite/static": project.folder / "static",
        "/srv/mysite/.venv/bin/": "",
        ".venv/bin/": "",
        "/srv/mysite": project.folder,
    }.items():
        text = text.replace(folder, str(there))
    return text


def sh(text, project, **variables):
    script = f'PATH="$WHERE/bin:$PATH"\n{here(text, project)}'
    done = project.run("sh", "-c", script, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_use(root):
    return {one.server: one.version for one in registered_servers(root)}


def with_builds(project, *, in_service):
    """Builds that nobody has declared yet, most of them old."""
    root = project.folder / "static"
    root.mkdir()
    ages = {f"b{number}": 90 - number for number in range(9)}
    make_builds(root, ages | {in_service: 0})
    project.write("etc/release.env", f"BUILD_VERSION={in_service}\n")
    return root


def test_a_release_publishes_switches_and_declares(project):
    sh(block("sh", "cdn publish"), project)
    root = project.folder / "static"
    assert versions(root) == ["2026-11-23.2"]
    assert set(in_use(root).values()) == {"2026-11-23.2"}
    released = (project.folder / "etc" / "release.env").read_text()
    assert released == "BUILD_VERSION=2026-11-23.2\n"
    assert (project.folder / "restarts").read_text() == "restart mysite\n"


@pytest.mark.parametrize("there", [True, False])
def test_a_rollback_declares_before_it_switches(project, there):
    root = with_builds(project, in_service="now")
    if there:
        make_build(root, "2026-11-23.1")
    (script,) = (
        text
        for kind, text in fenced(ROOT / "docs" / "operations.md")
        if kind == "sh" and "cdn use\necho" in text
    )
    done = project.run("sh", "-c", f'PATH="$WHERE/bin:$PATH"\n{here(script, project)}')
    assert done.returncode == (0 if there else 1), done.stderr
    assert set(in_use(root).values()) == ({"2026-11-23.1"} if there else set())
    released = (project.folder / "etc" / "release.env").read_text()
    assert (released == "BUILD_VERSION=now\n") != there
    assert ("VERSION must be a build in" in done.stderr) != there


def test_containers_declare_by_a_name_that_stays(project):
    root = with_builds(project, in_service="now")
    make_build(root, "2026-09-01.1")
    register_server(root, "b1", server="web-7f9c")
    scripts = [
        block("sh", part) for part in ("--server web", "--server audit", "--forget")
    ]
    sh("\n".join(scripts), project, BUILD_VERSION="now")
    assert in_use(root) == {"web": "now", "audit": "2026-09-01.1"}


def test_the_line_for_cron_prunes(project):
    root = with_builds(project, in_service="now")
    *when, user, command = block("crontab").strip().split(maxsplit=6)
    assert len(when) == 5
    assert user == "mysite"
    sh(command, project)
    assert versions(root) == ["b5", "b6", "b7", "b8", "now"]


def test_the_units_of_systemd_prune(project):
    root = with_builds(project, in_service="now")
    service, timer = configparser.ConfigParser(), configparser.ConfigParser()
    for unit, name in ((service, "service"), (timer, "timer")):
        unit.optionxform = str
        unit.read_string(block("ini", f"mysite-prune.{name}"))
    assert set(timer["Timer"]) == {"OnCalendar", "RandomizedDelaySec", "Persistent"}
    told = service["Service"]
    variables = Path(here(told["EnvironmentFile"], project)).read_text()
    done = project.run(
        *shlex.split(here(told["ExecStart"], project)),
        **dict([variables.strip().split("=", 1)]),
    )
    assert done.returncode == 0, done.stderr
    assert here(told["WorkingDirectory"], project) == str(project.folder)
    assert versions(root) == ["b5", "b6", "b7", "b8", "now"]


def test_a_build_comes_back_by_the_command_of_the_page(project):
    root = with_builds(project, in_service="now")
    command = block("sh", "mv ").replace("2026-09-01.1", "b1")
    # Not before it is in the trash.
    assert project.run("sh", "-c", here(command, project)).returncode
    with site(root, "now"):
        cdn("prune", "--yes")
    (trashed,) = (root / ".cdn" / "trash").glob("b1-*")
    sh(re.sub(r"b1-[0-9a-f]{8}", trashed.name, command), project)
    assert "b1" in versions(root)


# -- the rest


def test_without_django_it_is_the_same(tmp_path):
    make_builds(tmp_path, {f"b{number}": 90 - number for number in range(9)})
    names = {}
    exec(compile(block("python"), "page", "exec"), names)
    names["ROOT"] = tmp_path
    assert names["after_the_switch"]("b8") == []
    assert versions(tmp_path) == [f"b{number}" for number in range(9)]
    for path in (tmp_path / ".cdn" / "last-used").iterdir():
        set_age(path, 31)
    make_build(tmp_path, "b9")
    assert names["after_the_switch"]("b9") == []
    assert "b3" not in versions(tmp_path)


def fail(what, root):
    match what:
        case "the settings' build is not there":
            with site(root, "b9"):
                cdn("prune")
        case "a protected build is not there":
            cdn("prune", "--protect", "b9")
        case "local URLs, and no `--current`":
            with site(root, None, local=True):
                cdn("prune")
        case "a build to declare is not there":
            cdn("use", "b9")
        case "a host name that is none":
            cdn("use", "--server", "my host")
        case "a server to forget that never declared":
            register_server(root, "b2", server="web1")
            cdn("use", "--forget", "web9")
        case "a folder that leads elsewhere":
            (root / ".cdn").mkdir()
            (root / ".cdn" / "trash").symlink_to(root)
            cdn("prune", "--yes")
        case _:
            pytest.fail(f"nothing fails by {what!r}")


@pytest.mark.parametrize(
    "row", tables(section(PAGE, "When it fails"))[0], ids=lambda r: r[0]
)
def test_the_sentences_are_those_that_are_said(row, tmp_path):
    what, sentence = row
    make_builds(tmp_path, {"b1": 20, "b2": 10})
    with site(tmp_path, "b2"), pytest.raises(CommandError) as error:
        fail(what, tmp_path)
    assert str(error.value).replace(str(tmp_path), "/var/mysite/static") == sentence


def test_the_files_are_those_that_there_are(tmp_path):
    (rows,) = tables(section(PAGE, "What is on the disk"))
    shown = [code(row[0])[0] for row in rows]
    make_builds(tmp_path, {f"b{number}": 90 - number for number in range(9)})
    with site(tmp_path, "b8"):
        cdn("prune", "--yes", "--keep", "1")
        cdn("use", "--server", "web1")
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.glob(".cdn/*/*")}
    there |= {str(path.relative_to(tmp_path)) for path in tmp_path.glob(".cdn/*")}
    shapes = [
        re.sub(r"<(build|server)>", r"[\\w.-]+", path.rstrip("/"))
        .replace("<hex>", "[0-9a-f]{8}")
        .removesuffix("/[\\w.-]+") if "trash" in path else
        re.sub(r"<(build|server)>", r"[\\w.-]+", path)
        for path in shown
    ]  # fmt: skip
    folders = {".cdn/in-use", ".cdn/last-used", ".cdn/trash"}
    for path in there - folders:
        assert any(re.fullmatch(shape, path) for shape in shapes), path
    for shape in shapes[1:]:
        assert any(re.fullmatch(shape, path) for path in there), shape
