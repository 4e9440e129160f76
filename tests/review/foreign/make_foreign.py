"""Synthesize the templates of this folder that the CDK makes: python make_foreign.py.

They stand for the apps of other people: constructs of the CDK alone, in the ways that its
documentation shows. The templates that are not named here are written by hand, for what the
CDK has no construct or no plain notation for.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from aws_cdk import (
    App,
    CfnOutput,
    Duration,
    Environment,
    Fn,
    RemovalPolicy,
    Stack,
    Tags,
)
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

FOLDER = Path(__file__).parent
US_EAST_1 = Environment(account="111122223333", region="us-east-1")
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n"


class WholeSite(Stack):
    """A site with a behavior for each kind of file, a certificate and DNS records."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=US_EAST_1)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0EXAMPLE", zone_name="example.com"
        )
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name="www.example.com",
            subject_alternative_names=["cdn.example.com"],
            validation=acm.CertificateValidation.from_dns(zone),
        )
        server = origins.HttpOrigin(
            "origin.example.com",
            origin_path="/live",
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers={"X-From": "edge", "X-Origin-Verify": "a literal secret"},
            connection_attempts=2,
            connection_timeout=Duration.seconds(5),
            read_timeout=Duration.seconds(45),
            keepalive_timeout=Duration.seconds(50),
            origin_shield_region="eu-west-1",
        )
        spare = origins.HttpOrigin(
            "spare.example.com",
            protocol_policy=cloudfront.OriginProtocolPolicy.MATCH_VIEWER,
            http_port=8080,
            https_port=8443,
        )
        both = origins.OriginGroup(
            primary_origin=server,
            fallback_origin=spare,
            fallback_status_codes=[500, 502, 404],
        )
        pages = cloudfront.CachePolicy(
            self,
            "PagesCache",
            comment="Pages in a language",
            min_ttl=Duration.seconds(1),
            default_ttl=Duration.minutes(5),
            max_ttl=Duration.hours(1),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
            header_behavior=cloudfront.CacheHeaderBehavior.allow_list(
                "Accept-Language", "Origin"
            ),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.allow_list(
                "page", "q"
            ),
            cookie_behavior=cloudfront.CacheCookieBehavior.deny_list("_ga", "_gid"),
        )
        forwarded = cloudfront.OriginRequestPolicy(
            self,
            "PagesForwarded",
            comment="For the pages",
            header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(
                "User-Agent", "CloudFront-Viewer-Country"
            ),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.all(),
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.allow_list(
                "sessionid"
            ),
        )
        headers = self._response_headers()
        behaviors = {
            "/static/*": cloudfront.BehaviorOptions(
                origin=server,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=headers,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                compress=True,
            ),
            "/media/*.jpg": cloudfront.BehaviorOptions(
                origin=both,
                cache_policy=cloudfront.CachePolicy(
                    self,
                    "ImagesCache",
                    default_ttl=Duration.days(30),
                    query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
                cached_methods=cloudfront.CachedMethods.CACHE_GET_HEAD_OPTIONS,
            ),
            "/api/*": cloudfront.BehaviorOptions(
                origin=server,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                compress=False,
            ),
            "/rpc.Shop/*": cloudfront.BehaviorOptions(
                origin=server,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                enable_grpc=True,
            ),
        }
        distribution = cloudfront.Distribution(
            self,
            "Site",
            comment="The whole site",
            domain_names=["www.example.com", "cdn.example.com"],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            ssl_support_method=cloudfront.SSLMethod.SNI,
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_200,
            geo_restriction=cloudfront.GeoRestriction.allowlist("DE", "FR", "GB"),
            web_acl_id="arn:aws:wafv2:us-east-1:111122223333:global/webacl/shop/1",
            default_behavior=cloudfront.BehaviorOptions(
                origin=server,
                cache_policy=pages,
                origin_request_policy=forwarded,
                response_headers_policy=headers,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            additional_behaviors=behaviors,
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=404,
                    response_http_status=200,
                    response_page_path="/index.html",
                    ttl=Duration.seconds(30),
                ),
                cloudfront.ErrorResponse(http_status=503, ttl=Duration.seconds(1)),
            ],
            enable_logging=True,
            log_file_prefix="site/",
            log_includes_cookies=True,
        )
        for name, record in (("A", route53.ARecord), ("Aaaa", route53.AaaaRecord)):
            record(
                self,
                name,
                zone=zone,
                record_name="www",
                target=route53.RecordTarget.from_alias(
                    targets.CloudFrontTarget(distribution)
                ),
            )
        CfnOutput(self, "Url", value=f"https://{distribution.distribution_domain_name}")
        Tags.of(self).add("team", "shop")

    def _response_headers(self) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            comment="Every section that there is",
            cors_behavior=cloudfront.ResponseHeadersCorsBehavior(
                access_control_allow_credentials=False,
                access_control_allow_headers=["Content-Type", "Range"],
                access_control_allow_methods=["GET", "HEAD"],
                access_control_allow_origins=["https://www.example.com"],
                access_control_expose_headers=["ETag"],
                access_control_max_age=Duration.minutes(10),
                origin_override=True,
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Cache-Control", value="max-age=60", override=False
                    ),
                    cloudfront.ResponseCustomHeader(
                        header="X-Robots-Tag", value="noindex", override=True
                    ),
                ]
            ),
            remove_headers=["Server", "Set-Cookie"],
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="default-src 'self'", override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(
                    override=True
                ),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN,
                    override=True,
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365),
                    include_subdomains=True,
                    preload=True,
                    override=True,
                ),
                xss_protection=cloudfront.ResponseHeadersXSSProtection(
                    protection=True,
                    mode_block=False,
                    report_uri="https://report.example.com/xss",
                    override=True,
                ),
            ),
            server_timing_sampling_rate=12.5,
        )


