"""``manage.py cdn`` and ``python -m dj_cloudfront`` as a shell sees them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from project_support import CDN, ROOT, Project
from pull_support import OUTPUTS, error, stack_in

from dj_cloudfront.management.commands.cdn import Command, subcommands

HEAVY = ("boto3", "botocore", "brotli", "cryptography", "aws_cdk", "constructs")
NAMES = sorted(subcommands())
EACH = pytest.mark.parametrize("name", NAMES)
KEY = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Settings with local URLs, so that nothing is needed to load them."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def fresh(tmp_path):
    return Project(tmp_path)


def imported(code, **environment):
    """Which of the heavy packages a piece of code has imported in the end."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(sorted(sys.modules))"],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))


# -- what a start costs


def test_importing_the_package_loads_nothing_heavy():
    found = imported("import dj_cloudfront")
    assert found & {*HEAVY, "django"} == set()


def test_the_command_of_before_the_settings_starts_without_django():
    code = (
        "import contextlib, dj_cloudfront.__main__ as command\n"
        "with contextlib.suppress(SystemExit): command.main(['pull', '--help'])"
    )
    assert imported(code) & {*HEAVY, "django"} == set()


def test_the_help_of_every_subcommand_loads_no_extra(project):
    code = (
        "import contextlib, django\n"
        "django.setup()\n"
        "from django.core.management import execute_from_command_line as execute\n"
        f"for name in {['', *NAMES]!r}:\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        execute(['manage.py', 'cdn', *filter(None, [name]), '--help'])"
    )
    path = f"{project.folder}:{ROOT}"
    found = imported(code, DJANGO_SETTINGS_MODULE="mysite.settings", PYTHONPATH=path)
    assert "dj_cloudfront.commands.pull" in found
    assert found & set(HEAVY) == set()


# -- manage.py cdn


def test_the_help_names_every_subcommand_with_its_line(project):
    done = project.manage("cdn", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    said = " ".join(done.stdout.split())
    for name, module in subcommands().items():
        assert f"{name} {module.__doc__.partition(chr(10))[0]}" in said


@EACH
def test_a_subcommand_is_described_and_takes_json(name):
    summary = subcommands()[name].__doc__.partition("\n")[0]
    assert re.fullmatch(r"[A-Z][^\n]{10,100}\.", summary), "one sentence"
    parser = Command().create_parser("manage.py", "cdn")
    (actions,) = (a for a in parser._actions if a.dest == "subcommand")
    options = actions.choices[name]._option_string_actions
    assert options["--help"]
    assert name == "conf" or options["--json"].dest == "json"
    for action in options.values():
        assert action.help, f"{name} {action.option_strings}"


@pytest.mark.parametrize("name", ["publsh", "terminal", ""])
def test_fails_when_there_is_no_such_subcommand(name, project):
    done = project.manage("cdn", *filter(None, [name]))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "SUBCOMMAND" in done.stderr


def test_an_option_that_there_is_not_is_an_error_of_use(project):
    done = project.manage("cdn", "pull", "--output-file", "x")
    assert done.returncode == 2
    assert "unrecognized arguments: --output-file" in done.stderr


NO_CDN = (
    "CommandError: CDN must be the value of dj_cloudfront.config(), such as "
    "CDN = dj_cloudfront.config(BASE_DIR / 'cdn-outputs.json', …), got none\n"
)
# Every subcommand in one process, each as manage.py runs it.
EVERY = """
import contextlib, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
from django.core.management import execute_from_command_line
for line in sys.argv[1:]:
    try:
        execute_from_command_line(["manage.py", "cdn", *line.split()])
    except SystemExit as end:
        print(line, end.code)
"""


def test_fails_without_a_cdn_in_the_settings(tmp_path):
    project = Project(tmp_path, settings="STATIC_URL = '/static/'\nSTATIC_ROOT = 'x'")
    done = project.manage("cdn", "pull")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", NO_CDN)
    lines = [
        " ".join((name, *REQUIRED.get(name, ())))
        for name in NAMES
        if name not in OF_UPLOADS
    ]
    done = project.run(sys.executable, "-c", EVERY, *lines)
    assert done.stdout == "".join(f"{line} 1\n" for line in lines)
    assert done.stderr == NO_CDN * len(lines)


# They ask for a storage of uploads first, or for nothing.
OF_UPLOADS = {"invalidate", "key", "media"}
REQUIRED = {"conf": ("nginx",), "find": ("css/site.css",)}


# -- cdn pull


def test_pull_takes_stack_and_file_from_the_settings(fresh):
    with stack_in("UPDATE_COMPLETE") as endpoint:
        aws = {**KEY, "AWS_ENDPOINT_URL": endpoint.url}
        first = fresh.manage("cdn", "pull", **aws)
        second = fresh.manage("cdn", "pull", **aws)
    path = fresh.folder / "cdn-outputs.json"
    assert json.loads(path.read_text()) == {"mysite-cdn-prod": OUTPUTS}
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        "wrote MediaDomainName, StaticDistributionId, StaticDomainName of mysite-cdn-prod "
        f"to {path}\n"
    )
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.endswith("deployed; nothing to write\n")


