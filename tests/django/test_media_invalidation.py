"""``cdn invalidate``, on an emulated AWS: what was deleted is sent once, and never lost."""

from __future__ import annotations

import io
import json
import os
from types import SimpleNamespace

import pytest
from aws_support import client, made_distribution
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings
from storage_support import set_up

import dj_cloudfront
from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.media import invalidation
from dj_cloudfront.media.deletions import Deletions
from dj_cloudfront.media.invalidation import Invalidator, check_path, paths_of
from dj_cloudfront.media.names import unique_name
from dj_cloudfront.media.tasks import send_pending
from dj_cloudfront.storage import MediaStorage

set_up()
MEDIA = "dj_cloudfront.storage.MediaStorage"
PRIVATE = "dj_cloudfront.storage.PrivateMediaStorage"


@pytest.fixture
def site(reached_aws, tmp_path, monkeypatch):
    """Settings of a site with a distribution, and what AWS was sent for it."""
    cloudfront = client("cloudfront", reached_aws)
    distribution = made_distribution(cloudfront)
    monkeypatch.setenv("MEDIA_DOMAIN_NAME", "media.example.com")
    monkeypatch.setenv("MEDIA_DISTRIBUTION_ID", distribution)
    cdn = dj_cloudfront.config(static_root=tmp_path, build_version="b1")

    def sent():
        """The paths of each invalidation, as AWS has them."""
        listed = cloudfront.list_invalidations(DistributionId=distribution)
        ids = [one["Id"] for one in listed["InvalidationList"].get("Items", [])]
        found = [
            cloudfront.get_invalidation(DistributionId=distribution, Id=id)
            for id in ids
        ]
        return [
            sorted(one["Invalidation"]["InvalidationBatch"]["Paths"]["Items"])
            for one in found
        ]

    with override_settings(
        CDN=cdn,
        MEDIA_ROOT=tmp_path / "media",
        MEDIA_URL=cdn.media_url,
        STORAGES={
            "default": {"BACKEND": MEDIA, "OPTIONS": {"invalidate": True}},
            "other": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "private": {
                "BACKEND": PRIVATE,
                "OPTIONS": {
                    "location": tmp_path / "media",
                    "base_url": cdn.media_url,
                },
            },
        },
    ):
        records = MediaStorage().deletions
        invalidator = Invalidator(
            cloudfront, distribution_id=distribution, folder=records.folder
        )
        yield SimpleNamespace(records=records, sent=sent, invalidator=invalidator)


def invalidate(*arguments):
    out = io.StringIO()
    call_command(Command(), "invalidate", *arguments, stdout=out)
    return out.getvalue()


def delete(site, *paths):
    with site.records.record(*paths):
        pass


def test_what_is_pending_is_sent_once(site):
    upload = unique_name("images/team.png")
    folder = os.path.dirname(upload)
    delete(site, "/a.png", "/a.png", "/b%20c.png")
    delete(site, f"/{upload}", f"/{folder}/small.png")
    assert json.loads(invalidate("--status", "--json"))["pending"] == 5
    done = json.loads(invalidate("--pending", "--wait", "--json"))
    expected = ["/a.png", "/b%20c.png", f"/{folder}/*"]
    (receipt,) = done["invalidations"]
    assert set(receipt) == {"id", "distribution_id", "paths", "at"}
    assert sorted(receipt["paths"]) == sorted(expected)
    assert site.sent() == [sorted(expected)]
    assert site.records.pending() == []
    assert invalidate("--pending") == "nothing is pending\n"
    receipts = (site.records.folder / "receipts").read_text().splitlines()
    assert [json.loads(line) for line in receipts] == [receipt]


def test_paths_are_sent(site):
    done = invalidate("/x.png", "/y/*", "--wait").splitlines()
    assert done[0].endswith(": 2 paths")
    assert done[1].endswith(": completed")
    assert site.sent() == [["/x.png", "/y/*"]]


def test_a_damaged_record_is_named_when_the_rest_is_sent(site):
    delete(site, "/a.png", "/b.png")
    damaged = sorted(site.records.folder.glob("*.json"))[0]
    damaged.write_text("[]")
    with pytest.raises(CommandError, match=f"{damaged} cannot be read: remove it"):
        invalidate("--pending")
    assert site.sent() == [["/b.png"]]


