"""Whether the certificate is issued, and has every name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from cdn_review.preflight.aws import GLOBAL_REGION, Aws, code_of
from cdn_review.preflight.result import Result, failed, passed, skipped, warned
from cdn_review.preflight.target import Target

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
_KEYS = {"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1"}
_SOON = dt.timedelta(days=30)


def check_certificate(target: Target, aws: Aws) -> Iterator[Result]:
    """Each certificate that exists already; one that the stack makes is for the zone to say."""
    if not target.certificates:
        why = "the stack makes its own" if target.zones else "no name needs one"
        yield skipped("certificate", why)
    for arn, aliases in target.certificates.items():
        yield from _certificate(arn, aliases, target.stack.account, aws)


def _certificate(
    arn: str, aliases: Sequence[str], account: str, aws: Aws
) -> Iterator[Result]:
    if arn.split(":")[3] != GLOBAL_REGION:
        sentence = f"the certificate is not in {GLOBAL_REGION}"
        cure = f"request one there: CloudFront takes no other than from {GLOBAL_REGION}"
        yield failed("certificate", sentence, cure)
        return
    if account and arn.split(":")[4] != account:
        sentence = "the certificate is of another account than the stack"
        cure = "request one in the stack's account, and correct certificate_arn"
        yield failed("certificate", sentence, cure)
        return
    try:
        found = aws.client("acm").describe_certificate(CertificateArn=arn)
    except aws.refused as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        sentence = "the certificate does not exist in this account"
        cure = "request it in us-east-1, or correct certificate_arn in cdk.json"
        yield failed("certificate", sentence, cure)
        return
    yield from judged(found["Certificate"], aliases)


def judged(about: Any, aliases: Sequence[str]) -> Iterator[Result]:
    """What ACM says of a certificate, held against the names that it is for."""
    status = str(about.get("Status"))
    if status != "ISSUED":
        yield failed("certificate", f"is in the state {status}", _cure(about, status))
        return
    names = {
        str(about.get("DomainName", "")),
        *about.get("SubjectAlternativeNames", ()),
    }
    missing = [alias for alias in aliases if not covers(names, alias)]
    if missing:
        sentence = f"does not cover {', '.join(missing)}"
        cure = "request one with these names: a wildcard covers one label"
        yield failed("certificate", sentence, cure)
    algorithm = str(about.get("KeyAlgorithm", "RSA_2048")).replace("-", "_")
    if algorithm not in _KEYS:
        sentence = f"has a key of {algorithm}, which CloudFront does not take"
        yield failed(
            "certificate", sentence, "request one with RSA_2048 or EC_prime256v1"
        )
    ends = about.get("NotAfter")
    if ends and ends - dt.datetime.now(dt.UTC) < _SOON:
        is_renewed = about.get("RenewalEligibility") == "ELIGIBLE"
        cure = "keep its validation record in DNS, by which ACM renews it"
        if not is_renewed:
            cure = "import the next one: ACM does not renew this one"
        yield warned("certificate", f"ends on {ends:%Y-%m-%d}", cure)
    elif not missing and algorithm in _KEYS:
        yield passed("certificate", "is issued, and covers every name")


def _cure(about: Any, status: str) -> str:
    if status != "PENDING_VALIDATION":
        return "request a new one, and name it in cdk.json"
    for option in about.get("DomainValidationOptions", ()):
        record = option.get("ResourceRecord")
        if record and option.get("ValidationStatus") != "SUCCESS":
            return (
                f"add the {record['Type']} record {record['Name']} that ACM waits for"
            )
    return "confirm the mail of ACM, or use validation by DNS"


def covers(names: set[str], alias: str) -> bool:
    """Whether a certificate is for a name: by it, or by a wildcard over its first label."""
    wildcard = "*." + alias.partition(".")[2]
    return bool({alias.lower(), wildcard.lower()} & {name.lower() for name in names})
