"""One environment's stack: a pair of distributions and the outputs that Django reads."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_route53 as route53
from constructs import Construct

from constructs_lib import DjangoCdn, MediaBucket, Policies, StaticBucket
from dj_cloudfront.contract import Output
from stacks.acknowledgements import acknowledge
from stacks.distribution_config import DistributionConfig, PolicyIds
from stacks.environment import Environment, Zone


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
            termination_protection=environment.termination_protection,
        )
        self.static_bucket, self.media_bucket = self._buckets(environment)
        self.cdn = self._cdn(environment)
        if environment.monitoring:
            environment.monitoring.define(self, self.cdn)
        if environment.logs:
            environment.logs.define(self, self.cdn)
        if environment.retain:
            _retain(self.cdn, self.static_bucket, self.media_bucket)
        self._outputs(self.cdn)
        acknowledge(self, environment)

    def _buckets(
        self, environment: Environment
    ) -> tuple[StaticBucket | None, MediaBucket | None]:
        static, media = environment.static_bucket, environment.media_bucket
        return (
            static.define_static(self, environment.cors) if static else None,
            media.define_media(self, environment.cors) if media else None,
        )

    def _cdn(self, environment: Environment) -> DjangoCdn:
        static, media, private = (
            environment.static,
            environment.media,
            environment.private,
        )
        third = private.config if private else DistributionConfig()
        return DjangoCdn(
            self,
            "Cdn",
            origin=environment.origin,
            cors=environment.cors,
            certificate=certificate(self, environment.certificate_arn),
            hosted_zone=hosted_zone(self, environment.hosted_zone),
            dns_records=environment.dns_records,
            viewers=environment.viewers,
            legacy_logs=environment.legacy_logs,
            static_domain_names=static.domain_names,
            static_ttl=static.ttl,
            static_error_ttl=static.error_ttl,
            static_headers=static.headers,
            static_policies=policies(self, "Static", static.policy_ids),
            static_bucket=self.static_bucket,
            media_domain_names=media.domain_names,
            media_ttl=media.ttl,
            media_error_ttl=media.error_ttl,
            media_headers=media.headers,
            media_policies=policies(self, "Media", media.policy_ids),
            media_bucket=self.media_bucket,
            media_signing_keys=environment.media_signing,
            private_domain_names=third.domain_names,
            private_ttl=third.ttl,
            private_error_ttl=third.error_ttl,
            private_headers=third.headers,
            private_policies=policies(self, "Private", third.policy_ids),
            private_signing_keys=private.keys if private else None,
        )

    def _outputs(self, cdn: DjangoCdn) -> None:
        static, media, private = cdn.static, cdn.media, cdn.private
        self._output(Output.STATIC_DOMAIN_NAME, static.domain_name)
        self._output(Output.STATIC_DISTRIBUTION_ID, static.distribution_id)
        self._output(Output.STATIC_DNS_TARGET, static.dns_target)
        self._output(Output.MEDIA_DOMAIN_NAME, media.domain_name)
        self._output(Output.MEDIA_DISTRIBUTION_ID, media.distribution_id)
        self._output(Output.MEDIA_DNS_TARGET, media.dns_target)
        signing = private.signing if private else media.signing
        if signing:
            self._output(Output.MEDIA_KEY_PAIR_ID, signing.key_pair_id)
        if self.static_bucket:
            self._output(Output.STATIC_BUCKET_NAME, self.static_bucket.bucket_name)
        if self.media_bucket:
            self._output(Output.MEDIA_BUCKET_NAME, self.media_bucket.bucket_name)
        if private:
            self._output(Output.PRIVATE_DOMAIN_NAME, private.domain_name)
            self._output(Output.PRIVATE_DISTRIBUTION_ID, private.distribution_id)
            self._output(Output.PRIVATE_DNS_TARGET, private.dns_target)

    def _output(self, output: Output, value: str) -> None:
        cdk.CfnOutput(self, output.value, value=value)


def _retain(*parts: Construct | None) -> None:
    # No policy and no access control can go while a distribution that stays uses it.
    for part in filter(None, parts):
        for child in part.node.find_all():
            if isinstance(child, cdk.CfnResource):
                child.apply_removal_policy(cdk.RemovalPolicy.RETAIN)


def certificate(scope: Construct, arn: str | None) -> acm.ICertificate | None:
    if arn is None:
        return None
    return acm.Certificate.from_certificate_arn(scope, "Certificate", arn)


def hosted_zone(scope: Construct, zone: Zone | None) -> route53.IHostedZone | None:
    if zone is None:
        return None
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "HostedZone", hosted_zone_id=zone.id, zone_name=zone.name
    )


def policies(scope: Construct, role: str, ids: PolicyIds) -> Policies:
    own = Construct(scope, f"{role}Policies")
    cache = origin_request = response_headers = None
    if ids.cache:
        cache = cloudfront.CachePolicy.from_cache_policy_id(own, "Cache", ids.cache)
    if ids.origin_request:
        origin_request = cloudfront.OriginRequestPolicy.from_origin_request_policy_id(
            own, "OriginRequest", ids.origin_request
        )
    if ids.response_headers:
        response_headers = (
            cloudfront.ResponseHeadersPolicy.from_response_headers_policy_id(
                own, "ResponseHeaders", ids.response_headers
            )
        )
    return Policies(
        cache=cache, origin_request=origin_request, response_headers=response_headers
    )
