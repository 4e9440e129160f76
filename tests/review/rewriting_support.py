"""Ways to write a template anew that change nothing of what it deploys."""

from __future__ import annotations

import re
from functools import wraps

import yaml

REWRITINGS = []
# Types whose resources count by their content alone: an id or a name is a label.
RENAMED = re.compile(
    r"AWS::CloudFront::(CachePolicy|OriginRequestPolicy|ResponseHeadersPolicy|"
    r"OriginAccessControl|KeyGroup)$"
)
# The lists whose order has a meaning.
ORDERED = ("CacheBehaviors", "Members")
# What CloudFormation takes for a property that is not there, by the property, or the last of
# the type, whose value an object is.
DEFAULTS = yaml.safe_load("""
DistributionConfig:
  {Aliases: [], CacheBehaviors: [], Comment: "", CustomErrorResponses: [], DefaultRootObject: "",
   HttpVersion: http1.1, IPV6Enabled: false, PriceClass: PriceClass_All, Staging: false,
   Logging: {Enabled: false, Bucket: "", Prefix: "", IncludeCookies: false},
   Restrictions: {GeoRestriction: {RestrictionType: none}},
   ViewerCertificate: {CloudFrontDefaultCertificate: true}, WebACLId: ""}
DefaultCacheBehavior: &behavior
  {AllowedMethods: [GET, HEAD], CachedMethods: [GET, HEAD], Compress: false,
   FieldLevelEncryptionId: "", FunctionAssociations: [], GrpcConfig: {Enabled: false},
   LambdaFunctionAssociations: [], SmoothStreaming: false, TrustedKeyGroups: [],
   TrustedSigners: []}
CacheBehaviors: *behavior
Origins:
  {ConnectionAttempts: 3, ConnectionTimeout: 10, OriginCustomHeaders: [], OriginPath: "",
   OriginShield: {Enabled: false}}
CustomOriginConfig:
  {HTTPPort: 80, HTTPSPort: 443, IpAddressType: ipv4, OriginKeepaliveTimeout: 5,
   OriginReadTimeout: 30}
S3OriginConfig: {OriginReadTimeout: 30}
VpcOriginConfig: {OriginKeepaliveTimeout: 5, OriginReadTimeout: 30}
CustomErrorResponses: {ErrorCachingMinTTL: 10}
CachePolicyConfig: {DefaultTTL: 86400, MaxTTL: 31536000, MinTTL: 0}
CustomHeadersConfig: {Override: false}
OriginGroups: {SelectionCriteria: default}
LambdaFunctionAssociations: {IncludeBody: false}
StrictTransportSecurity: {IncludeSubdomains: false, Preload: false}
XSSProtection: {ModeBlock: false}
TrustStoreConfig: {AdvertiseTrustStoreCaNames: false, IgnoreCertificateExpiry: false}
AliasTarget: {EvaluateTargetHealth: false}
RateBasedStatement: {EvaluationWindowSec: 300}
CorsConfig: {AccessControlAllowCredentials: false, OriginOverride: false}
ForwardedValues: {QueryString: false, Cookies: {Forward: none}}
ParametersInCacheKeyAndForwardedToOrigin:
  {CookiesConfig: {CookieBehavior: none}, EnableAcceptEncodingBrotli: false,
   EnableAcceptEncodingGzip: false, HeadersConfig: {HeaderBehavior: none},
   QueryStringsConfig: {QueryStringBehavior: none}}
Alarm: {ActionsEnabled: true, TreatMissingData: missing}
ConnectionGroup: {Enabled: true, Ipv6Enabled: true}
DistributionTenant: {Enabled: true}
LogGroup: {LogGroupClass: STANDARD}
""")

# --- Walking ---


def each(value, rewrite, random, key=""):
    """The value with every part rewritten, the innermost first.

    :param rewrite: Takes the property that has a part, and the part.
    """
    if isinstance(value, dict):
        value = {
            name: each(part, rewrite, random, key if _is_notation(name) else name)
            for name, part in value.items()
        }
    elif isinstance(value, list):
        value = [each(part, rewrite, random, key) for part in value]
    return rewrite(key, value, random)


def _is_notation(name):
    return name.startswith("Fn::") or name in ("Items", "Quantity", "Ref")


def whole(rewriting):
    REWRITINGS.append(rewriting)
    return rewriting


