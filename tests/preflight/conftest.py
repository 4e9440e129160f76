"""An account of its own for each test, on the local AWS, and a DNS on this machine."""

from __future__ import annotations

import uuid

import pytest
from aws_support import client, running_emulator
from preflight_support import dns_server, session_of

from cdn_review.preflight.clients import Aws, Clients, Dns


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    with running_emulator(tmp_path_factory.mktemp("preflight")) as url:
        yield url


@pytest.fixture
def owner():
    return str(uuid.uuid4().int)[:12]


@pytest.fixture
def make(endpoint, owner):
    """Clients that may make what a test needs."""
    return lambda service: client(service, endpoint, account=owner)


@pytest.fixture
def records():
    """What the DNS server knows. Fill it before it is asked."""
    return {}


@pytest.fixture
def names(records):
    with dns_server(records) as port:
        yield Dns(("127.0.0.1",), port)


@pytest.fixture
def clients(endpoint, owner, names):
    return Clients(aws=Aws(session_of(endpoint, owner)), dns=names)
