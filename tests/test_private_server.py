"""The lines of docs/private-media.md, in a real nginx."""

from __future__ import annotations

import re

import pytest
from cdk_support import ROOT
from origin_support import ODD_PATHS, nginx, replace_once

SECRET = "1" * 64
FILE = b"for some eyes only"
KNOWS_SECRET = f'map $http_x_origin_secret $knows_secret {{ "~^{SECRET}$" yes; }}\n'


def documented():
    text = (ROOT / "docs" / "private-media.md").read_text("utf-8")
    section = text.partition("## The server")[2].partition("\n## ")[0]
    return re.findall(r"^```nginx\n(.*?)^```$", section, re.S | re.M)


def with_private_tree(block):
    paths, trees, check, server = documented()
    block = replace_once(
        block,
        "    ~^/media/                   media;\n",
        f"    ~^/media/                   media;\n{paths}",
    )
    block = replace_once(
        block, "    media+media    media;\n", f"    media+media    media;\n{trees}"
    )
    block = replace_once(
        block, "server {\n    listen", f"{KNOWS_SECRET}{check}server {{\n    listen"
    )
    block = replace_once(block, '"^/(static|media)[', '"^/(static|media|private)[')
    refusal = "    if ($tree = refused) { return 404; }\n"
    return replace_once(block, refusal, f"{refusal}{server}")


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("private")
    with nginx(folder, edit=with_private_tree) as running:
        tree = folder / "site" / "private"
        tree.mkdir()
        (tree / "a.pdf").write_bytes(FILE)
        (tree / ".hidden").write_bytes(FILE)
        yield running


def ask(origin, target="/private/a.pdf", tree="private", secret=SECRET):
    given = {"X-Cdn-Tree": tree, "X-Origin-Secret": secret}
    headers = {name: value for name, value in given.items() if value is not None}
    return origin.send(target, headers=headers)


def test_the_private_distribution_gets_its_files(origin):
    answer = ask(origin)
    assert (answer.status, answer.body) == (200, FILE)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1]])
def test_without_the_secret_nobody_does(origin, secret):
    answer = ask(origin, secret=secret)
    assert answer.status == 403
    assert FILE not in answer.body


@pytest.mark.parametrize("tree", [None, "static", "media", "private2"])
def test_with_the_secret_but_from_another_tree_nobody_does(origin, tree):
    assert ask(origin, tree=tree).status == 404


def test_hidden_files_stay_hidden(origin):
    assert ask(origin, "/private/.hidden").status == 404


def test_the_private_tree_opens_no_other_tree(origin):
    assert ask(origin, "/media/u.png").status == 404
    assert ask(origin, "/static/b1/app.css").status == 404


@pytest.mark.parametrize("path", [path for path in ODD_PATHS if path.startswith("/")])
def test_no_odd_path_leaves_the_private_tree(origin, path):
    before = len(origin.upstream.requests)
    assert ask(origin, f"/private{path}").status in (400, 404)
    assert len(origin.upstream.requests) == before


@pytest.mark.parametrize("tree", ["static", "media"])
@pytest.mark.parametrize("path", ["/../private/a.pdf", "/..%2fprivate/a.pdf"])
def test_the_public_distributions_cannot_read_it(origin, tree, path):
    answer = ask(origin, f"/{tree}{path}", tree=tree)
    assert answer.status == 404
    assert FILE not in answer.body
