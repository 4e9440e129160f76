from __future__ import annotations

import random
import re
from collections.abc import Iterator
from time import process_time

import pytest
from leaves_support import (
    GONE,
    NO_VALUE,
    Mutant,
    mutants,
    put,
    sample,
    templates,
    told,
    told_of,
)
from rewriting_support import DEFAULTS

# What a line calls a setting that it does not call by its property.
WORDS = {
    "AccessControl": "ACL",
    "AccessControlAllowCredentials": "logged-in",
    "AccessControlAllowHeaders": "request headers",
    "AccessControlAllowMethods": "methods",
    "AccessControlAllowOrigins": "pages of",
    "AccessControlExposeHeaders": "readable headers",
    "AccessControlMaxAgeSec": "preflight|max-age",
    "AcmCertificateArn": "certificate",
    "Action": "rule|allowed|statement",
    "ActionsEnabled": "notifies",
    "AlarmActions": "alarm",
    "Aliases": "domain name",
    "AliasTarget": "leads to",
    "AllowedMethods": "requests",
    "Bucket": "access logs|bucket",
    "CacheBehaviors": "under",
    "CachedMethods": "responses to",
    "CachePolicyId": "cache",
    "ClientCertificateArn": "client certificate",
    "CloudFrontDefaultCertificate": "certificate",
    "CNAMEs": "domain name",
    "Code": "code",
    "Condition": "allowed|statement",
    "ConnectionAttempts": "attempts",
    "ConnectionTimeout": "connection",
    "ContentTypeOptions": "X-Content-Type-Options",
    "CookieBehavior": "cookie",
    "Cookies": "cookie",
    "CorsConfig": "CORS|edge itself",
    "Count": "rule",
    "CustomOrigin": "origin|server",
    "CustomOriginConfig": "origin",
    "DefaultRootObject": "root URL",
    "DefaultTTL": "cached",
    "DNSName": "files come from|leads to",
    "DomainName": "files come from|is no longer asked|domain name",
    "Domains": "domain name",
    "EnableAcceptEncodingBrotli": "encoding",
    "EnableAcceptEncodingGzip": "encoding",
    "Enabled": "enabled|disabled|Origin Shield|Server-Timing",
    "EncodedKey": "key",
    "ErrorCachingMinTTL": "error responses",
    "EventType": "code",
    "FieldLevelEncryptionId": "field-level encryption",
    "Fields": "fields",
    "Forward": "cookie",
    "ForwardedValues": "cache key",
    "FrameOption": "X-Frame-Options",
    "FunctionARN": "code",
    "FunctionAssociations": "code",
    "FunctionCode": "code",
    "GeoRestriction": "come from",
    "HeaderBehavior": "header|nothing is cached|files are cached",
    "Headers": "header",
    "HeaderValue": "header",
    "HttpVersion": "can use",
    "IamCertificateId": "certificate",
    "IncludeCookies": "cookies",
    "IncludeSubdomains": "Strict-Transport-Security",
    "IpAddressType": "reached over",
    "IPV6Enabled": "IPv6",
    "KeyGroupConfig": "sign",
    "LambdaFunctionARN": "code",
    "LambdaFunctionAssociations": "code",
    "Locations": "viewers can come",
    "Logging": "access logs",
    "MaxTTL": "cached",
    "Members": "no longer asked|origin",
    "MinimumProtocolVersion": "TLS",
    "MinTTL": "cached",
    "Mode": "client certificates",
    "ModeBlock": "X-Xss-Protection",
    "OriginAccessControlId": "signed",
    "OriginAccessIdentity": "signed",
    "OriginCustomHeaders": "header",
    "OriginGroup": "origin",
    "OriginGroups": "no longer asked|origin",
    "OriginId": "origin|server",
    "OriginKeepaliveTimeout": "idle connections",
    "OriginMtlsConfig": "client certificate",
    "OriginOverride": "CORS",
    "OriginPath": "folder",
    "OriginProtocolPolicy": "is asked by",
    "OriginReadTimeout": "waits",
    "OriginRequestPolicyId": "origin is sent|origin request policy|no longer sent",
    "Origins": "asked|origin",
    "OriginShieldRegion": "Origin Shield",
    "OriginSSLProtocols": "is asked with",
    "Override": "replaces",
    "OverrideAction": "rule",
    "PathPattern": "under",
    "Preload": "Strict-Transport-Security",
    "PriceClass": "served from",
    "Principal": "allowed|statement",
    "Protection": "X-Xss-Protection",
    "QueryString": "query string",
    "QueryStringBehavior": "query string",
    "QueryStringCacheKeys": "query string",
    "QueryStrings": "query string",
    "QueryStringsConfig": "query string",
    "RealtimeLogConfigArn": "real-time logs",
    "RecordFields": "fields",
    "ReportUri": "X-Xss-Protection",
    "ResourceRecords": "leads to",
    "ResponseCode": "status",
    "ResponseCompletionTimeout": "whole response",
    "ResponseHeadersPolicyId": "header|CORS|pages of",
    "ResponsePagePath": "page",
    "RestrictionType": "come from",
    "RetentionInDays": "lines are kept",
    "S3Origin": "bucket",
    "S3OriginConfig": "bucket",
    "SamplingRate": "Server-Timing|lines",
    "SelectionCriteria": "selected by",
    "SslSupportMethod": "certificate",
    "Status": "versioning",
    "StatusCodes": "second origin",
    "SubjectAlternativeNames": "domain name",
    "Tags": "the tag",
    "TargetOriginId": "origin|asked",
    "TrustedKeyGroups": "sign",
    "TrustedSigners": "sign",
    "Value": "the tag|Value|the header",
    "VersioningConfiguration": "versioning",
    "ViewerCertificate": "certificate",
    "ViewerProtocolPolicy": "http://",
    "VpcOriginId": "VPC",
    "WebACLId": "web ACL",
    "WhitelistedNames": "cookie",
}
# Properties that say which of several elements is meant: their value names it.
NAMES = frozenset(
    {
        "DomainName",
        "ErrorCode",
        "EventType",
        "Header",
        "HeaderName",
        "Id",
        "Key",
        "Name",
        "PathPattern",
        "Priority",
        "Sid",
    }
)

