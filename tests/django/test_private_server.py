"""Private media and the origin secret, as the web servers of ``cdn conf`` hold them."""

from __future__ import annotations

import pytest
from origin_support import DJANGO, MEDIA, ODD_PATHS, PRIVATE, STATIC
from servers_support import WEB_SERVERS

FIRST, SECOND = "ab" * 32, "cd" * 32
WRONG = ["", "ef" * 32, FIRST.upper(), FIRST[:-1], FIRST + "0", "yes", FIRST + SECOND]
PUBLIC = pytest.mark.parametrize(
    ("tree", "target", "body"),
    [("static", "/static/b1/app.css", STATIC), ("media", "/media/u.png", MEDIA)],
)


def serving(name):
    """A fixture: each server, with options of the command."""

    def decorate(options):
        @pytest.fixture(scope="module", params=WEB_SERVERS, name=name)
        def server(request, tmp_path_factory):
            folder = tmp_path_factory.mktemp(name)
            with WEB_SERVERS[request.param](folder, **options()) as origin:
                yield origin

        return server

    return decorate


@serving("rotating")
def _rotating():
    return {"secrets": (FIRST, SECOND), "private": True}


@serving("public")
def _public():
    return {"secrets": (FIRST,), "private": True, "guard": ["private"]}


def ask(origin, target="/private/a.pdf", tree="private", secret=FIRST):
    given = {"X-Cdn-Tree": tree, "X-Origin-Secret": secret}
    return origin.send(target, headers={k: v for k, v in given.items() if v})


def is_refused(response):
    kept = response.header("Cache-Control")
    return (response.status, kept) == (403, "no-store") and not any(
        body in response.body for body in (STATIC, MEDIA, PRIVATE)
    )


@pytest.mark.parametrize("secret", [FIRST, SECOND])
def test_the_private_distribution_gets_its_files(rotating, secret):
    answer = ask(rotating, secret=secret)
    assert (answer.status, answer.body) == (200, PRIVATE)
    assert answer.header("Cache-Control") == "public, max-age=86400"
    assert answer.header("Content-Security-Policy").endswith("sandbox")


@pytest.mark.parametrize("secret", WRONG)
def test_without_the_secret_nobody_does(rotating, secret):
    assert is_refused(ask(rotating, secret=secret))


@pytest.mark.parametrize("tree", ["", "static", "media", "private2"])
def test_with_the_secret_but_from_another_tree_nobody_does(rotating, tree):
    assert ask(rotating, tree=tree).status == 404


def test_hidden_files_stay_hidden(rotating):
    assert ask(rotating, "/private/.hidden").status == 404


def test_the_private_tree_opens_no_other_tree(rotating):
    assert ask(rotating, "/media/u.png").status == 404
    assert ask(rotating, "/static/b1/app.css").status == 404


@pytest.mark.parametrize("path", [path for path in ODD_PATHS if path.startswith("/")])
def test_no_odd_path_leaves_the_private_tree(rotating, path):
    before = len(rotating.upstream.requests)
    assert ask(rotating, f"/private{path}").status in (400, 404)
    assert len(rotating.upstream.requests) == before


@pytest.mark.parametrize("tree", ["static", "media"])
@pytest.mark.parametrize("path", ["/../private/a.pdf", "/..%2fprivate/a.pdf"])
def test_the_public_distributions_cannot_read_it(rotating, tree, path):
    answer = ask(rotating, f"/{tree}{path}", tree=tree)
    assert answer.status == 404
    assert PRIVATE not in answer.body


@PUBLIC
@pytest.mark.parametrize("secret", [FIRST, SECOND])
@pytest.mark.parametrize("with_tree", [True, False])
def test_a_guarded_tree_accepts_both_values(
    rotating, tree, target, body, secret, with_tree
):
    response = ask(rotating, target, tree if with_tree else "", secret)
    assert (response.status, response.body) == (200, body)
    assert "max-age" in response.header("Cache-Control")


@PUBLIC
@pytest.mark.parametrize("secret", WRONG)
@pytest.mark.parametrize("with_tree", [True, False])
def test_a_guarded_tree_refuses_who_does_not_know_a_value(
    rotating, tree, target, body, secret, with_tree
):
    assert is_refused(ask(rotating, target, tree if with_tree else "", secret))


@PUBLIC
@pytest.mark.parametrize("secret", ["", FIRST, "wrong"])
def test_a_tree_that_is_not_guarded_asks_for_nothing(
    public, tree, target, body, secret
):
    response = ask(public, target, tree, secret)
    assert (response.status, response.body) == (200, body)


def test_with_one_value_the_other_opens_nothing(public):
    assert ask(public, secret=FIRST).status == 200
    assert is_refused(ask(public, secret=SECOND))


@pytest.mark.parametrize("secret", ["", FIRST, "wrong"])
def test_pages_of_the_site_need_no_secret(rotating, secret):
    response = ask(rotating, "/admin/", "", secret)
    assert (response.status, response.body) == (200, DJANGO)


def test_the_secret_opens_no_path_that_is_refused(rotating):
    for target in (
        "/static/../admin/",
        "/static/..%2fadmin/",
        "/static/.tmp-b2/app.css",
    ):
        assert ask(rotating, target, "static", FIRST).status == 404
    assert ask(rotating, "/media/u.png", "static", FIRST).status == 404


def test_a_refused_answer_is_open_to_other_origins(rotating):
    """Or a script would see a failed request and no 403."""
    response = ask(rotating, secret="")
    assert response.header("Access-Control-Allow-Origin") == "*"
