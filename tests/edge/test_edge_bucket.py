"""A bucket of the local S3 in front of the server, which is asked for what it lacks."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from aws_support import client, running_emulator
from edge_support import (
    ORIGIN,
    CountingOrigin,
    Reply,
    RunningEdge,
    deployed,
    distribution,
    named,
)

BUCKET = "my-static.s3.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """Where the local S3 is, with one file in a bucket."""
    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        caller = client("s3", url)
        caller.create_bucket(Bucket="my-static")
        file = {"Key": "static/b1/site.css", "Body": b"of the bucket"}
        caller.put_object(Bucket="my-static", CacheControl="max-age=60", **file)
        yield urlsplit(url).netloc


def bucket_first():
    server = distribution()["DistributionConfig"]["Origins"]["Items"][0]
    bucket = {
        "Id": "bucket",
        "DomainName": BUCKET,
        "OriginPath": "/static",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": "control",
    }
    members = named({"OriginId": "bucket"}, {"OriginId": "origin"})
    criteria = {"FailoverCriteria": {"StatusCodes": named(403, 404, 500)}}
    return distribution(
        Origins=named(bucket, server),
        OriginGroups=named({"Id": "group", "Members": members, **criteria}),
        default={"TargetOriginId": "group"},
    )


def test_bucket_answers_first_and_the_server_for_what_it_lacks(s3):
    with CountingOrigin() as server:
        server.default = Reply(body=b"of the server")
        table = {ORIGIN: server, "*.amazonaws.com": s3}
        with RunningEdge(deployed(bucket_first()), origins=table) as edge:
            first = edge.get("/b1/site.css")
            assert (first.body, first.cache) == (b"of the bucket", "Miss")
            assert edge.get("/b1/site.css").cache == "Hit"
            part = edge.get("/b1/site.css", headers={"Range": "bytes=0-1"})
            assert (part.status, part.body) == (206, b"of")
            assert edge.get("/b1/new.css").body == b"of the server"
        assert server.targets == ["/static/b1/new.css"]