COMMANDS = pytest.mark.parametrize(
    "command", [("manage.py", "cdn", "pull"), ("-m", "dj_cloudfront", "pull")]
)


@COMMANDS
def test_both_commands_do_the_same(command, fresh):
    options = ("--stack", "a-cdn-dev", "--output", "names.json")
    with stack_in("UPDATE_COMPLETE") as endpoint:
        aws = {**KEY, "AWS_ENDPOINT_URL": endpoint.url}
        done = fresh.run(sys.executable, *command, *options, **aws)
    written = json.loads((fresh.folder / "names.json").read_text())
    assert written == {"a-cdn-dev": OUTPUTS}
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == f"wrote {', '.join(sorted(OUTPUTS))} of a-cdn-dev to names.json\n"
    )


@COMMANDS
def test_for_a_script_there_is_json_alone(command, fresh):
    options = ("--stack", "a-cdn-dev", "--output", "names.json", "--json")
    with stack_in("UPDATE_ROLLBACK_COMPLETE") as endpoint:
        aws = {**KEY, "AWS_ENDPOINT_URL": endpoint.url}
        done = fresh.run(sys.executable, *command, *options, **aws)
    assert json.loads(done.stdout) == {
        "stack": "a-cdn-dev",
        "region": "us-east-1",
        "output": "names.json",
        "differences": sorted(OUTPUTS),
        "written": True,
        "rolled_back": True,
    }
    assert done.returncode == 0
    assert done.stderr.startswith("the last update of a-cdn-dev failed and was rolled")


@COMMANDS
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_check_fails_when_the_file_is_another(command, options, fresh):
    options = ("--stack", "a-cdn-dev", "--output", "names.json", "--check", *options)
    with stack_in("UPDATE_COMPLETE") as endpoint:
        aws = {**KEY, "AWS_ENDPOINT_URL": endpoint.url}
        done = fresh.run(sys.executable, *command, *options, **aws)
    assert done.returncode == 1
    assert done.stderr.partition(": ")[2] == (
        "names.json must hold what a-cdn-dev deployed, but differs in "
        f"{', '.join(sorted(OUTPUTS))}: pull without --check\n"
    )
    if "--json" in options:
        assert json.loads(done.stdout)["written"] is False
    else:
        assert done.stdout == ""
    assert not (fresh.folder / "names.json").exists()


@COMMANDS
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_error_is_one_line_on_standard_error(command, options, fresh):
    said = "User: arn:aws:iam::111122223333:user/x is not authorized"
    with error("AccessDenied", said, 403) as endpoint:
        aws = {**KEY, "AWS_ENDPOINT_URL": endpoint.url}
        options = ("--stack", "a-cdn-dev", *options)
        done = fresh.run(sys.executable, *command, *options, **aws)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "must allow cloudformation:DescribeStacks on 'a-cdn-dev'" in done.stderr
    assert "111122223333" not in done.stderr


@COMMANDS
def test_fails_with_a_way_out_without_the_extra(command, fresh):
    fresh.write("boto3.py", "raise ImportError('no boto3')\n")
    path = f"{fresh.folder}:{ROOT}"
    done = fresh.run(sys.executable, *command, "--stack", "x", PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.partition(": ")[2] == (
        "boto3 must be installed to ask AWS: 'pip install boto3', or the extra [aws]\n"
    )


def test_the_first_file_is_pulled_without_settings_that_load(tmp_path):
    project = Project(tmp_path, settings=CDN.replace("local=True", "local=False"))
    variables = {**KEY, "BUILD_VERSION": "b1"}
    stopped = project.manage("cdn", "pull", **variables)
    assert stopped.returncode == 1
    (command,) = re.findall(r"fetch it with 'python ([^']+)'", stopped.stderr)
    with stack_in("CREATE_COMPLETE") as endpoint:
        variables["AWS_ENDPOINT_URL"] = endpoint.url
        pulled = project.run(sys.executable, *command.split(), **variables)
        assert (pulled.returncode, pulled.stderr) == (0, "")
        loaded = project.manage("cdn", "pull", **variables)
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert loaded.stdout.endswith("deployed; nothing to write\n")
