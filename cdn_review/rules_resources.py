"""What a change of other resources means: of those that matter for visitors and access."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from cdn_model.distribution import CLOUDFRONT
from cdn_model.resource_types import with_defaults
from cdn_model.values import (
    Json,
    canonical,
    is_computed,
    mapping,
    properties,
    reference,
    sequence,
    text,
)
from cdn_review.bucket_policy import allowed_anew, no_longer_refused, statements
from cdn_review.change import BlockReason, Tag, Topic
from cdn_review.leaves import Leaf, Leaves, Selection, leaf, leaves
from cdn_review.message import Trusted, format_message
from cdn_review.rules import (
    Difference,
    Line,
    Rule,
    Rules,
    about,
    duration,
    elements,
    known,
    listed,
    plural,
    say,
    shown,
    shown_pair,
)

BUCKET_POLICY = "AWS::S3::BucketPolicy"
CDN_REFUSED = "files that CloudFront reads from the bucket answer 403"
OPENED = "what is behind it can be asked without the CDN"
SETTING = "the setting {path} is {after} instead of {before}"

_ACTIONS = ("Allow", "Count", "Challenge", "Captcha", "Block")
_GROUPS_OWN = "the group's own"
_ADDRESS_FIELDS = frozenset({"c-ip", "x-forwarded-for", "cs(Cookie)", "cs-uri-query"})
_PUBLIC_ACCESS_BLOCKS = frozenset(
    {
        *("BlockPublicAcls", "BlockPublicPolicy"),
        *("IgnorePublicAcls", "RestrictPublicBuckets"),
    }
)
_WEB_ACL_READS = "a web ACL refuses or allows by it"
_PUBLIC_ACLS = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")
_WIDENED, _LOST = BlockReason.ACCESS_WIDENED, BlockReason.DOMAIN_LOST
_OFF = BlockReason.DISTRIBUTION_DELETED
_LET_THROUGH = "what was refused may be let through"


def _rules(topic: Topic, *rules: Rule, **of_others: Any) -> Rules:
    """Rules of one topic, and what is said of any other setting."""
    other = Rule(".*", SETTING, topic=topic, **of_others)
    return Rules(tuple(about(topic, *rules)), fallback=other)


# --- Leaves for what belongs together ---

_Derived = tuple[dict[str, Leaf], Json]


def resource_leaves(resource_type: str, properties: Json) -> Leaves:
    """The leaves of a resource, with one for what belongs together."""
    derive = _DERIVED.get(resource_type)
    filled = dict(with_defaults(resource_type, properties))
    found, rest = derive(filled) if derive else ({}, filled)
    found |= leaves(rest)
    for path in [path for path in found if path.endswith("RateBasedStatement.Limit")]:
        found.setdefault(f"{path[:-5]}EvaluationWindowSec", 300)
    return found


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


def _web_acl_leaves(properties: dict[str, Any]) -> _Derived:
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
        kinds = {"whitelist": "whitelist", "blacklist": "allExcept"}
        kind = kinds.get(text(geo.get("RestrictionType")), "all")
        places = geo.get("Locations")
        countries = frozenset(map(text, places if isinstance(places, list) else ()))
        found["GeoRestriction"] = Selection(kind, countries)
        properties["Customizations"] = customizations or None
    domains = properties.get("Domains")
    if isinstance(domains, list):
        names = [mapping(domain).get("Domain", domain) for domain in domains]
        found["Domains"] = frozenset(leaf(name) for name in names)
        del properties["Domains"]
    return found, properties


def _bucket_leaves(properties: dict[str, Any]) -> _Derived:
    """What is blocked of public access, as one list."""
    config = properties.get("PublicAccessBlockConfiguration")
    if config is None:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
        blocks = {"PublicAccessBlocked": _PUBLIC_ACCESS_BLOCKS}
        return {**blocks, "PublicAccessBlockUnset": True}, properties
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


def _waf_action(d: Difference) -> Iterator[Line]:
    before, after = _action(d.before), _action(d.after)
    message: tuple[object, ...]
    if d.added:
        message = "the rule {} is added: {}", d.key, after
        opens = _rank(d.after) == 0
    elif d.removed:
        message = "the rule {} is removed: {}", d.key, before
        opens = _rank(d.before) > 1
    else:
        message = "the action of the rule {} is {} instead of {}", d.key, after, before
        opens = _rank(d.after) < _rank(d.before)
    note, block = (_LET_THROUGH, _WIDENED) if opens else ("", None)
    yield say(Topic.ACCESS, *message, note=note, block=block, of=d.values)


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


_WEB_ACL = _rules(
    Topic.ACCESS,
    Rule(
        "DefaultAction",
        "the action for all other requests is {after} instead of {before}",
        show=_action,
        when=lambda d: d.after != "Block",
        note=_LET_THROUGH,
        block=_WIDENED,
    ),
    Rule(r"Rule\[(.*?)\]", lines=_waf_action, hides=r"Rules\[{key}\].*"),
    Rule(
        r"Rules\[(.*?)\]\.Statement.*",
        "what the rule {key} looks at changes: {path} is {after} instead of {before}",
        note=_LET_THROUGH,
        block=lambda d: _WIDENED if _refuses(d) else None,
    ),
    Rule(
        r"Rules\[(.*?)\]\.Priority",
        "the priority of the rule {key} is {after} instead of {before}",
        when=_reordered,
        block=_WIDENED,
    ),
)


# --- Buckets ---


def _public_access(d: Difference) -> Iterator[Line]:
    if d.gained:
        yield say(Topic.ACCESS, "blocks public access by {}", listed(d.gained))
    if d.lost:
        yield say(
            Topic.ACCESS,
            "no longer blocks public access by {}",
            listed(d.lost),
            note="a policy or an object can open it to everybody",
            block=_WIDENED,
            of=(d.path, d.lost),
        )


def _may_be_public(d: Difference) -> bool:
    return d.after is not None and known(d.after) in (*_PUBLIC_ACLS, None)


_BUCKET = Rules(
    (
        *about(
            Topic.ACCESS,
            Rule(
                "PublicAccessBlockUnset",
                added="PublicAccessBlockConfiguration is removed",
                note="only a new bucket blocks public access by itself",
                block=_WIDENED,
            ),
            Rule("PublicAccessBlocked", lines=_public_access),
            Rule(
                r"PublicAccessBlockConfiguration\.(\w+)",
                "{key} is {after} instead of {before}",
                absent="said otherwise",
                when=lambda d: (
                    not d.added and d.key not in elements(d.now["PublicAccessBlocked"])
                ),
                block=_WIDENED,
            ),
            Rule(
                "AccessControl",
                "the ACL is {after} instead of {before}",
                absent="Private",
                when=_may_be_public,
                note=lambda d: (
                    "files can be read without the CDN"
                    if d.after in _PUBLIC_ACLS
                    else ""
                ),
                block=_WIDENED,
            ),
        ),
        *about(
            Topic.ORIGIN,
            Rule(
                r"VersioningConfiguration\.Status",
                "the versioning is {after} instead of {before}",
                absent="off",
                when=lambda d: d.before == "Enabled",
                note="what is overwritten or deleted is lost",
                block=BlockReason.PROTECTION_DROPPED,
            ),
            Rule(
                r"LifecycleConfiguration.*",
                "which files expire changes: {path} is {after} instead of {before}",
            ),
        ),
    ),
    fallback=Rule(".*", SETTING, topic=Topic.ORIGIN),
)


def policy_lines(resource_type: str, before: object, after: object) -> Iterator[Line]:
    """What a policy lets in that it did not, and what it no longer refuses.

    :param before: The resolved policy document, or ``None`` of a policy that is new.
    """
    is_of_bucket = resource_type == BUCKET_POLICY
    was, now = statements(before), statements(after)
    more = allowed_anew(was, now)
    block: dict[str, Any] = {
        "block": _WIDENED,
        "of": (canonical(before), canonical(after)),
    }
    if any(statement.is_for_everybody for statement in more):
        note = "everybody with an AWS account can use it"
        note = "files can be read without the CDN" if is_of_bucket else note
        yield say(Topic.ACCESS, "everybody is let in", note=note, **block)
    elif more and before is not None and is_of_bucket:
        note = "somebody else may use it, or in other ways, or under fewer conditions"
        yield say(Topic.ACCESS, "more may be allowed than before", note=note, **block)
    if is_of_bucket and no_longer_refused(was, now):
        note = "such as http:// requests"
        yield say(Topic.ACCESS, "what was refused may be allowed", note=note, **block)
    if is_of_bucket and lets_in_cdn(before) and not lets_in_cdn(after):
        yield say(Topic.ACCESS, "CloudFront is no longer let in", note=CDN_REFUSED)


def lets_in_cdn(document: object) -> bool:
    return any(statement.is_for_cdn for statement in statements(document))


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


# --- Domain names ---


def _names(d: Difference) -> Iterator[Line]:
    if d.gained:
        gained = plural(d.gained, "gains the domain name", "gains the domain names")
        yield say(Topic.DOMAINS, f"{gained} {{}}", listed(d.gained))
    if d.lost:
        it = plural(d.lost, "it", "them")
        lost = plural(d.lost, "loses the domain name", "loses the domain names")
        yield say(
            Topic.DOMAINS,
            f"{lost} {{}}",
            listed(d.lost),
            note=f"URLs with {it} stop working",
            block=_LOST,
            of=(d.path, d.lost),
        )


def _elsewhere(d: Difference) -> BlockReason | None:
    return None if d.added else _LOST


_RECORD = _rules(
    Topic.DOMAINS,
    Rule(
        r"(?:RecordSets\[[^\]]*\]\.)?(?:AliasTarget\.DNSName|ResourceRecords)",
        "the name leads to {after} instead of {before}",
        note="visitors go there as soon as caches of DNS expire",
        block=_elsewhere,
    ),
    Rule(
        "Name",
        "the name is {after} instead of {before}",
        note="the earlier name no longer resolves",
        block=_elsewhere,
    ),
)


# --- Tenants ---


def _wider(d: Difference) -> BlockReason | None:
    before, after = (Selection("all") if v is None else v for v in (d.before, d.after))
    if isinstance(before, Selection) and isinstance(after, Selection):
        return _WIDENED if (after - before).behavior != "none" else None
    return _WIDENED


def _another_web_acl(d: Difference) -> bool:
    """Whether a tenant may get another web ACL than before, or none."""
    if not d.path.endswith("Action"):
        return not d.added
    return known(d.after) in ("disable", None) or (
        not d.added and known(d.after) != "override"
    )


_TENANT = Rules(
    (
        Rule(
            "Enabled",
            "whether it is enabled is {after} instead of {before}",
            topic=Topic.REPLACEMENT,
            when=lambda d: known(d.after) not in (True, "true"),
            note="while it is disabled, its URLs answer with an error",
            block=_OFF,
        ),
        Rule("Domains", lines=_names),
        *about(
            Topic.ACCESS,
            Rule(
                r"Customizations\.WebAcl\.(\w+)",
                "the {key} of its web ACL is {after} instead of {before}",
                when=_another_web_acl,
                block=_WIDENED,
            ),
            Rule(
                "GeoRestriction",
                "viewers can come from {after} instead of {before}",
                absent="where the distribution allows",
                block=_wider,
            ),
        ),
    ),
    fallback=Rule(".*", SETTING, topic=Topic.DELIVERY),
)


# --- Monitoring ---


def _record_fields(d: Difference) -> Iterator[Line]:
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


_MONITORING = _rules(
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
_PUBLIC_KEY = _rules(
    Topic.ACCESS,
    # https://github.com/aws/aws-cdk/issues/15301
    Rule(
        r"PublicKeyConfig\.EncodedKey",
        "is another key under the same name",
        note=_KEY_FAILS,
    ),
    Rule(r"PublicKeyConfig\.(?!Comment).*", SETTING, note=_KEY_FAILS),
)
_USED_BY_WEB_ACLS = _rules(
    Topic.ACCESS,
    Rule(
        "Addresses|RegularExpressionList",
        SETTING,
        when=lambda d: (
            (d.gained and "@allows" in d.now) or (d.lost and "@refuses" in d.now)
        ),
        note="a web ACL may let in what it refused",
        block=_WIDENED,
        otherwise=_WEB_ACL_READS,
    ),
    note=_WEB_ACL_READS,
)

RESOURCE_RULES: Mapping[str, Rules] = {
    **{resource_type: _opens(resource_type) for resource_type in _OPEN},
    "AWS::CertificateManager::Certificate": _rules(
        Topic.DOMAINS, Rule("Names", lines=_names)
    ),
    "AWS::CloudWatch::Alarm": _MONITORING,
    "AWS::Lambda::Function": Rules(
        (Rule(r"Code\b.*", "the code of the function is changed"),)
    ),
    "AWS::Lambda::LayerVersion": Rules(
        (Rule(r"Content\b.*", "the code of the layer is changed"),)
    ),
    "AWS::Logs::Delivery": _MONITORING,
    "AWS::Logs::LogGroup": _MONITORING,
    "AWS::Route53::RecordSet": _RECORD,
    "AWS::Route53::RecordSetGroup": _RECORD,
    "AWS::S3::Bucket": _BUCKET,
    BUCKET_POLICY: _rules(Topic.ACCESS),
    "AWS::SNS::Subscription": _MONITORING,
    "AWS::WAFv2::IPSet": _USED_BY_WEB_ACLS,
    "AWS::WAFv2::RegexPatternSet": _USED_BY_WEB_ACLS,
    "AWS::WAFv2::RuleGroup": _WEB_ACL,
    "AWS::WAFv2::WebACL": _WEB_ACL,
    "AWS::WAFv2::WebACLAssociation": _rules(Topic.ACCESS, block=_WIDENED),
    f"{CLOUDFRONT}ConnectionGroup": _TENANT,
    f"{CLOUDFRONT}DistributionTenant": _TENANT,
    f"{CLOUDFRONT}PublicKey": _PUBLIC_KEY,
    f"{CLOUDFRONT}RealtimeLogConfig": _MONITORING,
    f"{CLOUDFRONT}TrustStore": _rules(
        Topic.ACCESS, note="it decides which clients are trusted", block=_WIDENED
    ),
    # https://github.com/aws/aws-cdk/issues/35765
    f"{CLOUDFRONT}VpcOrigin": _rules(
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
