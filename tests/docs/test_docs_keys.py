"""The tables of every key in docs/configuration.md, held to the code."""

from __future__ import annotations

import json
import re
import sys
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from cdk_support import ROOT, environment_template
from docs_support import code, section, tables
from environments import MAXIMAL, PUBLIC_KEY

import constructs_lib
from constructs_lib import DistributionOptions, Ttl
from constructs_lib.access_logs import AccessLogs, LogDestination
from constructs_lib.legacy_logs import LegacyLogs
from constructs_lib.monitoring import CdnMonitoring
from constructs_lib.options import MEDIA, STATIC
from stacks import Environment

sys.path.insert(0, str(ROOT / "docs"))
import make_configuration
from make_configuration import TABLES, accepted

from local.aws.ministack import REMEMBERED

CONFIGURATION = ROOT / "docs" / "configuration.md"


def documented_keys(lead):
    """The first column of the table after a paragraph that begins with a lead."""
    text = section(CONFIGURATION, "The keys")
    (rows, *_) = tables(text[text.index(f"\n{lead}") :])
    return [code(row[0])[0] for row in rows]


def test_the_page_is_what_the_code_makes_of_it():
    page = CONFIGURATION.read_text("utf-8")
    made = make_configuration.rewritten(page)
    assert made == page, "run python docs/make_configuration.py and read the diff"
    assert f"| {make_configuration.MISSING} |" not in page, "a new key needs its texts"


def test_a_default_that_changes_changes_the_page(monkeypatch):
    page = CONFIGURATION.read_text("utf-8")
    longer = replace(MEDIA, ttl=Ttl(max=timedelta(days=9)))
    monkeypatch.setattr("constructs_lib.options.MEDIA", longer)
    assert "`777600`" in make_configuration.rewritten(page)


# Where cdk.json has another word than the constructs, and why.
OTHER_WORDS = {
    "vpc_endpoint_arn": "endpoint",
    "load_balancer": "balancer",
    "vpc_origin_id": "endpoint",
    "legacy_logs.bucket": "bucket_name",
    # A bucket by name and region is an IBucket.
    "bucket.name": "bucket",
    "bucket.region": "bucket",
    "hosted_zone.id": "hosted_zone",
    "hosted_zone.name": "hosted_zone",
    "cors.allow_origins": "origins",
    # Two ways to notify.
    "monitoring.email": "notify",
    "monitoring.topic_arn": "notify",
    "logs.log_group_days": "retention",
    # A check that has no construct.
    "signing_keys.cookies_from": "domain_names",
}
UNITS = r"(_arn|_ids?|_seconds|_days)$"
# What only stacks take.
OF_A_STACK = {
    *("account", "region", "termination_protection", "retain"),
    *("monitoring", "logs"),
}


def words_of_the_constructs():
    """Every argument of the public classes, singular and plural."""
    calls = [
        *(getattr(constructs_lib, name) for name in constructs_lib.__all__),
        *make_configuration.METHODS.values(),
        CdnMonitoring,
        AccessLogs,
        LogDestination.bucket,
        LogDestination.log_group,
        LegacyLogs.named,
        DistributionOptions,
    ]
    names = {
        name
        for call in calls
        if not (isinstance(call, type) and issubclass(call, str))
        for name, *_ in make_configuration.arguments(call)
    }
    return names | {f"{name[:-3]}y" for name in names if name.endswith("ies")}


def test_cdk_json_has_the_words_of_the_constructs():
    known = words_of_the_constructs()
    for path, row in (one.values for one in documented()):
        key = where(path, row).removeprefix("static.").removeprefix("media.")
        key = key.removeprefix("private.").removeprefix("origin.")
        last = key.rpartition(".")[2]
        word = OTHER_WORDS.get(key, re.sub(UNITS, "", last))
        is_known = {last, word, f"{word[:-1]}ies", f"{word}s"} & known
        assert is_known or key in OF_A_STACK, key
    assert set(OTHER_WORDS.values()) <= known


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
PRIVATE = {**SECRET, "private": {"signing_keys": SIGNING}}
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
    "private.signing_keys": PRIVATE,
    "static": {},
}
# What a key needs beside that.
NEEDS = {
    "static": CERTIFICATE,
    "static.domain_names": CERTIFICATE,
    "bucket": {"cors": "any_origin"},
    "private": SECRET,
    "private.domain_names": CERTIFICATE,
    "private.signing_keys.cookies_from": {
        **CERTIFICATE,
        "private": {"domain_names": ["private.example.com"], "signing_keys": SIGNING},
    },
    "origin.owner_account_id": {
        "origin": {"domain_name": "origin.example.com", "vpc_origin_id": "vo_1"}
    },
    "media.bucket.region": {"media": {"bucket": {"name": "mysite-media"}}},
    "logs.prefix": {"logs": {"bucket": "mysite-logs"}},
}
# In place of examples that leave something out.
WHOLE = {
    "origin_secret": SECRET["origin_secret"],
    "private": {"signing_keys": SIGNING},
    "private.signing_keys": SIGNING,
    "private.signing_keys.keys": SIGNING["keys"],
    "media.signing_keys": SIGNING,
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
    elif where(path, row) not in ("private.signing_keys.cookies_from", *NO_DIFFERENCE):
        assert read(with_it) != read(without), "an example shows something else"


# Example and default are the same: there is no other that is right for most.
NO_DIFFERENCE = ("static.ttl_seconds.min",)


def test_the_types_that_the_local_aws_only_remembers_are_listed():
    page = (ROOT / "docs" / "local.md").read_text("utf-8")
    (listed,) = re.findall(r"nothing acts on them \((.*?)\)", page)
    assert tuple(code(listed)) == REMEMBERED
