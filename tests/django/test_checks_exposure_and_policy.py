from __future__ import annotations

import pytest
from checks_support import Site

from dj_cloudfront.csp import with_cdn

SELF, NONE = "'self'", "'none'"
S, M = "https://d111.cloudfront.net", "https://d222.cloudfront.net"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def named(site):
    """A CDN with names of the site's own domain."""
    names = ("static.example.com", "media.example.com")
    return {"one_cdn": site.other_cdn(names=names)}


# -- what is too wide


@pytest.mark.parametrize("kind", ["SESSION", "CSRF", "LANGUAGE"])
@pytest.mark.parametrize("domain", [".example.com", "example.com", "MEDIA.example.com"])
def test_a_cookie_does_not_reach_the_cdn(site, named, kind, domain):
    sentence = site.only("W023", **named, **{f"{kind}_COOKIE_DOMAIN": domain})
    assert sentence.startswith(f"{kind}_COOKIE_DOMAIN must not cover")
    assert "media.example.com" in sentence


@pytest.mark.parametrize(
    "domain", [None, "www.example.com", ".www.example.com", "ample.com"]
)
def test_a_cookie_of_another_domain_does_not_reach_it_anyway(site, named, domain):
    assert site.ids(**named, SESSION_COOKIE_DOMAIN=domain) == []


def test_a_cookie_of_the_whole_domain_does_not_reach_cloudfronts_own_names(site):
    assert site.ids(SESSION_COOKIE_DOMAIN=".example.com") == []


@pytest.mark.parametrize(
    "trusted", ["https://*.example.com", "https://media.example.com"]
)
def test_uploads_are_not_trusted_with_forms(site, named, trusted):
    origins = ["https://www.example.com", trusted]
    assert repr(trusted) in site.only("W024", **named, CSRF_TRUSTED_ORIGINS=origins)


def test_other_origins_may_be_trusted(site, named):
    origins = [
        "https://www.example.com",
        "https://*.media.example.com.evil.example",
        "http://media.example.com",
        "https://media.example.com:8443",
        "https://static.example.com",
    ]
    assert site.ids(**named, CSRF_TRUSTED_ORIGINS=origins) == []
    half = {"one_cdn": site.other_cdn(names=("static.example.com", ""))}
    assert site.ids(**half, CSRF_TRUSTED_ORIGINS=["https://*.example.com"]) == []


def test_the_site_is_not_under_a_name_of_the_cdn(site, named):
    hosts = ["www.example.com", "Static.example.com", "media.example.com"]
    sentence = site.only("W025", **named, ALLOWED_HOSTS=hosts)
    assert sentence.endswith("got Static.example.com, media.example.com")


@pytest.mark.parametrize("hosts", [["*"], [".example.com"], []])
def test_hosts_that_are_wide_for_another_reason_are_left_alone(site, named, hosts):
    assert site.ids(**named, ALLOWED_HOSTS=hosts) == []


# -- policies


def django(policy):
    return {"SECURE_CSP": policy}


