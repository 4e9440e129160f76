"""A bucket of the local S3 in front of the server, which is asked for what it lacks."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from aws_support import client, running_emulator
from botocore.credentials import Credentials
from edge_support import (
    ORIGIN,
    CountingOrigin,
    Reply,
    RunningEdge,
    deployed,
    distribution,
    named,
)
from multidict import CIMultiDict

from cdn_edge.configuration import Origin
from cdn_edge.messages import OriginRequest
from cdn_edge.origin_access import signature
from local.environment import ACCOUNT

BUCKET = "my-static.s3.us-east-1.amazonaws.com"
CONTROL = {"OriginAccessControlOriginType": "s3", "SigningBehavior": "always"}
# By which the emulator verifies each request.
STRICT = {"AUTH": "true", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """Where a private bucket is that verifies signatures, and a key that may read it."""
    with running_emulator(tmp_path_factory.mktemp("aws"), **STRICT) as url:
        caller = client("s3", url)
        caller.create_bucket(Bucket="my-static")
        # The name of the second file has to be encoded.
        for key in ("static/b1/site.css", "static/b1/a b+ü.css"):
            caller.put_object(Bucket="my-static", Key=key, Body=b"of the bucket")
        identities = client("iam", url)
        identities.create_user(UserName="edge")
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        identities.put_user_policy(
            UserName="edge",
            PolicyName="reads",
            PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [statement]}
            ),
        )
        key = identities.create_access_key(UserName="edge")["AccessKey"]
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        yield urlsplit(url).netloc, credentials


PRIVATE = {
    "DomainName": BUCKET,
    "S3OriginConfig": {"OriginAccessIdentity": ""},
    "OriginAccessControlId": "control",
}


def with_control(**config):
    source = deployed(distribution(**config))
    source.resources["OriginAccessControl"] = {"control": CONTROL}
    return source


def running(source, s3, credentials, **origins):
    table = {**origins, "*.amazonaws.com": s3}
    return RunningEdge(source, origins=table, credentials=credentials)


def bucket_first():
    server = distribution()["DistributionConfig"]["Origins"]["Items"][0]
    bucket = {"Id": "bucket", "OriginPath": "/static", **PRIVATE}
    members = named({"OriginId": "bucket"}, {"OriginId": "origin"})
    criteria = {"FailoverCriteria": {"StatusCodes": named(403, 404, 500)}}
    return with_control(
        Origins=named(bucket, server),
        OriginGroups=named({"Id": "group", "Members": members, **criteria}),
        default={"TargetOriginId": "group"},
    )


@pytest.mark.documented(
    "A bucket in front of a server", "high_availability_origin_failover"
)
def test_bucket_answers_first_and_the_server_for_what_it_lacks(s3):
    with CountingOrigin() as server:
        server.default = Reply(body=b"of the server")
        with running(bucket_first(), *s3, **{ORIGIN: server}) as edge:
            first = edge.get("/b1/site.css")
            assert (first.body, first.cache) == (b"of the bucket", "Miss")
            assert edge.get("/b1/site.css").cache == "Hit"
            part = edge.get("/b1/site.css", headers={"Range": "bytes=0-1"})
            assert (part.status, part.body) == (206, b"of")
            assert edge.get("/b1/new.css").body == b"of the server"
        assert server.targets == ["/static/b1/new.css"]


@pytest.mark.documented(
    "Origin access control: signed requests to a private bucket",
    "private-content-restricting-access-to-s3",
)
def test_a_private_bucket_gives_its_files_to_the_edge_alone(s3):
    address, known = s3
    source = with_control(origin=PRIVATE)
    with running(source, address, known) as edge:
        got = edge.get("/b1/site.css", headers={"Range": "bytes=0-1"})
        assert (got.status, got.body) == (206, b"of")
        assert edge.get("/b1/a%20b%2B%C3%BC.css").body == b"of the bucket"
        assert edge.get("/b1/site.css?v=1").status == 200
    for others in (None, Credentials(known.access_key, "wrong")):
        with running(source, address, others) as edge:
            assert edge.get("/b1/site.css").status == 403


def request(signing, **headers):
    return OriginRequest(
        origin=Origin(
            domain_name="b.s3.eu-central-1.amazonaws.com",
            connection_attempts=1,
            connection_timeout=1,
            read_timeout=1,
            signing=signing,
        ),
        method="GET",
        target="/a",
        headers=CIMultiDict({"Host": "b.s3.eu-central-1.amazonaws.com", **headers}),
        scheme="https",
    )


def test_signatures_name_the_region_of_the_bucket_and_keep_the_viewer_s_own():
    known = Credentials(ACCOUNT, "local")
    signed = signature(request("always", Authorization="Basic x"), known)
    assert "/eu-central-1/s3/aws4_request" in signed["Authorization"]
    assert signed["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert signature(request("no-override", Authorization="Basic x"), known) == {}
    assert "Authorization" in signature(request("no-override"), known)
    assert signature(request(""), known) == {}
