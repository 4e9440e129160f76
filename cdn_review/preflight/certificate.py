"""Whether each certificate is issued, and covers the names of its distributions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from cdn_model.quotas import GLOBAL_REGION
from cdn_model.values import canonical, mapping, reference, sequence
from cdn_review.preflight.account import region_of
from cdn_review.preflight.clients import Aws, Clients
from cdn_review.preflight.planned_stack import PlannedStack, literal
from dj_cloudfront.findings import Finding, Level, failed, passed, warned

_CHECK = "certificate"
_ARN = re.compile(r"arn:aws:acm:([a-z0-9-]+):(\d{12}):certificate/\S+")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
_KEYS = {"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1"}
_SOON = dt.timedelta(days=30)


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
        return failed(_CHECK, message, "set certificate_arn or hosted_zone in cdk.json")
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
        return warned(_CHECK, message, hint)
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
        return failed(_CHECK, "the ARN is not that of a certificate in ACM", correct)
    if parts[1] != GLOBAL_REGION:
        message = f"the certificate is not in {GLOBAL_REGION}, which CloudFront demands"
        return failed(_CHECK, message, f"request one there, and {correct}")
    if parts[2] != aws.account:
        message = "the certificate is of another account than the stack"
        return failed(_CHECK, message, f"request one in the stack's, and {correct}")
    call = aws.client("acm").describe_certificate
    found = aws.ask(call, "ResourceNotFoundException", CertificateArn=arn)
    if found is None:
        message = "the certificate does not exist in this account"
        return failed(_CHECK, message, f"request it in {GLOBAL_REGION}, or {correct}")
    return _issued(found["Certificate"], names)


def _issued(about: Any, names: list[str]) -> Finding:
    """What ACM says of a certificate."""
    status = str(about.get("Status"))
    if status != "ISSUED":
        return failed(_CHECK, f"it is {status}, not ISSUED", _validation(about, status))
    algorithm = str(about.get("KeyAlgorithm", "RSA_2048")).replace("-", "_")
    if algorithm not in _KEYS:
        message = f"its key is {algorithm}, which CloudFront does not take"
        return failed(_CHECK, message, "request one with RSA_2048 or EC_prime256v1")
    covered = {about.get("DomainName", ""), *about.get("SubjectAlternativeNames", ())}
    finding = _covered(covered, names, "issued")
    ends = about.get("NotAfter")
    if finding.level is Level.PASS and ends and ends - dt.datetime.now(dt.UTC) < _SOON:
        is_renewed = about.get("RenewalEligibility") == "ELIGIBLE"
        hint = "keep its validation record in DNS, by which ACM renews it"
        if not is_renewed:
            hint = "import the next one: ACM does not renew this one"
        return warned(_CHECK, f"it ends on {ends:%Y-%m-%d}", hint)
    return finding


def _covered(covered: set[str], names: list[str], state: str) -> Finding:
    missing = [name for name in names if not covers(covered, name)]
    if missing:
        hint = "request one with these names: a wildcard covers one label"
        return failed(_CHECK, f"it does not cover {_list(missing)}", hint)
    return passed(_CHECK, f"{state}, and covers every name")


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
