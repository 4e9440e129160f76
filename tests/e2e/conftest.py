"""The real thing: the CLI, the local AWS, the edge, the web server and Django, once for all."""

from __future__ import annotations

import pytest
from adoption_support import install_node
from browser_support import chromium, fresh_profile
from local_support import FOREIGN, LocalSite

from local.environment import aws_environment
from local.state import State


@pytest.fixture(scope="session")
def local_site(tmp_path_factory):
    """``python -m local up``, until the tests end, from a shell that leads to an account."""
    folder = tmp_path_factory.mktemp("local") / "state"
    folder.mkdir()
    with LocalSite(folder, environment=FOREIGN) as site:
        yield site


@pytest.fixture(scope="module")
def aws(local_site):
    """The environment of a command that talks to the local AWS."""
    return aws_environment(State(folder=local_site.state), local_site.status["aws"])


@pytest.fixture(scope="session")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser):
    with fresh_profile(browser) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """The folder of the packages of adoption/package.json."""
    return install_node(tmp_path_factory.mktemp("npm") / "node")
