"""The options of a distribution: their types, the table that checks them, their defaults.

A new option is a key of :class:`DistributionOptions` with its ``:param``, a row of ``OPTIONS``
and one line in ``distribution.py`` that renders it: an argument of the CDK's ``Distribution``,
or an override where that lacks the setting. All distributions and the pair then take it, and
so does ``cdk.json``, where other types than booleans, strings, lists and enumerations need a
reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict, cast

from constructs_lib.cors import Cors
from constructs_lib.policies import Policies
from constructs_lib.response_headers import ResponseHeaders
from constructs_lib.signing import SigningKeys
from constructs_lib.ttl import ErrorTtl, Ttl
from constructs_lib.validation import Kind, did_you_mean, truncated_repr
from constructs_lib.viewers import HttpVersion, PriceClass, Tls
from dj_cloudfront.contract import UPLOAD_POLICY, Tree

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_route53 as route53

    from constructs_lib.bucket import Bucket
    from constructs_lib.legacy_logs import LegacyLogs


class DistributionOptions(TypedDict, total=False):
    """Keyword arguments of every distribution. All can be left out; ``None`` is the default.

    :param domain_names: Aliases, the first of which goes into URLs. Default: none, so that
        URLs have CloudFront's own name.
    :param certificate: For the aliases, from us-east-1. Default: one made for them when a
        hosted zone is given, else CloudFront's own.
    :param hosted_zone: The zone of the aliases, for their records and certificate. Default:
        none; you make the records.
    :param dns_records: False holds the records back, until the switch. Default: made when a
        hosted zone is given.
    :param cors: Who answers CORS. Default: ``Cors.forward()``, or that of the bucket.
    :param ttl: How long files stay fresh at the edge. Default: 0, 1 day, and 365 days for static files or 7 days for media.
    :param error_ttl: How long errors do. Default: 0 s for 403 and 404, 5 s for 500, 502, 503 and 504.
    :param headers: What the edge adds and takes away. Default: HSTS, nosniff,
        ``Cross-Origin-Resource-Policy``, no ``Set-Cookie``. For media a
        ``Content-Security-Policy`` under which an upload can do nothing, too; with signing
        keys ``Cache-Control: private, max-age=300``. What headers of yours leave out stays.
    :param policies: Existing policies in place of own ones. Default: none.
    :param price_class: Which edge locations serve. Default: North America, Europe and Israel,
        the cheapest ones.
    :param tls: The oldest protocol that viewers may speak. Acts with a certificate only.
        Default: TLS 1.2 with the ciphers of 2021.
    :param http_version: The versions of HTTP beside 1.1. Default: HTTP/2 and HTTP/3.
    :param ipv6: False answers by IPv4 alone, as signatures that name an address need:
        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesGeneral.html
        Default: both.
    :param web_acl_arn: An AWS WAF web ACL of the scope CLOUDFRONT. Costs about $5 a month for
        the ACL and $1 for each rule, and $0.60 a million requests. Default: none.
    :param allowed_countries: ISO codes such as ``DE``; everybody else gets a 403. Default: all.
    :param denied_countries: ISO codes that get a 403. Default: none.
    :param legacy_logs: A bucket for CloudFront's legacy logs, which hold addresses, referrers
        and query strings. Default: none.
    :param bucket: Asked before the server; its ``cors`` acts. Static files and media only.
        Default: none, the server alone.
    :param signing_keys: For signed URLs and cookies; need ``origin.origin_secret``. They make
        all of media private, and private media requires them. Default: none, public.
    """

    domain_names: Sequence[str]
    certificate: acm.ICertificate | None
    hosted_zone: route53.IHostedZone | None
    dns_records: bool | None
    cors: Cors | None
    ttl: Ttl | None
    error_ttl: ErrorTtl | None
    headers: ResponseHeaders | None
    policies: Policies | None
    price_class: PriceClass | None
    tls: Tls | None
    http_version: HttpVersion | None
    ipv6: bool | None
    web_acl_arn: str | None
    allowed_countries: Sequence[str]
    denied_countries: Sequence[str]
    legacy_logs: LegacyLogs | None
    bucket: Bucket | None
    signing_keys: SigningKeys | None


@dataclass(frozen=True, kw_only=True)
class Option:
    """What an option takes, and where.

    :param kind: Its type, or the attribute by which a value is known, so that no service is
        imported for it.
    :param example: Such a value, for a sentence.
    :param noun: What it must be, for a sentence. Default: by its type.
    :param key: Its name in ``cdk.json``, where JSON can only name a thing or needs a unit.
        Default: its own.
    :param trees: The distributions that take it. Default: all.
    :param is_shared: Whether one value can serve several distributions. Default: yes.
    """

    kind: type | str
    example: str
    noun: str = ""
    key: str = ""
    trees: tuple[Tree, ...] = tuple(Tree)
    is_shared: bool = True

    def check(self, name: str, value: object) -> None:
        """A value of the kind, or None.

        :raises ValueError: otherwise.
        """
        if value is None:
            return
        noun = self.noun or f"a {getattr(self.kind, '__name__', '')}"
        kinds = (list, tuple) if self.kind is list else (self.kind,)
        accepts = self.kind if isinstance(self.kind, str) else kinds
        Kind(cast(Any, accepts), noun, self.example).check(name, value)


OPTIONS: Mapping[str, Option] = {
    "domain_names": Option(
        kind=list, example="['static.example.com']", is_shared=False
    ),
    "certificate": Option(
        kind="certificate_arn",
        noun="a certificate",
        example="Certificate.from_certificate_arn(self, 'Certificate', arn)",
        key="certificate_arn",
    ),
    "hosted_zone": Option(
        kind="hosted_zone_id",
        noun="a hosted zone",
        example="HostedZone.from_hosted_zone_attributes(self, 'Zone', …)",
    ),
    "dns_records": Option(kind=bool, noun="True or False,", example="False"),
    "cors": Option(kind=Cors, example="Cors.any_origin()"),
    "ttl": Option(kind=Ttl, example="Ttl(max=timedelta(days=30))", key="ttl_seconds"),
    "error_ttl": Option(
        kind=ErrorTtl,
        noun="an ErrorTtl",
        example="ErrorTtl(not_found=timedelta(seconds=2))",
        key="error_ttl_seconds",
    ),
    "headers": Option(kind=ResponseHeaders, example="ResponseHeaders(nosniff=False)"),
    "policies": Option(kind=Policies, example="Policies(cache=…)", key="policy_ids"),
    "price_class": Option(kind=PriceClass, example="PriceClass.PRICE_CLASS_ALL"),
    "tls": Option(kind=Tls, example="Tls.V1_3_2025"),
    "http_version": Option(
        kind=HttpVersion, noun="an HttpVersion", example="HttpVersion.HTTP2"
    ),
    "ipv6": Option(kind=bool, noun="True or False,", example="False"),
    "web_acl_arn": Option(
        kind=str,
        noun="a string",
        example="'arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id'",
    ),
    "allowed_countries": Option(kind=list, example="['DE']"),
    "denied_countries": Option(kind=list, example="['AQ']"),
    "legacy_logs": Option(
        kind="file_prefix",
        noun="a LegacyLogs",
        example="LegacyLogs.named('mysite-audit-logs')",
    ),
    "bucket": Option(
        kind="render_origin",
        noun="a Bucket",
        example="Bucket(self, 'Bucket', cors=Cors.any_origin())",
        trees=(Tree.STATIC, Tree.MEDIA),
        is_shared=False,
    ),
    "signing_keys": Option(
        kind=SigningKeys,
        example="SigningKeys(keys={'2026a': pem}, signing_key='2026a')",
        trees=(Tree.MEDIA, Tree.PRIVATE),
        is_shared=False,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """Where the distributions of the trees differ when nothing is given."""

    ttl: Ttl
    headers: ResponseHeaders = field(default_factory=ResponseHeaders)


STATIC = Defaults(ttl=Ttl(max=timedelta(days=365)))
MEDIA = Defaults(
    ttl=Ttl(max=timedelta(days=7)),
    # An uploaded page or SVG may be looked at and can do nothing.
    headers=ResponseHeaders(content_security_policy=UPLOAD_POLICY),
)
# What needs a signature belongs into no shared cache. A browser that has the file has seen it:
# for five minutes it need not ask again.
PRIVATE = Defaults(
    ttl=MEDIA.ttl,
    headers=replace(MEDIA.headers, extra={"Cache-Control": "private, max-age=300"}),
)


def defaults(tree: Tree, *, is_signed: bool) -> Defaults:
    """The defaults of a distribution."""
    if is_signed:
        return PRIVATE
    return STATIC if tree is Tree.STATIC else MEDIA


def check_options(options: Mapping[str, Any], tree: Tree | None = None) -> None:
    """Refuse unknown options and values of another type.

    :param tree: Whose options these are. Default: those of several distributions.
    :raises ValueError: with one sentence that names the option.
    """
    if not isinstance(options, Mapping):
        raise ValueError(
            f"{tree or 'options'} must be DistributionOptions such as "
            f"DistributionOptions(price_class=PriceClass.PRICE_CLASS_ALL), got {truncated_repr(options)}"
        )
    for name, value in options.items():
        if name not in OPTIONS:
            raise ValueError(
                f"{truncated_repr(name)} must be one of the options "
                f"{', '.join(OPTIONS)}{did_you_mean(str(name), OPTIONS)}"
            )
        option = OPTIONS[name]
        if value is not None and tree is None and not option.is_shared:
            raise ValueError(
                f"{name} must be given for one distribution, such as "
                f"static=DistributionOptions({name}={option.example}), "
                f"got {truncated_repr(value)} for all"
            )
        if value is not None and tree is not None and tree not in option.trees:
            raise ValueError(
                f"{name} must be left out for {tree} files, and is for "
                f"{' and '.join(option.trees)} files only"
            )
        option.check(name, value)


def options_of(
    tree: Tree, shared: DistributionOptions, own: DistributionOptions
) -> DistributionOptions:
    """What is given for one distribution replaces what is given for all."""
    with named(tree, own if isinstance(own, Mapping) else {}):
        check_options(own, tree)
    merged = {
        name: value
        for name, value in {**shared, **own}.items()
        if tree in OPTIONS[name].trees
    }
    if merged.get("bucket") and "cors" not in own:
        # The bucket has been defined for a CORS, which then acts.
        merged.pop("cors", None)
    return cast(DistributionOptions, merged)


@contextmanager
def named(tree: Tree, own: Mapping[str, object]) -> Iterator[None]:
    """What a distribution of a pair refuses is named ``static.ttl`` if it is its own.

    :raises ValueError: with the same sentence otherwise.
    """
    try:
        yield
    except ValueError as error:
        found = re.match(r"[a-z0-9_]+", str(error).lstrip("'"))
        name = found[0] if found else ""
        is_own = name in own or (name in OPTIONS and not OPTIONS[name].is_shared)
        raise ValueError(f"{tree}.{error}" if is_own else str(error)) from None