# Why a change may stay without a line, by how and where a leaf changes.
REASONS = {
    r"(Origins|OriginGroups)(\.Items)?\.\*(\.Fn::If\.\*)?\.Id$": "binds a behavior to its origin",
    r"[. ](Comment|Description|AlarmDescription|Sid)$": "is for readers",
    r"(Policy|OriginAccessControl|KeyGroup)Config\.(Name|CallerReference)$": "is a label",
    r"\.Quantity$": "counts what stands beside it",
    r"^added .*DistributionConfig\.(CustomOrigin|S3Origin|Origins|OriginGroups)$": "is an origin that no path asks",
    r"^added .*\.(Cookies|Headers|QueryStrings|WhitelistedNames|QueryStringCacheKeys)$": "lists names that the behavior beside it leaves out",
    r"^added .*(Action|OverrideAction|ActionToUse)\.\w+$": "is a second action, which no deploy accepts",
    r"^removed .*DistributionConfig\.Enabled$": "is missed by every deploy",
    r"ViewerCertificate\.Fn::If\.\*\.\w+$": "is nothing without a certificate, or its own",
    r"^added .*AllowOrigins\.Items\.\*$": "is one of any",
    r"^added .*Origins\.\*\.\w+OriginConfig$": "is a second kind of origin, which no deploy accepts",
    r"(OriginGroups|Members)\.Zzz$": "is no part of a list",
    r"Tags(\.Items|\.\*)*\.Zzz$": "is no part of a tag",
    r"^(added|removed) .*VpcOriginEndpointConfig\.(HTTPS?Port|IpAddressType|OriginProtocolPolicy)$": "is a default",
    r"^(added|removed) .*Bucket PublicAccessBlockConfiguration$": "is what a bucket has",
}
# What a setting is where it is absent, wherever it stands.
ABSENT = {
    "CookieBehavior": "none",
    "Forward": "none",
    "HeaderBehavior": "none",
    "MinTTL": 0,
    "QueryStringBehavior": "none",
    "RestrictionType": "none",
    "TrustedSigners": {"Enabled": False},
    "ForwardedValues": {"Cookies": {"Forward": "none"}, "QueryString": False},
    "Logging": {"Enabled": False, "Bucket": "", "Prefix": ""},
}
# Flags that are on unless a template says otherwise.
ON = frozenset({"ActionsEnabled", "EnableSNI", "Ipv6Enabled"})

