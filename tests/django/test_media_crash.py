"""Uploads, deletes and invalidations, ended or denied the disk at each thing they do to it."""

from __future__ import annotations

import errno
import os
import random

import pytest
from aws_support import client, made_distribution
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
QUICK = (KILL, Fault(errno=errno.ENOSPC, stays=True))
EACH = pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[] if fault in QUICK else pytest.mark.slow)
        for fault in FAULTS
    ],
    ids=lambda fault: f"{fault.errno}{'-stays' if fault.stays else ''}",
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


def faults_of(action, fault, folder):
    """Each fault, on a disk that is as it is now."""
    kept = folder / "kept"
    restore(folder / "media", kept)
    return every_point(action, fault, before=lambda: restore(kept, folder / "media"))


@EACH
def test_an_accepted_upload_is_on_the_disk_with_its_bytes(folder, fault):
    first = upload(folder)
    points = 0
    for outcome in faults_of(lambda: upload(folder), fault, folder):
        points += 1
        found = files(folder)
        assert found[first] == DATA
        if outcome.result:
            assert found[outcome.result] == DATA
    assert points >= 2


@EACH
def test_a_deleted_upload_is_pending(folder, fault):
    name = upload(folder)
    points = 0
    for _ in faults_of(lambda: media(folder).delete(name), fault, folder):
        points += 1
        found = files(folder)
        assert name in found or pending(folder) == {f"/{name}"}
        assert found.get(name, DATA) == DATA
    assert points >= 6


@EACH
def test_an_overwritten_upload_is_pending(folder, fault):
    media(folder).save("a.png", ContentFile(DATA))

    def overwrite():
        return media(folder).save("a.png", ContentFile(b"new"))

    for outcome in faults_of(overwrite, fault, folder):
        found = files(folder)["a.png"]
        assert found == DATA or pending(folder) == {"/a.png"}, outcome
        if outcome.result:
            assert found == b"new"


@EACH
def test_an_orphan_is_where_it_was_or_in_the_trash_and_pending(folder, fault):
    name = upload(folder)
    orphan = orphans.Orphan(folder=token_folder(name), size=1, changed=0)
    for _ in faults_of(lambda: orphans.trash(media(folder), orphan), fault, folder):
        trashed = list((folder / "media" / ".cdn" / "trash").rglob("b.png"))
        assert (name in files(folder)) != bool(trashed)
        if trashed:
            assert trashed[0].read_bytes() == DATA
            assert pending(folder) == {f"/{name}"}


# --- Sending ---


@pytest.fixture(scope="module")
def aws(aws_endpoint):
    return client("cloudfront", aws_endpoint)


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


class Life:
    """What a disk must have, and CloudFront must be told of, while a site goes on."""

    def __init__(self, folder, aws, distribution, seed):
        self.folder, self.aws, self.distribution = folder, aws, distribution
        self.chosen = random.Random(seed)
        self.accepted, self.gone, self.told = {}, set(), {}

    def step(self, number):
        kinds = [self.upload] * 4 + [self.overwrite, self.send]
        if self.accepted:
            kinds += [self.delete, self.delete, self.trash]
        fault = self.chosen.choice(FAULTS)
        self.chosen.choice(kinds)(
            number, lambda action: attempt(action, self.chosen.randint(1, 14), fault)
        )
        found = files(self.folder)
        for name, data in self.accepted.items():
            assert found[name] == data, name
        unknown = {path for path in self.gone if not self.is_told(path)}
        assert unknown <= pending(self.folder)

    def upload(self, number, attempted):
        data = b"%d " % number * self.chosen.randint(1, 5_000)
        outcome = attempted(lambda: upload(self.folder, data))
        if outcome.result:
            assert outcome.result not in self.accepted
            self.accepted[outcome.result] = data

    def overwrite(self, number, attempted):
        before = files(self.folder).get("a.png")
        data = b"%d" % number
        attempted(lambda: media(self.folder).save("a.png", ContentFile(data)))
        after = files(self.folder).get("a.png")
        if after != before and before is not None:
            # It may be the whole new one or none, and is told of again each time.
            assert "/a.png" in pending(self.folder)

    def delete(self, number, attempted):
        name = self.chosen.choice(sorted(self.accepted))
        attempted(lambda: media(self.folder).delete(name))
        self.note(name)

    def trash(self, number, attempted):
        name = self.chosen.choice(sorted(self.accepted))
        orphan = orphans.Orphan(folder=token_folder(name), size=1, changed=0)
        attempted(lambda: orphans.trash(media(self.folder), orphan))
        if name not in files(self.folder):
            hidden = (self.folder / "media" / ".cdn" / "trash").glob(f"*/{name}*")
            assert self.accepted[name] in [path.read_bytes() for path in hidden]
        self.note(name)

    def note(self, name):
        if name not in files(self.folder):
            del self.accepted[name]
            self.gone.add(f"/{name}")

    def send(self, number, attempted):
        attempted(self.send_all)

    def send_all(self):
        records = media(self.folder).deletions
        invalidator = Invalidator(
            self.aws,
            distribution_id=self.distribution,
            folder=records.folder,
            budget=10**6,
        )
        return [receipt.id for receipt in invalidator.send_pending(records)]

    def is_told(self, path):
        if not self.told or path not in self.told:
            self.told = dict.fromkeys(sent(self.aws, self.distribution), True)
        return path in self.told


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_any_sequence_with_faults_loses_no_upload_and_no_delete(
    folder, aws, distribution
):
    """Whatever a site does, in any order, each with a fault at a random point."""
    life = Life(folder, aws, distribution, os.environ.get("CRASH_SEED", "media"))
    runs = int(os.environ.get("CRASH_RUNS", "200"))
    for number in range(runs):
        life.step(number)
    assert len(life.accepted) > runs / 50
    assert len(life.gone) > runs / 20
    # On a disk that is well again, everything is told and nothing is left.
    pending(folder)
    life.send_all()
    assert pending(folder) == set()
    life.told = {}
    assert [path for path in life.gone if not life.is_told(path)] == []