def everywhere(rewrite):
    """Rewrites every part of a template."""

    @whole
    @wraps(rewrite)
    def rewriting(template, random):
        return each(template, rewrite, random)

    return rewrite


def of_properties(rewrite):
    """Rewrites every part of the properties of resources."""

    @whole
    @wraps(rewrite)
    def rewriting(template, random):
        return _with_properties(template, rewrite, random)

    return rewrite


def of_objects(rewrite):
    """Rewrites the objects of properties that are no function's arguments."""

    @whole
    @wraps(rewrite)
    def rewriting(template, random):
        return _with_objects(template, rewrite, random)

    return rewrite


def _with_properties(template, rewrite, random):
    resources = {}
    for name, resource in template["Resources"].items():
        kind = resource["Type"].rpartition("::")[2]
        properties = each(resource.get("Properties", {}), rewrite, random, kind)
        resources[name] = {**resource, "Properties": properties}
    return {**template, "Resources": resources}


def _with_objects(template, rewrite, random):
    def of_object(key, value, random):
        is_object = isinstance(value, dict) and not any(
            name.startswith(("Fn::", "Ref")) for name in value
        )
        return rewrite(key, value, random) if is_object else value

    return _with_properties(template, of_object, random)


# --- Notation ---


@everywhere
def keys_in_another_order(key, value, random):
    if not isinstance(value, dict):
        return value
    return dict(random.sample([*value.items()], len(value)))


@of_objects
def sets_in_another_order(key, value, random):
    def is_set(name, part):
        return isinstance(part, list) and name not in ORDERED

    return {
        name: random.sample(part, len(part))
        if is_set(key if name == "Items" else name, part)
        else part
        for name, part in value.items()
    }


@everywhere
def references_as_text(key, value, random):
    match value:
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            as_text = {"Fn::GetAtt": f"{name}.{attribute}"}
            # Of a list of names there is no text.
            is_text = attribute != "NameServers" and random.random() < 0.5
            return {"Fn::Sub": f"${{{name}.{attribute}}}"} if is_text else as_text
        case {"Fn::Join": [str(between), [*parts]]}:
            pieces = [_as_substitution(part) for part in parts]
            if None not in pieces:
                return {"Fn::Sub": between.join(map(str, pieces))}
    return value


def _as_substitution(part):
    match part:
        case str():
            return part.replace("${", "${!")
        case {"Ref": str(name)} | {"Fn::GetAtt": str(name)}:
            return f"${{{name}}}"
    return None


@everywhere
def substitutions_as_joins(key, value, random):
    match value:
        case {"Fn::Sub": str(text)} if "${!" not in text:
            pieces = re.split(r"\$\{([\w:.]+)\}", text)
            parts = [
                piece if number % 2 == 0 else _as_reference(piece)
                for number, piece in enumerate(pieces)
            ]
            return {"Fn::Join": ["", [part for part in parts if part != ""]]}
    return value


def _as_reference(name):
    resource, dot, attribute = name.partition(".")
    return {"Fn::GetAtt": [resource, attribute]} if dot else {"Ref": name}


@of_properties
def flags_and_numbers_as_text(key, value, random):
    is_number = isinstance(value, int) and random.random() < 0.7
    return str(value).lower() if is_number else value


@of_objects
def partitions_as_a_reference(key, value, random):
    def rewritten(part):
        if isinstance(part, list):
            return [rewritten(one) for one in part]
        if not isinstance(part, str) or not re.match(r"arn:aws:(?!.*\$\{)", part):
            return part
        rest = part.removeprefix("arn:aws:")
        joined = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":{rest}"]]}
        return random.choice(({"Fn::Sub": f"arn:${{AWS::Partition}}:{rest}"}, joined))

    return {name: rewritten(part) for name, part in value.items()}


@of_objects
def single_values_as_lists(key, value, random):
    if key == "PolicyDocument" and isinstance(value.get("Statement"), dict):
        return {**value, "Statement": [value["Statement"]]}
    if "Effect" not in value:
        return value
    found = dict(value)
    for name in ("Action", "Resource"):
        part = value.get(name)
        if isinstance(part, list) and len(part) == 1:
            found[name] = part[0]
        elif part is not None and not isinstance(part, list):
            found[name] = [part]
    if isinstance(value.get("Principal"), dict):
        found["Principal"] = _listed(value["Principal"])
    if "Condition" in value:
        operators = value["Condition"].items()
        found["Condition"] = {name: _listed(keys) for name, keys in operators}
    return found