class EdgeCode(Stack):
    """CloudFront functions with a key value store, and Lambda functions at the edge."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=US_EAST_1)
        store = cloudfront.KeyValueStore(
            self,
            "Redirects",
            comment="Old paths",
            source=cloudfront.ImportSource.from_bucket(
                s3.Bucket.from_bucket_name(self, "Data", "example-edge-data"),
                "redirects.json",
            ),
        )
        redirect = cloudfront.Function(
            self,
            "Redirect",
            comment="Redirects old paths",
            code=cloudfront.FunctionCode.from_inline(
                "import cf from 'cloudfront';\n"
                "async function handler(event) { return event.request; }\n"
            ),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            key_value_store=store,
        )
        stamp = cloudfront.Function(
            self,
            "Stamp",
            code=cloudfront.FunctionCode.from_inline(
                "function handler(event) { return event.response; }"
            ),
            auto_publish=False,
        )
        sign_in = cloudfront.experimental.EdgeFunction(
            self,
            "SignIn",
            runtime=lambda_.Runtime.NODEJS_22_X,
            handler="index.handler",
            code=lambda_.Code.from_inline(
                "exports.handler = async (e) => ({status: '401'});"
            ),
        )
        server = origins.HttpOrigin("www.example.com")
        cloudfront.Distribution(
            self,
            "Edge",
            default_behavior=cloudfront.BehaviorOptions(
                origin=server,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=redirect,
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                    ),
                    cloudfront.FunctionAssociation(
                        function=stamp,
                        event_type=cloudfront.FunctionEventType.VIEWER_RESPONSE,
                    ),
                ],
            ),
            additional_behaviors={
                "/members/*": cloudfront.BehaviorOptions(
                    origin=server,
                    edge_lambdas=[
                        cloudfront.EdgeLambda(
                            function_version=sign_in.current_version,
                            event_type=cloudfront.LambdaEdgeEventType.ORIGIN_REQUEST,
                            include_body=True,
                        )
                    ],
                )
            },
        )


class PrivateBucket(Stack):
    """Signed URLs for a bucket that CloudFront alone may read."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=US_EAST_1)
        bucket = s3.Bucket(
            self,
            "Files",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.PUT],
                    allowed_origins=["https://www.example.com"],
                    allowed_headers=["Range"],
                    exposed_headers=["ETag"],
                    max_age=600,
                )
            ],
        )
        keys = [
            cloudfront.PublicKey(
                self, f"Key{name}", encoded_key=PUBLIC_KEY.format(name * 32)
            )
            for name in ("One", "Two")
        ]
        group = cloudfront.KeyGroup(self, "Keys", items=keys, comment="Both halves")
        origin = origins.S3BucketOrigin.with_origin_access_control(
            bucket,
            origin_access_levels=[
                cloudfront.AccessLevel.READ,
                cloudfront.AccessLevel.LIST,
            ],
        )
        distribution = cloudfront.Distribution(
            self,
            "Private",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin, trusted_key_groups=[group]
            ),
            additional_behaviors={
                "/public/*": cloudfront.BehaviorOptions(
                    origin=origin,
                    cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED_FOR_UNCOMPRESSED_OBJECTS,
                    response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
                )
            },
        )
        CfnOutput(
            self,
            "DistributionId",
            value=distribution.distribution_id,
            export_name="private-distribution",
        )


