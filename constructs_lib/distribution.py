"""The distributions: each pulls one tree of files and is usable alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from aws_cdk import Annotations, Stack
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from constructs_lib.cors import Cors
from constructs_lib.domain_names import (
    check_certificate,
    check_domain_names,
    claim_domain_names,
    claims,
    define_certificate,
    define_records,
)
from constructs_lib.options import (
    Defaults,
    DistributionOptions,
    check_options,
    defaults,
)
from constructs_lib.origin import DjangoOrigin, check_origin
from constructs_lib.policies import (
    Policies,
    check_host_not_forwarded,
    check_unused_options,
    define_cache_policy,
    define_response_headers_policy,
)
from constructs_lib.signing import MediaSigning, check_origin_secret
from constructs_lib.ttl import ErrorTtl, Ttl, check_error_ttl, duration
from constructs_lib.validation import check_partition, check_types, is_token
from constructs_lib.viewers import (
    check_web_acl,
    render_countries,
    render_http_version,
    render_price_class,
    render_tls,
)
from dj_cloudfront.contract import Tree

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

# An uploaded index.html must not become the home page of the media domain, and a name that no
# file has leads to the server's own 404.
NO_ROOT_OBJECT = "dj-cloudfront-has-no-root-object"


class StaticDistribution(Construct):
    """One distribution over the static files of a Django server.

    ``https://<domain_name>/<build>/css/site.css`` is the server's
    ``/static/<build>/css/site.css``. Every build has its own folder, so nothing is ever
    invalidated.

    :ivar distribution: The CDK's own.
    :ivar distribution_id: Such as ``E2EXAMPLE``.
    :ivar dns_target: CloudFront's own name, to which the records of the aliases lead.
    :ivar domain_name: The first alias, which goes into URLs; without one ``dns_target``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        **options: Unpack[DistributionOptions],
    ) -> None:
        """Define the distribution.

        :param origin: The server that has the files.
        :param options: See :class:`DistributionOptions`.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        self.distribution = _define(self, Tree.STATIC, origin, options)
        self.distribution_id = self.distribution.distribution_id
        self.dns_target = self.distribution.distribution_domain_name
        self.domain_name = _domain_name(options) or self.dns_target


class MediaDistribution(Construct):
    """One distribution over the uploaded files of a Django server.

    ``https://<domain_name>/uploads/a1b2.png`` is the server's ``/media/uploads/a1b2.png``.
    Names must be unique, since a file that changes under its name stays old at the edge.

    :ivar distribution: The CDK's own.
    :ivar distribution_id: Such as ``E2EXAMPLE``, for invalidations.
    :ivar dns_target: CloudFront's own name, to which the records of the aliases lead.
    :ivar domain_name: The first alias, which goes into URLs; without one ``dns_target``.
    :ivar signing: The public keys and their group; None without ``signing_keys``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        **options: Unpack[DistributionOptions],
    ) -> None:
        """Define the distribution.

        :param origin: The server that has the files.
        :param options: See :class:`DistributionOptions`. With ``signing_keys`` all of media is
            private.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(scope, construct_id)
        check_options(options, Tree.MEDIA)
        keys = options.get("signing_keys")
        self.signing = MediaSigning(self, "Signing", keys=keys) if keys else None
        self.distribution = _define(self, Tree.MEDIA, origin, options, self.signing)
        self.distribution_id = self.distribution.distribution_id
        self.dns_target = self.distribution.distribution_domain_name
        self.domain_name = _domain_name(options) or self.dns_target

    def grant_invalidate(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a role tell the edge to forget files: ``manage.py cdn invalidate``."""
        return _grant_invalidate(self.distribution, grantee)


