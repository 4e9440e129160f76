"""From the dicts of the AWS API to a configuration, and its reading again and again."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, datetime

import pytest
from botocore.exceptions import EndpointConnectionError
from edge_support import (
    MEDIA,
    ORIGIN,
    STATIC,
    behavior,
    cache_policy,
    deployed,
    distribution,
    named,
)

from cdn_edge.cache_key import Key
from cdn_edge.cloudfront_api import Reader, follow
from cdn_edge.configuration import Configuration, SelectionBehavior, Ttls
from cdn_edge.distributions import Source, parse
from cdn_edge.invalidation import Invalidation, Invalidations
from cdn_edge.origin_client import origin_table

MANAGED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


def only(*args, **policies):
    (one,) = parse(deployed(*args, **policies)).distributions
    return one


def bare(**config):
    """As little as the emulator ever returns."""
    return {
        "Id": "E1",
        "DomainName": STATIC,
        "DistributionConfig": {
            "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": ORIGIN}]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "CachePolicyId": "cache"},
            **config,
        },
    }


def test_aws_defaults_fill_in_what_the_emulator_leaves_out():
    one = only(bare(), cache={})
    (default,) = one.behaviors
    (origin,) = default.origins
    assert (one.enabled, one.aliases, one.default_root_object) == (True, (), "")
    assert default.allowed_methods == default.cached_methods == {"GET", "HEAD"}
    assert default.cache.ttls == Ttls(minimum=0, default=86_400, maximum=31_536_000)
    assert default.cache.headers.behavior is SelectionBehavior.NONE
    assert not (default.cache.gzip or default.cache.brotli)
    assert default.trusted_keys is None
    assert (origin.connection_attempts, origin.connection_timeout) == (3, 10)
    assert (origin.read_timeout, origin.path, origin.headers) == (30, "", ())
    assert (one.error_rule(404).ttl, one.error_rule(404).page) == (10, "")
    assert one.unmodelled == ()


def test_everything_that_is_deployed_is_taken_over():
    one = only(
        distribution(
            Aliases=named("Static.Example.com"),
            DefaultRootObject="/none.html",
            Enabled=False,
            CacheBehaviors=named(
                behavior(PathPattern="a/*"), behavior(PathPattern="b")
            ),
        ),
        cache=cache_policy(min_ttl=1, default_ttl=2, max_ttl=3),
    )
    assert [each.pattern for each in one.behaviors] == ["a/*", "b", "*"]
    assert one.behaviors[-1].cached_methods == {"GET", "HEAD", "OPTIONS"}
    assert one.behaviors[-1].cache.ttls == Ttls(minimum=1, default=2, maximum=3)
    assert one.behaviors[-1].cache.headers.names >= {"origin"}
    assert one.aliases == ("static.example.com",)
    assert (one.default_root_object, one.enabled) == ("none.html", False)
    (origin,) = one.behaviors[-1].origins
    assert origin.path == "/static"
    assert origin.headers == (("X-Cdn-Tree", "static"),)
    assert (one.error_rule(404).ttl, one.error_rule(500).ttl) == (0, 5)


def test_error_ttl_of_0_is_not_the_default():
    assert only(distribution(errors={404: 0})).error_rule(404).ttl == 0
    assert only(distribution(errors={})).error_rule(404).ttl == 10
    rule = named({"ErrorCode": 404, "ResponsePagePath": "/404.html"})
    assert only(distribution(CustomErrorResponses=rule)).error_rule(404).ttl == 300


def test_unset_default_and_maximum_ttl_are_not_under_the_minimum():
    assert only(cache={"MinTTL": 10**8}).behaviors[-1].cache.ttls == Ttls(
        minimum=10**8, default=10**8, maximum=10**8
    )


@pytest.mark.parametrize(
    ("config", "feature"),
    [
        ({"WebACLId": "arn"}, "web ACL"),
        ({"ViewerMtlsConfig": {"Mode": "required"}}, "client certificates of viewers"),
        ({"ContinuousDeploymentPolicyId": "x"}, "continuous deployment"),
        ({"HttpVersion": "http2and3"}, "HTTP/3"),
        ({"Logging": {"Enabled": True, "Bucket": "b"}}, "access logs"),
    ],
)
def test_unmodelled_feature_of_a_distribution_is_named(config, feature):
    parsed = parse(deployed(distribution(**config)))
    (line,) = parsed.warnings
    assert line.startswith(STATIC)
    assert feature in line
    assert not list(parse(deployed()).warnings)


@pytest.mark.parametrize(
    ("config", "feature"),
    [
        ({"FunctionAssociations": named({"EventType": "viewer-request"})}, "functions"),
        ({"LambdaFunctionAssociations": named({})}, "Lambda@Edge"),
        ({"TrustedSigners": named("self")}, "signers of an account"),
        ({"FieldLevelEncryptionId": "x"}, "field-level encryption"),
        ({"RealtimeLogConfigArn": "arn"}, "real-time logs"),
        ({"GrpcConfig": {"Enabled": True}}, "gRPC"),
    ],
)
def test_unmodelled_feature_of_a_behavior_is_named(config, feature):
    parsed = parse(deployed(distribution(default=config)))
    (line,) = parsed.warnings
    assert feature in line


def test_unmodelled_feature_of_an_origin_is_named():
    shield = {"OriginShield": {"Enabled": True}}
    (line,) = parse(deployed(distribution(origin=shield))).warnings
    assert "origin shield" in line


def test_requests_that_are_signed_for_no_bucket_are_named():
    one = distribution(origin={"OriginAccessControlId": "control"})
    source = deployed(one)
    kind = {"OriginAccessControlOriginType": "lambda", "SigningBehavior": "always"}
    source.resources["OriginAccessControl"] = {"control": kind}
    (line,) = parse(source).warnings
    assert "signed requests to origins other than buckets" in line


@pytest.mark.parametrize(
    ("origin", "control", "signing"),
    [
        ({"OriginAccessControlId": "control"}, "always", "always"),
        ({"OriginAccessControlId": "control"}, "no-override", "no-override"),
        ({"OriginAccessControlId": "control"}, "never", ""),
        ({"OriginAccessControlId": "lost"}, "always", ""),
        (
            {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/x"}},
            "",
            "always",
        ),
        ({"S3OriginConfig": {"OriginAccessIdentity": ""}}, "", ""),
    ],
)
def test_requests_to_a_bucket_are_signed_as_its_access_control_says(
    origin, control, signing
):
    source = deployed(distribution(origin=origin))
    kind = {"OriginAccessControlOriginType": "s3", "SigningBehavior": control}
    source.resources["OriginAccessControl"] = {"control": kind}
    (parsed,) = parse(source).distributions
    assert parsed.behaviors[-1].origins[0].signing == signing


@pytest.mark.parametrize(
    "config",
    [
        {"Restrictions": {"GeoRestriction": {"RestrictionType": "none"}}},
        {"Logging": {"Enabled": False}, "WebACLId": "", "HttpVersion": "http2"},
    ],
)
def test_features_that_are_off_are_not_named(config):
    assert not list(parse(deployed(distribution(**config))).warnings)


def test_keys_of_a_signed_behavior_are_known_by_their_ids():
    groups = {"TrustedKeyGroups": {"Enabled": True, **named("group")}}
    signed = only(distribution(default=groups), keys={"K1": "pem"}).behaviors[-1]
    assert signed.trusted_keys == {"K1": "pem"}
    lost = {"TrustedKeyGroups": {"Enabled": True, **named("lost")}}
    assert only(distribution(default=lost)).behaviors[-1].trusted_keys == {}
    off = {"TrustedKeyGroups": {"Enabled": False, "Quantity": 0}}
    assert only(distribution(default=off)).behaviors[-1].trusted_keys is None


def test_members_of_an_origin_group_stand_in_their_order():
    origin = distribution()["DistributionConfig"]["Origins"]["Items"][0]
    other = {"Id": "other", "DomainName": "other.example.com"}
    members = named({"OriginId": "other"}, {"OriginId": "origin"})
    criteria = {"FailoverCriteria": {"StatusCodes": named(404, 503)}}
    config = distribution(
        Origins=named(origin, other),
        OriginGroups=named({"Id": "group", "Members": members, **criteria}),
        default={"TargetOriginId": "group"},
    )
    default = only(config).behaviors[-1]
    names = [one.domain_name for one in default.origins]
    assert names == ["other.example.com", ORIGIN]
    assert default.failover_statuses == {404, 503}


def test_settings_from_before_there_were_policies_become_one():
    values = {"QueryString": True, "Cookies": {"Forward": "none"}}
    legacy = {"CachePolicyId": None, "ForwardedValues": values, "MaxTTL": 5}
    (default,) = only(distribution(default=legacy)).behaviors
    assert default.cache.query.behavior is SelectionBehavior.ALL
    assert default.cache.ttls.maximum == 5


def test_distribution_that_cannot_be_understood_does_not_take_others_down():
    lost = distribution(default={"CachePolicyId": "lost"})
    parsed = parse(deployed(lost, distribution(MEDIA)))
    assert [one.domain_name for one in parsed.distributions] == [MEDIA]
    (line,) = parsed.warnings
    assert "CachePolicyId must be the id of a deployed policy, got 'lost'" in line


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("d111.cloudfront.net", True),
        ("D111.CLOUDFRONT.NET:80", True),
        ("d111.cloudfront.net.", True),
        ("d111.cloudfront.localhost", True),
        ("d111.cloudfront.net.localhost", True),
        ("static.example.com", True),
        ("static.example.com.localhost", True),
        ("a.files.example.com", True),
        ("a.b.files.example.com", True),
        ("files.example.com", False),
        ("d11.cloudfront.net", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_host_finds_its_distribution(host, found):
    aliases = named("static.example.com", "*.files.example.com")
    configuration = parse(deployed(distribution(Aliases=aliases)))
    assert (configuration.find(host) is not None) is found


@pytest.mark.parametrize(
    "entry",
    ["dev.example.com", "=127.0.0.1:80", "a=127.0.0.1", "a=10.0.0.1:80", "a=b.test:80"]
    + ["a=0.0.0.0:80", "a=127.0.0.1:0", "a=127.0.0.1:65536", "a=localhost:80"],
)
def test_fails_when_an_origin_is_not_mapped_to_a_loopback_address(entry):
    with pytest.raises(
        ValueError, match="--origin must map .* such as 'dev.example.com="
    ):
        origin_table([entry])


def test_origins_are_mapped_to_loopback_addresses():
    assert origin_table(
        ["Dev.example.com=127.0.0.1:8000", "b=[::1]:81", "c=https://[::1]:82"]
    ) == {
        "dev.example.com": ("127.0.0.1", 8000, False),
        "b": ("::1", 81, False),
        "c": ("::1", 82, True),
    }


class Api:
    """The client of boto3, over a `Source`; pages of one item; writes down each call."""

    def __init__(self, given: Source) -> None:
        self.given = given
        self.calls: list[str] = []
        self.failing = False
        self.meanwhile: Source | None = None
        self.changed = datetime(2026, 1, 1, tzinfo=UTC)

    def _page(self, name, items, marker):
        self.calls.append(name)
        if self.failing:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        at = int(marker)
        page = {"Quantity": len(items[at : at + 1]), "Items": items[at : at + 1]}
        return page | ({"NextMarker": str(at + 1)} if at + 1 < len(items) else {})

    def list_distributions(self, Marker="0"):
        items = [
            {
                "Id": d["Id"],
                "DomainName": d["DomainName"],
                "LastModifiedTime": self.changed,
                "Aliases": d["DistributionConfig"].get("Aliases"),
            }
            for d in self.given.distributions
        ]
        return {"DistributionList": self._page("list", items, Marker)}

    def list_key_groups(self, Marker="0"):
        groups = self.given.resources["KeyGroup"]
        items = [{"KeyGroup": {"Id": name, **one}} for name, one in groups.items()]
        return {"KeyGroupList": self._page("list", items, Marker)}

    def list_origin_access_controls(self, Marker="0"):
        return {"OriginAccessControlList": self._page("list", [], Marker)}

    def list_public_keys(self, Marker="0"):
        keys = self.given.resources["PublicKey"]
        items = [{"Id": name, **one} for name, one in keys.items()]
        return {"PublicKeyList": self._page("list", items, Marker)}

    def get_distribution_config(self, Id):
        self.calls.append(f"get {Id}")
        given = self.meanwhile or self.given
        found = next(d for d in given.distributions if d["Id"] == Id)
        return {"DistributionConfig": found["DistributionConfig"]}

    def _policies(self, kind, configs, marker):
        items = [
            {"Type": "custom", kind: {"Id": key, f"{kind}Config": value}}
            for key, value in configs.items()
        ]
        return {f"{kind}List": self._page("list", items, marker)}

    def list_cache_policies(self, Type, Marker="0"):
        return self._policies(
            "CachePolicy", self.given.resources["CachePolicy"], Marker
        )

    def list_origin_request_policies(self, Type, Marker="0"):
        policies = self.given.resources["OriginRequestPolicy"]
        return self._policies("OriginRequestPolicy", policies, Marker)

    def list_response_headers_policies(self, Type, Marker="0"):
        policies = self.given.resources["ResponseHeadersPolicy"]
        return self._policies("ResponseHeadersPolicy", policies, Marker)


def test_reading_takes_all_pages():
    api = Api(deployed(distribution(), distribution(MEDIA)))
    read = Reader(client=api).read()
    assert read == parse(api.given)


def test_unchanged_deployment_costs_seven_lists():
    api = Api(deployed())
    reader = Reader(client=api)
    reader.read()
    api.calls.clear()
    assert reader.read() is None
    assert api.calls == ["list"] * 7


def test_only_the_changed_distribution_is_read_again():
    api = Api(deployed(distribution(), distribution(MEDIA)))
    reader = Reader(client=api)
    reader.read()
    api.calls.clear()
    api.given = deployed(distribution(), distribution("d333.cloudfront.net"))
    assert reader.read() == parse(api.given)
    assert [call for call in api.calls if call != "list"] == ["get D333"]


def test_change_that_only_the_details_show_is_noticed():
    api = Api(deployed(distribution(DefaultRootObject="a")))
    reader = Reader(client=api)
    reader.read()
    api.given = deployed(distribution(DefaultRootObject="b"))
    api.changed = datetime(2026, 1, 2, tzinfo=UTC)
    assert reader.read().distributions[0].default_root_object == "b"


def test_an_alias_that_moves_during_a_reading_has_its_owner():
    def owned_by(*, old, new):
        return deployed(
            distribution(Aliases=named(*old), Comment=comment),
            distribution(MEDIA, Aliases=named(*new)),
        )

    comment = "before"
    api = Api(owned_by(old=["a.example"], new=[]))
    reader = Reader(client=api)
    reader.read()
    # The old owner has changed otherwise, and by the time of its details the alias is gone.
    comment = "after"
    api.given = owned_by(old=["a.example"], new=[])
    api.meanwhile = owned_by(old=[], new=["a.example"])
    api.changed = datetime(2026, 1, 2, tzinfo=UTC)
    assert reader.read().find("a.example").domain_name == STATIC
    api.given = api.meanwhile
    assert reader.read().find("a.example").domain_name == MEDIA


def test_changed_policy_alone_is_noticed():
    api = Api(deployed())
    reader = Reader(client=api)
    reader.read()
    api.given = deployed(cache=cache_policy(min_ttl=7))
    assert reader.read().distributions[0].behaviors[-1].cache.ttls.minimum == 7


def test_a_policy_of_aws_is_known():
    api = Api(deployed(distribution(default={"CachePolicyId": MANAGED})))
    read = Reader(client=api).read()
    assert read.distributions[0].behaviors[-1].cache.ttls.minimum == 1


def test_policy_that_does_not_exist_is_named():
    api = Api(deployed(distribution(default={"CachePolicyId": "lost"})))
    assert "got 'lost'" in Reader(client=api).read().broken[0]


def test_failed_reading_is_tried_again_as_if_it_had_not_been():
    api = Api(deployed())
    reader = Reader(client=api)
    get, api.get_distribution_config = api.get_distribution_config, None
    with pytest.raises(TypeError):
        reader.read()
    api.get_distribution_config = get
    assert reader.read() is not None


def test_following_applies_changes_and_survives_failures():
    api = Api(deployed())
    applied, lines = [], []

    async def scenario():
        work = follow(
            Reader(client=api).read, applied.append, log=lines.append, seconds=0.01
        )
        following = asyncio.create_task(work)
        await until(lambda: applied)
        api.failing = True
        await until(lambda: lines)
        await asyncio.sleep(0.05)
        api.given, api.failing = deployed(distribution(MEDIA)), False
        await until(lambda: len(applied) == 2)
        following.cancel()

    async def until(true):
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.01)

    asyncio.run(scenario())
    assert [one.distributions[0].domain_name for one in applied] == [STATIC, MEDIA]
    (line,) = lines
    assert line.startswith("warning: what is deployed cannot be read")


class InvalidationApi:
    """Two invalidations of one distribution, one to a page."""

    paths = {"I1": ["/a", "/b/*"], "I2": ["/*"]}

    def list_invalidations(self, DistributionId, Marker="I1"):
        following = {"NextMarker": "I2"} if Marker == "I1" else {}
        return {"InvalidationList": {**named({"Id": Marker}), **following}}

    def get_invalidation(self, DistributionId, Id):
        return {
            "Invalidation": {"InvalidationBatch": {"Paths": named(*self.paths[Id])}}
        }


def test_invalidation_is_news_once():
    invalidations = Invalidations(client=InvalidationApi(), ids=lambda: ["E1"])
    assert [list(one.paths) for one in invalidations.read()] == [["/a", "/b/*"], ["/*"]]
    assert invalidations.read() is None


@pytest.mark.parametrize(
    ("path", "url", "covered"),
    [
        ("/a", "/a", True),
        ("a", "/a", True),
        ("/a", "/A", False),
        ("/a", "/ab", False),
        ("/a*", "/ab/c", True),
        ("/*", "/", True),
        ("/a*b", "/a*b", True),
        ("/a*b", "/axb", False),
        ("/a", "/a?v=1", False),
        ("/a?v=1", "/a?v=1", True),
        ("/a*", "/a?v=1", True),
    ],
)
def test_invalidation_path_covers_a_url(path, url, covered):
    found, _, query = url.partition("?")
    key = Key(
        distribution_id="E1",
        options=False,
        path=found,
        headers=(),
        query=query,
        cookies="",
        encoding=None,
    )
    assert Invalidation(distribution_id="E1", paths=[path]).covers(key) is covered
    assert not Invalidation(distribution_id="E2", paths=[path]).covers(key)


def test_parsing_changes_nothing_given():
    given = deployed(distribution(), distribution(MEDIA))
    before = copy.deepcopy(given)
    assert isinstance(parse(given), Configuration)
    assert given == before
