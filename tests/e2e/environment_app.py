"""The project's own stack for one environment, which a file describes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import aws_cdk as cdk

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from stacks import CdnStack, Environment

described = json.loads(Path(os.environ["ENVIRONMENT_FILE"]).read_text("utf-8"))
settings = json.loads(
    (Path(__file__).resolve().parents[2] / "cdk.json").read_text("utf-8")
)
app = cdk.App(context=settings["context"], analytics_reporting=False)
(environment,) = Environment.all_from_context(
    {"site": "lab", "environments": {"test": described}}
)
CdnStack(app, environment.stack_name, environment=environment)
app.synth()