class PrivateMediaDistribution(Construct):
    """One distribution over the files that need a signed URL or signed cookies.

    ``https://<domain_name>/contracts/a1b2.pdf`` is the server's ``/private/contracts/a1b2.pdf``,
    which the server gives to holders of the origin secret only. A distribution and not a
    behavior: the path pattern of a behavior is no access control (docs/private-media.md).

    :ivar distribution: The CDK's own.
    :ivar distribution_id: Such as ``E2EXAMPLE``, for invalidations.
    :ivar dns_target: CloudFront's own name, to which the records of the aliases lead.
    :ivar domain_name: The first alias, which goes into URLs; without one ``dns_target``.
    :ivar signing: The public keys and their group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        origin: DjangoOrigin,
        **options: Unpack[DistributionOptions],
    ) -> None:
        """Define the distribution.

        :param origin: The server that has the files, with an ``origin_secret``.
        :param options: See :class:`DistributionOptions`. ``signing_keys`` are required.
        :raises ValueError: without keys or an origin secret, or when CloudFront would refuse a
            value.
        """
        super().__init__(scope, construct_id)
        check_options(options, Tree.PRIVATE)
        keys = options.get("signing_keys")
        if keys is None:
            raise ValueError(
                "signing_keys must be given for private media, such as "
                "SigningKeys(keys={'2026a': pem}, signing_key='2026a')"
            )
        self.signing = MediaSigning(self, "Signing", keys=keys)
        self.distribution = _define(self, Tree.PRIVATE, origin, options, self.signing)
        self.distribution_id = self.distribution.distribution_id
        self.dns_target = self.distribution.distribution_domain_name
        self.domain_name = _domain_name(options) or self.dns_target

    def grant_invalidate(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a role tell the edge to forget files: ``manage.py cdn invalidate``."""
        return _grant_invalidate(self.distribution, grantee)


def _grant_invalidate(
    distribution: cloudfront.Distribution, grantee: iam.IGrantable
) -> iam.Grant:
    check_types(_grant_invalidate, {"grantee": grantee})
    return distribution.grant(
        grantee, "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"
    )


def _define(
    scope: Construct,
    tree: Tree,
    origin: DjangoOrigin,
    options: DistributionOptions,
    signing: MediaSigning | None = None,
) -> cloudfront.Distribution:
    check_origin(origin)
    check_options(options, tree)
    domain_names = options.get("domain_names") or ()
    certificate, zone = options.get("certificate"), options.get("hosted_zone")
    check_domain_names(domain_names, zone)
    check_certificate(scope, domain_names, certificate=certificate, hosted_zone=zone)
    check_partition("the stack's region", Stack.of(scope).region)
    with claims(scope):
        claim_domain_names(scope, domain_names)
        return _distribution(scope, tree, origin, options, signing)


def _distribution(
    scope: Construct,
    tree: Tree,
    origin: DjangoOrigin,
    options: DistributionOptions,
    signing: MediaSigning | None,
) -> cloudfront.Distribution:
    domain_names = options.get("domain_names") or ()
    certificate, zone = options.get("certificate"), options.get("hosted_zone")
    preset = defaults(tree, is_signed=signing is not None)
    error_ttl = _error_ttl(options, preset)
    behavior = _behavior(
        scope,
        options,
        preset,
        origin=_origin(scope, tree, origin, options, is_signed=signing is not None),
        signing=signing,
    )
    if domain_names and zone and not certificate:
        certificate = define_certificate(scope, domain_names, zone)
    logs = options.get("legacy_logs")
    distribution = cloudfront.Distribution(
        scope,
        "Distribution",
        comment=_comment(tree, origin),
        default_behavior=behavior,
        default_root_object=NO_ROOT_OBJECT,
        error_responses=[
            cloudfront.ErrorResponse(http_status=status, ttl=duration(value))
            for status, value in error_ttl.by_status().items()
        ],
        http_version=render_http_version(options.get("http_version")),
        enable_ipv6=options.get("ipv6") is not False,
        price_class=render_price_class(options.get("price_class")),
        geo_restriction=render_countries(
            options.get("allowed_countries"), options.get("denied_countries")
        ),
        web_acl_id=check_web_acl(options.get("web_acl_arn"), Stack.of(scope).account),
        domain_names=list(domain_names) or None,
        certificate=certificate,
        minimum_protocol_version=render_tls(options.get("tls"))
        if certificate
        else None,
        enable_logging=True if logs else None,
        log_bucket=logs.render(scope) if logs else None,
        log_file_prefix=logs.file_prefix(tree) if logs else None,
        log_includes_cookies=False if logs else None,
    )
    resource = distribution.node.default_child
    assert isinstance(resource, cloudfront.CfnDistribution)
    origin.complete(resource, index=1 if options.get("bucket") else 0)
    if zone and options.get("dns_records") is not False:
        define_records(scope, domain_names, zone, distribution)
    return distribution


