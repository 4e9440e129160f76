"""Policies that exist already, in place of the project's own."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_cloudfront as cloudfront


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Existing or managed policies. An account has room for 20 of each kind by default.

    :param cache: Its key and TTLs act in place of ``cors`` and ``ttl``. Default: a policy of
        the distribution's own.
    :param origin_request: What reaches the server beside the cache key. Default: nothing.
    :param response_headers: Its headers and CORS act in place of ``headers`` and of an edge
        that answers CORS. Default: a policy of the distribution's own.
    """

    cache: cloudfront.ICachePolicy | None = None
    origin_request: cloudfront.IOriginRequestPolicy | None = None
    response_headers: cloudfront.IResponseHeadersPolicy | None = None
