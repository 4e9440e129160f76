"""Whether the secrets and buckets exist that the stack refers to and does not make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cdn_review.preflight.account import region_of
from cdn_review.preflight.clients import Aws, Clients
from cdn_review.preflight.planned_stack import PlannedStack, literal, strings
from dj_cloudfront.findings import Finding, failed, passed, warned

_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(arn:[^}]*?:secret:[^:}]+|[^:}]+)([^}]*)\}\}"
)
_BUCKET = re.compile(
    r"([a-z0-9.-]{3,63})\.s3(?:[.-](?:dualstack\.)?([a-z0-9-]+))?\.amazonaws\.com"
    r"|arn:aws:s3:::([a-z0-9.-]{3,63})(?:/.*)?"
)


def check_secrets(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """Secrets and their versions. Their values are never asked for."""
    wanted = {
        (name, (rest.split(":") + [""] * 5)[4])
        for part in strings(planned.resources)
        # :SecretString:json-key:version-stage:version-id, each may be empty.
        for name, rest in _SECRET.findall(part)
    }
    for name, version in sorted(wanted):
        region = name.split(":")[3] if name.startswith("arn:") else ""
        client = clients.aws.client(
            "secretsmanager", region or region_of(planned, clients.aws)
        )
        yield _secret(name, version, client, clients.aws)


def _secret(name: str, version: str, client: Any, aws: Aws) -> Finding:
    about = aws.ask(client.describe_secret, "ResourceNotFoundException", SecretId=name)
    if about is None:
        hint = "make it, or correct origin_secret.arn in cdk.json"
        return failed("secret", "the secret does not exist", hint)
    if about.get("DeletedDate"):
        hint = "run 'aws secretsmanager restore-secret'"
        return failed("secret", "the secret is about to be deleted", hint)
    if version and version not in about.get("VersionIdsToStages", {}):
        # A version without a label works until AWS deletes it.
        call = client.list_secret_version_ids
        listed = call(SecretId=name, IncludeDeprecated=True).get("Versions", ())
        if version in {item["VersionId"] for item in listed}:
            hint = "refer to the current one, as docs/origin-secret.md says of rotation"
            message = "the version has no label: AWS may delete it"
            return warned("secret", message, hint)
        hint = "correct origin_secret.version in cdk.json"
        return failed("secret", "the secret has no such version", hint)
    return passed("secret", "the secret exists, in the version that is meant")


def check_buckets(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """Buckets of origins and logs that the stack does not make itself."""
    made = planned.of_type("AWS::S3::Bucket").values()
    own = {literal(given.get("BucketName")) for given in made}
    regions: dict[str, str] = {}
    for match in filter(None, map(_BUCKET.fullmatch, strings(planned.resources))):
        name = match[1] or match[3]
        regions[name] = match[2] or regions.get(name, "")
    call = clients.aws.client("s3", region_of(planned, clients.aws)).head_bucket
    for name in sorted(regions.keys() - own):
        about = clients.aws.ask(call, "404", "NoSuchBucket", Bucket=name)
        there = str((about or {}).get("BucketRegion", ""))
        if about is None:
            hint = "make it, or correct its name in cdk.json"
            yield failed("bucket", f"{name!r} does not exist", hint)
        elif regions[name] and there and regions[name] != there:
            message = f"{name!r} is in {there}, but is asked in {regions[name]}"
            yield failed("bucket", message, f"set its region to {there} in cdk.json")
        else:
            yield passed("bucket", f"{name!r} exists")
