"""Reading what is deployed through the API, and the invalidations."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from botocore.exceptions import EndpointConnectionError
from edge_support import MEDIA, STATIC, cache_policy, deployed, distribution, named

from cdn_edge.cache_key import Key
from cdn_edge.cloudfront_api import ApiReader, Invalidation, Invalidations, follow
from cdn_edge.distributions import Source, parse

MANAGED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


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

    def get_distribution_config(self, Id):
        self.calls.append(f"get {Id}")
        given = self.meanwhile or self.given
        found = next(d for d in given.distributions if d["Id"] == Id)
        return {"DistributionConfig": found["DistributionConfig"]}

    def _listed(self, kind, entry, marker):
        configs = self.given.resources.get(kind, {}).items()
        items = [entry(name, config) for name, config in configs]
        return {f"{kind}List": self._page("list", items, marker)}

    def list_key_groups(self, Marker="0"):
        def entry(name, group):
            return {"KeyGroup": {"Id": name, **group}}

        return self._listed("KeyGroup", entry, Marker)

    def list_public_keys(self, Marker="0"):
        return self._listed("PublicKey", lambda name, key: {"Id": name, **key}, Marker)

    def list_origin_access_controls(self, Marker="0"):
        return self._listed("OriginAccessControl", dict, Marker)

    def _policies(self, kind, marker):
        def entry(name, config):
            return {"Type": "custom", kind: {"Id": name, f"{kind}Config": config}}

        return self._listed(kind, entry, marker)

    def list_cache_policies(self, Type, Marker="0"):
        return self._policies("CachePolicy", Marker)

    def list_origin_request_policies(self, Type, Marker="0"):
        return self._policies("OriginRequestPolicy", Marker)

    def list_response_headers_policies(self, Type, Marker="0"):
        return self._policies("ResponseHeadersPolicy", Marker)


def test_reading_takes_all_pages():
    api = Api(deployed(distribution(), distribution(MEDIA)))
    read = ApiReader(client=api).read()
    assert read == parse(api.given)


def test_unchanged_deployment_costs_seven_lists():
    api = Api(deployed())
    reader = ApiReader(client=api)
    reader.read()
    api.calls.clear()
    assert reader.read() is None
    assert api.calls == ["list"] * 7


def test_only_the_changed_distribution_is_read_again():
    api = Api(deployed(distribution(), distribution(MEDIA)))
    reader = ApiReader(client=api)
    reader.read()
    api.calls.clear()
    api.given = deployed(distribution(), distribution("d333.cloudfront.net"))
    assert reader.read() == parse(api.given)
    assert [call for call in api.calls if call != "list"] == ["get D333"]


def test_change_that_only_the_details_show_is_noticed():
    api = Api(deployed(distribution(DefaultRootObject="a")))
    reader = ApiReader(client=api)
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
    reader = ApiReader(client=api)
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
    reader = ApiReader(client=api)
    reader.read()
    api.given = deployed(cache=cache_policy(min_ttl=7))
    assert reader.read().distributions[0].behaviors[-1].cache.ttls.minimum == 7


def test_a_policy_of_aws_is_known():
    api = Api(deployed(distribution(default={"CachePolicyId": MANAGED})))
    read = ApiReader(client=api).read()
    assert read.distributions[0].behaviors[-1].cache.ttls.minimum == 1


def test_policy_that_does_not_exist_is_named():
    api = Api(deployed(distribution(default={"CachePolicyId": "lost"})))
    assert "got 'lost'" in ApiReader(client=api).read().broken[0]


def test_failed_reading_is_tried_again_as_if_it_had_not_been():
    api = Api(deployed())
    reader = ApiReader(client=api)
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
            ApiReader(client=api).read, applied.append, log=lines.append, seconds=0.01
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
