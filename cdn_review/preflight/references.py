"""Whether the certificates, secrets and buckets that the stack refers to will do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from cdn_model.quotas import GLOBAL_REGION
from cdn_model.values import canonical, mapping, reference, sequence
from cdn_review.preflight.account import region_of
from cdn_review.preflight.clients import Aws, Clients
from cdn_review.preflight.planned_stack import PlannedStack, literal, strings
from dj_cloudfront.findings import Finding, Level, failed, passed, warned

_CERTIFICATE = "certificate"
_ARN = re.compile(r"arn:aws:acm:([a-z0-9-]+):(\d{12}):certificate/\S+")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
_KEYS = {"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1"}
_SOON = dt.timedelta(days=30)
_SECRET = re.compile(
    r"\{\{resolve:secretsmanager:(arn:[^}]*?:secret:[^:}]+|[^:}]+)([^}]*)\}\}"
)
_BUCKET = re.compile(
    r"([a-z0-9.-]{3,63})\.s3(?:[.-](?:dualstack\.)?([a-z0-9-]+))?\.amazonaws\.com"
    r"|arn:aws:s3:::([a-z0-9.-]{3,63})(?:/.*)?"
)


def check_certificate(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """Each certificate of a distribution with names of its own."""
    wanted: dict[str, tuple[object, set[str]]] = {}
    for logical_id, distribution in planned.distributions.items():
        if distribution.config.get("Aliases"):
            viewer = distribution.config.get("ViewerCertificate")
            _, names = wanted.setdefault(canonical(viewer), (viewer, set()))
            names.update(planned.aliases(logical_id))
    for viewer, names in wanted.values():
        yield _certificate(viewer, sorted(names), planned, clients)


def _certificate(
    viewer: object, names: list[str], planned: PlannedStack, clients: Clients
) -> Finding:
    if not viewer or mapping(viewer).get("CloudFrontDefaultCertificate") is True:
        message = f"{_list(names)} needs a certificate, but the distribution has none"
        return failed(
            _CERTIFICATE, message, "set certificate_arn or hosted_zone in cdk.json"
        )
    value = mapping(viewer).get("ACMCertificateArn")
    made = planned.certificates.get(reference(value) or "")
    if made is not None:
        others = map(literal, sequence(made.get("SubjectAlternativeNames")))
        return _covered({literal(made.get("DomainName")), *others}, names, "to be made")
    arn = literal(value) or _imported(value, planned, clients)
    if not arn:
        message = "the certificate cannot be looked up: only the deploy knows its ARN"
        hint = (
            f"see that it is issued, is in {GLOBAL_REGION}, and covers {_list(names)}"
        )
        return warned(_CERTIFICATE, message, hint)
    return _existing(arn, names, clients.aws)


def _imported(value: object, planned: PlannedStack, clients: Clients) -> str:
    """What another stack exports under the name of an ``Fn::ImportValue``."""
    name = mapping(value).get("Fn::ImportValue")
    if not isinstance(name, str):
        return ""
    client = clients.aws.client("cloudformation", region_of(planned, clients.aws))
    listed = client.get_paginator("list_exports").paginate()
    exports = (export for page in listed for export in page["Exports"])
    return next(
        (str(export["Value"]) for export in exports if export["Name"] == name), ""
    )


def _existing(arn: str, names: list[str], aws: Aws) -> Finding:
    parts = _ARN.fullmatch(arn)
    correct = "correct certificate_arn in cdk.json"
    if parts is None:
        return failed(
            _CERTIFICATE, "the ARN is not that of a certificate in ACM", correct
        )
    if parts[1] != GLOBAL_REGION:
        message = f"the certificate is not in {GLOBAL_REGION}, which CloudFront demands"
        return failed(_CERTIFICATE, message, f"request one there, and {correct}")
    if parts[2] != aws.account:
        message = "the certificate is of another account than the stack"
        return failed(
            _CERTIFICATE, message, f"request one in the stack's, and {correct}"
        )
    call = aws.client("acm").describe_certificate
    found = aws.ask(call, "ResourceNotFoundException", CertificateArn=arn)
    if found is None:
        message = "the certificate does not exist in this account"
        return failed(
            _CERTIFICATE, message, f"request it in {GLOBAL_REGION}, or {correct}"
        )
    return _issued(found["Certificate"], names)


def _issued(about: Any, names: list[str]) -> Finding:
    """What ACM says of a certificate."""
    status = str(about.get("Status"))
    if status != "ISSUED":
        return failed(
            _CERTIFICATE, f"it is {status}, not ISSUED", _validation(about, status)
        )
    algorithm = str(about.get("KeyAlgorithm", "RSA_2048")).replace("-", "_")
    if algorithm not in _KEYS:
        message = f"its key is {algorithm}, which CloudFront does not take"
        return failed(
            _CERTIFICATE, message, "request one with RSA_2048 or EC_prime256v1"
        )
    covered = {about.get("DomainName", ""), *about.get("SubjectAlternativeNames", ())}
    finding = _covered(covered, names, "issued")
    ends = about.get("NotAfter")
    if finding.level is Level.PASS and ends and ends - dt.datetime.now(dt.UTC) < _SOON:
        is_renewed = about.get("RenewalEligibility") == "ELIGIBLE"
        hint = "keep its validation record in DNS, by which ACM renews it"
        if not is_renewed:
            hint = "import the next one: ACM does not renew this one"
        return warned(_CERTIFICATE, f"it ends on {ends:%Y-%m-%d}", hint)
    return finding


def _covered(covered: set[str], names: list[str], state: str) -> Finding:
    missing = [name for name in names if not covers(covered, name)]
    if missing:
        hint = "request one with these names: a wildcard covers one label"
        return failed(_CERTIFICATE, f"it does not cover {_list(missing)}", hint)
    return passed(_CERTIFICATE, f"{state}, and covers every name")


def _validation(about: Any, status: str) -> str:
    if status != "PENDING_VALIDATION":
        return "request a new one, and name it in cdk.json"
    for option in about.get("DomainValidationOptions", ()):
        record = option.get("ResourceRecord")
        if record and option.get("ValidationStatus") != "SUCCESS":
            return (
                f"add the {record['Type']} record {record['Name']} that ACM waits for"
            )
    return "confirm the mail of ACM, or use validation by DNS"


def covers(covered: set[str], name: str) -> bool:
    """Whether a certificate is for a name, or has a wildcard for its first label."""
    wildcard = "*." + name.partition(".")[2]
    return bool(
        {name.lower(), wildcard.lower()} & {domain.lower() for domain in covered}
    )


def _list(names: list[str]) -> str:
    return ", ".join(names) or "its names"


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
