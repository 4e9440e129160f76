"""What all system checks have in common. Each mistake is tested in ``test_checks_*.py``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checks_support import Site
from django.core.checks import registry, run_checks
from django.test import override_settings

from dj_cloudfront import checks
from dj_cloudfront.checks.ids import SYSTEM_CHECKS


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_site_as_documented_has_no_mistake(site):
    assert site.messages() == []


def test_a_site_with_local_urls_has_none_whatever_else_it_says(site):
    local = site.other_cdn(local=True, build_version=None)
    assert (
        site.ids(
            one_cdn=local,
            DEBUG=True,
            MEDIA_ROOT="",
            MIDDLEWARE=[],
            SECURE_CSP={"default-src": ["'self'"]},
            SESSION_COOKIE_DOMAIN=".cloudfront.net",
            STATIC_ROOT=site.builds,
            STORAGES={"default": {}, "staticfiles": {}},
        )
        == []
    )


def test_several_mistakes_are_reported_at_once(site):
    changes = {"DEBUG": True, "MIDDLEWARE": [], "STATIC_URL": "/static/"}
    assert sorted(site.ids(**changes)) == ["E002", "W003", "W017"]


@pytest.mark.parametrize("value", [None, "https://static.example.com/", {}])
def test_a_site_without_a_cdn_hears_of_that_alone(site, value):
    (message,) = site.messages(CDN=value, MIDDLEWARE=[], STATIC_URL="/static/")
    assert message.id == "dj_cloudfront.E001"
    assert message.msg.startswith("CDN must be the value of dj_cloudfront.config()")
    assert message.msg.endswith(f"got {'none' if value is None else repr(value)}")


def test_shared_settings_without_a_cdn_are_silent_in_development_alone(site):
    assert site.ids(CDN=None, DEBUG=True, STATIC_URL="/static/") == []
    assert site.ids(CDN=None, DEBUG=False) == ["E001"]
    assert site.ids(CDN={}, DEBUG=True) == ["E001"]


SETTINGS = (
    *("ALLOWED_HOSTS", "CACHE_MIDDLEWARE_SECONDS", "COMPRESS_ROOT", "CSP_IMG_SRC"),
    *("CONTENT_SECURITY_POLICY", "CSP_INCLUDE_NONCE_IN", "CSRF_TRUSTED_ORIGINS"),
    *("DJANGO_VITE", "FILE_UPLOAD_DIRECTORY_PERMISSIONS", "FILE_UPLOAD_PERMISSIONS"),
    *("MEDIA_ROOT", "MEDIA_URL", "MIDDLEWARE", "PRIVATE_MEDIA_ROOT", "SECURE_CSP"),
    *("SECURE_REDIRECT_EXEMPT", "SESSION_COOKIE_DOMAIN", "STATIC_ROOT", "STATIC_URL"),
    *("STATICFILES_DIRS", "STATICFILES_STORAGE", "STORAGES", "WHITENOISE_MAX_AGE"),
    "WHITENOISE_STATIC_PREFIX",
)
WRONG = ["0o644", 5, 2.5, True, ["x", 5], {"x": 5}, object(), b"x"]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_a_wrong_type_crashes_no_check(site, name):
    for value in WRONG:
        changes = {"SECURE_SSL_REDIRECT": True, name: value}
        with override_settings(**site.settings(site.cdn, **changes)):
            for check in (*checks._OF_STATICFILES, *checks._PLAIN, *checks._DEPLOY):
                for message in check(None):
                    assert message.msg and message.hint, (name, value)


def test_a_check_that_cannot_judge_says_so(site):
    found = site.messages(ALLOWED_HOSTS=[5])
    assert [one.id for one in found] == ["dj_cloudfront.W041"]
    assert found[0].msg.startswith(
        "settings must be of the types that Django documents for urls to be checked, got"
    )


def test_a_cdn_of_one_half_is_enough(site):
    for names in (("d111.cloudfront.net", ""), ("", "d222.cloudfront.net")):
        half = site.other_cdn(names=names)
        assert site.messages(one_cdn=half) == []


def test_a_mistake_can_be_silenced(site):
    (message,) = site.messages(MIDDLEWARE=[])
    assert not message.is_silenced()
    with override_settings(SILENCED_SYSTEM_CHECKS=["dj_cloudfront.W017"]):
        assert message.is_silenced()


# -- the ids


def test_no_id_is_used_twice_and_they_are_in_order():
    ids = [rule.id for rule in SYSTEM_CHECKS]
    assert all(re.fullmatch(r"[EWI]\d{3}", one) for one in ids)
    assert ids == sorted(set(ids), key=lambda id: ("EWI".index(id[0]), id))


def test_every_id_has_a_test():
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_checks*.py")]
    tested = set(re.findall(r'"(?:dj_cloudfront\.)?([EWI]\d{3})"', "".join(texts)))
    assert tested == {rule.id for rule in SYSTEM_CHECKS}


def test_every_check_is_registered_once_and_where_it_belongs(site):
    with override_settings(**site.settings(site.cdn)):
        always = set(registry.registry.registered_checks)
        on_deploy = set(registry.registry.deployment_checks)
        assert {*checks._OF_STATICFILES, *checks._PLAIN} <= always
        assert set(checks._DEPLOY) <= on_deploy
        checks.register_all()
        assert set(registry.registry.registered_checks) == always
        assert set(registry.registry.deployment_checks) == on_deploy


def test_collectstatic_stops_at_a_wrong_folder(site):
    mistakes = {"STATIC_ROOT": site.builds, "MIDDLEWARE": []}
    (message,) = site.messages(tag="staticfiles", deploy=False, **mistakes)
    assert message.id == "dj_cloudfront.E004"
    assert message.is_serious()


def test_other_tags_run_none_of_them(site):
    with override_settings(**site.settings(site.cdn, MIDDLEWARE=[])):
        found = run_checks(tags=["urls", "templates", "caches"])
    assert not [one for one in found if one.id.startswith("dj_cloudfront.")]
