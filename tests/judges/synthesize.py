"""Synthesize all cases once, with cdk-nag and the guard rules looking on.

Runs in a process of its own, because only there the plugins are on the path.
"""

from __future__ import annotations

import sys

import aws_cdk as cdk
import cdk_nag
from cases import BY_NAME, define_naive, define_others, described
from cdk_support import committed_context
from cdklabs.cdk_validator_cfnguard import CfnGuardValidator

from stacks import CdnStack

PACKS = (
    cdk_nag.AwsSolutionsChecks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.NIST80053R4Checks,
    cdk_nag.NIST80053R5Checks,
    cdk_nag.PCIDSS321Checks,
    cdk_nag.ServerlessChecks,
)


def main(outdir):
    app = cdk.App(context=committed_context(), analytics_reporting=False, outdir=outdir)
    for name in BY_NAME:
        environment = described(name)
        CdnStack(app, environment.stack_name, environment=environment)
    define_naive(app)
    define_others(app)
    cdk.Validations.of(app).add_plugins(
        *(pack(app) for pack in PACKS), CfnGuardValidator()
    )
    try:
        app.synth()
    except RuntimeError as error:
        # The naive stacks have findings: the report says which.
        if "ValidationFailed" not in str(error):
            raise


if __name__ == "__main__":
    main(sys.argv[1])
