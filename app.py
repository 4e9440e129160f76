"""The list of deployments: each environment of cdk.json is a stack."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk

from stacks import CdnStack, Environment
from stacks.cdn_stack import note_quotas
from stacks.environment import check_cdk_json


def main(app: cdk.App) -> None:
    try:
        check_cdk_json(Path(__file__).with_name("cdk.json").read_text("utf-8"))
        for environment in Environment.all_from_context(app.node.get_all_context()):
            with environment.named():
                CdnStack(app, environment.stack_name, environment=environment)
    except ValueError as error:
        raise SystemExit(f"cdk.json: {error}") from None
    note_quotas(app)
    app.synth()


if __name__ == "__main__":
    main(cdk.App())
