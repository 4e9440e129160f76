from __future__ import annotations

import pytest
from pages_support import MEDIA, STATIC, cdn

from cdn_model.csp import covers
from dj_cloudfront import csp
from dj_cloudfront.csp import with_cdn

S, M = f"https://{STATIC}", f"https://{MEDIA}"
SELF, NONE = "'self'", "'none'"
NOTHING = {"static": (), "media": ()}


def test_a_missing_directive_takes_the_sources_of_the_default_and_the_hosts():
    policy = {"default-src": [SELF, "https://a.example"]}
    both = [SELF, "https://a.example", S]
    assert with_cdn(policy, cdn()) == {
        **policy,
        "script-src": both,
        "style-src": both,
        "img-src": [*both, M],
        "font-src": both,
        "connect-src": both,
        "media-src": [*both, M],
        "manifest-src": both,
    }


def test_the_default_is_never_widened_and_the_given_policy_never_changed():
    policy = {"default-src": [SELF], "img-src": (SELF,)}
    result = with_cdn(policy, cdn())
    assert policy == {"default-src": [SELF], "img-src": (SELF,)}
    assert result["default-src"] == [SELF]
    assert result["img-src"] == [SELF, S, M]


def test_what_is_no_kind_of_file_stays_as_it_is():
    others = {
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
        "object-src": [NONE],
        "report-uri": "/csp/",
        "upgrade-insecure-requests": True,
        "worker-src": [SELF],
    }
    result = with_cdn({"default-src": [NONE], **others}, cdn())
    assert {name: result[name] for name in others} == others


def test_nothing_is_added_where_nothing_is_forbidden():
    # A directive that was not there would forbid all other hosts.
    assert with_cdn({}, cdn()) == {}
    assert with_cdn({"script-src": [SELF]}, cdn()) == {"script-src": [SELF, S]}


def test_a_default_of_none_is_not_carried_along():
    result = with_cdn({"default-src": [NONE]}, cdn())
    assert result["font-src"] == [S]
    assert result["img-src"] == [S, M]


@pytest.mark.parametrize("closed", [[NONE], NONE, {NONE}, [], (), True])
def test_a_directive_that_allows_nothing_goes_on_allowing_nothing(closed):
    policy = {"default-src": [SELF], "font-src": closed}
    assert with_cdn(policy, cdn())["font-src"] == closed


@pytest.mark.parametrize("absent", [None, False])
def test_a_directive_that_is_not_sent_counts_as_missing(absent):
    policy = {"default-src": [SELF], "font-src": absent}
    assert with_cdn(policy, cdn())["font-src"] == [SELF, S]
    assert with_cdn({"font-src": absent}, cdn())["font-src"] is absent


@pytest.mark.parametrize(
    "given", [[SELF, "data:"], (SELF, "data:"), {SELF, "data:"}, f"{SELF}  data:"]
)
def test_sources_may_come_in_each_shape_that_django_takes(given):
    assert with_cdn({"img-src": given}, cdn())["img-src"] == [SELF, "data:", S, M]


def test_a_nonce_is_carried_along_whatever_stands_for_it():
    stand_in = object()
    policy = {"default-src": [SELF, stand_in, "<CSP_NONCE_SENTINEL>"]}
    result = with_cdn(policy, cdn())
    assert result["script-src"] == [SELF, stand_in, "<CSP_NONCE_SENTINEL>", S]


def test_a_host_beside_strict_dynamic_would_say_nothing():
    strict = ["'strict-dynamic'", "'nonce-abc'"]
    assert with_cdn({"script-src": strict}, cdn()) == {"script-src": strict}
    result = with_cdn({"default-src": strict}, cdn())
    assert "script-src" not in result
    assert result["style-src"] == [*strict, S]


@pytest.mark.parametrize("kind", ["script", "style"])
def test_elements_have_a_directive_of_their_own_when_it_is_there(kind):
    policy = {"default-src": [SELF], f"{kind}-src-elem": [SELF]}
    result = with_cdn(policy, cdn())
    assert result[f"{kind}-src-elem"] == [SELF, S]
    assert f"{kind}-src" not in result
    both = {f"{kind}-src": [SELF], f"{kind}-src-elem": [SELF]}
    assert with_cdn(both, cdn()) == {name: [SELF, S] for name in both}


@pytest.mark.parametrize("there", [S, "https:", "*", f"{S}/b1/", "*.cloudfront.net"])
def test_what_is_allowed_already_is_not_added_again(there):
    policy = {"font-src": [SELF, there]}
    assert with_cdn(policy, cdn()) == policy


