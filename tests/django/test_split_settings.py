"""Settings as people have them, and what a mistake in them looks like at a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from docs_support import fenced
from project_support import ROOT, Project

PAGE = ROOT / "docs" / "settings.md"
PUBLISH = ["cdn", "publish"]
START = "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parents[2]\n"


@pytest.fixture
def project(tmp_path):
    """A project with the settings that the documentation has."""
    project = Project(
        tmp_path, environment={"STATIC_DOMAIN_NAME": "static.example.com"}
    )
    (tmp_path / "mysite/settings.py").unlink()
    project.write("mysite/settings/__init__.py", "")
    for kind, text in fenced(PAGE):
        name, _, rest = text.removeprefix("# ").partition("\n")
        if kind == "python" and name.startswith("mysite/settings/"):
            rest = rest.replace("/var/mysite", str(tmp_path))
            rest = rest.replace("CDN.media_url", "'/media/'")
            project.write(name, START + rest)
    base = (tmp_path / "mysite/settings/base.py").read_text()
    project.write(
        "mysite/settings/base.py",
        f"{base}\nSECRET_KEY = 'x'\nSTATICFILES_DIRS = [BASE_DIR / 'assets']\n"
        "TEMPLATES = []\n",
    )
    return project


def manage(project, module, *arguments, **variables):
    variables["DJANGO_SETTINGS_MODULE"] = f"mysite.settings.{module}"
    return project.manage(*arguments, **variables)


def test_split_settings_as_documented_work_in_development_and_in_production(project):
    done = manage(project, "dev", "check")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    done = manage(project, "production", "cdn", "publish", BUILD_VERSION="b1")
    assert done.returncode == 0, done.stderr
    project.write("BUILD_VERSION", "b1\n")
    # No variable from here on.
    assert "b1" in manage(project, "production", "cdn", "list").stdout


@pytest.mark.parametrize(
    ("command", "variables", "sentence"),
    [
        (
            ["collectstatic", "--no-input"],
            {},
            "error: build_version must be given, such as '2026-11-23.1', got none: set ",
        ),
        (
            PUBLISH,
            {"BUILD_VERSION": "a b"},
            "error: the environment variable BUILD_VERSION must b",
        ),
        (
            PUBLISH,
            {"BUILD_VERSION": "b1", "STATIC_DOMAIN_NAME": ""},
            "error: outputs_file must be the file written by 'cdk deploy --outputs-file'",
        ),
        (
            PUBLISH,
            {"BUILD_VERSION": "b1", "STATIC_DOMAIN_NAME": "https://x"},
            "error: the environment variable STATIC_DOMAIN_NAME must be a bare host name",
        ),
    ],
)
def test_a_mistake_of_the_settings_is_one_sentence(
    project, command, variables, sentence
):
    done = manage(project, "production", *command, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence) and done.stderr.count("\n") == 1


def test_other_commands_and_other_mistakes_keep_their_trace(project):
    done = manage(project, "production", "check")
    assert "Traceback" in done.stderr and "BUILD_VERSION" in done.stderr
    project.write("mysite/settings/dev.py", "int('x')\n")
    assert "Traceback" in manage(project, "dev", "cdn", "list").stderr


def test_a_half_that_is_missing_is_one_sentence_too(project):
    path = project.folder / "mysite/settings/production.py"
    path.write_text(path.read_text().replace("'/media/'", "CDN.media_url"))
    done = manage(project, "production", "cdn", "list", BUILD_VERSION="b1")
    assert done.stderr.startswith("error: MediaDomainName must be given, but")
    assert done.stderr.count("\n") == 1


def test_an_interrupt_is_one_word_and_leaves_nothing(project):
    project.write(
        "mysite/storage.py",
        "import time\n"
        "from dj_cloudfront.storage import BuildStorage\n"
        "class Slow(BuildStorage):\n"
        "    def process(self, publication, names):\n"
        "        open('begun', 'w').close()\n"
        "        time.sleep(60)\n"
        "        yield from ()\n",
    )
    path = project.folder / "mysite/settings/production.py"
    text = path.read_text().replace(
        "dj_cloudfront.storage.BuildS", "mysite.storage.Slow#"
    )
    path.write_text(text.replace("#torage", ""))
    for command in (PUBLISH, ["collectstatic", "--no-input"]):
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=project.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "DJANGO_SETTINGS_MODULE": "mysite.settings.production",
                "BUILD_VERSION": "b1",
                **project.environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun = project.folder / "begun"
        for _ in range(600):
            if begun.exists():
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=30)
        assert complaints == "interrupted\n"
        assert process.returncode == -signal.SIGINT
        assert [one.name for one in (project.folder / "static").iterdir()] == [".cdn"]
        begun.unlink()
