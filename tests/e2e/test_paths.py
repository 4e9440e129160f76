"""No path through a deployed distribution leaves its tree."""

from __future__ import annotations

import pytest
from edge_support import Viewer
from origin_support import ODD_PATHS

TREES = ("static", "media")


@pytest.fixture(scope="module")
def status(local_site):
    return local_site.status


@pytest.fixture
def viewer(status, tree):
    host, port = status[tree].split("/")[2].split(":")
    return Viewer(port=int(port), host=host)


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_odd_path_finds_nothing(viewer, path, tree):
    answer = viewer.send(
        f"GET {path} HTTP/1.1\r\nHost: {viewer.host}\r\nConnection: close\r\n\r\n".encode()
    )
    code = int(answer.split(b" ", 2)[1])
    assert code in (400, 403, 404), answer[:200]
    assert b"csrfmiddlewaretoken" not in answer


@pytest.mark.parametrize("tree", TREES)
def test_the_other_tree_and_the_site_itself_are_out_of_reach(viewer, status, tree):
    for path in ("/admin/login/", "/healthz", "/static/", "/media/", "/"):
        assert viewer.get(path).status == 404
    other = status["media" if tree == "static" else "static"]
    assert viewer.get(f"/../{other.split('/', 3)[3]}gallery/css/site.css").status == 404


@pytest.mark.parametrize("tree", ["static"])
def test_the_same_viewer_does_reach_what_is_there(viewer, status, tree):
    assert viewer.get(f"/{status['build']}/gallery/css/site.css").status == 200
