"""Decision 6: the origin path narrows, it does not confine. These rules do."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from origin_support import (
    DJANGO,
    MEDIA,
    ODD_NAMES,
    ODD_PATHS,
    OUTSIDE,
    STATIC,
)
from servers_support import SERVERS

FILES = {"static": STATIC, "media": MEDIA}
TREES = tuple(FILES)
# The usual form of a request to a proxy (RFC 9112, section 3.2.2), and no odd path.
ABSOLUTE = "http://x/admin/"


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    return request.param


@pytest.fixture(scope="module")
def origin(server, tmp_path_factory):
    with SERVERS[server](tmp_path_factory.mktemp("origin")) as origin:
        yield origin


def as_sent(tree: str, path: str) -> list[str]:
    """The targets that an edge may make of a viewer's: the origin path stands in front."""
    if path == ABSOLUTE:
        return [f"/{tree}{path}", path, f"http://x/{tree}/../admin/"]
    return [f"/{tree}{path}"]


SENT = {
    target: tree
    for tree in TREES
    for path in ODD_PATHS
    for target in as_sent(tree, path)
}


def leaks_of(origin) -> dict[str, bytes]:
    """The targets that lead out of their tree, and what they lead to."""
    found = {}
    for target, tree in SENT.items():
        body = origin.reaches(target, tree=tree)
        if body not in (None, FILES[tree]):
            found[target] = body
    return found


def test_no_path_leaves_its_tree(origin):
    for tree in TREES:
        reached = {target: origin.reaches(target, tree=tree) for target in SENT}
        assert reached == dict.fromkeys(SENT)


def test_an_odd_path_to_a_file_of_its_own_tree_is_refused_too(origin):
    targets = (
        "/media/back\\slash.png",
        "/media/back%5cslash.png",
        *(f"/media/{quote(name)}" for name in ODD_NAMES),
        "/media//u.png",
        "/media%2fu.png",
        "/media/%2fu.png",
        "/media/photos/../u.png",
        "/media/%75.png/%2e%2e/u.png",
        "/static/b1%2fapp.css",
        "/static/b1//app.css",
        "/static/b1/css/..%2fapp.css",
    )
    for target in targets:
        tree = target[1:].replace("%2f", "/").split("/")[0]
        assert origin.reaches(target, tree=tree) is None, target


def test_no_other_path_is_a_way_to_django(origin):
    for tree in TREES:
        for prefix in ("", "/static", "/media"):
            for path in ("/admin/", "/secret.txt", "/"):
                assert origin.reaches(prefix + path, tree=tree) is None, prefix + path


def test_a_plain_path_stays_open(origin):
    assert origin.reaches("/static/b1/app.css", tree="static") == STATIC
    assert origin.reaches("/media/u.png", tree="media") == MEDIA


def test_an_odd_path_is_refused_to_everybody(origin):
    """Without the header too, as from a distribution that does not send it."""
    odd = [target for target in SENT if target != ABSOLUTE]
    before = len(origin.upstream.requests)
    statuses = {target: origin.send(target).status for target in odd}
    assert {*statuses.values()} <= {400, 404}, statuses
    assert len(origin.upstream.requests) == before


# The rules again, one by one: what each is for shows when it is gone.
#
# WhiteNoise is not among them: a WSGI server resolves nothing, so that an odd path is no
# file's name there. tests/django/test_whitenoise.py breaks its rules one by one.
RESOLVING = [name for name in SERVERS if name != "whitenoise"]
resolving = pytest.mark.parametrize("resolving", RESOLVING)
DENY_RULE = {
    "caddy": r"\t\thandle @path_traversal \{.*?\n\t\t\}\n",
    "nginx": r"    if \(\$request_uri [^\n]*\n",
    "apache": r'    RewriteCond "%\{THE_REQUEST\}".*?R=404\]\n',
}
TREE_CHECK = {
    "caddy": r"\t\thandle @stray \{.*?\n\t\t\}\n",
    "nginx": r"    if \(\$tree = refused\) \{ return 404; \}\n",
    "apache": r'    RewriteCond "%\{ENV:CDN_TREE\}" "\.".*?R=404\]\n',
}


def cut(*rules):
    """An edit that takes rules out of a server's configuration."""

    def edit(text):
        for rule in rules:
            text, count = re.subn(rule, "", text, flags=re.S)
            assert count == 1, f"{rule!r} occurs {count} times"
        return text

    return edit


def leaks(server, folder, *tables) -> dict[str, bytes]:
    edit = cut(*(table[server.split()[0]] for table in tables))
    with SERVERS[server](folder, edit=edit) as origin:
        return leaks_of(origin)


@resolving
def test_without_the_rules_the_same_paths_leave_their_trees(resolving, tmp_path):
    found = leaks(resolving, tmp_path, DENY_RULE, TREE_CHECK)
    assert OUTSIDE not in found.values()
    assert found["/static/../media/u.png"] == MEDIA
    assert found["/media/../static/b1/app.css"] == STATIC
    assert found["/static/../admin/"] == DJANGO
    assert found["/static/%2e%2e/admin/"] == DJANGO
    assert found["http://x/admin/"] == DJANGO
    assert len(found) >= (15 if resolving == "apache" else 20), found
    # Apache leaves an encoded slash as it is.
    encoded = found.get("/static/%2e%2e%2fadmin/")
    assert encoded == (None if resolving == "apache" else DJANGO)


def test_without_the_rules_django_itself_is_shown(tmp_path):
    """With a path after the address, nginx hands Django what the target resolves to."""
    server = "nginx proxy_pass with /"
    edit = cut(DENY_RULE["nginx"], TREE_CHECK["nginx"])
    with SERVERS[server](tmp_path, edit=edit) as origin:
        for path in ODD_PATHS:
            origin.reaches(f"/static{path}", tree="static")
        admin = [
            it for it in origin.upstream.requests if it.target.startswith("/admin/")
        ]
    assert len(admin) >= 5


@resolving
def test_the_tree_check_alone_closes_every_way(resolving, tmp_path):
    assert leaks(resolving, tmp_path, DENY_RULE) == {}


@resolving
def test_the_deny_rule_alone_closes_every_way_but_the_absolute_form(
    resolving, tmp_path
):
    assert set(leaks(resolving, tmp_path, TREE_CHECK)) == {ABSOLUTE}