def _behavior(
    scope: Construct,
    options: DistributionOptions,
    preset: Defaults,
    *,
    origin: cloudfront.IOrigin,
    signing: MediaSigning | None,
) -> cloudfront.BehaviorOptions:
    policies = options.get("policies") or Policies()
    cors, ttl, headers = _cors(options), options.get("ttl"), options.get("headers")
    check_unused_options(policies, cors, ttl, headers)
    headers = headers.over(preset.headers) if headers else preset.headers
    if signing and policies.response_headers:
        Annotations.of(scope).add_warning_v2(
            "dj-cloudfront:signed-cache-control",
            "policies.response_headers acts in place of 'Cache-Control: private, max-age=300', "
            "without which other caches may keep what was signed: let it say the same",
        )
    allowed, cached = cors.render_methods()
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=allowed,
        cached_methods=cached,
        cache_policy=policies.cache
        or define_cache_policy(scope, cors, _ttl(options, preset)),
        origin_request_policy=policies.origin_request,
        response_headers_policy=policies.response_headers
        or define_response_headers_policy(scope, cors, headers),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        compress=True,
        trusted_key_groups=[signing.key_group] if signing else None,
    )


def _origin(
    scope: Construct,
    tree: Tree,
    origin: DjangoOrigin,
    options: DistributionOptions,
    *,
    is_signed: bool,
) -> cloudfront.IOrigin:
    if is_signed:
        check_origin_secret(origin.origin_secret)
    bucket = options.get("bucket")
    if bucket is None:
        return origin.render(scope, tree)
    if origin.failover_domain_name is not None:
        raise ValueError(
            "bucket must not be given with an origin that has failover_domain_name, because "
            "CloudFront asks two origins at most, "
            f"got {origin.failover_domain_name!r} as a third"
        )
    if Stack.of(bucket).node.path != Stack.of(scope).node.path:
        raise ValueError(
            "bucket must be defined in the distribution's stack, because each refers to the "
            f"other, got one of the stack {Stack.of(bucket).stack_name!r}"
        )
    check_host_not_forwarded(options.get("policies") or Policies())
    return bucket.render_origin(origin.render(scope, tree))


def _ttl(options: DistributionOptions, preset: Defaults) -> Ttl:
    given = options.get("ttl")
    return given.over(preset.ttl) if given else preset.ttl


def _error_ttl(options: DistributionOptions, preset: Defaults) -> ErrorTtl:
    given = options.get("error_ttl")
    if given is None:
        return ErrorTtl()
    policies = options.get("policies")
    # An existing policy has a cap that nobody knows here.
    if not (policies and policies.cache):
        check_error_ttl(given, _ttl(options, preset))
    return given


def _comment(tree: Tree, origin: DjangoOrigin) -> str:
    # The CDK cuts a comment at 128 characters, also within a token.
    name = "" if is_token(origin.domain_name) else f" of {origin.domain_name}"
    return f"{tree.capitalize()} files{name}"


def _cors(options: DistributionOptions) -> Cors:
    cors, bucket = options.get("cors"), options.get("bucket")
    if bucket is None:
        return cors or Cors.forward()
    if cors is not None and cors != bucket.cors:
        raise ValueError(
            "cors must be that of the bucket or be left out, "
            f"got {cors!r} and {bucket.cors!r}"
        )
    return bucket.cors


def _domain_name(options: DistributionOptions) -> str | None:
    names = options.get("domain_names")
    return names[0] if names else None