class LegacyIdentity(Stack):
    """The construct from before policies: forwarded values and an access identity."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bucket = s3.Bucket(self, "Bucket", website_index_document="index.html")
        identity = cloudfront.OriginAccessIdentity(
            self, "Identity", comment="Reads the bucket"
        )
        bucket.grant_read(identity)
        cloudfront.CloudFrontWebDistribution(
            self,
            "Web",
            viewer_certificate=cloudfront.ViewerCertificate.from_iam_certificate(
                "ASCAEXAMPLE", aliases=["old.example.com"]
            ),
            origin_configs=[
                cloudfront.SourceConfiguration(
                    s3_origin_source=cloudfront.S3OriginConfig(
                        s3_bucket_source=bucket, origin_access_identity=identity
                    ),
                    behaviors=[
                        cloudfront.Behavior(
                            is_default_behavior=True,
                            default_ttl=Duration.hours(1),
                            min_ttl=Duration.seconds(0),
                            max_ttl=Duration.days(1),
                        )
                    ],
                ),
                cloudfront.SourceConfiguration(
                    custom_origin_source=cloudfront.CustomOriginConfig(
                        domain_name="app.example.com",
                        origin_protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
                    ),
                    behaviors=[
                        cloudfront.Behavior(
                            path_pattern="/app/*",
                            allowed_methods=cloudfront.CloudFrontAllowedMethods.ALL,
                            trusted_signers=["self", "111122223333"],
                            forwarded_values=cloudfront.CfnDistribution.ForwardedValuesProperty(
                                query_string=True,
                                query_string_cache_keys=["page"],
                                headers=["Host", "Accept"],
                                cookies=cloudfront.CfnDistribution.CookiesProperty(
                                    forward="whitelist",
                                    whitelisted_names=["sessionid"],
                                ),
                            ),
                        )
                    ],
                ),
            ],
        )


class PrivateNetwork(Stack):
    """An origin inside a VPC, named by a load balancer of another stack."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=US_EAST_1)
        balancer = (
            elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
                self,
                "Balancer",
                load_balancer_arn=Fn.import_value("balancer-arn"),
                load_balancer_dns_name=Fn.import_value("balancer-name"),
                security_group_id="sg-0123456789abcdef0",
            )
        )
        cloudfront.Distribution(
            self,
            "Edge",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.VpcOrigin.with_application_load_balancer(
                    balancer,
                    protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                    https_port=8443,
                    read_timeout=Duration.seconds(50),
                    keepalive_timeout=Duration.seconds(20),
                    vpc_origin_name="inside",
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            ),
            publish_additional_metrics=True,
        )


class Watched(Stack):
    """Logs of every kind, alarms and whom they tell."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=US_EAST_1)
        stream = kinesis.Stream(self, "Stream", shard_count=1)
        realtime = cloudfront.RealtimeLogConfig(
            self,
            "Realtime",
            end_points=[cloudfront.Endpoint.from_kinesis_stream(stream)],
            fields=["timestamp", "c-ip", "cs-uri-stem"],
            sampling_rate=5,
        )
        distribution = cloudfront.Distribution(
            self,
            "Edge",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin("www.example.com"),
                realtime_log_config=realtime,
            ),
        )
        group = logs.LogGroup(
            self, "Lines", retention=logs.RetentionDays.ONE_MONTH, log_group_name="cdn"
        )
        source = logs.CfnDeliverySource(
            self,
            "Source",
            name="cdn-source",
            log_type="ACCESS_LOGS",
            resource_arn=f"arn:aws:cloudfront::111122223333:distribution/{distribution.distribution_id}",
        )
        destination = logs.CfnDeliveryDestination(
            self,
            "Destination",
            name="cdn-destination",
            output_format="json",
            destination_resource_arn=group.log_group_arn,
        )
        delivery = logs.CfnDelivery(
            self,
            "Delivery",
            delivery_source_name=source.ref,
            delivery_destination_arn=destination.attr_arn,
            record_fields=["date", "time", "cs-uri-stem", "sc-status"],
        )
        delivery.add_dependency(source)
        topic = sns.Topic(self, "Topic", display_name="CDN")
        topic.add_subscription(subscriptions.EmailSubscription("ops@example.com"))
        errors = cloudwatch.Metric(
            namespace="AWS/CloudFront",
            metric_name="5xxErrorRate",
            dimensions_map={
                "DistributionId": distribution.distribution_id,
                "Region": "Global",
            },
            statistic="Average",
            period=Duration.minutes(5),
        )
        alarm = errors.create_alarm(
            self,
            "Errors",
            alarm_description="Many answers are errors",
            threshold=5,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))
        cloudwatch.MathExpression(
            expression="errors / 100", using_metrics={"errors": errors}
        ).create_alarm(self, "Share", threshold=0.5, evaluation_periods=1)


STACKS = {
    "whole-site": WholeSite,
    "edge-code": EdgeCode,
    "private-bucket": PrivateBucket,
    "legacy-identity": LegacyIdentity,
    "private-network": PrivateNetwork,
    "watched": Watched,
}


def synthesized() -> dict[str, str]:
    """The text of each template, by the name of its file."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, analytics_reporting=False)
        for name, stack in STACKS.items():
            stack(app, name)
        assembly = app.synth()
        return {
            f"{name}.template.json": json.dumps(
                assembly.get_stack_by_name(name).template, indent=1
            )
            + "\n"
            for name in STACKS
        }


if __name__ == "__main__":
    for name, text in synthesized().items():
        (FOLDER / name).write_text(text, "utf-8")
