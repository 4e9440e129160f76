"""Ways to write a template anew that change nothing of what it deploys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

Template = dict[str, Any]
Rewriting = Callable[[Template, Random], Template]

# Types whose resources count by their content alone: an id or a name is a label.
RENAMED = re.compile(
    r"AWS::CloudFront::(CachePolicy|OriginRequestPolicy|ResponseHeadersPolicy|"
    r"OriginAccessControl|KeyGroup)$"
)
# Lists whose order has no meaning, by the property that has them.
SETS = frozenset(
    re.findall(
        r"\w+",
        """
    AccessControlAllowHeaders AccessControlAllowMethods AccessControlAllowOrigins
    AccessControlExposeHeaders Action Actions Addresses AlarmActions Aliases
    AllowedHeaders AllowedMethods AllowedOrigins AsnList CachedMethods CNAMEs
    Cookies CountryCodes CustomErrorResponses CustomHeadersConfig Dimensions Domains
    DomainValidationOptions ExposedHeaders FunctionAssociations Headers
    KeyGroupConfig LambdaFunctionAssociations Locations OKActions
    OriginCustomHeaders Origins OriginSSLProtocols ParameterDefinitions Parameters
    QueryStringCacheKeys QueryStrings RedactedFields RegularExpressionList
    RemoveHeadersConfig Resource ResourceRecords RuleActionOverrides Rules
    StagingDistributionDnsNames Statement Statements StatusCodes
    SubjectAlternativeNames Tags TokenDomains TopicArns TrustedKeyGroups
    TrustedSigners WhitelistedNames
    """,
    )
)
MANAGED = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": (1, 86400, 31536000, True),
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": (0, 0, 0, False),
}

# --- What CloudFormation takes for a property that is not there ---

DISTRIBUTION = {
    "Aliases": [],
    "CacheBehaviors": [],
    "Comment": "",
    "CustomErrorResponses": [],
    "DefaultRootObject": "",
    "HttpVersion": "http1.1",
    "IPV6Enabled": False,
    "Logging": {"Enabled": False, "Bucket": "", "Prefix": "", "IncludeCookies": False},
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none"}},
    "Staging": False,
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    "WebACLId": "",
}
BEHAVIOR = {
    "AllowedMethods": ["GET", "HEAD"],
    "CachedMethods": ["GET", "HEAD"],
    "Compress": False,
    "FieldLevelEncryptionId": "",
    "FunctionAssociations": [],
    "GrpcConfig": {"Enabled": False},
    "LambdaFunctionAssociations": [],
    "SmoothStreaming": False,
    "TrustedKeyGroups": [],
    "TrustedSigners": [],
}
ORIGIN = {
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginCustomHeaders": [],
    "OriginPath": "",
    "OriginShield": {"Enabled": False},
}
# By the property, or the last of the type, whose value an object is.
DEFAULTS: dict[str, dict[str, Any]] = {
    "DistributionConfig": DISTRIBUTION,
    "DefaultCacheBehavior": BEHAVIOR,
    "CacheBehaviors": BEHAVIOR,
    "Origins": ORIGIN,
    "CustomOriginConfig": {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "IpAddressType": "ipv4",
        "OriginKeepaliveTimeout": 5,
        "OriginReadTimeout": 30,
    },
    "S3OriginConfig": {"OriginReadTimeout": 30},
    "VpcOriginConfig": {"OriginKeepaliveTimeout": 5, "OriginReadTimeout": 30},
    "CustomErrorResponses": {"ErrorCachingMinTTL": 10},
    "CachePolicyConfig": {"DefaultTTL": 86400, "MaxTTL": 31536000, "MinTTL": 0},
    "CustomHeadersConfig": {"Override": False},
    "OriginGroups": {"SelectionCriteria": "default"},
    "LambdaFunctionAssociations": {"IncludeBody": False},
    "StrictTransportSecurity": {"IncludeSubdomains": False, "Preload": False},
    "XSSProtection": {"ModeBlock": False},
    "TrustStoreConfig": {
        "AdvertiseTrustStoreCaNames": False,
        "IgnoreCertificateExpiry": False,
    },
    "AliasTarget": {"EvaluateTargetHealth": False},
    "RateBasedStatement": {"EvaluationWindowSec": 300},
    "CorsConfig": {"AccessControlAllowCredentials": False, "OriginOverride": False},
    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    "ParametersInCacheKeyAndForwardedToOrigin": {
        "CookiesConfig": {"CookieBehavior": "none"},
        "EnableAcceptEncodingBrotli": False,
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    },
    "Alarm": {"ActionsEnabled": True, "TreatMissingData": "missing"},
    "ConnectionGroup": {"Enabled": True, "Ipv6Enabled": True},
    "DistributionTenant": {"Enabled": True},
    "LogGroup": {"LogGroupClass": "STANDARD"},
}

# --- Walking ---


def each(value: Any, rewrite: Callable[[str, Any], Any], key: str = "") -> Any:
    """The value with every part rewritten, the innermost first.

    :param rewrite: Takes the property that has a part, and the part.
    """
    if isinstance(value, dict):
        value = {
            name: each(part, rewrite, key if _is_notation(name) else name)
            for name, part in value.items()
        }
    elif isinstance(value, list):
        value = [each(part, rewrite, key) for part in value]
    return rewrite(key, value)


def _is_notation(name: str) -> bool:
    return name.startswith("Fn::") or name in ("Items", "Quantity", "Ref")


def of_properties(template: Template, rewrite: Callable[[str, Any], Any]) -> Template:
    """The template with every part of the properties of its resources rewritten."""
    resources = {}
    for name, resource in template["Resources"].items():
        kind = resource["Type"].rpartition("::")[2]
        properties = each(resource.get("Properties", {}), rewrite, kind)
        resources[name] = {**resource, "Properties": properties}
    return {**template, "Resources": resources}


# --- Notation ---


def keys_in_another_order(template: Template, random: Random) -> Template:
    def shuffled(key: str, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        items = list(value.items())
        random.shuffle(items)
        return dict(items)

    return each(template, shuffled)


def sets_in_another_order(template: Template, random: Random) -> Template:
    def shuffled(key: str, value: Any) -> Any:
        if not (isinstance(value, list) and key in SETS):
            return value
        return random.sample(value, len(value))

    def unless_notation(key: str, value: Any) -> Any:
        # The arguments of a function are no list of the property.
        if isinstance(value, dict):
            for name in value:
                if name.startswith("Fn::"):
                    return value
            return {
                name: shuffled(name if name != "Items" else key, part)
                for name, part in value.items()
            }
        return value

    return of_properties(template, unless_notation)


def attributes_as_text(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        match value:
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                texts = (
                    {"Fn::GetAtt": f"{name}.{attribute}"},
                    {"Fn::Sub": f"${{{name}.{attribute}}}"},
                )
                is_list = attribute in ("NameServers",)
                return texts[0] if is_list else random.choice(texts)
        return value

    return each(template, rewrite)


def joins_as_substitutions(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        match value:
            case {"Fn::Join": [str(between), [*parts]]}:
                pieces = [_as_substitution(part) for part in parts]
                if None not in pieces:
                    return {"Fn::Sub": between.join(map(str, pieces))}
        return value

    return each(template, rewrite)


def _as_substitution(part: Any) -> str | None:
    match part:
        case str():
            return part.replace("${", "${!")
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"${{{name}.{attribute}}}"
    return None


def substitutions_as_joins(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        match value:
            case {"Fn::Sub": str(text)} if "${!" not in text:
                pieces = re.split(r"\$\{([\w:.]+)\}", text)
                parts = [
                    piece if number % 2 == 0 else _as_reference(piece)
                    for number, piece in enumerate(pieces)
                ]
                return {"Fn::Join": ["", [part for part in parts if part != ""]]}
        return value

    return each(template, rewrite)


def _as_reference(name: str) -> dict[str, Any]:
    resource, dot, attribute = name.partition(".")
    return {"Fn::GetAtt": [resource, attribute]} if dot else {"Ref": name}


def flags_and_numbers_as_text(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        is_number = isinstance(value, int) and random.random() < 0.7
        return str(value).lower() if is_number else value

    return of_properties(template, rewrite)


def partitions_as_a_reference(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if (
            isinstance(value, str)
            and value.startswith("arn:aws:")
            and "${" not in value
        ):
            rest = value.removeprefix("arn:aws:")
            texts = (
                {"Fn::Sub": f"arn:${{AWS::Partition}}:{rest}"},
                {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":{rest}"]]},
            )
            return random.choice(texts)
        return value

    def unless_notation(key: str, value: Any) -> Any:
        if isinstance(value, dict) and not any(
            name.startswith("Fn::") for name in value
        ):
            return {
                name: [rewrite(name, one) for one in part]
                if isinstance(part, list)
                else rewrite(name, part)
                for name, part in value.items()
            }
        return value

    return of_properties(template, unless_notation)


def single_values_as_lists(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if isinstance(value, dict) and "Effect" in value:
            return {name: _listed(name, part, random) for name, part in value.items()}
        if isinstance(value, dict) and isinstance(value.get("Statement"), dict):
            return (
                {**value, "Statement": [value["Statement"]]}
                if "Version" in value or key == "PolicyDocument"
                else value
            )
        return value

    return of_properties(template, rewrite)


def _listed(name: str, part: Any, random: Random) -> Any:
    if name in ("Action", "Resource") and not isinstance(part, list):
        return [part]
    if name in ("Action", "Resource") and len(part) == 1:
        return part[0]
    if name == "Principal" and isinstance(part, dict):
        return {
            kind: one if isinstance(one, list) else [one] for kind, one in part.items()
        }
    if name == "Condition":
        return {
            operator: {k: v if isinstance(v, list) else [v] for k, v in keys.items()}
            for operator, keys in part.items()
        }
    return part


def lists_with_a_quantity(template: Template, random: Random) -> Template:
    names = ("Aliases", "Origins", "CacheBehaviors", "CustomErrorResponses")

    def rewrite(key: str, value: Any) -> Any:
        if key != "DistributionConfig" or not isinstance(value, dict):
            return value
        return {
            name: {"Quantity": len(part), "Items": part}
            if name in names and isinstance(part, list)
            else part
            for name, part in value.items()
        }

    return of_properties(template, rewrite)


def no_values_beside(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if (
            isinstance(value, dict)
            and key in DEFAULTS
            and not {"Fn::If", "Ref"} & value.keys()
        ):
            return {**value, "Zzz": {"Ref": "AWS::NoValue"}}
        return value

    return of_properties(template, rewrite)


def names_of_long_ago(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if key == "DistributionConfig" and isinstance(value, dict):
            return {
                "CNAMEs" if name == "Aliases" else name: part
                for name, part in value.items()
            }
        return value

    return of_properties(template, rewrite)


# --- Names ---


def other_logical_ids(template: Template, random: Random) -> Template:
    """Only of what counts by its content, which gets another name too."""
    new = {
        name: f"{name}Anew"
        for name, resource in template["Resources"].items()
        if RENAMED.match(resource["Type"])
    }
    resources = {}
    for name, resource in template["Resources"].items():
        if name in new:
            resource = {
                **resource,
                "Properties": each(resource["Properties"], _with_another_name),
            }
        resources[new.get(name, name)] = resource
    return _renamed({**template, "Resources": resources}, new)


def _with_another_name(key: str, value: Any) -> Any:
    if not (isinstance(value, dict) and key.endswith("Config")):
        return value
    match value.get("Name"):
        case str(name):
            return {**value, "Name": f"{name}-anew"}
        case {"Fn::Sub": str(name)}:
            return {**value, "Name": {"Fn::Sub": f"{name}-anew"}}
    return value


def _renamed(template: Template, new: dict[str, str]) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        match value:
            case {"Ref": str(name)} if name in new:
                return {"Ref": new[name]}
            case {"Fn::GetAtt": [str(name), attribute]} if name in new:
                return {"Fn::GetAtt": [new[name], attribute]}
            case {"Fn::Sub": str(text)}:
                return {
                    "Fn::Sub": re.sub(
                        r"\$\{(\w+)", lambda m: "${" + new.get(m[1], m[1]), text
                    )
                }
            case {"DependsOn": [*names]}:
                return {**value, "DependsOn": [new.get(name, name) for name in names]}
            case {"DependsOn": str(name)}:
                return {**value, "DependsOn": new.get(name, name)}
        return value

    return each(template, rewrite)


def other_names_of_conditions(template: Template, random: Random) -> Template:
    conditions = template.get("Conditions", {})
    new = {name: f"{name}Anew" for name in conditions}

    def rewrite(key: str, value: Any) -> Any:
        match value:
            case {"Fn::If": [str(name), yes, no]}:
                return {"Fn::If": [new[name], yes, no]}
            case {"Condition": str(name)} if name in new:
                return {**value, "Condition": new[name]}
        return value

    template = each(template, rewrite)
    if conditions:
        template["Conditions"] = {new[k]: v for k, v in template["Conditions"].items()}
    return template


def other_names_of_mappings(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        match value:
            case {"Fn::FindInMap": [str(name), *keys]}:
                return {"Fn::FindInMap": [f"{name}Anew", *keys]}
        return value

    template = each(template, rewrite)
    if "Mappings" in template:
        mappings = template["Mappings"].items()
        template["Mappings"] = {f"{name}Anew": part for name, part in mappings}
    return template


def other_ids_of_origins(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if isinstance(value, dict) and key in (
            "Origins",
            "OriginGroups",
            "Members",
            "DefaultCacheBehavior",
            "CacheBehaviors",
        ):
            return {
                name: f"{part}-anew"
                if name in ("Id", "OriginId", "TargetOriginId")
                and isinstance(part, str)
                and part
                else part
                for name, part in value.items()
            }
        return value

    return of_properties(template, rewrite)


# --- Defaults ---


def defaults_written_out(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if not _has_defaults(key, value):
            return value
        more = {name: part for name, part in DEFAULTS[key].items() if name not in value}
        if "CNAMEs" in value:
            more.pop("Aliases", None)
        return {**value, **more}

    return of_properties(template, rewrite)


def defaults_left_out(template: Template, random: Random) -> Template:
    def rewrite(key: str, value: Any) -> Any:
        if not _has_defaults(key, value):
            return value
        defaults = {name: json.dumps(part) for name, part in DEFAULTS[key].items()}
        return {
            name: part
            for name, part in value.items()
            if defaults.get(name) != json.dumps(part)
        }

    return of_properties(template, rewrite)


def _has_defaults(key: str, value: Any) -> bool:
    """Whether it is an object itself, and not the notation around some."""
    return (
        isinstance(value, dict)
        and key in DEFAULTS
        and not _is_function(value)
        and not value.keys() & {"Items", "Quantity"}
    )


def _is_function(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def conditions_without_a_choice(template: Template, random: Random) -> Template:
    """A value becomes a Fn::If with the value on both of its sides."""
    if "Conditions" not in template:
        return template
    conditions = sorted(template["Conditions"])

    def rewrite(key: str, value: Any) -> Any:
        if not isinstance(value, dict) or _is_function(value):
            return value
        return {
            name: {"Fn::If": [random.choice(conditions), part, part]}
            if isinstance(part, (str, int)) and random.random() < 0.2
            else part
            for name, part in value.items()
        }

    return of_properties(template, rewrite)


# --- What the tools write ---


def another_version_of_the_tools(template: Template, random: Random) -> Template:
    metadata = {
        "Type": "AWS::CDK::Metadata",
        "Properties": {"Analytics": "v2:deflate64:H4sIAAAAAAAA"},
        "Metadata": {"aws:cdk:path": "shop/CDKMetadata/Default"},
        "Condition": "CDKMetadataAvailable",
    }
    resources = {
        name: {**resource, "Metadata": {"aws:cdk:path": f"shop/{name}/Resource"}}
        for name, resource in template["Resources"].items()
    }
    is_available = {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    bootstrap = {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": "/cdk-bootstrap/another/version",
        "Description": "Version of the CDK Bootstrap resources in this environment",
    }
    assertion = {
        "Assert": {"Fn::Not": [{"Fn::Contains": [["1"], {"Ref": "BootstrapVersion"}]}]}
    }
    return {
        **template,
        "AWSTemplateFormatVersion": "2010-09-09",
        "Metadata": {"aws:cdk:toolkit": {"version": "9"}},
        "Resources": {**resources, "CDKMetadata": metadata},
        "Conditions": {
            **template.get("Conditions", {}),
            "CDKMetadataAvailable": is_available,
        },
        "Parameters": {**template.get("Parameters", {}), "BootstrapVersion": bootstrap},
        "Rules": {"CheckBootstrapVersion": {"Assertions": [assertion]}},
    }


def what_nothing_reads(template: Template, random: Random) -> Template:
    unused = {"Fn::Equals": [{"Ref": "Unused"}, "yes"]}
    runtimes = {"us-east-1": {"value": "nodejs22.x"}}
    return {
        **template,
        "Conditions": {**template.get("Conditions", {}), "Unused": unused},
        "Parameters": {
            **template.get("Parameters", {}),
            "Unused": {"Type": "String", "Default": "no"},
        },
        "Mappings": {**template.get("Mappings", {}), "LatestNodeRuntimeMap": runtimes},
    }


REWRITINGS: tuple[Rewriting, ...] = (
    keys_in_another_order,
    sets_in_another_order,
    attributes_as_text,
    joins_as_substitutions,
    substitutions_as_joins,
    flags_and_numbers_as_text,
    partitions_as_a_reference,
    single_values_as_lists,
    lists_with_a_quantity,
    no_values_beside,
    names_of_long_ago,
    other_logical_ids,
    other_names_of_conditions,
    other_names_of_mappings,
    other_ids_of_origins,
    defaults_written_out,
    defaults_left_out,
    conditions_without_a_choice,
    another_version_of_the_tools,
    what_nothing_reads,
)


def own_policies(template: Template, random: Random) -> Template:
    """Managed cache policies become policies of the stack with the same content."""
    policies = {}

    def rewrite(key: str, value: Any) -> Any:
        wanted = value.get("CachePolicyId") if isinstance(value, dict) else None
        if not isinstance(wanted, str) or wanted not in MANAGED:
            return value
        name = f"Own{wanted[:8]}"
        policies[name] = _cache_policy(name, *MANAGED[wanted])
        return {**value, "CachePolicyId": {"Ref": name}}

    rewritten = of_properties(template, rewrite)
    return {**rewritten, "Resources": {**rewritten["Resources"], **policies}}


def _cache_policy(
    name: str, lowest: int, usual: int, highest: int, encoded: bool
) -> Any:
    key = {
        "EnableAcceptEncodingGzip": encoded,
        "EnableAcceptEncodingBrotli": encoded,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    config = {
        "Name": name,
        "MinTTL": lowest,
        "DefaultTTL": usual,
        "MaxTTL": highest,
        "ParametersInCacheKeyAndForwardedToOrigin": key,
    }
    return {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {"CachePolicyConfig": config},
    }


def is_same(template: Template, other: Template) -> bool:
    return json.dumps(template) == json.dumps(other)
