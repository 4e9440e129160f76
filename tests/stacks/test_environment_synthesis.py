"""Environments drawn over every key end in a template that CloudFormation takes, or in one
sentence of ours. Never in an error of JavaScript."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest
from cdk_support import new_app
from environment_strategies import environments
from hypothesis import HealthCheck, event, given, settings
from hypothesis.configuration import set_hypothesis_home_dir
from judges import install

from stacks import CdnStack, Environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
SYNTHESIZED = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Where the templates are gathered."""
    return tmp_path_factory.mktemp("templates")


def synthesize(environment, folder):
    """What app.py does, with one environment. None, when it is refused."""
    app = new_app()
    context = {"site": "mysite", "environments": {"prod": environment}}
    try:
        for described in Environment.all_from_context(context):
            CdnStack(app, described.stack_name, environment=described)
    except ValueError as error:
        sentence = str(error)
        assert sentence.isprintable()
        event(" ".join(sentence.split()[:4]))
        return None
    event("a template")
    assembly = Path(app.synth().directory)
    (template,) = assembly.glob("*.template.json")
    number = len(list(folder.iterdir()))
    kept = folder / f"{number}.template.json"
    kept.write_text(template.read_text("utf-8"), "utf-8")
    kept.with_suffix(".environment").write_text(json.dumps(environment), "utf-8")
    return kept


def test_every_drawn_environment_ends_in_a_template_or_a_sentence(templates):
    @SYNTHESIZED
    @given(environments())
    def draw(environment):
        synthesize(environment, templates)

    draw()
    made = list(templates.glob("*.template.json"))
    assert len(made) >= 20, "most of them are refused, so that little is tested"
    program = install.ensure()["cfn-lint"] / "bin" / "cfn-lint"
    done = subprocess.run(
        [program, "--format", "json", *sorted(made)], capture_output=True, text=True
    )
    found = {
        (one["Rule"]["Id"], one["Message"]) for one in json.loads(done.stdout or "[]")
    }
    assert found == set()
