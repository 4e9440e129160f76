"""Where CloudFront pulls the files from, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from aws_cdk import Duration, Token
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from constructs_lib.checks import check_host_name, check_seconds
from constructs_lib.tree import TREE_HEADER, Tree


@dataclass(frozen=True, kw_only=True)
class DjangoOrigin:
    """The Django server that keeps the files. Made by :meth:`server`.

    One value serves both halves: :meth:`render` makes each half's own origin of it.
    """

    domain_name: str
    connection_attempts: int
    connection_timeout: timedelta
    read_timeout: timedelta
    keepalive_timeout: timedelta

    def __post_init__(self) -> None:
        if not Token.is_unresolved(self.domain_name):
            check_host_name("domain_name", self.domain_name)
        if self.connection_attempts not in (1, 2, 3):
            raise ValueError(
                "connection_attempts must be 1, 2 or 3, got "
                f"{self.connection_attempts!r}"
            )
        check_seconds("connection_timeout", self.connection_timeout, low=1, high=10)
        check_seconds("read_timeout", self.read_timeout, low=1)
        check_seconds("keepalive_timeout", self.keepalive_timeout, low=1)

    @classmethod
    def server(
        cls,
        domain_name: str,
        *,
        connection_attempts: int = 2,
        connection_timeout: timedelta = timedelta(seconds=5),
        read_timeout: timedelta = timedelta(seconds=20),
        keepalive_timeout: timedelta = timedelta(seconds=5),
    ) -> DjangoOrigin:
        """A web server with a name in DNS and a valid certificate for that name.

        CloudFront asks it by HTTPS only, with TLS 1.2, and sends its name as ``Host``, so the
        name must be in ``ALLOWED_HOSTS`` if Django answers for it.

        :param domain_name: Such as ``www.example.com``; a token passes.
        :param connection_attempts: From 1 to 3. Default: 2.
        :param connection_timeout: For one attempt, from 1 to 10 seconds. Default: 5 seconds.
        :param read_timeout: Between two packets of an answer. CloudFront allows 120 seconds
            unless the quota was raised. Default: 20 seconds.
        :param keepalive_timeout: Of an idle connection. Keep the server's own longer than this.
            Default: 5 seconds.
        :raises ValueError: when CloudFront would refuse a value.
        """
        return cls(
            domain_name=domain_name,
            connection_attempts=connection_attempts,
            connection_timeout=connection_timeout,
            read_timeout=read_timeout,
            keepalive_timeout=keepalive_timeout,
        )

    def render(self, scope: Construct, tree: Tree) -> cloudfront.IOrigin:
        """The CDK's origin for one half.

        The origin path narrows and does not confine, because CloudFront sends the raw path on:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
        So the tree goes along in a header, which overwrites one that a viewer sends, and the
        server compares.
        """
        return origins.HttpOrigin(
            self.domain_name,
            origin_id=tree.value,
            origin_path=tree.origin_path,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers={TREE_HEADER: tree.value},
            connection_attempts=self.connection_attempts,
            connection_timeout=_duration(self.connection_timeout),
            read_timeout=_duration(self.read_timeout),
            keepalive_timeout=_duration(self.keepalive_timeout),
        )


def _duration(value: timedelta) -> Duration:
    return Duration.seconds(int(value.total_seconds()))