def _listed(values):
    return {
        name: part if isinstance(part, list) else [part]
        for name, part in values.items()
    }


@of_objects
def settings_with_a_quantity_and_older_names(key, value, random):
    if key == "DistributionConfig":
        for name in ("Aliases", "Origins", "CacheBehaviors", "CustomErrorResponses"):
            if isinstance(part := value.get(name), list):
                value = {**value, name: {"Quantity": len(part), "Items": part}}
        if "Aliases" in value:
            value["CNAMEs"] = value.pop("Aliases")
    return value


@of_objects
def no_values_beside(key, value, random):
    return {**value, "Zzz": {"Ref": "AWS::NoValue"}} if key in DEFAULTS else value


@of_objects
def defaults_written_out(key, value, random):
    if value.keys() & {"Items", "Quantity"}:
        return value
    left_out = {"Aliases"} if "CNAMEs" in value else set()
    defaults = DEFAULTS.get(key, {}).items()
    return {name: part for name, part in defaults if name not in left_out} | value


@of_objects
def defaults_left_out(key, value, random):
    if value.keys() & {"Items", "Quantity"}:
        return value
    defaults = DEFAULTS.get(key, {})
    return {
        name: part
        for name, part in value.items()
        if name not in defaults or repr(defaults[name]) != repr(part)
    }


# --- Names ---


@of_objects
def other_ids_of_origins(key, value, random):
    if not re.search("Origins|Members|OriginGroups|CacheBehavior", key):
        return value
    return {
        name: f"{part}-anew"
        if name in ("Id", "OriginId", "TargetOriginId") and isinstance(part, str) and part
        else part
        for name, part in value.items()
    }  # fmt: skip


@whole
def other_logical_ids(template, random):
    """Only of what counts by its content, which gets another name too."""
    new = {
        name: f"{name}Anew"
        for name, resource in template["Resources"].items()
        if RENAMED.match(resource["Type"])
    }

    def named(key, value, random):
        match value:
            case {"Name": str(name)} if key.endswith("Config"):
                return {**value, "Name": f"{name}-anew"}
            case {"Name": {"Fn::Sub": str(name)}} if key.endswith("Config"):
                return {**value, "Name": {"Fn::Sub": f"{name}-anew"}}
        return value

    def renamed(key, value, random):
        match value:
            case {"Ref": str(name)} if name in new:
                return {"Ref": new[name]}
            case {"Fn::GetAtt": [str(name), attribute]} if name in new:
                return {"Fn::GetAtt": [new[name], attribute]}
            case {"Fn::Sub": str(text)}:
                return {
                    "Fn::Sub": re.sub(
                        r"(?<=\$\{)\w+", lambda m: new.get(m[0], m[0]), text
                    )
                }
            case {"DependsOn": [*names]}:
                return {**value, "DependsOn": [new.get(name, name) for name in names]}
            case {"DependsOn": str(name)}:
                return {**value, "DependsOn": new.get(name, name)}
        return value  # fmt: skip

    resources = {
        new.get(name, name): each(resource, named, random) if name in new else resource
        for name, resource in template["Resources"].items()
    }
    return each({**template, "Resources": resources}, renamed, random)


@whole
def other_names_of_conditions_and_mappings(template, random):
    def rewrite(key, value, random):
        match value:
            case {"Fn::If": [str(name), yes, no]}:
                return {"Fn::If": [f"{name}Anew", yes, no]}
            case {"Condition": str(name)}:
                return {**value, "Condition": f"{name}Anew"}
            case {"Fn::FindInMap": [str(name), *keys]}:
                return {"Fn::FindInMap": [f"{name}Anew", *keys]}
        return value

    template = each(template, rewrite, random)
    for section in {"Conditions", "Mappings"} & template.keys():
        entries = template[section].items()
        template[section] = {f"{name}Anew": part for name, part in entries}
    return template


# --- What has no effect ---


@whole
def conditions_without_a_choice(template, random):
    """A value becomes a Fn::If with the value on both of its sides."""
    conditions = sorted(template.get("Conditions", ()))

    def chosen(part):
        if isinstance(part, (str, int)) and conditions and random.random() < 0.2:
            return {"Fn::If": [random.choice(conditions), part, part]}
        return part

    def rewrite(key, value, random):
        return {name: chosen(part) for name, part in value.items()}

    return _with_objects(template, rewrite, random)