# -- which hosts, and where


def test_the_sources_are_exact_with_scheme_and_port():
    local = cdn(url_format="http://{label}.cloudfront.localhost:8100")
    assert with_cdn({"font-src": [SELF]}, local)["font-src"] == [
        SELF,
        "http://d111.cloudfront.localhost:8100",
    ]


def test_local_urls_add_nothing():
    policy = {"default-src": [SELF], "img-src": [SELF]}
    result = with_cdn(policy, cdn(local=True))
    assert result == policy
    assert result is not policy


def test_a_half_that_there_is_not_adds_nothing():
    policy = {"default-src": [SELF]}
    assert with_cdn(policy, cdn(names=("", MEDIA))) == {
        **policy,
        "img-src": [SELF, M],
        "media-src": [SELF, M],
    }
    assert M not in with_cdn(policy, cdn(names=(STATIC, "")))["img-src"]


def test_private_files_are_allowed_as_uploads_are(monkeypatch):
    monkeypatch.setenv("PRIVATE_DOMAIN_NAME", "private.example.com")
    policy = {"default-src": [SELF]}
    result = with_cdn(policy, cdn())
    private = "https://private.example.com"
    assert result["img-src"] == [SELF, S, M, private]
    assert result["media-src"] == [SELF, S, M, private]
    assert private not in result["script-src"]
    result = with_cdn(policy, cdn(), private=["frame-src"])
    assert result["frame-src"] == [SELF, private]
    assert private not in result["img-src"]
    with pytest.raises(ValueError, match="private must not hold 'script-src'"):
        with_cdn(policy, cdn(), private=["script-src"])


def test_directives_can_be_chosen_for_each_half():
    policy = {"default-src": [SELF]}
    result = with_cdn(
        policy, cdn(), static=("font-src",), media=(*csp.MEDIA, "frame-src")
    )
    assert result == {
        **policy,
        "font-src": [SELF, S],
        "img-src": [SELF, M],
        "media-src": [SELF, M],
        "frame-src": [SELF, M],
    }


@pytest.mark.parametrize("half", ["static", "media"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("worker-src", "no policy lets a page start a worker of another host"),
        ("default-src", "hold directives out of script-src, style-src, .*got 'defau"),
        ("frame-ancestors", "hold directives out of"),
    ],
)
def test_fails_for_a_directive_that_no_host_of_files_belongs_into(half, name, sentence):
    with pytest.raises(ValueError, match=f"^{half} must .*{sentence}"):
        with_cdn({}, cdn(local=True), **{**NOTHING, half: (name,)})


def test_fails_when_uploads_would_run_as_scripts_of_the_site():
    with pytest.raises(ValueError, match="^media must not hold 'script-src'"):
        with_cdn({}, cdn(), media=("script-src",))
    assert with_cdn({}, cdn(), static=("script-src",)) == {}


def test_fails_for_one_directive_where_several_are_expected():
    with pytest.raises(ValueError, match="static must hold directives .*got 'i'"):
        with_cdn({}, cdn(), static="img-src")


# -- which sources allow a URL: https://www.w3.org/TR/CSP3/#match-url-to-source-list

URL = "https://static.example.com/b1/"


def test_a_source_allows_the_files():
    for source in (
        *("*", "https:", "http:", "HTTPS:", "https://*", "https://static.example.com"),
        *("static.example.com", "STATIC.example.com", "*.example.com", "*.com"),
        *("http://static.example.com", "static.example.com:443", "*.example.com:*"),
        *("https://static.example.com/", "https://static.example.com/b1/"),
    ):
        assert covers([source], URL), source


def test_a_source_does_not_allow_the_files():
    for source in (
        *("'self'", "'none'", "data:", "wss:", "ws://static.example.com", ""),
        *("example.com", "*.static.example.com", "xstatic.example.com"),
        *("static.example.com:8443", "https://static.example.com/b2/"),
        *("https://static.example.com/b1", "https://static.example.com/b1/css/"),
        *("'nonce-https://static.example.com'", object()),
    ):
        assert not covers([source], URL), source


def test_ports_and_schemes_are_told_apart():
    url = "http://d111.cloudfront.localhost:8100/b1/"
    assert covers(["http://d111.cloudfront.localhost:8100"], url)
    assert covers(["d111.cloudfront.localhost:*"], url)
    assert not covers(["https://d111.cloudfront.localhost:8100"], url)
    assert not covers(["http://d111.cloudfront.localhost"], url)
