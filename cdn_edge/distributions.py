"""From the API's configurations to what the edge serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cdn_edge.configuration import (
    CORS_PREFLIGHT_METHODS,
    Behavior,
    CachePolicy,
    Configuration,
    CorsConfig,
    Distribution,
    ErrorRule,
    HeaderRule,
    Origin,
    OriginRequestPolicy,
    ResponseHeadersPolicy,
    Selection,
    SelectionBehavior,
    Ttls,
)
from cdn_model import distribution as model
from cdn_model.policies import CACHE_POLICY_DEFAULTS
from cdn_model.values import Json, filled, mapping, reference, sequence, text


@dataclass(frozen=True, kw_only=True)
class Source:
    """The API's answers.

    :param distributions: Each with its ``Id``, ``DomainName`` and ``DistributionConfig``.
    :param resources: What they refer to, by kind and id, such as ``CachePolicy``.
    """

    distributions: Sequence[Json]
    resources: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def find(self, resource_type: str, value: object) -> Json | None:
        kind = resource_type.removeprefix(model.CLOUDFRONT)
        found = self.resources.get(kind, {}).get(reference(value) or text(value))
        return found if isinstance(found, dict) else None


def parse(deployed: Source) -> Configuration:
    """One distribution that cannot be understood does not take the others down."""
    distributions, broken = [], []
    for given in deployed.distributions:
        try:
            distributions.append(_distribution(given, deployed))
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            broken.append(f"{given.get('DomainName')} is not served: {error}")
    return Configuration(distributions=tuple(distributions), broken=tuple(broken))


def _distribution(given: Json, deployed: Source) -> Distribution:
    read = model.from_config(given.get("DistributionConfig"), deployed.find)
    config = read.config
    # In the order of ``read.behaviors``.
    written = mapping(given.get("DistributionConfig"))
    as_written = [
        *map(mapping, sequence(written.get("CacheBehaviors"))),
        mapping(written.get("DefaultCacheBehavior")),
    ]
    unmodelled = _changing_all(config)
    return Distribution(
        id=text(given.get("Id")),
        domain_name=text(given.get("DomainName")).lower(),
        aliases=tuple(text(one).lower() for one in sequence(config.get("Aliases"))),
        enabled=bool(config["Enabled"]),
        default_root_object=text(config.get("DefaultRootObject")).lstrip("/"),
        behaviors=tuple(
            _behavior(one, raw, deployed, unmodelled)
            for one, raw in zip(read.behaviors, as_written, strict=True)
        ),
        errors={
            int(one["ErrorCode"]): _error_rule(one)
            for one in sequence(config.get("CustomErrorResponses"))
        },
        security_policy=text(
            mapping(config.get("ViewerCertificate")).get("MinimumProtocolVersion")
        ),
        tag_header=text(mapping(config.get("CacheTagConfig")).get("HeaderName")),
        unmodelled=_unmodelled(read),
        **_countries(config["Restrictions"]["GeoRestriction"]),
    )


def _countries(given: Json) -> dict[str, frozenset[str]]:
    kind = given["RestrictionType"]
    found = frozenset(text(one).upper() for one in sequence(given.get("Locations")))
    if kind == "whitelist":
        return {"allowed_countries": found}
    return {"blocked_countries": found} if kind == "blacklist" else {}


def _behavior(
    given: model.CacheBehavior,
    written: Json,
    deployed: Source,
    unmodelled: tuple[str, ...],
) -> Behavior:
    config = given.config
    is_signed = config.get("TrustedKeyGroups") or config.get("TrustedSigners")
    return Behavior(
        pattern=given.path_pattern,
        origins=tuple(_origin(one, deployed) for one in config["Origins"]),
        failover_statuses=_failover_statuses(config),
        allowed_methods=frozenset({"GET", "HEAD", *config["AllowedMethods"]}),
        cached_methods=frozenset({"GET", "HEAD", *config["CachedMethods"]}),
        cache=_cache_policy(_policy(config, "CachePolicy")),
        origin_request=_origin_request_policy(_policy(config, "OriginRequestPolicy")),
        response_headers=_response_headers(_policy(config, "ResponseHeadersPolicy")),
        compress=bool(config["Compress"]),
        viewer_protocol_policy=text(config.get("ViewerProtocolPolicy")) or "allow-all",
        trusted_keys=_trusted_keys(written, deployed) if is_signed else None,
        removes_set_cookie=_removes_set_cookie(written),
        unmodelled=(*unmodelled, *_changing(config)),
    )


def _removes_set_cookie(written: Json) -> bool:
    """The guide says so of settings from before policies.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
    """
    if written.get("CachePolicyId") or not mapping(written.get("ForwardedValues")):
        return False
    cookies = mapping(mapping(written["ForwardedValues"]).get("Cookies"))
    return bool(cookies.get("Forward", "none") == "none")


def _failover_statuses(behavior: Json) -> frozenset[int]:
    criteria = mapping(behavior.get("OriginGroup")).get("FailoverCriteria")
    return frozenset(int(s) for s in sequence(mapping(criteria).get("StatusCodes")))


def _policy(behavior: Json, kind: str) -> Json:
    policy = mapping(behavior.get(kind))
    if policy.keys() == {"Id"}:
        raise LookupError(
            f"{kind}Id must be the id of a deployed policy, got {policy['Id']!r}"
        )
    return policy


def _origin(given: Json, deployed: Source) -> Origin:
    # A bucket has no timeouts of its own.
    timeouts = (
        given.get("CustomOriginConfig")
        or _vpc_origin(given, deployed)
        or model.CUSTOM_ORIGIN_DEFAULTS
    )
    # A bucket gets what the viewer uses.
    assumed = "match-viewer" if "S3OriginConfig" in given else "https-only"
    mutual = mapping(timeouts.get("OriginMtlsConfig"))
    return Origin(
        domain_name=text(given["DomainName"]).lower(),
        path=text(given["OriginPath"]),
        headers=tuple(
            (text(one["HeaderName"]), text(one.get("HeaderValue")))
            for one in sequence(given.get("CustomHeaders"))
        ),
        protocol_policy=text(timeouts.get("OriginProtocolPolicy")) or assumed,
        http_port=int(timeouts.get("HTTPPort", 80)),
        https_port=int(timeouts.get("HTTPSPort", 443)),
        ssl_protocols=frozenset(
            map(text, sequence(timeouts.get("OriginSslProtocols")) or ["TLSv1.2"])
        ),
        client_certificate=text(mutual.get("ClientCertificateArn")),
        signing=_signing(given),
        connection_attempts=int(given["ConnectionAttempts"]),
        connection_timeout=int(given["ConnectionTimeout"]),
        read_timeout=int(timeouts["OriginReadTimeout"]),
        keepalive_timeout=int(timeouts["OriginKeepaliveTimeout"]),
        completion_timeout=int(given.get("ResponseCompletionTimeout") or 0) or None,
    )


def _vpc_origin(origin: Json, deployed: Source) -> Json:
    """Its timeouts, and the protocol and ports of the endpoint where a template has that."""
    given = mapping(origin.get("VpcOriginConfig"))
    found = mapping(deployed.find("VpcOrigin", given.get("VpcOriginId")))
    return {**mapping(found.get("VpcOriginEndpointConfig")), **given}


def _signing(origin: Json) -> str:
    if mapping(origin.get("S3OriginConfig")).get("OriginAccessIdentity"):
        return "always"
    control = mapping(origin.get("OriginAccessControl"))
    behavior = text(control.get("SigningBehavior"))
    is_bucket = control.get("OriginAccessControlOriginType") == "s3"
    return behavior if is_bucket and behavior != "never" else ""


def _error_rule(given: Json) -> ErrorRule:
    return ErrorRule(
        ttl=int(given["ErrorCachingMinTTL"]),
        page=text(given.get("ResponsePagePath")),
        status=int(given.get("ResponseCode") or 0) or None,
    )


def _trusted_keys(behavior: Json, deployed: Source) -> Mapping[str, str]:
    """By their ids, which a viewer names and ``cdn_model`` leaves out."""
    groups = [
        deployed.find("KeyGroup", group)
        for group in sequence(behavior.get("TrustedKeyGroups"))
    ]
    configs = [mapping(mapping(group).get("KeyGroupConfig")) for group in groups]
    keys = [key for one in configs for key in sequence(one.get("Items"))]
    ids = [reference(key) or text(key) for key in keys]
    found = {one: mapping(deployed.find("PublicKey", one)) for one in ids}
    return {
        one: text(mapping(key.get("PublicKeyConfig", key)).get("EncodedKey"))
        for one, key in found.items()
        if key
    }


def _named(in_use: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name, used in in_use.items() if used)


def _changing_all(config: Json) -> tuple[str, ...]:
    """What is not modelled and would change the answers of all behaviors."""
    return _named(
        {
            "web ACL": config.get("WebACLId"),
            "tenants": config.get("ConnectionMode") == "tenant-only",
            "client certificates of viewers": config.get("ViewerMtlsConfig"),
            "connection functions": config.get("ConnectionFunctionAssociation"),
            "continuous deployment": config.get("ContinuousDeploymentPolicyId"),
        }
    )


def _changing(behavior: Json) -> tuple[str, ...]:
    """What is not modelled and would change the answers of a behavior."""
    controls = [
        mapping(origin.get("OriginAccessControl")) for origin in behavior["Origins"]
    ]
    kinds = {text(one.get("OriginAccessControlOriginType", "s3")) for one in controls}
    signers = behavior.get("TrustedSigners")
    return _named(
        {
            "functions": behavior.get("FunctionAssociations"),
            "Lambda@Edge": behavior.get("LambdaFunctionAssociations"),
            "field-level encryption": behavior.get("FieldLevelEncryptionId"),
            "signers of an account (their behaviors answer 403)": signers,
            "gRPC": mapping(behavior.get("GrpcConfig")).get("Enabled"),
            "Smooth Streaming": behavior.get("SmoothStreaming"),
            "signed requests to origins other than buckets": kinds - {"s3"},
        }
    )


def _unmodelled(read: model.Distribution) -> tuple[str, ...]:
    config = read.config
    behaviors = [one.config for one in read.behaviors]
    origins = [origin for behavior in behaviors for origin in behavior["Origins"]]
    without_effect = {
        "HTTP/3": text(config["HttpVersion"]).endswith("3"),
        "access logs": "Bucket" in mapping(config.get("Logging")),
        "origin shield": any(one["OriginShield"]["Enabled"] for one in origins),
        "real-time logs": any(one.get("RealtimeLogConfigArn") for one in behaviors),
    }
    changing = dict.fromkeys(name for one in behaviors for name in _changing(one))
    return (*_named(without_effect), *_changing_all(config), *changing)


# -- policies, with their defaults


def _cache_policy(config: Json) -> CachePolicy:
    config = filled(config, CACHE_POLICY_DEFAULTS)
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    # The default of each is "or the minimum, whichever is greater":
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CachePolicyConfig.html
    names = ("MinTTL", "DefaultTTL", "MaxTTL")
    minimum, default, maximum = (
        max(int(config["MinTTL"]), int(config[name])) for name in names
    )
    return CachePolicy(
        ttls=Ttls(minimum=minimum, default=default, maximum=maximum),
        headers=_headers(key),
        cookies=_selection(key, "Cookie"),
        query=_selection(key, "QueryString"),
        gzip=bool(key["EnableAcceptEncodingGzip"]),
        brotli=bool(key["EnableAcceptEncodingBrotli"]),
    )


def _origin_request_policy(config: Json) -> OriginRequestPolicy:
    return OriginRequestPolicy(
        headers=_headers(config),
        cookies=_selection(config, "Cookie"),
        query=_selection(config, "QueryString"),
    )


def _selection(config: Json, what: str) -> Selection:
    section = mapping(config.get(f"{what}sConfig"))
    behavior = section.get(f"{what}Behavior", SelectionBehavior.NONE)
    return Selection(
        behavior=SelectionBehavior(behavior),
        names=frozenset(_names(section, f"{what}s")),
    )


def _headers(config: Json) -> Selection:
    section = mapping(config.get("HeadersConfig"))
    behavior = section.get("HeaderBehavior", SelectionBehavior.NONE)
    all_viewer = behavior in ("allViewer", "allViewerAndWhitelistCloudFront")
    return Selection(
        behavior=SelectionBehavior.ALL if all_viewer else SelectionBehavior(behavior),
        names=frozenset(name.lower() for name in _names(section, "Headers")),
    )


def _names(section: Json, key: str) -> tuple[str, ...]:
    return tuple(text(name) for name in sequence(section.get(key)))


def _response_headers(config: Json) -> ResponseHeadersPolicy:
    timing = mapping(config.get("ServerTimingHeadersConfig"))
    percent = float(timing.get("SamplingRate", 0)) if timing.get("Enabled") else None
    return ResponseHeadersPolicy(
        cors=_cors(mapping(config.get("CorsConfig"))),
        rules=(
            *_security(mapping(config.get("SecurityHeadersConfig"))),
            *(
                _rule(text(one["Header"]), text(one.get("Value")), one)
                for one in sequence(config.get("CustomHeadersConfig"))
            ),
        ),
        removed=frozenset(
            text(one["Header"]).lower()
            for one in sequence(config.get("RemoveHeadersConfig"))
        ),
        timing_percent=percent,
    )


def _cors(given: Json) -> CorsConfig | None:
    if not given:
        return None
    methods = _names(given, "AccessControlAllowMethods")
    max_age = given.get("AccessControlMaxAgeSec")
    return CorsConfig(
        origins=_names(given, "AccessControlAllowOrigins"),
        methods=CORS_PREFLIGHT_METHODS if "ALL" in methods else methods,
        headers=_names(given, "AccessControlAllowHeaders"),
        expose=_names(given, "AccessControlExposeHeaders"),
        max_age=None if max_age is None else int(max_age),
        credentials=bool(given.get("AccessControlAllowCredentials")),
        override=bool(given.get("OriginOverride")),
    )


def _rule(name: str, value: str, given: Json) -> HeaderRule:
    return HeaderRule(name=name, value=value, override=bool(given.get("Override")))


def _security(given: Json) -> Iterator[HeaderRule]:
    if hsts := mapping(given.get("StrictTransportSecurity")):
        yield _rule("Strict-Transport-Security", _hsts(hsts), hsts)
    if "ContentTypeOptions" in given:
        options = mapping(given["ContentTypeOptions"])
        yield _rule("X-Content-Type-Options", "nosniff", options)
    for name, section, key in (
        ("X-Frame-Options", "FrameOptions", "FrameOption"),
        ("Referrer-Policy", "ReferrerPolicy", "ReferrerPolicy"),
        ("Content-Security-Policy", "ContentSecurityPolicy", "ContentSecurityPolicy"),
    ):
        if section in given:
            found = mapping(given[section])
            yield _rule(name, text(found[key]), found)
    if xss := mapping(given.get("XSSProtection")):
        yield _rule("X-XSS-Protection", _xss(xss), xss)


def _hsts(given: Json) -> str:
    value = f"max-age={int(given.get('AccessControlMaxAgeSec', 0))}"
    value += "; includeSubDomains" if given.get("IncludeSubdomains") else ""
    return value + ("; preload" if given.get("Preload") else "")


def _xss(given: Json) -> str:
    if not given.get("Protection"):
        return "0"
    report = given.get("ReportUri")
    block = "; mode=block" if given.get("ModeBlock") else ""
    return f"1{block}; report={report}" if report else f"1{block}"
