"""What the stack only refers to, and somebody else has to have made."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_review.preflight.aws import GLOBAL_REGION, Aws, code_of
from cdn_review.preflight.result import Result, failed, passed, skipped
from cdn_review.preflight.target import Secret, Target

_CLOUDFRONT_SCOPE = ":global/webacl/"


def check_secret(target: Target, aws: Aws) -> Iterator[Result]:
    """The origin secret and its version. Its value is never asked for."""
    if not target.secrets:
        yield skipped("origin secret", "the stack refers to none")
    for secret in target.secrets:
        yield _secret(secret, aws)


def _secret(secret: Secret, aws: Aws) -> Result:
    region = secret.arn.split(":")[3] or aws.configured_region
    client = aws.client("secretsmanager", region)
    try:
        about = client.describe_secret(SecretId=secret.arn)
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
    versions = about.get("VersionIdsToStages", {})
    if secret.version and secret.version not in versions:
        sentence = "the secret has no such version as the stack refers to"
        cure = "correct origin_secret.version in cdk.json: 'aws secretsmanager list-secret-version-ids' has them"
        return failed("origin secret", sentence, cure)
    return passed("origin secret", "exists, in the version that is meant")


def check_web_acl(target: Target, aws: Aws) -> Iterator[Result]:
    if not target.web_acls:
        yield skipped("web ACL", "the stack refers to none")
    for arn in target.web_acls:
        if _CLOUDFRONT_SCOPE not in arn or f":{GLOBAL_REGION}:" not in arn:
            sentence = "the web ACL is not of the scope CLOUDFRONT"
            cure = "make one of that scope, in us-east-1"
            yield failed("web ACL", sentence, cure)
            continue
        client = aws.client("wafv2")
        listed = client.list_web_acls(Scope="CLOUDFRONT", Limit=100)["WebACLs"]
        if arn in {one["ARN"] for one in listed}:
            yield passed("web ACL", "exists")
        else:
            sentence = "the web ACL that the stack refers to does not exist"
            cure = "make it, or correct web_acl_arn in cdk.json"
            yield failed("web ACL", sentence, cure)


def check_buckets(target: Target, aws: Aws) -> Iterator[Result]:
    """Buckets of origins and logs that the stack does not make itself."""
    names = target.buckets
    if not names:
        yield skipped("buckets", "the stack refers to none")
    client = aws.client("s3", target.region or aws.configured_region)
    for name in names:
        try:
            client.head_bucket(Bucket=name)
        except aws.refused as error:
            if code_of(error) not in ("404", "NoSuchBucket"):
                raise
            sentence = f"the bucket {name!r} does not exist"
            yield failed(
                "buckets", sentence, "make it, or correct its name in cdk.json"
            )
            continue
        yield passed("buckets", f"{name!r} exists")


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
