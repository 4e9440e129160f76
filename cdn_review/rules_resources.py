"""What a change of other resources means: of those that matter for visitors and access."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from cdn_model.distribution import CLOUDFRONT
from cdn_model.values import (
    Json,
    is_computed,
    mapping,
    properties,
    reference,
    sequence,
    text,
)
from cdn_review.bucket_policy import BUCKET_POLICY, BUCKET_RULES, bucket_leaves
from cdn_review.change import BlockReason, Tag, Topic, Trusted
from cdn_review.leaves import Leaf, Leaves
from cdn_review.rules import SETTING, Difference, Rule, Rules, table
from cdn_review.rules_distribution import (
    CERTIFICATE_RULES,
    RECORD_RULES,
    TENANT_RULES,
    certificate_leaves,
    tenant_leaves,
)
from cdn_review.shown import known, shown

OPENED = "what is behind it can be asked without the CDN"

_ADDRESS_FIELDS = frozenset({"c-ip", "x-forwarded-for", "cs(Cookie)", "cs-uri-query"})
_WIDENED, _LOST = BlockReason.ACCESS_WIDENED, BlockReason.DOMAIN_LOST
_OFF = BlockReason.DISTRIBUTION_DELETED

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


def _fields(d: Difference) -> str:
    if d.added or d.removed:
        return "the fields of a line are …"
    if d.gained and d.lost:
        return "the fields of a line gain {gained} and lose {lost}"
    verb = "gain {gained}" if d.gained else "lose {lost}"
    return f"the fields of a line {verb}"


_MONITORING = table(
    Topic.MONITORING,
    Rule(
        "RecordFields|Fields",
        _fields,
        when=lambda d: d.gained & _ADDRESS_FIELDS,
        note="what tells visitors apart is recorded from now on",
        tags=(Tag.VISITOR_DATA,),
    ),
    Rule(
        "RetentionInDays",
        "lines are kept for {after} days instead of {before}",
        absent="all",
    ),
)


# --- Web ACLs, and the sets of addresses that they read ---

_ACTIONS = ("Allow", "Count", "Challenge", "Captcha", "Block")
_GROUPS_OWN = "the group's own"
_READS = "a web ACL refuses or allows by it"
_LET_THROUGH = "what was refused may be let through"


def uses_of_set(name: str, web_acls: Iterable[Json]) -> Leaves:
    """Whether rules let in by the addresses of a set, or refuse by them."""
    found: set[bool] = set()
    for rule in (r for acl in web_acls for r in sequence(properties(acl).get("Rules"))):
        action = mapping(mapping(rule).get("Action"))
        if "Count" not in action:
            found |= set(_uses(mapping(rule).get("Statement"), name, "Allow" in action))
    return {"@allows" if allows else "@refuses": True for allows in found}


def _uses(part: object, name: str, allows: bool) -> Iterator[bool]:
    if reference(part) == name:
        yield allows
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from _uses(inner, name, allows != (key == "NotStatement"))
    elif isinstance(part, list):
        for inner in part:
            yield from _uses(inner, name, allows)


def web_acl_leaves(properties: dict[str, Any]) -> tuple[dict[str, Leaf], Json]:
    """The action of each rule, and what it looks at."""
    found: dict[str, Leaf] = {}
    default = mapping(properties.get("DefaultAction"))
    if len(default) == 1 and not is_computed(default):
        ((found["DefaultAction"], settings),) = default.items()
        properties["DefaultAction"] = default if settings else None
    rules = properties.get("Rules")
    if isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules):
        names = [rule.get("Name") for rule in rules]
        if all(isinstance(name, str) for name in names) and len({*names}) == len(names):
            properties["Rules"] = [_web_acl_rule(dict(rule), found) for rule in rules]
    return found, properties


def _web_acl_rule(rule: dict[str, Any], found: dict[str, Leaf]) -> Json:
    action = mapping(rule.get("Action")) or mapping(rule.get("OverrideAction"))
    word = text(action) if is_computed(action) else next(iter(action), "none")
    # The actions of a group of rules hold, unless they are only counted.
    found[f"Rule[{rule['Name']}]"] = _GROUPS_OWN if word == "None" else word
    for key in ("Action", "OverrideAction"):
        if not mapping(rule.get(key)).get(word, True):
            rule[key] = None
    return rule


def _lets_through(d: Difference) -> bool:
    """A rule that is not there lets through as much as one that counts."""
    if d.added:
        return _rank(d.after) == 0
    return _rank(d.before) > (1 if d.removed else _rank(d.after))


def _action(value: Leaf) -> object:
    return Trusted(value) if value in (*_ACTIONS, _GROUPS_OWN) else shown(value)


def _rank(action: Leaf) -> int:
    if action in (_GROUPS_OWN, None):
        return len(_ACTIONS) - 1
    return _ACTIONS.index(str(action)) if action in _ACTIONS else 0


def _refuses(d: Difference) -> bool:
    """A rule that only counts refuses nothing, whatever it looks at."""
    return any(side.get(f"Rule[{d.key}]") != "Count" for side in (d.was, d.now))


def _reordered(d: Difference) -> bool:
    """The order of rules matters where a rule that allows is among them."""
    orders = []
    for side, other in ((d.was, d.now), (d.now, d.was)):
        shared = [p for p in side if p.endswith("].Priority") and p in other]
        orders.append(sorted(shared, key=lambda p: str(side[p]).zfill(9)))
    return orders[0] != orders[1] and "Allow" in (*d.was.values(), *d.now.values())


WEB_ACL_RULES = table(
    Topic.ACCESS,
    Rule(
        "DefaultAction",
        "the action for all other requests is …",
        show=_action,
        when=lambda d: d.after != "Block",
        note=_LET_THROUGH,
        block=_WIDENED,
    ),
    Rule(
        r"Rule\[(.*?)\]",
        "the action of the rule {key} is …",
        added="the rule {key} is added: {after}",
        removed="the rule {key} is removed: {before}",
        show=_action,
        when=_lets_through,
        note=_LET_THROUGH,
        block=_WIDENED,
        hides=r"Rules\[{key}\].*",
    ),
    Rule(
        r"Rules\[(.*?)\]\.Statement.*",
        "what the rule {key} looks at changes: {path} is …",
        note=_LET_THROUGH,
        block=lambda d: _WIDENED if _refuses(d) else None,
    ),
    Rule(
        r"Rules\[(.*?)\]\.Priority",
        "the priority of the rule {key} is …",
        when=_reordered,
        block=_WIDENED,
    ),
)


SET_RULES = table(
    Topic.ACCESS,
    Rule(
        "Addresses|RegularExpressionList",
        SETTING,
        when=lambda d: (
            (d.gained and "@allows" in d.now) or (d.lost and "@refuses" in d.now)
        ),
        note="a web ACL may let in what it refused",
        block=_WIDENED,
        otherwise=_READS,
    ),
    note=_READS,
)


# --- All types ---

DERIVED: Mapping[str, Callable[[dict[str, Any]], tuple[dict[str, Leaf], Json]]] = {
    "AWS::CertificateManager::Certificate": certificate_leaves,
    "AWS::S3::Bucket": bucket_leaves,
    "AWS::WAFv2::RuleGroup": web_acl_leaves,
    "AWS::WAFv2::WebACL": web_acl_leaves,
    f"{CLOUDFRONT}ConnectionGroup": tenant_leaves,
    f"{CLOUDFRONT}DistributionTenant": tenant_leaves,
}
"""What makes one leaf of what belongs together, by type."""


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
_CODE = Rules((Rule(r"(?:Code|Content)\b.*", "the code is changed"),))
RESOURCE_RULES: Mapping[str, Rules] = {
    **{resource_type: _opens(resource_type) for resource_type in _OPEN},
    "AWS::CertificateManager::Certificate": CERTIFICATE_RULES,
    "AWS::CloudWatch::Alarm": _MONITORING,
    "AWS::Lambda::Function": _CODE,
    "AWS::Lambda::LayerVersion": _CODE,
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
