"""Environments drawn over every key end in a template that CloudFormation takes, or in one
sentence of ours. Never in an error of JavaScript."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from cdk_support import new_app
from environment_strategies import environments
from environments import BUCKET, MAXIMAL
from hypothesis import HealthCheck, event, given, settings
from hypothesis.configuration import set_hypothesis_home_dir
from judges import install
from test_environment_properties import mutated_environments

from stacks import CdnStack, Environment

# A run of 2,000 is `make soak`.
EXAMPLES = int(os.environ.get("CDK_JSON_EXAMPLES", "200"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 3 * EXAMPLES)]
set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
SYNTHESIZED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def templates(tmp_path_factory):
    """Where the templates are gathered."""
    return tmp_path_factory.mktemp("templates")


def synthesize(environment, folder):
    """What app.py does, with one environment. None, when it is refused."""
    app = new_app()
    context = {"site": "mysite", "environments": {"prod": environment}}
    try:
        for described in Environment.all_from_context(context):
            with described.named():
                CdnStack(app, described.stack_name, environment=described)
    except ValueError as error:
        sentence = str(error)
        assert sentence.isprintable()
        check_path(sentence)
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


def keys_of(value):
    """Every key of an object and of the objects in it."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key
        yield from keys_of(inner)


# What MAXIMAL and BUCKET leave out, because other keys have its place.
LEFT_OUT = {
    *("any_origin", "bucket", "denied_countries", "vpc_endpoint_arn", "vpc_origin_id"),
    *("owner_account_id", "topic_arn", "http_version", "ipv6", "region", "name"),
    *("environments", "site", "prefix", "cross_origin_resource_policy", "nosniff"),
    *("cache", "response_headers"),
}
KNOWN = {*keys_of(MAXIMAL), *keys_of(BUCKET), *LEFT_OUT}


def check_path(sentence):
    """A sentence that names keys of cdk.json and no argument of a construct."""
    found = re.match(r"environments\.prod\.([a-z0-9_.]+)[ \[:]", sentence)
    if found and "must be one of" not in sentence:
        assert set(found[1].split(".")) <= KNOWN, sentence


@pytest.mark.parametrize(
    ("drawn", "share"),
    [(environments(), 3), (mutated_environments(), 40)],
    ids=["right", "mutated"],
)
def test_every_drawn_environment_ends_in_a_template_or_a_sentence(
    templates, drawn, share
):
    @SYNTHESIZED
    @given(drawn)
    def draw(environment):
        synthesize(environment, templates)

    draw()
    made = sorted(templates.glob("*.template.json"))
    assert len(made) >= EXAMPLES // share, "so many are refused that little is tested"
    assert lint(made) == set()


def lint(templates):
    """What cfn-lint finds."""
    program = install.ensure()["cfn-lint"] / "bin" / "cfn-lint"
    found = set()
    for start in range(0, len(templates), 100):
        done = subprocess.run(
            [program, "--format", "json", *templates[start : start + 100]],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 or done.stdout, done.stderr
        found |= {
            (one["Rule"]["Id"], one["Message"])
            for one in json.loads(done.stdout or "[]")
        }
    return found