SECONDS = 40
"""Of one core, for 5,000 changes: a quarter is usual, twice as much with coverage."""


class Clock:
    def __init__(self):
        self.changes = 0
        self.seconds = 0.0

    def told(self, before, after):
        begun = process_time()
        lines = told(before, after)
        self.seconds += process_time() - begun
        self.changes += 1
        return lines


@pytest.fixture(scope="module")
def clock():
    clock = Clock()
    yield clock
    print(f"\n{clock.changes} changes in {clock.seconds:.1f} s")
    assert clock.seconds < 1 + SECONDS * clock.changes / 5_000


def names_of(mutant: Mutant) -> set[str]:
    """The setting, or what is below it if it is more than one."""
    return {mutant.setting, *_keys(mutant.was), *_keys(mutant.becomes)} - {
        "Items",
        "Quantity",
    }


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if not key.startswith("Fn::") and key != "Ref":
                yield key
            yield from _keys(part)
    if isinstance(value, list):
        for part in value:
            yield from _keys(part)


def is_named(mutant: Mutant, line: str) -> bool:
    names = names_of(mutant)
    if any(_plain(name) in _plain(line) for name in names):
        return True
    values = [str(value).lower() for value in (mutant.was, mutant.becomes)]
    if mutant.setting in NAMES and any(value in line.lower() for value in values):
        return True
    if "PolicyDocument" in mutant.path and re.search(
        "statement|allowed|everybody", line
    ):
        return True
    return any(re.search(WORDS[name], line) for name in names & WORDS.keys())


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def are_told_apart(lines: list[str], back: list[str]) -> bool:
    return lines != back or any("another" in line for line in lines)


def reason(mutant: Mutant) -> str | None:
    change = f"{mutant.operation} {mutant.shape}"
    for place, why in REASONS.items():
        if re.search(place, change):
            return why
    return "is a default that is written out" if is_default(mutant) else None


def is_default(mutant: Mutant) -> bool:
    if mutant.operation not in ("added", "removed"):
        return False
    value = mutant.becomes if mutant.was is GONE else mutant.was
    value = {"true": True, "false": False, "0": 0}.get(str(value), value)
    if value in ("", [], NO_VALUE) or (value is False and mutant.setting not in ON):
        return True
    if ABSENT.get(mutant.setting, GONE) == value:
        return True
    places = re.findall(r"\w+", mutant.shape)[:-1]
    place = next((step for step in reversed(places) if step in DEFAULTS), "")
    default = DEFAULTS.get(place, {}).get(mutant.setting, GONE)
    if isinstance(value, list) and isinstance(default, list):
        return sorted(map(str, value)) == sorted(map(str, default))
    return value == default


def unseen(some: list[Mutant], clock: Clock) -> Iterator[str]:
    """The mutants of which no line tells, each with the lines that there are."""
    for mutant in some:
        if reason(mutant):
            continue
        before, after = mutant.sides()
        lines, back = clock.told(before, after), clock.told(after, before)
        for direction, those in (("", lines), (" (back)", back)):
            if not any(is_named(mutant, line) for line in those):
                yield f"{mutant}{direction}: {mutant.setting} is not named in {those}"
        if lines and not are_told_apart(lines, back):
            yield f"{mutant}: both ways the lines are {lines}"