def test_a_budget_that_is_spent_loses_nothing(site):
    delete(site, "/a.png", "/b.png", "/c.png")
    with pytest.raises(CommandError, match="the budget of 1 paths a month") as error:
        invalidate("--pending", "--budget", "1")
    assert "1 were sent in " in str(error.value)
    assert "2 more are next: nothing is lost" in str(error.value)
    assert len(site.records.pending()) == 2
    assert site.sent() == [["/a.png"]]


def test_what_aws_refuses_stays_pending(site, monkeypatch):
    delete(site, "/a.png")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(CommandError, match="CloudFront must be within reach"):
        invalidate("--pending")
    assert len(site.records.pending()) == 1
    assert site.invalidator.spent() == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.png"], "a path must be as a viewer asks for it"),
        (["/a b.png"], "a path must be as a viewer asks for it"),
        (["/a*b"], "with \\* at its end only"),
        (["/a", "--using", "other"], f"must be '{MEDIA}'"),
        (["/a", "--using", "none"], f"must be '{MEDIA}'"),
        (["/a", "--watch", "5"], "--watch must be seconds, .* beside --pending"),
        ([], "one of the arguments"),
    ],
)
def test_a_wrong_argument_is_one_sentence(site, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        invalidate(*arguments)


@pytest.mark.parametrize("path", ["/ü.png", "/a\n", "/" + "x" * 4000, ""])
def test_a_path_that_cloudfront_refuses_is_refused(path):
    with pytest.raises(ValueError, match="a path must be"):
        check_path(path)


@pytest.mark.parametrize("option", ["--pending", "--status"])
def test_a_folder_that_is_none_is_one_sentence(site, option):
    folder = site.records.folder.parent
    folder.parent.mkdir()
    folder.write_text("in the way")
    with pytest.raises(CommandError, match="invalidating must be able to use"):
        invalidate(option)


def test_many_paths_are_sent_in_batches(site, monkeypatch):
    # Of a thousand, which take as many records.
    monkeypatch.setattr(invalidation, "_BATCH_PATHS", 10)
    delete(site, *(f"/{n}.png" for n in range(15)))
    site.invalidator.budget = 12
    receipts = []
    with pytest.raises(ValueError, match="12 were sent in .* and 3 more are next"):
        receipts.extend(site.invalidator.send_pending(site.records))
    assert len(site.records.pending()) == 3
    site.invalidator.budget = 15
    (rest,) = site.invalidator.send_pending(site.records)
    assert len(rest.paths) == 3
    assert site.invalidator.spent() == 15
    assert sorted(map(len, site.sent())) == [2, 3, 10]


def test_at_most_ten_wildcards_go_at_once(site):
    paths = [f"/{number}/*" for number in range(25)]
    receipts = site.invalidator.send(paths)
    assert [len(receipt.paths) for receipt in receipts] == [10, 10, 5]


def test_what_was_accepted_is_settled_before_it_is_shown(site):
    delete(site, "/a.png")
    sending = site.invalidator.send_pending(site.records)
    next(sending)
    # Such as for a pipe that nobody reads any more.
    sending.close()
    assert site.records.pending() == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a/runtime~main.js", "/a/runtime*"),
        ("/a/x*y.png", "/a/x*"),
        ("/a/dan's%20(1).png", "/a/dan*"),
        (f"/{'%C3%BC' * 1000}.png", f"/{'%C3%BC' * 666}*"),
    ],
)
def test_what_cloudfront_cannot_be_told_is_cut_to_a_wildcard(tmp_path, path, sent):
    records = Deletions(tmp_path)
    with records.record(path):
        pass
    ((found, settled),) = paths_of(records.pending()).items()
    check_path(found)
    assert found == sent
    assert len(settled) == 1


def test_private_media_on_the_media_distribution_is_invalidated_there(site):
    delete(site, "/a.png")
    invalidate("--pending", "--using", "private")
    assert site.sent() == [["/a.png"]]


def test_a_task_sends_what_is_pending(site):
    delete(site, "/a.png", "/b.png")
    is_newer = hasattr(send_pending, "enqueue")
    (receipt,) = send_pending.enqueue().return_value if is_newer else send_pending()
    assert receipt["paths"] == ["/a.png", "/b.png"]
    with pytest.raises(ValueError, match=f"STORAGES\\['other'\\] must be '{MEDIA}'"):
        (send_pending.call if is_newer else send_pending)("other")
    assert site.sent() == [["/a.png", "/b.png"]]
    assert site.records.pending() == []
