"""What a change of other resources means: of those that matter for visitors and access."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cdn_model.distribution import CLOUDFRONT
from cdn_model.resource_types import with_defaults
from cdn_model.values import Json, canonical, is_computed, mapping, text
from cdn_review.bucket_policy import allowed_anew, no_longer_refused, statements
from cdn_review.change import BlockReason, Tag, Topic
from cdn_review.leaves import Leaf, Leaves, Selection, leaf, leaves
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Rule,
    Rules,
    duration,
    elements,
    known,
    listed,
    shown,
    shown_pair,
)

_ACTIONS = ("Allow", "Count", "Challenge", "Captcha", "Block")
_ADDRESS_FIELDS = frozenset({"c-ip", "x-forwarded-for", "cs(Cookie)", "cs-uri-query"})
_PUBLIC_ACCESS_BLOCKS = (
    *("BlockPublicAcls", "BlockPublicPolicy"),
    *("IgnorePublicAcls", "RestrictPublicBuckets"),
)
_PUBLIC = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")

SETTING = "the setting {path} is {after} instead of {before}"


def resource_leaves(resource_type: str, properties: Json) -> Leaves:
    """The leaves of a resource, with one for what belongs together."""
    derive = _DERIVED.get(resource_type)
    filled = dict(with_defaults(resource_type, properties))
    found, rest = derive(filled) if derive else ({}, filled)
    found |= dict(leaves(rest))
    for path in [path for path in found if path.endswith("RateBasedStatement.Limit")]:
        found.setdefault(f"{path[:-5]}EvaluationWindowSec", 300)
    return found


_Derived = tuple[dict[str, Leaf], Json]


def _web_acl_leaves(properties: dict[str, Any]) -> _Derived:
    """The action of each rule, and what it looks at."""
    found: dict[str, Leaf] = {}
    default = mapping(properties.get("DefaultAction"))
    if len(default) == 1 and not is_computed(default):
        (action,) = default
        found["DefaultAction"] = action
        properties["DefaultAction"] = (
            {action: default[action]} if default[action] else None
        )
    rules = properties.get("Rules")
    if isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules):
        names = [rule.get("Name") for rule in rules]
        if all(isinstance(name, str) for name in names) and len({*names}) == len(names):
            properties["Rules"] = [_rule(dict(rule), found) for rule in rules]
    return found, properties


def _rule(rule: dict[str, Any], found: dict[str, Leaf]) -> Json:
    action = mapping(rule.get("Action")) or mapping(rule.get("OverrideAction"))
    word = next(iter(action), "") if not is_computed(action) else text(action)
    # The actions of a group of rules hold, unless they are only counted.
    found[f"Rule[{rule['Name']}]"] = {"None": "the group's own"}.get(
        word, word
    ) or "none"
    for key in ("Action", "OverrideAction"):
        value = mapping(rule.get(key))
        if word in value:
            rule[key] = value if value[word] else None
    return rule


def _certificate_leaves(properties: dict[str, Any]) -> _Derived:
    names = [properties.pop("DomainName", None)]
    more = properties.pop("SubjectAlternativeNames", None)
    names += more if isinstance(more, list) else [more]
    return {"Names": frozenset(leaf(name) for name in names if name)}, properties


def _tenant_leaves(properties: dict[str, Any]) -> _Derived:
    found: dict[str, Leaf] = {"Enabled": leaf(properties.pop("Enabled", True))}
    customizations = dict(mapping(properties.get("Customizations")))
    geo = customizations.get("GeoRestrictions")
    if isinstance(geo, dict) and geo.keys() <= {"Locations", "RestrictionType"}:
        del customizations["GeoRestrictions"]
        kind = {"whitelist": "whitelist", "blacklist": "allExcept"}.get(
            text(geo.get("RestrictionType")), "all"
        )
        places = geo.get("Locations") if isinstance(geo.get("Locations"), list) else []
        found["GeoRestriction"] = Selection(kind, frozenset(map(text, places or [])))
        properties["Customizations"] = customizations or None
    domains = properties.pop("Domains", None)
    if isinstance(domains, list):
        names = [mapping(domain).get("Domain", domain) for domain in domains]
        found["Domains"] = frozenset(leaf(name) for name in names)
    elif domains is not None:
        properties["Domains"] = domains
    return found, properties


def _bucket_leaves(properties: dict[str, Any]) -> _Derived:
    """What is blocked of public access, as one list."""
    config = properties.get("PublicAccessBlockConfiguration")
    if config is None:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
        blocks = frozenset(_PUBLIC_ACCESS_BLOCKS)
        return {
            "PublicAccessBlocked": blocks,
            "PublicAccessBlockUnset": True,
        }, properties
    if not isinstance(config, dict) or is_computed(config):
        return {}, properties
    flags = {name: leaf(value) for name, value in config.items()}
    blocked = frozenset(name for name, value in flags.items() if value is True)
    rest = {n: v for n, v in config.items() if not isinstance(flags[n], bool)}
    properties["PublicAccessBlockConfiguration"] = rest or None
    return {"PublicAccessBlocked": blocked or None}, properties


_DERIVED: Mapping[str, Callable[[dict[str, Any]], _Derived]] = {
    "AWS::CertificateManager::Certificate": _certificate_leaves,
    "AWS::S3::Bucket": _bucket_leaves,
    "AWS::WAFv2::RuleGroup": _web_acl_leaves,
    "AWS::WAFv2::WebACL": _web_acl_leaves,
    f"{CLOUDFRONT}ConnectionGroup": _tenant_leaves,
    f"{CLOUDFRONT}DistributionTenant": _tenant_leaves,
}


# --- Web ACLs ---


def _waf_action(difference: Difference) -> Iterator[Line]:
    name, before, after = difference.key, difference.before, difference.after
    if difference.added:
        message = format_message("the rule {} is added: {}", name, _action(after))
        opens = _rank(after) == 0
    elif difference.removed:
        message = format_message("the rule {} is removed: {}", name, _action(before))
        opens = _rank(before) > 1
    else:
        message = format_message(
            "the action of the rule {} is {} instead of {}",
            name,
            _action(after),
            _action(before),
        )
        opens = _rank(after) < _rank(before)
    yield Line(
        topic=Topic.ACCESS,
        message=message,
        note="what was refused may be let through" if opens else "",
        block=BlockReason.ACCESS_WIDENED if opens else None,
        values=(difference.path, before, after),
    )


def _action(value: Leaf) -> object:
    return Trusted(value) if value in (*_ACTIONS, "the group's own") else shown(value)


def _rank(action: Leaf) -> int:
    if action in ("the group's own", None):
        return len(_ACTIONS) - 1
    return _ACTIONS.index(str(action)) if action in _ACTIONS else 0


def _waf_default(difference: Difference) -> BlockReason | None:
    return None if difference.after == "Block" else BlockReason.ACCESS_WIDENED


def _statement(difference: Difference) -> BlockReason | None:
    """A rule that only counts refuses nothing, whatever it looks at."""
    actions = {
        side.get(f"Rule[{difference.key}]") for side in (difference.was, difference.now)
    }
    return None if actions == {"Count"} else BlockReason.ACCESS_WIDENED


def _priority(difference: Difference) -> BlockReason | None:
    """The order of rules matters where a rule that allows is among them."""
    orders = []
    for side in (difference.was, difference.now):
        priorities = {p: v for p, v in side.items() if p.endswith("].Priority")}
        orders.append(
            sorted(priorities, key=lambda path: str(priorities[path]).zfill(9))
        )
    shared = [
        [p for p in order if p in orders[0] and p in orders[1]] for order in orders
    ]
    allows = "Allow" in difference.was.values() or "Allow" in difference.now.values()
    return BlockReason.ACCESS_WIDENED if shared[0] != shared[1] and allows else None


_WEB_ACL = Rules(
    (
        Rule(
            path="DefaultAction",
            topic=Topic.ACCESS,
            message="the action for all other requests is {after} instead of {before}",
            show=_action,
            block=_waf_default,
            note=lambda d: (
                "what was refused may be let through" if _waf_default(d) else ""
            ),
        ),
        Rule(
            path=r"Rule\[(.*?)\]",
            topic=Topic.ACCESS,
            lines=_waf_action,
            hides=r"Rules\[{key}\].*",
        ),
        Rule(
            path=r"Rules\[(.*?)\]\.Statement.*",
            topic=Topic.ACCESS,
            message="what the rule {key} looks at changes: {path} is {after} instead of {before}",
            note="what was refused may be let through",
            block=_statement,
        ),
        Rule(
            path=r"Rules\[(.*?)\]\.Priority",
            topic=Topic.ACCESS,
            message="the priority of the rule {key} is {after} instead of {before}",
            block=_priority,
        ),
    ),
    fallback=Rule(path=".*", topic=Topic.ACCESS, message=SETTING),
)


# --- Buckets ---


def _public_access(difference: Difference) -> Iterator[Line]:
    for verb, names in (
        ("blocks", difference.gained),
        ("no longer blocks", difference.lost),
    ):
        if names:
            lost = verb != "blocks"
            yield Line(
                topic=Topic.ACCESS,
                message=format_message(f"{verb} public access by {{}}", listed(names)),
                note="a policy or an object can open it to everybody" if lost else "",
                block=BlockReason.ACCESS_WIDENED if lost else None,
                values=(difference.path, names),
            )


_BUCKET = Rules(
    (
        Rule(
            path="PublicAccessBlockUnset",
            topic=Topic.ACCESS,
            added="PublicAccessBlockConfiguration is removed",
            removed="",
            note="only a new bucket blocks public access by itself",
            block=BlockReason.ACCESS_WIDENED,
        ),
        Rule(path="PublicAccessBlocked", topic=Topic.ACCESS, lines=_public_access),
        Rule(
            path=r"PublicAccessBlockConfiguration\.(\w+)",
            topic=Topic.ACCESS,
            message="{key} is {after} instead of {before}",
            absent="said otherwise",
            block=lambda d: (
                BlockReason.ACCESS_WIDENED
                if not d.added
                and d.key not in elements(d.now.get("PublicAccessBlocked"))
                else None
            ),
        ),
        Rule(
            path="AccessControl",
            topic=Topic.ACCESS,
            message="the ACL is {after} instead of {before}",
            note=lambda d: (
                "files can be read without the CDN" if d.after in _PUBLIC else ""
            ),
            block=lambda d: (
                BlockReason.ACCESS_WIDENED
                if known(d.after) in _PUBLIC
                or (d.after is not None and known(d.after) is None)
                else None
            ),
            absent="Private",
        ),
        Rule(
            path=r"VersioningConfiguration\.Status",
            topic=Topic.ORIGIN,
            message="the versioning is {after} instead of {before}",
            note=lambda d: (
                "what is overwritten or deleted is lost"
                if d.before == "Enabled"
                else ""
            ),
            block=lambda d: (
                BlockReason.PROTECTION_DROPPED if d.before == "Enabled" else None
            ),
            absent="off",
        ),
        Rule(
            path=r"LifecycleConfiguration.*",
            topic=Topic.ORIGIN,
            message="which files expire changes: {path} is {after} instead of {before}",
        ),
    ),
    fallback=Rule(path=".*", topic=Topic.ORIGIN, message=SETTING),
)


def policy_lines(before: object, after: object) -> Iterator[Line]:
    """What a bucket policy lets in that it did not, and what it no longer refuses.

    :param before: The resolved policy document, or ``None`` of a bucket policy that is new.
    """
    was, now = statements(before), statements(after)
    more = allowed_anew(was, now)
    values = (canonical(before), canonical(after))
    if any(statement.is_for_everybody for statement in more):
        yield _policy_line(
            "everybody is let in", "files can be read without the CDN", values
        )
    elif more and before is not None:
        note = "somebody else may use it, or in other ways, or under fewer conditions"
        yield _policy_line("more may be allowed than before", note, values)
    if no_longer_refused(was, now):
        yield _policy_line(
            "what was refused may be allowed", "such as http:// requests", values
        )


def _policy_line(message: str, note: str, values: object) -> Line:
    return Line(
        topic=Topic.ACCESS,
        message=format_message(message),
        note=note,
        block=BlockReason.ACCESS_WIDENED,
        values=values,
    )


# --- Domain names ---


def _names(difference: Difference) -> Iterator[Line]:
    for verb, names in (("gains", difference.gained), ("loses", difference.lost)):
        if names:
            lost = verb == "loses"
            noun = "domain name" if len(names) == 1 else "domain names"
            yield Line(
                topic=Topic.DOMAINS,
                message=format_message(f"{verb} the {noun} {{}}", listed(names)),
                note=f"URLs with {'it' if len(names) == 1 else 'them'} stop working"
                if lost
                else "",
                block=BlockReason.DOMAIN_LOST if lost else None,
                values=(difference.path, names),
            )


def _elsewhere(difference: Difference) -> BlockReason | None:
    return None if difference.added else BlockReason.DOMAIN_LOST


_RECORD = Rules(
    (
        Rule(
            path=r"(?:RecordSets\[[^\]]*\]\.)?(?:AliasTarget\.DNSName|ResourceRecords)",
            topic=Topic.DOMAINS,
            message="the name leads to {after} instead of {before}",
            note=lambda d: "visitors go there as soon as caches of DNS expire",
            block=_elsewhere,
        ),
        Rule(
            path=r"Name",
            topic=Topic.DOMAINS,
            message="the name is {after} instead of {before}",
            note="the earlier name no longer resolves",
            block=_elsewhere,
        ),
    ),
    fallback=Rule(path=".*", topic=Topic.DOMAINS, message=SETTING),
)


# --- Tenants ---


def _off(difference: Difference) -> BlockReason | None:
    return (
        None
        if known(difference.after) in (True, "true")
        else BlockReason.DISTRIBUTION_DELETED
    )


def _wider(difference: Difference) -> BlockReason | None:
    before, after = difference.before, difference.after
    everywhere = Selection("all")
    if before in (None, everywhere):
        return None
    after = everywhere if after is None else after
    if isinstance(before, Selection) and isinstance(after, Selection):
        wider = (after - before).behavior != "none"
        return BlockReason.ACCESS_WIDENED if wider else None
    return BlockReason.ACCESS_WIDENED


def _tenant_web_acl(difference: Difference) -> BlockReason | None:
    """Whether a tenant may get another web ACL than before, or none."""
    override = known(difference.after) == "override"
    if difference.path.endswith("Action"):
        harmless = override or (
            difference.added and known(difference.after) != "disable"
        )
        return None if harmless else BlockReason.ACCESS_WIDENED
    return None if difference.added else BlockReason.ACCESS_WIDENED


_TENANT = Rules(
    (
        Rule(
            path="Enabled",
            topic=Topic.REPLACEMENT,
            message="whether it is enabled is {after} instead of {before}",
            note=lambda d: (
                "while it is disabled, its URLs answer with an error" if _off(d) else ""
            ),
            block=_off,
        ),
        Rule(path="Domains", topic=Topic.DOMAINS, lines=_names),
        Rule(
            path=r"Customizations\.WebAcl\.(\w+)",
            topic=Topic.ACCESS,
            message="the {key} of its web ACL is {after} instead of {before}",
            block=_tenant_web_acl,
        ),
        Rule(
            path="GeoRestriction",
            topic=Topic.ACCESS,
            message="viewers can come from {after} instead of {before}",
            absent="where the distribution allows",
            block=_wider,
        ),
    ),
    fallback=Rule(path=".*", topic=Topic.DELIVERY, message=SETTING),
)


# --- Monitoring ---


def _record_fields(difference: Difference) -> Iterator[Line]:
    before, after = shown_pair(difference.before, difference.after)
    personal = difference.gained & _ADDRESS_FIELDS
    if difference.added or difference.removed:
        message = format_message(
            "the fields of a line are {} instead of {}", after, before
        )
    else:
        message = format_message("the fields of a line")
        for verb, names in (("gain", difference.gained), ("lose", difference.lost)):
            if names:
                joint = "" if len(message) == 1 else " and"
                message = (
                    *message,
                    *format_message(f"{joint} {verb} {{}}", listed(names)),
                )
    yield Line(
        topic=Topic.MONITORING,
        message=message,
        note="what tells visitors apart is recorded from now on" if personal else "",
        tags=(Tag.VISITOR_DATA,) if personal else (),
    )


_MONITORING = Rules(
    (
        Rule(path="RecordFields|Fields", topic=Topic.MONITORING, lines=_record_fields),
        Rule(
            path="RetentionInDays",
            topic=Topic.MONITORING,
            message="lines are kept for {after} days instead of {before}",
            absent="all",
        ),
        Rule(
            path="(AlarmActions|OKActions|InsufficientDataActions|Endpoint)",
            topic=Topic.MONITORING,
            message="who is notified changes: {key} is {after} instead of {before}",
            absent="nobody",
        ),
        Rule(
            path="ActionsEnabled",
            topic=Topic.MONITORING,
            message="whether it notifies anybody is {after} instead of {before}",
            absent="true",
        ),
        Rule(
            path="Period",
            topic=Topic.MONITORING,
            message="the period is {after} instead of {before}",
            show=duration,
        ),
    ),
    fallback=Rule(path=".*", topic=Topic.MONITORING, message=SETTING),
)


_KEY_FAILS = (
    "the deploy fails: a key cannot be changed, give the new one a name of its own"
)
_PUBLIC_KEY = Rules(
    (
        # https://github.com/aws/aws-cdk/issues/15301
        Rule(
            path=r"PublicKeyConfig\.EncodedKey",
            topic=Topic.ACCESS,
            message="is another key under the same name",
            note=_KEY_FAILS,
        ),
        Rule(
            path=r"PublicKeyConfig\.(?!Comment).*",
            topic=Topic.ACCESS,
            message=SETTING,
            note=_KEY_FAILS,
        ),
    ),
    fallback=Rule(path=".*", topic=Topic.ACCESS, message=SETTING),
)


def _always(topic: Topic, block: BlockReason | None, note: str = "") -> Rules:
    """Each setting of the type decides who is let in."""
    rule = Rule(path=".*", topic=topic, message=SETTING, note=note, block=block)
    return Rules((), fallback=rule)


RESOURCE_RULES: Mapping[str, Rules] = {
    "AWS::CertificateManager::Certificate": Rules(
        (Rule(path="Names", topic=Topic.DOMAINS, lines=_names),),
        fallback=Rule(path=".*", topic=Topic.DOMAINS, message=SETTING),
    ),
    "AWS::CloudWatch::Alarm": _MONITORING,
    "AWS::Logs::Delivery": _MONITORING,
    "AWS::Logs::LogGroup": _MONITORING,
    "AWS::Route53::RecordSet": _RECORD,
    "AWS::Route53::RecordSetGroup": _RECORD,
    "AWS::S3::Bucket": _BUCKET,
    "AWS::S3::BucketPolicy": _always(Topic.ACCESS, None),
    "AWS::SNS::Subscription": _MONITORING,
    "AWS::WAFv2::IPSet": _always(
        Topic.ACCESS, None, "a web ACL refuses or allows by it"
    ),
    "AWS::WAFv2::RegexPatternSet": _always(
        Topic.ACCESS, None, "a web ACL refuses or allows by it"
    ),
    "AWS::WAFv2::RuleGroup": _WEB_ACL,
    "AWS::WAFv2::WebACL": _WEB_ACL,
    "AWS::WAFv2::WebACLAssociation": _always(Topic.ACCESS, BlockReason.ACCESS_WIDENED),
    f"{CLOUDFRONT}ConnectionGroup": _TENANT,
    f"{CLOUDFRONT}DistributionTenant": _TENANT,
    f"{CLOUDFRONT}PublicKey": _PUBLIC_KEY,
    f"{CLOUDFRONT}RealtimeLogConfig": _MONITORING,
    f"{CLOUDFRONT}TrustStore": _always(
        Topic.ACCESS, BlockReason.ACCESS_WIDENED, "it decides which clients are trusted"
    ),
    f"{CLOUDFRONT}VpcOrigin": _always(
        # https://github.com/aws/aws-cdk/issues/35765
        Topic.ORIGIN,
        None,
        "the deploy fails while a distribution uses it, even for a tag",
    ),
}
REMOVED_BLOCKS: Mapping[str, BlockReason] = {
    "AWS::Route53::RecordSet": BlockReason.DOMAIN_LOST,
    "AWS::Route53::RecordSetGroup": BlockReason.DOMAIN_LOST,
    "AWS::WAFv2::WebACLAssociation": BlockReason.ACCESS_WIDENED,
    f"{CLOUDFRONT}ConnectionGroup": BlockReason.DISTRIBUTION_DELETED,
    f"{CLOUDFRONT}DistributionTenant": BlockReason.DISTRIBUTION_DELETED,
}
"""Types whose removal takes something away from visitors, or lets others in."""


def other_lines(was: Leaves, now: Leaves) -> Iterator[Line]:
    """Of a type that no rule knows: the settings, and the values of a single one."""
    paths = [p for p in sorted(was.keys() | now.keys()) if was.get(p) != now.get(p)]
    if len(paths) == 1:
        yield from Rules(()).lines(was, now)
    elif paths:
        yield Line(
            topic=Topic.OTHER,
            message=format_message("the settings {} are changed", listed(paths)),
        )
