"""Whether the region was bootstrapped for the CDK, and lately enough."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.preflight.aws import Aws, code_of
from cdn_review.preflight.result import Result, failed, passed, skipped
from cdn_review.preflight.target import Target


def check_bootstrap(target: Target, aws: Aws) -> Iterator[Result]:
    """The version that ``cdk bootstrap`` left in a parameter."""
    if target.bootstrap is None:
        yield skipped("bootstrap", "the template does not ask for it")
        return
    name, needed = target.bootstrap
    region = target.region or aws.configured_region
    cure = f"run 'cdk bootstrap aws://<account>/{region}', once for each region"
    try:
        found = aws.client("ssm", region).get_parameter(Name=name)
    except aws.refused as error:
        if code_of(error) != "ParameterNotFound":
            raise
        yield failed("bootstrap", f"{region} was not bootstrapped", cure)
        return
    value = str(found["Parameter"]["Value"])
    version = int(value) if value.isascii() and value.isdigit() else 0
    if version < needed:
        sentence = f"has version {value[:20]}, and {needed} is needed at least"
        yield failed("bootstrap", sentence, cure)
    else:
        yield passed("bootstrap", f"has version {version}")
