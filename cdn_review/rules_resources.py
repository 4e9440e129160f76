"""What a change of other resources means: of those that matter for visitors and access."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from cdn_model.distribution import CLOUDFRONT
from cdn_model.values import Json
from cdn_review.change import BlockReason, Change, Tag, Topic
from cdn_review.leaves import Leaf, Leaves
from cdn_review.message import format_message
from cdn_review.rules import (
    SETTING,
    Difference,
    Rule,
    Rules,
    duration,
    known,
    listed,
    say,
    shown_pair,
    table,
)
from cdn_review.rules_bucket import BUCKET_POLICY, BUCKET_RULES, bucket_leaves
from cdn_review.rules_domains import (
    CERTIFICATE_RULES,
    RECORD_RULES,
    TENANT_RULES,
    certificate_leaves,
    tenant_leaves,
)
from cdn_review.rules_web_acl import SET_RULES, WEB_ACL_RULES, web_acl_leaves

OPENED = "what is behind it can be asked without the CDN"

_ADDRESS_FIELDS = frozenset({"c-ip", "x-forwarded-for", "cs(Cookie)", "cs-uri-query"})
_WIDENED, _LOST = BlockReason.ACCESS_WIDENED, BlockReason.DOMAIN_LOST
_OFF = BlockReason.DISTRIBUTION_DELETED

DERIVED: Mapping[str, Callable[[dict[str, Any]], tuple[dict[str, Leaf], Json]]] = {
    "AWS::CertificateManager::Certificate": certificate_leaves,
    "AWS::S3::Bucket": bucket_leaves,
    "AWS::WAFv2::RuleGroup": web_acl_leaves,
    "AWS::WAFv2::WebACL": web_acl_leaves,
    f"{CLOUDFRONT}ConnectionGroup": tenant_leaves,
    f"{CLOUDFRONT}DistributionTenant": tenant_leaves,
}
"""What makes one leaf of what belongs together, by type."""


# --- What opens other resources to everybody ---

_INTERNET = frozenset({"0.0.0.0/0", "::/0"})
# A setting of each type, and the values with which everybody is let in. ``None`` stands for
# a setting that is missing, or that nobody knows before the deploy.
_OPEN: Mapping[str, tuple[str, Collection[Leaf]]] = {
    "AWS::ApiGateway::Method": ("AuthorizationType", ("NONE", None)),
    "AWS::ApiGatewayV2::Route": ("AuthorizationType", ("NONE", None)),
    "AWS::EC2::SecurityGroup": (r"SecurityGroupIngress.*\.CidrIp(v6)?", _INTERNET),
    "AWS::EC2::SecurityGroupIngress": ("CidrIp(v6)?", _INTERNET),
    "AWS::ElasticLoadBalancing::LoadBalancer": ("Scheme", ("internet-facing", None)),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Scheme", ("internet-facing", None)),
    "AWS::Lambda::Permission": ("Principal", ("*", None)),
    "AWS::Lambda::Url": ("AuthType", ("NONE", None)),
}


def opened(resource_type: str, was: Leaves, now: Leaves) -> bool:
    """Whether a resource lets everybody in, and did so in fewer places."""
    pattern, values = _OPEN.get(resource_type, ("", ()))
    paths = [path for path in was.keys() | now.keys() if re.fullmatch(pattern, path)]
    open_now = sum(known(now.get(path)) in values for path in paths)
    return open_now > sum(known(was.get(path)) in values for path in paths if was)


def _opens(resource_type: str) -> Rules:
    pattern, values = _OPEN[resource_type]
    rule = Rule(
        pattern,
        SETTING,
        topic=Topic.ORIGIN,
        when=lambda d: known(d.after) in values and opened(resource_type, d.was, d.now),
        note=OPENED,
        block=BlockReason.ORIGIN_OPENED,
    )
    return Rules((rule,))


# --- Monitoring ---


def _record_fields(d: Difference) -> Iterator[Change]:
    before, after = shown_pair(d.before, d.after)
    if d.added or d.removed:
        changes = format_message("are {} instead of {}", after, before)
    elif d.gained and d.lost:
        gained, lost = listed(d.gained), listed(d.lost)
        changes = format_message("gain {} and lose {}", gained, lost)
    else:
        verb = "gain {}" if d.gained else "lose {}"
        changes = format_message(verb, listed(d.gained or d.lost))
    personal = d.gained & _ADDRESS_FIELDS
    yield say(
        Topic.MONITORING,
        "the fields of a line {}",
        changes,
        note="what tells visitors apart is recorded from now on" if personal else "",
        tags=(Tag.VISITOR_DATA,) if personal else (),
    )


_MONITORING = table(
    Topic.MONITORING,
    Rule("RecordFields|Fields", lines=_record_fields),
    Rule(
        "RetentionInDays",
        "lines are kept for {after} days instead of {before}",
        absent="all",
    ),
    Rule(
        "(AlarmActions|OKActions|InsufficientDataActions|Endpoint)",
        "who is notified changes: {key} is {after} instead of {before}",
        absent="nobody",
    ),
    Rule(
        "ActionsEnabled",
        "whether it notifies anybody is {after} instead of {before}",
        absent="true",
    ),
    Rule("Period", "the period is {after} instead of {before}", show=duration),
)


# --- All types ---

_KEY_FAILS = (
    "the deploy fails: a key cannot be changed, give the new one a name of its own"
)
_PUBLIC_KEY = table(
    Topic.ACCESS,
    # https://github.com/aws/aws-cdk/issues/15301
    Rule(
        r"PublicKeyConfig\.EncodedKey",
        "is another key under the same name",
        note=_KEY_FAILS,
    ),
    Rule(r"PublicKeyConfig\.(?!Comment).*", SETTING, note=_KEY_FAILS),
)
RESOURCE_RULES: Mapping[str, Rules] = {
    **{resource_type: _opens(resource_type) for resource_type in _OPEN},
    "AWS::CertificateManager::Certificate": CERTIFICATE_RULES,
    "AWS::CloudWatch::Alarm": _MONITORING,
    "AWS::Lambda::Function": Rules(
        (Rule(r"Code\b.*", "the code of the function is changed"),)
    ),
    "AWS::Lambda::LayerVersion": Rules(
        (Rule(r"Content\b.*", "the code of the layer is changed"),)
    ),
    "AWS::Logs::Delivery": _MONITORING,
    "AWS::Logs::LogGroup": _MONITORING,
    "AWS::Route53::RecordSet": RECORD_RULES,
    "AWS::Route53::RecordSetGroup": RECORD_RULES,
    "AWS::S3::Bucket": BUCKET_RULES,
    BUCKET_POLICY: table(Topic.ACCESS),
    "AWS::SNS::Subscription": _MONITORING,
    "AWS::WAFv2::IPSet": SET_RULES,
    "AWS::WAFv2::RegexPatternSet": SET_RULES,
    "AWS::WAFv2::RuleGroup": WEB_ACL_RULES,
    "AWS::WAFv2::WebACL": WEB_ACL_RULES,
    "AWS::WAFv2::WebACLAssociation": table(Topic.ACCESS, block=_WIDENED),
    f"{CLOUDFRONT}ConnectionGroup": TENANT_RULES,
    f"{CLOUDFRONT}DistributionTenant": TENANT_RULES,
    f"{CLOUDFRONT}PublicKey": _PUBLIC_KEY,
    f"{CLOUDFRONT}RealtimeLogConfig": _MONITORING,
    f"{CLOUDFRONT}TrustStore": table(
        Topic.ACCESS, note="it decides which clients are trusted", block=_WIDENED
    ),
    # https://github.com/aws/aws-cdk/issues/35765
    f"{CLOUDFRONT}VpcOrigin": table(
        Topic.ORIGIN,
        note="the deploy fails while a distribution uses it, even for a tag",
    ),
}
REMOVED_BLOCKS: Mapping[str, BlockReason] = {
    "AWS::Route53::RecordSet": _LOST,
    "AWS::Route53::RecordSetGroup": _LOST,
    "AWS::WAFv2::WebACLAssociation": _WIDENED,
    f"{CLOUDFRONT}ConnectionGroup": _OFF,
    f"{CLOUDFRONT}DistributionTenant": _OFF,
}
"""Types whose removal takes something away from visitors, or lets others in."""
