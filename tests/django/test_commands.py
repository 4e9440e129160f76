"""``manage.py cdn`` and ``python -m dj_cloudfront`` as a shell sees them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from project_support import CDN, ROOT, Project
from pull_support import OUTPUTS, error, stack_in

from dj_cloudfront.__main__ import main
from dj_cloudfront.management.commands.cdn import Command, subcommands

HEAVY = ("boto3", "botocore", "brotli", "cryptography", "aws_cdk", "constructs")
NAMES = sorted(subcommands())
EACH = pytest.mark.parametrize("name", NAMES)
NAMED = ", ".join(sorted(OUTPUTS))
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


def test_the_help_names_every_subcommand_with_its_line():
    said = " ".join(Command().create_parser("manage.py", "cdn").format_help().split())
    for name, module in subcommands().items():
        summary = module.__doc__.partition("\n")[0]
        assert f"{name} {summary}" in said
        assert re.fullmatch(r"[A-Z][^\n]{10,100}\.", summary), "one sentence"


@EACH
def test_a_subcommand_takes_json_and_describes_its_options(name):
    parser = Command().create_parser("manage.py", "cdn")
    (actions,) = (a for a in parser._actions if a.dest == "subcommand")
    options = actions.choices[name]._option_string_actions
    assert options["--help"]
    assert name == "conf" or options["--json"].dest == "json"
    for action in options.values():
        assert action.help, f"{name} {action.option_strings}"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["publsh"], "SUBCOMMAND"),
        (["terminal"], "SUBCOMMAND"),
        ([], "SUBCOMMAND"),
        (["pull", "--output-file", "x"], "unrecognized arguments: --output-file"),
    ],
)
def test_a_subcommand_or_option_that_there_is_not_is_an_error_of_use(
    arguments, complaint, capsys
):
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "cdn", *arguments])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == "" and complaint in said.err


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


def data_of(stack, output, *, written, rolled_back):
    return {
        "stack": stack,
        "region": "us-east-1",
        "output": str(output),
        "differences": sorted(OUTPUTS) if written else [],
        "written": written,
        "rolled_back": rolled_back,
    }


def test_pull_takes_stack_and_file_from_the_settings(fresh):
    with stack_in("UPDATE_COMPLETE") as endpoint:
        aws = {**KEY, "AWS_ENDPOINT_URL": endpoint.url}
        first = fresh.manage("cdn", "pull", **aws)
        second = fresh.manage("cdn", "pull", "--json", **aws)
    path = fresh.folder / "cdn-outputs.json"
    assert json.loads(path.read_text()) == {"mysite-cdn-prod": OUTPUTS}
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"wrote {NAMED} of mysite-cdn-prod to {path}\n"
    assert (second.returncode, second.stderr) == (0, "")
    wanted = data_of("mysite-cdn-prod", path, written=False, rolled_back=False)
    assert json.loads(second.stdout) == wanted


def test_fails_with_a_way_out_without_the_extra(fresh):
    fresh.write("boto3.py", "raise ImportError('no boto3')\n")
    command = ("-m", "dj_cloudfront", "pull", "--stack", "x")
    path = f"{fresh.folder}:{ROOT}"
    done = fresh.run(sys.executable, *command, PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: boto3 must be installed to ask AWS: 'pip install boto3', or the extra "
        "[aws]\n"
    )


@pytest.fixture
def pull(tmp_path, monkeypatch, capsys):
    """Run the command without settings in this process: code, output and complaints."""
    monkeypatch.chdir(tmp_path)

    def run(endpoint, *options):
        for name, value in {**KEY, "AWS_ENDPOINT_URL": endpoint.url}.items():
            monkeypatch.setenv(name, value)
        code = main(
            ["pull", "--stack", "a-cdn-dev", "--output", "names.json", *options]
        )
        return code, *capsys.readouterr()

    return run


def test_a_person_reads_what_was_written_and_a_script_json_alone(pull, tmp_path):
    with stack_in("UPDATE_COMPLETE") as endpoint:
        said = f"wrote {NAMED} of a-cdn-dev to names.json\n"
        assert pull(endpoint) == (0, said, "")
    (tmp_path / "names.json").unlink()
    with stack_in("UPDATE_ROLLBACK_COMPLETE") as endpoint:
        code, said, complaints = pull(endpoint, "--json")
    wanted = data_of("a-cdn-dev", "names.json", written=True, rolled_back=True)
    assert (code, json.loads(said)) == (0, wanted)
    assert complaints.startswith("the last update of a-cdn-dev failed and was rolled")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_check_fails_when_the_file_is_another(options, pull, tmp_path):
    with stack_in("UPDATE_COMPLETE") as endpoint:
        code, said, complaints = pull(endpoint, "--check", *options)
    assert code == 1
    assert complaints == (
        "error: names.json must hold what a-cdn-dev deployed, but differs in "
        f"{NAMED}: pull without --check\n"
    )
    assert json.loads(said)["written"] is False if options else said == ""
    assert not (tmp_path / "names.json").exists()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_error_is_one_line_on_standard_error(options, pull):
    said = "User: arn:aws:iam::111122223333:user/x is not authorized"
    with error("AccessDenied", said, 403) as endpoint:
        code, said, complaints = pull(endpoint, *options)
    assert (code, said) == (1, "")
    assert complaints.count("\n") == 1
    assert "must allow cloudformation:DescribeStacks on 'a-cdn-dev'" in complaints
    assert "111122223333" not in complaints


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
