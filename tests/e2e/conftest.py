"""The real thing: the CLI, the local AWS, the edge, the web server and Django, once for all."""

from __future__ import annotations

import pytest
from adoption_support import install_node
from local_support import LocalSite


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def local_site(state_folder):
    """``python -m local up``, until the tests end."""
    with LocalSite(state_folder) as site:
        yield site


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """The folder of the packages of adoption/package.json."""
    return install_node(tmp_path_factory.mktemp("npm") / "node")
