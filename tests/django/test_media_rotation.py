"""A new signing key takes over on two servers, while visitors load private files."""

from __future__ import annotations

import io
import itertools
import json
import threading
import time
from types import SimpleNamespace

import edge_support
import pytest
from django.core.management import call_command
from django.test import override_settings
from edge_support import ORIGIN, CountingOrigin, RunningEdge, Viewer, deployed, named
from storage_support import set_up

import dj_cloudfront
from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.media.signer import signature_expiry
from dj_cloudfront.storage import PrivateMediaStorage

set_up()
HOST = "private.example.com"
NAMES = [f"reports/{number}.pdf" for number in range(20)]
# As short as can be: a link lives for at most two seconds.
LIFETIME = WINDOW = 1
SIGNED = {"TrustedKeyGroups": {"Enabled": True, **named("group")}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """By id: the file of the private half, and the public one."""
    folder = tmp_path_factory.mktemp("keys")
    found = {}
    for name in ("KOLD", "KNEW"):
        out, path = io.StringIO(), folder / f"{name.lower()}.key"
        call_command(Command(), "key", str(path), "--json", stdout=out)
        found[name] = (str(path), json.loads(out.getvalue())["public_key"])
    return found


@pytest.fixture
def site(keys, tmp_path, monkeypatch):
    monkeypatch.setattr(edge_support, "Clock", lambda: time.time)
    one = edge_support.distribution(
        "d333.cloudfront.net",
        origin_path="/private",
        default=SIGNED,
        Aliases=named(HOST),
    )

    def trusting(*names):
        return deployed(one, keys={name: keys[name][1] for name in names})

    with (
        CountingOrigin() as origin,
        RunningEdge(trusting("KOLD"), origins={ORIGIN: origin}) as edge,
        override_settings(PRIVATE_MEDIA_ROOT=tmp_path),
    ):
        yield SimpleNamespace(
            edge=edge, trust=lambda *names: edge.redeploy(trusting(*names))
        )


def started(keys, monkeypatch, *, signs, has=("KOLD", "KNEW")):
    """A server that was started with these outputs and these keys."""
    for name, value in {
        "MEDIA_DOMAIN_NAME": "media.example.com",
        "PRIVATE_DOMAIN_NAME": HOST,
        "MEDIA_KEY_PAIR_ID": signs,
    }.items():
        monkeypatch.setenv(name, value)
    cdn = dj_cloudfront.config(static_root="/static", build_version="b1")
    storage = PrivateMediaStorage(
        key={name: keys[name][0] for name in has}, lifetime=LIFETIME, window=WINDOW
    )
    with override_settings(CDN=cdn):
        storage.url("a.pdf")
        # It has read its outputs and its key, for as long as it runs.
        signer, base = storage.signer, storage.base_url
    return SimpleNamespace(
        url=lambda name: signer.url(
            f"{base}{name}", expires=signature_expiry(LIFETIME, WINDOW)
        )
    )


class Visitors:
    """They load files by links of any server, new ones and old ones."""

    def __init__(self, edge, servers):
        self.edge, self.servers = edge, servers
        self.failures, self.loaded, self.signed_by = [], 0, set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *raised):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        viewer = Viewer(port=self.edge.port, host=HOST)
        links = []
        for turn in itertools.count():
            if self._stop.wait(0.02):
                return
            server = self.servers[turn % len(self.servers)]
            links.append((time.time(), server.url(NAMES[turn % len(NAMES)])))
            # A link that a visitor has had for a while is good for its lifetime.
            links = [(at, url) for at, url in links if time.time() - at < 0.8]
            for _, url in links[:1] + links[-1:]:
                self._load(viewer, url)

    def _load(self, viewer, url):
        got = viewer.get(url.partition(HOST)[2])
        self.loaded += 1
        self.signed_by.add(url.partition("Key-Pair-Id=")[2][:4])
        if got.status != 200:
            self.failures.append((got.status, url[-40:], got.body[:120]))


def test_a_rotation_fails_no_request(site, keys, monkeypatch):
    old = started(keys, monkeypatch, signs="KOLD", has=["KOLD"])
    servers = [old, old]
    with Visitors(site.edge, servers) as visitors:
        time.sleep(0.2)
        site.trust("KOLD", "KNEW")
        # The new key goes to the servers, one after the other, and signs nothing yet.
        for number in (0, 1):
            servers[number] = started(keys, monkeypatch, signs="KOLD")
            time.sleep(0.2)
        # Then the new outputs: for a while each signs with another key.
        for number in (0, 1):
            servers[number] = started(keys, monkeypatch, signs="KNEW")
            time.sleep(0.4)
        # The last link of the old key is over.
        time.sleep(LIFETIME + WINDOW)
        site.trust("KNEW")
        time.sleep(0.4)
    assert visitors.failures == []
    assert visitors.signed_by == {"KOLD", "KNEW"}
    assert visitors.loaded > 50


@pytest.mark.parametrize("early", ["the new key signs", "the old key goes"])
def test_a_step_too_early_fails_requests(site, keys, monkeypatch, early):
    servers = [started(keys, monkeypatch, signs="KOLD")] * 2
    with Visitors(site.edge, servers) as visitors:
        time.sleep(0.2)
        if early == "the old key goes":
            site.trust("KNEW")
        servers[1] = started(keys, monkeypatch, signs="KNEW")
        time.sleep(0.4)
    assert {status for status, *_ in visitors.failures} == {403}
