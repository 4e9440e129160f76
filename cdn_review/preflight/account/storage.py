"""Buckets of files and of logs, and what is in a private network: all made beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_review.preflight.aws import Aws, code_of
from cdn_review.preflight.references import Bucket
from cdn_review.preflight.result import Result, failed, passed, skipped, warned
from cdn_review.preflight.target import Target

_BALANCER = ":loadbalancer/"
_INSTANCE = ":instance/"
_GONE = ("LoadBalancerNotFound", "InvalidInstanceID.NotFound", "ValidationError")


def check_buckets(target: Target, aws: Aws) -> Iterator[Result]:
    """Buckets of origins and logs that the stack does not make itself."""
    if not target.buckets:
        yield skipped("buckets", "the stack refers to none")
    client = aws.client("s3", target.region or aws.configured_region)
    for bucket in target.buckets:
        try:
            about = client.head_bucket(Bucket=bucket.name)
        except aws.refused as error:
            if code_of(error) not in ("404", "NoSuchBucket"):
                raise
            sentence = f"the bucket {bucket.name!r} does not exist"
            cure = "make it, or correct its name in cdk.json"
            yield failed("buckets", sentence, cure)
            continue
        yield from _bucket(bucket, about, client, aws)


def _bucket(bucket: Bucket, about: Any, client: Any, aws: Aws) -> Iterator[Result]:
    stands_in = str(about.get("BucketRegion", ""))
    if bucket.region and stands_in and bucket.region != stands_in:
        sentence = (
            f"{bucket.name!r} stands in {stands_in}, and is asked in {bucket.region}"
        )
        cure = f"set its region to {stands_in} in cdk.json"
        yield failed("buckets", sentence, cure)
        return
    if bucket.is_origin and not _is_closed(bucket, client, aws):
        sentence = f"{bucket.name!r} may be opened to everybody, past CloudFront"
        cure = "switch on all four settings of its Block Public Access"
        yield warned("buckets", sentence, cure)
        return
    yield passed("buckets", f"{bucket.name!r} exists")


def _is_closed(bucket: Bucket, client: Any, aws: Aws) -> bool:
    """Whether S3 refuses whatever policy or list would make it public."""
    try:
        answer = client.get_public_access_block(Bucket=bucket.name)
    except aws.refused as error:
        if code_of(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        return False
    settings = answer["PublicAccessBlockConfiguration"]
    return len(settings) == 4 and all(settings.values())


def check_network(target: Target, aws: Aws) -> Iterator[Result]:
    """The load balancer or instance that CloudFront reaches in a private network."""
    if not target.endpoints:
        yield skipped("private network", "no server is in one")
    for arn in target.endpoints:
        try:
            state = _state(arn, aws)
        except aws.refused as error:
            if code_of(error) not in _GONE:
                raise
            state = ""
        if not state:
            sentence = "what vpc_endpoint_arn names does not exist in this account"
            cure = "make it, or correct vpc_endpoint_arn in cdk.json"
            yield failed("private network", sentence, cure)
        elif state not in ("active", "running", "active_impaired", "known"):
            sentence = f"what vpc_endpoint_arn names is in the state {state}"
            yield failed("private network", sentence, "wait for it, or start it")
        else:
            yield passed("private network", "the server in it exists")


def _state(arn: str, aws: Aws) -> str:
    """Its state, '' if there is none, 'known' for what cannot be looked up."""
    region = arn.split(":")[3] or aws.configured_region
    if _BALANCER in arn:
        client = aws.client("elbv2", region)
        found = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
        return str(found[0].get("State", {}).get("Code", "known")) if found else ""
    if _INSTANCE in arn:
        client = aws.client("ec2", region)
        instance = arn.rpartition("/")[2]
        answer = client.describe_instances(InstanceIds=[instance])["Reservations"]
        states = [one["State"]["Name"] for part in answer for one in part["Instances"]]
        return str(states[0]) if states else ""
    return "known"
