"""The tables of every key in docs/configuration.md, held to the code."""

from __future__ import annotations

import json
import re
from copy import deepcopy

import pytest
from cdk_support import ROOT, environment_template
from docs_support import code, section, tables
from environments import MAXIMAL, PUBLIC_KEY

import constructs_lib
from constructs_lib.options import MEDIA, STATIC
from stacks import Environment

CONFIGURATION = ROOT / "docs" / "configuration.md"
TABLES = {
    "An environment:": "",
    "The options of distributions.": "",
    "`origin`, as an object": "origin",
    "`origin_secret`:": "origin_secret",
    "`monitoring`:": "monitoring",
    "`logs`:": "logs",
    "`legacy_logs`:": "legacy_logs",
    "`cors`, as an object": "cors",
    "`hosted_zone`:": "hosted_zone",
    "`static`, `media` and `private` have one more": "static",
    "`media` and `private` have another": "media",
    "`bucket`.": "media.bucket",
    "`media.signing` and `private.signing`": "private.signing",
    "`headers`:": "media.headers",
    "`policy_ids`.": "static.policy_ids",
}


def accepted(path):
    """The keys that an object in an environment takes, by what it says of another."""
    environment = {"origin": "www.example.com", "cors": "any_origin"}
    inner = environment
    for key in filter(None, path.split(".")):
        inner[key] = {}
        inner = inner[key]
    inner["no-such-key"] = 1
    with pytest.raises(ValueError, match="must be one of") as error:
        Environment.all_from_context(
            {"site": "mysite", "environments": {"e": environment}}
        )
    return set(re.search(r"must be one of (.*), got", str(error.value))[1].split(", "))


def documented_keys(lead):
    """The first column of the table after a paragraph that begins with a lead."""
    text = section(CONFIGURATION, "The keys")
    (rows, *_) = tables(text[text.index(f"\n{lead}") :])
    return [code(row[0])[0] for row in rows]


@pytest.mark.parametrize(
    ("lead", "path"),
    [
        ("`origin`, as an object", "origin"),
        ("`origin_secret`:", "origin_secret"),
        ("`monitoring`:", "monitoring"),
        ("`logs`:", "logs"),
        ("`legacy_logs`:", "legacy_logs"),
        ("`cors`, as an object", "cors"),
        ("`hosted_zone`:", "hosted_zone"),
        ("`bucket`.", "media.bucket"),
        ("`bucket`.", "static.bucket"),
        ("`media.signing` and `private.signing`", "private.signing"),
        ("`headers`:", "media.headers"),
        ("`policy_ids`.", "static.policy_ids"),
    ],
)
def test_the_keys_are_those_that_are_read(lead, path):
    keys = documented_keys(lead)
    assert set(keys) == accepted(path)
    assert len(keys) == len(set(keys))


def test_an_environment_and_its_distributions_share_the_options():
    options = set(documented_keys("The options of distributions."))
    names = set(documented_keys("`static`, `media` and `private` have one more"))
    signing = set(documented_keys("`media` and `private` have another"))
    assert accepted("") == options | set(documented_keys("An environment:"))
    assert accepted("static") == options | names
    assert accepted("media") == options | names | signing
    assert accepted("private") == (options - {"bucket"}) | names | signing


def test_the_keys_of_durations_are_those_that_are_read():
    keys = documented_keys("`ttl_seconds` and `error_ttl_seconds`, in")
    assert set(keys) == {
        f"{name}.{key}"
        for name in ("ttl_seconds", "error_ttl_seconds")
        for key in accepted(f"static.{name}")
    }


def test_the_durations_are_the_constructs_own():
    text = section(CONFIGURATION, "The keys")
    (rows,) = (rows for rows in tables(text) if code(rows[0][0]) == ["ttl_seconds.min"])
    error_ttl = constructs_lib.ErrorTtl()
    for key, static, media, *_ in rows:
        name, _, field = code(key)[0].partition(".")
        for cell, part in ((static, STATIC), (media, MEDIA)):
            value = getattr(part.ttl if name == "ttl_seconds" else error_ttl, field)
            assert code(cell) == [str(int(value.total_seconds()))]


def test_the_defaults_of_an_environment_are_those_that_are_deployed():
    given = {
        code(key)[0]: json.loads(code(default)[0])
        for lead in ("An environment:", "The options of distributions.")
        for key, _, default, *_ in rows_of(lead)
        if code(default)
    }
    assert len(given) >= 8
    plain = environment_template().to_json()
    assert environment_template(**given).to_json() == plain


def rows_of(lead):
    text = section(CONFIGURATION, "The keys")
    (rows, *_) = tables(text[text.index(f"\n{lead}") :])
    return rows


