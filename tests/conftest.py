from __future__ import annotations

from functools import cache

import pytest
from botocore.loaders import JSONFileLoader

# Every session reads the models of its services anew, which is most of what a client costs.
_read = cache(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda self, path: _read(path)


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite-snapshots",
        action="store_true",
        help="write the golden templates anew; read the diff before you commit it",
    )


@pytest.fixture(autouse=True)
def no_cdn_variables(monkeypatch):
    """What the caller's shell says must not decide a test."""
    for name in (
        "BUILD_VERSION",
        "STATIC_DOMAIN_NAME",
        "MEDIA_DOMAIN_NAME",
        "DJ_CLOUDFRONT_URL_FORMAT",
    ):
        monkeypatch.delenv(name, raising=False)