@pytest.mark.parametrize("source", templates())
def test_each_leaf_that_changes_is_told(source, clock):
    assert list(unseen(sample(2)[source], clock)) == []


@pytest.mark.slow
@pytest.mark.parametrize("source", templates())
def test_each_leaf_of_each_template_is_told(source, clock):
    assert list(unseen(list(mutants(source)), clock)) == []


def test_each_reason_is_needed():
    changes = {
        f"{mutant.operation} {mutant.shape}"
        for some in sample(1).values()
        for mutant in some
    }
    for place in REASONS:
        assert any(re.search(place, change) for change in changes), place


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("watched", "ErrorsFA5270DE ActionsEnabled"),
        ("tenants", "Books Enabled"),
        ("tenants", "Connections Enabled"),
        ("tenants", "Connections Ipv6Enabled"),
        ("buckets", "Logs PublicAccessBlockConfiguration"),
    ],
)
def test_what_is_on_by_default_is_told_when_it_is_switched_off(source, path):
    name, *rest = (int(step) if step.isdigit() else step for step in path.split())
    place = ("Resources", name, "Properties", *rest)
    template = put(templates()[source], place, GONE)
    off = {"BlockPublicAcls": False, "BlockPublicPolicy": False}
    value = off if rest[-1].startswith("Public") else False
    there, back = (
        told_of(template, put(template, place, value)),
        told_of(put(template, place, value), template),
    )
    assert there
    assert back
    assert there != back


# --- Two changes at once ---


# What decides which other settings have an effect at all.
DECISIVE = frozenset(
    {"EventType", "HeaderBehavior", "OriginId", "PathPattern", "TargetOriginId"}
)


def literal_changes(source: str) -> list[Mutant]:
    return [
        mutant
        for mutant in mutants(source)
        if mutant.operation == "changed"
        and mutant.setting not in DECISIVE
        and not reason(mutant)
    ]


def pairs_of(source: str, wanted: int) -> Iterator[tuple[Mutant, Mutant]]:
    chosen = random.Random(source)
    changes = literal_changes(source)
    for _ in range(wanted):
        first, second = chosen.sample(changes, 2)
        # Elements of one list could take each other's place.
        shorter = min(len(first.path), len(second.path)) - 1
        if first.path[:shorter] != second.path[:shorter]:
            yield first, second


@pytest.mark.parametrize("source", templates())
def test_each_of_two_changes_is_told(source):
    silent = []
    for first, second in pairs_of(source, 20):
        before, one = first.sides()
        other = second.sides()[1]
        both = told(before, second.applied_to(one))
        for mutant, alone in ((first, other), (second, one)):
            if both == told(before, alone):
                silent.append(
                    f"{mutant} beside {first if mutant is second else second}: {both}"
                )
    assert silent == []


# --- Values that nobody may read ---

SECRETS = (
    "a literal secret",
    "a token that partners send",
    "a default that nobody may read",
    "OneOneOne",
)


def test_a_secret_is_never_shown():
    seen = 0
    for source in templates():
        for mutant in mutants(source):
            value = str(mutant.was) + str(mutant.becomes)
            hidden = [secret for secret in SECRETS if secret in value]
            if not hidden:
                continue
            seen += 1
            lines = told(*mutant.sides())
            assert not [line for line in lines for secret in hidden if secret in line]
    assert seen > 10


# --- Plain words ---

NOTATION = re.compile(
    r"(?<![.\w])None|True|False|\w\(\w+=|frozenset|Fn::(Hsts|Xss)|(^| )''( |$)|  |\{'|of ,"
)


@pytest.mark.parametrize("source", templates())
def test_no_line_has_the_notation_of_a_program(source):
    for mutant in sample(1)[source]:
        if mutant.operation == "removed" and mutant.setting in NAMES:
            continue
        for line in told(*mutant.sides()):
            assert len(line) < 1_000
            assert not NOTATION.search(line), f"{mutant}: {line}"
