"""Signed requests to buckets: what origin access control adds.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cdn_edge.messages import OriginRequest

_REGION = re.compile(r"\.s3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.")


class _UnsignedPayload(S3SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        # A body passes while it arrives: nobody has its digest before.
        return "UNSIGNED-PAYLOAD"


def signature(request: OriginRequest, credentials: Credentials) -> Mapping[str, str]:
    """The headers that sign a request, or none where it is sent as it is."""
    behavior = request.origin.signing
    given = "Authorization" in request.headers
    if not behavior or (behavior == "no-override" and given):
        return {}
    host = request.headers["Host"]
    asked = AWSRequest(
        method=request.method,
        url=f"https://{host}{request.target}",
        headers={"Host": host},
    )
    found = _REGION.search(request.origin.domain_name)
    region = found[1] if found else "us-east-1"
    _UnsignedPayload(credentials, "s3", region).add_auth(asked)
    return {name: value for name, value in asked.headers.items() if name != "Host"}