def django_csp(policy):
    return {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": policy}}


def django_csp_3(policy):
    return {f"CSP_{name.upper().replace('-', '_')}": policy[name] for name in policy}


SHAPES = pytest.mark.parametrize("shape", [django, django_csp, django_csp_3])


@SHAPES
def test_a_policy_lets_the_cdn_in(site, shape):
    sentence = site.only("W026", **shape({"default-src": [SELF]}))
    assert sentence.endswith(
        f"must let the CDN in, such as 'script-src': [\"'self'\", '{S}'], but it lacks "
        f"{S} in script-src; {S} in style-src; {S} and {M} in img-src"
    )
    wrapped = with_cdn({"default-src": [SELF]}, site.cdn)
    assert site.ids(**shape(wrapped)) == []


@pytest.mark.parametrize(
    "name",
    [
        "SECURE_CSP",
        "SECURE_CSP_REPORT_ONLY",
        "CONTENT_SECURITY_POLICY",
        "CONTENT_SECURITY_POLICY_REPORT_ONLY",
    ],
)
def test_the_sentence_names_the_setting(site, name):
    policy = {"default-src": [SELF]}
    value = policy if name.startswith("SECURE") else {"DIRECTIVES": policy}
    assert site.only("W026", **{name: value}).startswith(f"{name} must let the CDN in")


def test_the_settings_of_django_csp_3_are_named_together(site):
    (found,) = site.messages(CSP_IMG_SRC=[SELF])
    assert found.id == "dj_cloudfront.W026" and found.msg.startswith("CSP_* must let")
    assert found.hint.startswith("add the hosts to CSP_")


def test_scripts_that_go_by_a_nonce_of_django_csp_3_need_no_host(site):
    given = django_csp_3({"default-src": [SELF], "style-src": [S], "img-src": [S, M]})
    assert site.only("W026", **given).endswith(f"lacks {S} in script-src")
    for scripts in ({}, {"CSP_SCRIPT_SRC": [SELF]}, {"CSP_SCRIPT_SRC": "'self'"}):
        named = {**given, **scripts, "CSP_INCLUDE_NONCE_IN": ["script-src"]}
        assert site.ids(**named) == []
        named["CSP_INCLUDE_NONCE_IN"] = ["style-src"]
        assert site.ids(**named) == ["W026"]


def test_django_csp_forbids_other_hosts_unless_told_and_django_does_not(site):
    policy = {"font-src": [SELF, S]}
    assert site.ids(**django(policy)) == []
    for shape in (django_csp, django_csp_3):
        assert "img-src" in site.only("W026", **shape(policy))


@pytest.mark.parametrize(
    ("policy", "lacking"),
    [
        ({"img-src": [SELF, S]}, f"{M} in img-src"),
        ({"style-src": [SELF, M]}, f"{S} in style-src"),
        ({"script-src": [SELF], "script-src-elem": [S]}, None),
        ({"script-src": [S], "script-src-elem": [SELF]}, f"{S} in script-src"),
        ({"script-src": ["'strict-dynamic'", "'nonce-a'"]}, None),
        ({"script-src": [SELF, "<CSP_NONCE_SENTINEL>"]}, None),
        ({"style-src": [SELF, object()]}, None),
        ({"img-src": [SELF, object()]}, f"{S} and {M} in img-src"),
        ({"img-src": [NONE]}, None),
        ({"img-src": "'none'"}, None),
        ({"default-src": [NONE], "script-src": [S], "style-src": [S]}, "in img-src"),
        ({"img-src": ["https:"], "style-src": f"{S}/b1/"}, None),
        ({"style-src": [f"{S}/b2/"]}, f"{S} in style-src"),
        ({"img-src": None, "style-src": False}, None),
        ({"frame-src": [NONE], "form-action": [SELF]}, None),
        ({}, None),
    ],
)
def test_each_directive_is_judged_by_what_decides_for_it(site, policy, lacking):
    if lacking is None:
        assert site.ids(**django(policy)) == []
    else:
        assert site.only("W026", **django(policy)).endswith(lacking)


def test_the_nonce_of_a_default_counts_for_scripts_and_styles_alone(site):
    sentence = site.only("W026", **django({"default-src": [SELF, "'nonce-a'"]}))
    assert sentence.endswith(f"lacks {S} and {M} in img-src")


@pytest.mark.parametrize("value", [None, "default-src 'self'", ["default-src"], {}])
def test_what_is_no_policy_is_for_others_to_say(site, value):
    assert site.ids(SECURE_CSP=value, CONTENT_SECURITY_POLICY=value) == []


def test_only_hosts_of_a_half_that_there_is_are_asked_for(site):
    half = {"one_cdn": site.other_cdn(names=("", "d222.cloudfront.net"))}
    sentence = site.only("W026", **half, **django({"default-src": [SELF]}))
    assert sentence.endswith(f"lacks {M} in img-src")


# -- policies, and what the build holds

OTHER_KINDS = {
    "font.woff2": "font-src",
    "FONT.TTF": "font-src",
    "film.mp4": "media-src",
    "sound.mp3": "media-src",
    "app.webmanifest": "manifest-src",
}


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_a_policy_lets_in_the_kinds_that_the_build_holds(site, name):
    site.publish("b2", "site.css", name)
    cdn, kind = site.other_cdn(build_version="b2"), OTHER_KINDS[name]
    policy = {"default-src": ["https:"], kind: [SELF]}
    assert f"{S} in {kind}" in site.only("W027", one_cdn=cdn, **django(policy))
    assert site.ids(one_cdn=cdn, **django(with_cdn(policy, cdn))) == []
    assert site.ids(one_cdn=cdn, **django({**policy, kind: [NONE]})) == []


def test_kinds_that_the_build_does_not_hold_are_not_asked_for(site):
    policy = dict.fromkeys(OTHER_KINDS.values(), [SELF])
    assert site.ids(**django(policy)) == []


def test_a_build_that_cannot_be_read_is_told_once(site):
    policy = django({"font-src": [SELF]})
    assert site.ids(one_cdn=site.other_cdn(build_version="b2"), **policy) == ["E008"]
    (site.builds / "b1" / ".cdn-index.json").write_text("{")
    assert site.ids(**policy) == ["E009"]
