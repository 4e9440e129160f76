"""One environment's stack: a pair of distributions and the outputs that Django reads."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from constructs import Construct

from constructs_lib import Cors, DjangoCdn, DjangoOrigin
from dj_cloudfront.contract import Output
from stacks.environment import Environment


class CdnStack(cdk.Stack):
    """The CDN of one environment, in front of its Django server."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment
    ) -> None:
        """Define the stack.

        :param environment: What cdk.json says of this deployment. Its account and region are
            the stack's; neither is ever taken from the caller's shell.
        """
        super().__init__(
            scope,
            construct_id,
            stack_name=environment.stack_name,
            env=cdk.Environment(account=environment.account, region=environment.region),
        )
        self.cdn = DjangoCdn(
            self,
            "Cdn",
            origin=DjangoOrigin.server(environment.origin),
            cors=Cors.any_origin()
            if environment.cors == "any_origin"
            else Cors.forward(),
            certificate=self._certificate(environment.certificate_arn),
            static_domain_names=environment.static.domain_names,
            media_domain_names=environment.media.domain_names,
            static_ttl=environment.static.ttl,
            media_ttl=environment.media.ttl,
            static_error_ttl=environment.static.error_ttl,
            media_error_ttl=environment.media.error_ttl,
        )
        static, media = self.cdn.static, self.cdn.media
        self._output(Output.STATIC_DOMAIN_NAME, static.domain_name)
        self._output(Output.STATIC_DISTRIBUTION_ID, static.distribution_id)
        self._output(Output.STATIC_DNS_TARGET, static.dns_target)
        self._output(Output.MEDIA_DOMAIN_NAME, media.domain_name)
        self._output(Output.MEDIA_DISTRIBUTION_ID, media.distribution_id)
        self._output(Output.MEDIA_DNS_TARGET, media.dns_target)

    def _certificate(self, arn: str | None) -> acm.ICertificate | None:
        if arn is None:
            return None
        return acm.Certificate.from_certificate_arn(self, "Certificate", arn)

    def _output(self, output: Output, value: str) -> None:
        cdk.CfnOutput(self, output.value, value=value)
