from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory):
    """The URL of an emulated AWS, for tests that make what they use."""
    from aws_support import running_emulator

    with running_emulator(tmp_path_factory.mktemp("aws")) as url:
        yield url


@pytest.fixture
def reached_aws(aws_endpoint, monkeypatch):
    """The same, which this process then reaches."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return aws_endpoint


@pytest.fixture(scope="session")
def signing_keys(tmp_path_factory):
    from signing_support import made_keys

    return made_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def signing_site(tmp_path, signing_keys):
    from signing_support import signing_site

    with signing_site(tmp_path, signing_keys["ecdsa"]) as site:
        yield site


@pytest.fixture
def root(tmp_path):
    """The folder of all builds, which is not there yet."""
    return tmp_path / "static"


@pytest.fixture
def built(root):
    """The same with five builds, published 400 to 50 days ago."""
    from prune_support import make_builds

    root.mkdir()
    make_builds(root)
    return root


@pytest.fixture
def site(tmp_path):
    """Sources of static files, and the settings of a site that publishes them."""
    from storage_support import Site

    return Site(tmp_path)