def documented():
    """Every row: the path of its object, and its cells."""
    for lead, path in TABLES.items():
        for row in rows_of(lead):
            yield pytest.param(path, row, id=f"{path}.{code(row[0])[0]}")
    for key, static, _, *rest in rows_of("`ttl_seconds` and `error_ttl_seconds`, in"):
        group, _, name = code(key)[0].partition(".")
        row = [f"`{name}`", "", static, *rest]
        yield pytest.param(f"static.{group}", row, id=f"static.{code(key)[0]}")


EACH_KEY = pytest.mark.parametrize(("path", "row"), list(documented()))

SIGNING = {"keys": {"2026a": PUBLIC_KEY}, "signing_key": "2026a"}
SECRET = {"origin_secret": MAXIMAL["origin_secret"]}
CERTIFICATE = {"certificate_arn": MAXIMAL["certificate_arn"]}
PRIVATE = {**SECRET, "private": {"signing": SIGNING}}
# What an object has beside the key of a row.
BESIDE = {
    "origin": {"origin": {"domain_name": "origin.example.com"}},
    "origin_secret": SECRET,
    "legacy_logs": {"legacy_logs": {"bucket": "mysite-audit-logs"}},
    "cors": {"cors": {"allow_origins": ["https://www.example.com"]}},
    "hosted_zone": {"hosted_zone": {"id": "Z0123456789ABC", "name": "example.com"}},
    "monitoring": {"monitoring": {"additional_metrics": True}},
    "media": {**SECRET, "cors": "any_origin"},
    "media.bucket": {"cors": "any_origin"},
    "private": PRIVATE,
    "private.signing": PRIVATE,
    "static": {},
}
# What a key needs beside that.
NEEDS = {
    "static": CERTIFICATE,
    "static.domain_names": CERTIFICATE,
    "bucket": {"cors": "any_origin"},
    "private": SECRET,
    "private.domain_names": CERTIFICATE,
    "private.signing.cookies_from": {
        **CERTIFICATE,
        "private": {"domain_names": ["private.example.com"], "signing": SIGNING},
    },
    "origin.owner_account_id": {
        "origin": {"domain_name": "origin.example.com", "vpc_origin_id": "vo_1"}
    },
    "media.bucket.region": {"media": {"bucket": {"name": "mysite-media"}}},
}
# In place of examples that leave something out.
WHOLE = {
    "origin_secret": SECRET["origin_secret"],
    "private": {"signing": SIGNING},
    "private.signing": SIGNING,
    "private.signing.keys": SIGNING["keys"],
    "media.signing": SIGNING,
}


def where(path, row):
    return ".".join(filter(None, (path, code(row[0])[0])))


def example(path, row):
    text = code(row[3])[0]
    return WHOLE[where(path, row)] if "…" in text else json.loads(text)


def environment_with(path, row):
    """As little as the example of a key needs around it."""
    key = where(path, row)
    environment = deepcopy(
        {"origin": "www.example.com", **BESIDE.get(path, {}), **NEEDS.get(key, {})}
    )
    inner = environment
    for name in filter(None, path.split(".")):
        inner = inner.setdefault(name, {})
    inner[code(row[0])[0]] = example(path, row)
    return environment


@EACH_KEY
def test_the_example_of_a_key_is_read_as_it_stands(path, row):
    with_it = environment_with(path, row)
    without = deepcopy(with_it)
    inner = without
    for name in filter(None, path.split(".")):
        inner = inner[name]
    del inner[code(row[0])[0]]

    def read(environment):
        context = {"site": "mysite", "environments": {"e": environment}}
        return Environment.all_from_context(context)

    assert read(with_it)
    if row[2].startswith("required"):
        with pytest.raises(ValueError):
            read(without)
    elif where(path, row) not in ("private.signing.cookies_from", *NO_DIFFERENCE):
        assert read(with_it) != read(without), "an example shows something else"


# Example and default are the same: there is no other that is right for most.
NO_DIFFERENCE = ("static.ttl_seconds.min",)


# What AWS charges for beside traffic: a resource that the key makes, names or asks more of.
PAID = {
    "origin_secret",
    "hosted_zone",
    "price_class",
    "web_acl_arn",
    "monitoring",
    "monitoring.additional_metrics",
    "monitoring.dashboard",
    "monitoring.lowest_hit_rate_percent",
    "monitoring.requests_per_five_minutes",
    "monitoring.slowest_origin_seconds",
    "logs",
    "logs.bucket",
    "logs.log_group_days",
    "legacy_logs",
    "legacy_logs.bucket",
    "bucket",
    "media.bucket.keep_replaced_days",
    "origin.origin_shield_region",
}


@EACH_KEY
def test_what_a_key_costs_is_said(path, row):
    *_, cost, meaning = row
    assert cost and meaning
    if where(path, row) in PAID:
        assert re.search(r"\$[0-9]|\]\(|charged", cost), cost


def test_every_key_that_is_paid_for_is_in_the_tables():
    keys = {where(*one.values) for one in documented()}
    assert keys >= PAID
