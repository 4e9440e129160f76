"""What the stack only refers to, and somebody else has to have made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_review.preflight.aws import GLOBAL_REGION, MOST_PAGES, Aws, code_of
from cdn_review.preflight.references import Secret
from cdn_review.preflight.result import Result, failed, passed, skipped, warned
from cdn_review.preflight.target import Target

_CLOUDFRONT_SCOPE = ":global/webacl/"


def check_secret(target: Target, aws: Aws) -> Iterator[Result]:
    """The origin secret and its version. Its value is never asked for."""
    if not target.secrets:
        yield skipped("origin secret", "the stack refers to none")
    for secret in target.secrets:
        region = secret.region or target.region or aws.configured_region
        yield _secret(secret, aws.client("secretsmanager", region), aws)


def _secret(secret: Secret, client: Any, aws: Aws) -> Result:
    try:
        about = client.describe_secret(SecretId=secret.name)
    except aws.refused as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        sentence = "the secret that the stack refers to does not exist"
        cure = "make it, or correct origin_secret.arn in cdk.json"
        return failed("origin secret", sentence, cure)
    if about.get("DeletedDate"):
        sentence = "the secret that the stack refers to is about to be deleted"
        cure = "run 'aws secretsmanager restore-secret'"
        return failed("origin secret", sentence, cure)
    if secret.version and secret.version not in about.get("VersionIdsToStages", {}):
        return _unlabelled(secret, client)
    return passed("origin secret", "exists, in the version that is meant")


def _unlabelled(secret: Secret, client: Any) -> Result:
    """A version without a label works until AWS deletes it, and nobody is asked then."""
    there = {one["VersionId"] for one in _versions(secret, client)}
    if secret.version in there:
        sentence = (
            "the version that the stack refers to has no label: AWS may delete it"
        )
        cure = "refer to the current one, as docs/origin-secret.md says of rotation"
        return warned("origin secret", sentence, cure)
    sentence = "the secret has no such version as the stack refers to"
    cure = (
        "correct origin_secret.version in cdk.json: 'aws secretsmanager "
        "list-secret-version-ids' has them"
    )
    return failed("origin secret", sentence, cure)


def _versions(secret: Secret, client: Any) -> Iterator[Any]:
    """botocore has no paginator for them."""
    following: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        answer = client.list_secret_version_ids(
            SecretId=secret.name, IncludeDeprecated=True, **following
        )
        yield from answer.get("Versions", ())
        if not answer.get("NextToken"):
            return
        following = {"NextToken": answer["NextToken"]}


def check_web_acl(target: Target, aws: Aws) -> Iterator[Result]:
    if not target.web_acls:
        yield skipped("web ACL", "the stack refers to none")
    known: set[str] | None = None
    for arn in target.web_acls:
        if _CLOUDFRONT_SCOPE not in arn or f":{GLOBAL_REGION}:" not in arn:
            sentence = "the web ACL is not of the scope CLOUDFRONT"
            cure = "make one of that scope, in us-east-1"
            yield failed("web ACL", sentence, cure)
            continue
        known = _web_acls(aws) if known is None else known
        if arn in known:
            yield passed("web ACL", "exists")
        else:
            sentence = "the web ACL that the stack refers to does not exist"
            cure = "make it, or correct web_acl_arn in cdk.json"
            yield failed("web ACL", sentence, cure)


def _web_acls(aws: Aws) -> set[str]:
    """botocore has no paginator for them."""
    client = aws.client("wafv2")
    found: set[str] = set()
    following: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        answer = client.list_web_acls(Scope="CLOUDFRONT", Limit=100, **following)
        found |= {one["ARN"] for one in answer["WebACLs"]}
        if not answer["WebACLs"] or not answer.get("NextMarker"):
            break
        following = {"NextMarker": answer["NextMarker"]}
    return found


def check_topics(target: Target, aws: Aws) -> Iterator[Result]:
    """Topics of alarms that the stack does not make itself."""
    if not target.topics:
        yield skipped("alarm topic", "the stack refers to none")
    for arn in target.topics:
        client = aws.client("sns", arn.split(":")[3] or GLOBAL_REGION)
        try:
            client.get_topic_attributes(TopicArn=arn)
        except aws.refused as error:
            if code_of(error) not in ("NotFound", "NotFoundException"):
                raise
            sentence = "the topic that alarms write to does not exist"
            cure = "make it, or correct monitoring.topic_arn in cdk.json"
            yield failed("alarm topic", sentence, cure)
            continue
        yield passed("alarm topic", "exists")
