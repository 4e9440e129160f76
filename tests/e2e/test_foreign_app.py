"""The edge serves what is deployed, whoever declared it: here an app that is not ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from edge_support import CountingOrigin, Reply, Viewer
from lab_support import edge_process

from local.aws.cdk import command

APP = Path(__file__).with_name("foreign_app") / "app.py"


@pytest.fixture(scope="module")
def domain(aws, tmp_path_factory):
    """The name of the foreign distribution, deployed by the CLI."""
    folder = tmp_path_factory.mktemp("foreign")
    outputs = folder / "outputs.json"
    subprocess.run(
        [
            *command("deploy", "foreign", "--app", f"{sys.executable} {APP}"),
            *("--output", str(folder / "cdk.out"), "--outputs-file", str(outputs)),
            *("--require-approval", "never"),
        ],
        cwd=folder,
        env=aws,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(outputs.read_text("utf-8"))["foreign"]["Domain"]


@pytest.fixture(scope="module")
def port(aws, domain, counting):
    """An edge process of its own, that knows where files.example.net is."""
    origins = {"files.example.net": counting.address}
    with edge_process(aws, origins, serves=domain) as port:
        yield port


@pytest.fixture(scope="module")
def counting():
    with CountingOrigin() as origin:
        yield origin


@pytest.fixture
def origin(counting):
    counting.asked.clear()
    counting.replies.clear()
    counting.default = Reply()
    return counting


@pytest.fixture
def viewer(port, domain):
    return Viewer(port=port, host=domain)


@pytest.fixture
def path(request):
    """A path of the test's own: the edge's cache outlives a test."""
    return f"/{request.node.name}-{os.getpid()}.css".replace("[", "-").replace("]", "")


def test_its_own_headers_and_query_strings_are_the_key(viewer, origin, path):
    for tenant in ("a", "b", "a"):
        viewer.get(path, headers={"X-Tenant": tenant})
    assert origin.count == 2
    for query in ("?page=1", "?page=2", "?page=1&utm=x", "?utm=y"):
        viewer.get(path + query, headers={"X-Tenant": "a"})
    # The last has no listed parameter, so it is the copy from above.
    assert origin.count == 4


def test_what_it_does_not_list_does_not_split(viewer, origin, path):
    viewer.get(path, headers={"Accept-Language": "de", "Cookie": "a=1"})
    viewer.get(path, headers={"Accept-Language": "en", "User-Agent": "x"})
    assert origin.count == 1


def test_gzip_alone_is_keyed_where_brotli_is_off(viewer, origin, path):
    for encoding in ("br, gzip", "gzip", "br", "identity"):
        viewer.get(path, headers={"Accept-Encoding": encoding})
    assert origin.count == 2
    assert [asked.headers.get("accept-encoding") for asked in origin.asked] == [
        "gzip",
        "identity",
    ]


def test_its_max_ttl_caps_a_copy(viewer, origin, path):
    origin.default = Reply(headers={"Cache-Control": "max-age=1000000000"})
    viewer.get(path)
    assert viewer.get(path).cache == "Hit"
    assert origin.count == 1


def test_its_default_ttl_and_its_error_ttl_end_copies(viewer, origin, path):
    missing = f"{path}.missing"
    origin.replies[missing] = Reply(status=404)
    viewer.get(path)
    assert viewer.get(path).cache == "Hit"
    assert viewer.get(missing).status == 404
    origin.replies[missing] = Reply()
    assert viewer.get(missing).status == 404
    assert origin.count == 2
    time.sleep(3.5)
    viewer.get(path)
    assert viewer.get(missing).status == 200
    assert origin.count == 4


def test_an_error_without_a_ttl_of_its_own_is_kept_for_ten_seconds(
    viewer, origin, path
):
    origin.replies[path] = Reply(status=500)
    viewer.get(path)
    viewer.get(path)
    assert origin.count == 1


def test_options_is_not_allowed_by_default(viewer, origin, path):
    assert viewer.get(path, method="OPTIONS").status == 403
    assert viewer.get(path, method="POST", body=b"x").status == 403
    assert origin.count == 0


def test_no_origin_path_and_no_tree_header_are_added(viewer, origin, path):
    viewer.get(path)
    assert origin.targets == [path]
    assert "x-cdn-tree" not in origin.asked[0].headers
    assert origin.asked[0].headers["host"] == "files.example.net"


def test_simultaneous_misses_are_one_request(viewer, origin, path):
    origin.default = Reply(delay=0.5)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: viewer.get(path).status, range(20)))
    assert answers == [200] * 20
    assert origin.count == 1
