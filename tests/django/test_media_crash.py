"""Uploads, deletes and invalidations, ended or denied the disk at each thing they do to it."""

from __future__ import annotations

import errno
import json
import os
import random

import pytest
from aws_support import client, made_distribution, running_emulator
from crash_support import KILL, Fault, attempt, every_point, quick_folder, restore
from django.core.files.base import ContentFile
from storage_support import set_up

from dj_cloudfront.media import orphans
from dj_cloudfront.media.deletions import Deletions
from dj_cloudfront.media.invalidation import Invalidator
from dj_cloudfront.media.names import token_folder
from dj_cloudfront.storage import MediaStorage

set_up()
DATA = b"picture" * 5_000
FAULTS = [
    KILL,
    Fault(errno=errno.ENOSPC),
    Fault(errno=errno.ENOSPC, stays=True),
    Fault(errno=errno.EIO),
    Fault(errno=errno.EACCES),
    Fault(errno=errno.EROFS, stays=True),
]
EACH = pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault.errno}{'-stays' if fault.stays else ''}"
)


@pytest.fixture
def folder():
    with quick_folder() as path:
        yield path


def media(folder):
    return MediaStorage(
        location=folder / "media",
        base_url="https://media.example.com/",
        invalidate=True,
        allow_overwrite=True,
    )


def upload(folder, data=DATA):
    storage = media(folder)
    return storage.save(storage.generate_filename("a/b.png"), ContentFile(data))


def files(folder):
    """The uploads on the disk, with their bytes."""
    root = folder / "media"
    return {
        os.path.relpath(path, root): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".cdn" not in path.parts
    }


def pending(folder, *, later=True):
    """What is sent next, an hour from now by default."""
    records = media(folder).deletions
    if later:
        for file in records.folder.glob("*.open"):
            number = int(file.name[:20]) - 3600 * 10**9
            file.rename(file.with_name(f"{number:020d}{file.name[20:]}"))
    return {deletion.path for deletion in records.pending()}


@EACH
def test_an_accepted_upload_is_on_the_disk_with_its_bytes(folder, fault):
    first = upload(folder)
    kept = folder / "kept"
    restore(folder / "media", kept)
    points = 0
    for outcome in every_point(
        lambda: upload(folder), fault, before=lambda: restore(kept, folder / "media")
    ):
        points += 1
        found = files(folder)
        assert found[first] == DATA
        if outcome.result:
            assert found[outcome.result] == DATA
    assert points >= 2


@EACH
def test_a_deleted_upload_is_pending(folder, fault):
    name = upload(folder)
    kept = folder / "kept"
    restore(folder / "media", kept)
    points = 0
    for _ in every_point(
        lambda: media(folder).delete(name),
        fault,
        before=lambda: restore(kept, folder / "media"),
    ):
        points += 1
        found = files(folder)
        assert name in found or pending(folder) == {f"/{name}"}
        assert found.get(name, DATA) == DATA
    assert points >= 6


@EACH
def test_an_overwritten_upload_is_pending(folder, fault):
    storage = media(folder)
    storage.save("a.png", ContentFile(DATA))
    kept = folder / "kept"
    restore(folder / "media", kept)
    for outcome in every_point(
        lambda: media(folder).save("a.png", ContentFile(b"new")),
        fault,
        before=lambda: restore(kept, folder / "media"),
    ):
        found = files(folder)["a.png"]
        assert found == DATA or pending(folder) == {"/a.png"}, outcome
        if outcome.result:
            assert found == b"new"


@EACH
def test_an_orphan_is_where_it_was_or_in_the_trash_and_pending(folder, fault):
    name = upload(folder)
    kept = folder / "kept"
    restore(folder / "media", kept)
    orphan = orphans.Orphan(folder=token_folder(name), size=1, changed=0)
    for _ in every_point(
        lambda: orphans.trash(media(folder), orphan),
        fault,
        before=lambda: restore(kept, folder / "media"),
    ):
        trashed = list((folder / "media" / ".cdn" / "trash").rglob("b.png"))
        assert (name in files(folder)) != bool(trashed)
        if trashed:
            assert trashed[0].read_bytes() == DATA
            assert pending(folder) == {f"/{name}"}


# --- Sending ---


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("aws")) as endpoint:
        yield client("cloudfront", endpoint)


@pytest.fixture(scope="module")
def distribution(aws):
    return made_distribution(aws)


def sent(aws, distribution):
    listed = aws.list_invalidations(DistributionId=distribution, MaxItems="1000")
    paths = set()
    for one in listed["InvalidationList"].get("Items", []):
        found = aws.get_invalidation(DistributionId=distribution, Id=one["Id"])
        paths.update(found["Invalidation"]["InvalidationBatch"]["Paths"]["Items"])
    return paths


@EACH
def test_what_is_not_sent_is_still_pending(folder, fault, aws, distribution):
    number = iter(range(10**6))
    wanted = []

    def prepare():
        wanted[:] = [f"/{fault.errno}-{fault.stays}-{next(number)}.png" for _ in "12"]
        records = Deletions(folder / "media" / ".cdn" / "invalidations")
        records.settle(records.pending())
        with records.record(*wanted):
            pass

    def send():
        records = media(folder).deletions
        invalidator = Invalidator(
            aws, distribution_id=distribution, folder=records.folder
        )
        return [receipt.id for receipt in invalidator.send_pending(records)]

    points = 0
    for _ in every_point(send, fault, before=prepare):
        points += 1
        missing = set(wanted) - pending(folder)
        assert missing <= sent(aws, distribution)
    assert points >= 5
    # The next run, on a disk that is well again, sends the rest.
    send()
    assert pending(folder) == set()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_any_sequence_with_faults_loses_no_upload_and_no_delete(folder):
    """Saves, overwrites and deletes in any order, each with a fault at a random point."""
    chosen = random.Random("media")
    runs = int(os.environ.get("CRASH_RUNS", "200"))
    accepted, deleted = {}, set()
    for number in range(runs):
        fault = chosen.choice(FAULTS)
        if accepted and chosen.random() < 0.4:
            name = chosen.choice(sorted(accepted))
            attempt(
                lambda name=name: media(folder).delete(name),
                chosen.randint(1, 12),
                fault,
            )
            if name not in files(folder):
                del accepted[name]
                deleted.add(f"/{name}")
        else:
            data = b"%d " % number * chosen.randint(1, 5_000)
            outcome = attempt(
                lambda data=data: upload(folder, data), chosen.randint(1, 12), fault
            )
            if outcome.result:
                assert outcome.result not in accepted
                accepted[outcome.result] = data
        found = files(folder)
        for name, data in accepted.items():
            assert found[name] == data
    assert deleted
    assert len(accepted) > runs / 10
    assert deleted <= pending(folder)
    records = media(folder).deletions.folder.glob("*.json")
    assert all(json.loads(file.read_bytes())["path"] for file in records)
