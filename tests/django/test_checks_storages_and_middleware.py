from __future__ import annotations

import checks_support
import pytest
from checks_support import SECURITY, TREE, Site, routes, storages, view
from django.conf.urls.i18n import i18n_patterns
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import InMemoryStorage
from django.urls import include, path, re_path

MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
OURS = "dj_cloudfront.whitenoise.StaticFilesMiddleware"
REMOTE = "django.core.files.storage.InMemoryStorage"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


class Bucket(InMemoryStorage):
    """A storage that keeps files elsewhere, as those of django-storages do."""


class HouseStorage(StaticFilesStorage):
    """A project's own."""


def on_disk(**options):
    return storages(checks_support.on_disk(**options))


def bucket(**options):
    return storages({"BACKEND": f"{__name__}.Bucket", "OPTIONS": options})


# -- storages


def test_the_app_that_collects_is_installed(site):
    assert "'django.contrib.staticfiles'" in site.only(
        "W012", INSTALLED_APPS=["dj_cloudfront"]
    )


def test_collectstatic_is_the_command_that_publishes_builds(site):
    wrong = ["django.contrib.staticfiles", "dj_cloudfront"]
    found = site.only("E012", INSTALLED_APPS=wrong)
    assert found.endswith("got the collectstatic of 'django.contrib.staticfiles'")
    (message,) = site.messages(tag="staticfiles", deploy=False, INSTALLED_APPS=wrong)
    assert message.is_serious()
    plain = storages(
        staticfiles="django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    assert site.ids(INSTALLED_APPS=wrong, STORAGES=plain) == []


@pytest.mark.parametrize("backend", [MANIFEST, f"{__name__}.HouseStorage", REMOTE])
def test_a_static_storage_publishes_builds(site, backend):
    assert repr(backend) in site.only("W013", STORAGES=storages(staticfiles=backend))


@pytest.mark.parametrize(
    "backend",
    [
        "django.contrib.staticfiles.storage.StaticFilesStorage",
        "dj_cloudfront.storage.BuildStorage",
        "dj_cloudfront.storage.ManifestBuildStorage",
        "nowhere.Storage",
        f"{__name__}.bucket",
    ],
)
def test_the_plain_storage_is_fine_and_what_is_none_is_for_django_to_say(site, backend):
    assert site.ids(STORAGES=storages(staticfiles=backend)) == []


def test_uploads_are_where_the_distribution_reads_them(site):
    sentence = site.only("W014", STORAGES=bucket(custom_domain="b.s3.amazonaws.com"))
    assert "without the custom_domain 'd222.cloudfront.net'" in sentence
    site.only("W014", STORAGES=bucket())
    site.only("W014", STORAGES=on_disk(base_url="/media/"))
    elsewhere = site.folder / "uploads"
    assert repr(str(elsewhere)) in site.only(
        "W014", STORAGES=on_disk(location=elsewhere)
    )


def test_uploads_in_the_bucket_of_the_media_distribution_are_fine(site):
    fine = {"custom_domain": "d222.cloudfront.net", "file_overwrite": False}
    assert site.ids(STORAGES=bucket(**fine)) == []
    assert (
        site.ids(
            STORAGES=bucket(),
            AWS_S3_CUSTOM_DOMAIN="d222.cloudfront.net",
            AWS_S3_FILE_OVERWRITE=False,
        )
        == []
    )
    assert site.ids(STORAGES=on_disk(base_url="https://d222.cloudfront.net/")) == []
    part = {
        "location": site.media / "public",
        "base_url": "https://d222.cloudfront.net/public/",
    }
    assert site.ids(STORAGES=on_disk(**part)) == []


def test_where_uploads_are_is_free_without_a_cdn_for_them(site):
    half = site.other_cdn(names=("d111.cloudfront.net", ""))
    assert site.ids(one_cdn=half, STORAGES=bucket()) == []


def test_an_upload_never_replaces_another(site):
    assert "allow_overwrite=True" in site.only(
        "W015", STORAGES=on_disk(allow_overwrite=True)
    )
    # As django-storages does unless told otherwise.
    assert "file_overwrite=False" in site.only(
        "W015", STORAGES=bucket(custom_domain="d222.cloudfront.net")
    )
    assert site.ids(STORAGES=on_disk(allow_overwrite=False)) == []


@pytest.mark.parametrize(
    ("mode", "shown"), [(None, "None"), (0o600, "0o600"), (0, "0o0")]
)
def test_the_web_server_can_read_uploads(site, mode, shown):
    sentence = site.only("W016", FILE_UPLOAD_PERMISSIONS=mode)
    assert sentence.startswith("FILE_UPLOAD_PERMISSIONS")
    assert sentence.endswith(f"got {shown}")
    site.only("W016", STORAGES=on_disk(file_permissions_mode=mode))


def test_a_mode_in_decimal_digits_is_noticed(site):
    assert site.only("W016", FILE_UPLOAD_PERMISSIONS=644).endswith("got 0o1204")


@pytest.mark.parametrize("mode", [0o700, 0o644, 0o711 & ~0o100])
def test_the_web_server_can_enter_the_folders_of_uploads(site, mode):
    sentence = site.only("W016", FILE_UPLOAD_DIRECTORY_PERMISSIONS=mode)
    assert sentence.startswith("FILE_UPLOAD_DIRECTORY_PERMISSIONS")


def test_a_group_of_its_own_is_enough_for_the_web_server(site):
    modes = {
        "FILE_UPLOAD_PERMISSIONS": 0o640,
        "FILE_UPLOAD_DIRECTORY_PERMISSIONS": 0o2750,
    }
    assert site.ids(**modes) == []


# -- middleware


def test_the_middleware_is_there(site):
    assert repr(TREE) in site.only("W017", MIDDLEWARE=[SECURITY])
    assert site.ids(MIDDLEWARE=["house.middleware.HouseCdnTreeMiddleware"]) == []


def test_the_middleware_is_first(site):
    other = "django.middleware.common.CommonMiddleware"
    sentence = site.only("W018", MIDDLEWARE=[SECURITY, other, TREE])
    assert sentence.endswith(f"got {SECURITY}, {other} before it")


def test_what_serves_files_comes_even_before_it(site):
    files = "dj_cloudfront.whitenoise.MediaFilesMiddleware"
    assert site.ids(MIDDLEWARE=[OURS, files, TREE, SECURITY]) == []
    assert repr(OURS) in site.only("E011", MIDDLEWARE=[TREE, OURS])
    assert repr(files) in site.only("E011", MIDDLEWARE=[OURS, TREE, SECURITY, files])


FINE = {"WHITENOISE_STATIC_PREFIX": "/static/b1/", "WHITENOISE_MAX_AGE": 31_536_000}


def test_whitenoise_of_its_own_needs_the_prefix_and_the_age(site):
    order = [WHITENOISE, TREE, SECURITY]
    assert site.ids(MIDDLEWARE=order, **FINE) == []
    site.only("E011", MIDDLEWARE=[TREE, WHITENOISE], **FINE)


@pytest.mark.parametrize("prefix", ["/b1/", "static/b2/", "/static/"])
def test_whitenoise_answers_where_the_distribution_asks(site, prefix):
    order = [WHITENOISE, TREE]
    sentence = site.only(
        "W019", MIDDLEWARE=order, **{**FINE, "WHITENOISE_STATIC_PREFIX": prefix}
    )
    assert sentence.endswith(f"'/static/b1/', got {prefix!r}")
    assert site.ids(MIDDLEWARE=order, WHITENOISE_MAX_AGE=86_400) == ["W019"]
    assert site.ids(MIDDLEWARE=order, WHITENOISE_ROOT=site.folder, **FINE) == []
    whole = {"WHITENOISE_ROOT": site.folder, "WHITENOISE_MAX_AGE": 86_400}
    assert site.ids(MIDDLEWARE=order, **whole) == []


@pytest.mark.parametrize("age", [60, 0, 86_399])
def test_whitenoise_lets_caches_keep_a_build(site, age):
    order = [WHITENOISE, TREE]
    sentence = site.only(
        "W020", MIDDLEWARE=order, **{**FINE, "WHITENOISE_MAX_AGE": age}
    )
    assert sentence.endswith(f"got {age}")


@pytest.mark.parametrize(
    "decides",
    [
        {"WHITENOISE_IMMUTABLE_FILE_TEST": "^.+$"},
        {"WHITENOISE_ADD_HEADERS_FUNCTION": print},
        {"WHITENOISE_MAX_AGE": None},
    ],
)
def test_whitenoise_may_be_told_the_age_in_another_way(site, decides):
    settings = {**FINE, "WHITENOISE_MAX_AGE": 60, **decides}
    assert site.ids(MIDDLEWARE=[WHITENOISE, TREE], **settings) == []


def test_the_default_age_of_whitenoise_is_a_minute(site):
    prefix = {"WHITENOISE_STATIC_PREFIX": "static/b1"}
    assert site.only("W020", MIDDLEWARE=[WHITENOISE, TREE], **prefix).endswith("60")


@pytest.mark.parametrize("files", [WHITENOISE, OURS])
def test_files_are_not_redirected(site, files):
    redirecting = {"SECURE_SSL_REDIRECT": True, **FINE}
    after, before = [SECURITY, files, TREE], [files, TREE, SECURITY]
    assert site.ids(MIDDLEWARE=after, **redirecting) == ["W018", "W021"]
    assert site.ids(MIDDLEWARE=after, deploy=False, **redirecting) == ["W018"]
    assert site.ids(MIDDLEWARE=before, **redirecting) == []
    for cure in (
        {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")},
        {"SECURE_REDIRECT_EXEMPT": [r"^static/"]},
        {"SECURE_SSL_REDIRECT": False},
    ):
        assert site.ids(MIDDLEWARE=after, **{**redirecting, **cure}) == ["W018"]


def test_without_files_in_django_a_redirect_is_the_sites_own_business(site):
    assert site.ids(SECURE_SSL_REDIRECT=True) == []


# -- routes


@pytest.mark.parametrize(
    "route",
    [
        path("static/<path:name>", view),
        path("media/", include([path("<name>", view)])),
        re_path(r"^media/(?P<name>.*)$", view),
        path("", include([path("", include([path("static/a", view)]))])),
    ],
)
def test_no_route_is_where_the_web_server_answers(site, route):
    sentence = site.only("W022", ROOT_URLCONF=routes(path("", view), route))
    assert "the routes static/" in sentence or "the routes media/" in sentence


def test_other_routes_are_free(site):
    urls = routes(
        path("statics/", view),
        path("shop/media/", view),
        re_path(r"^a/static/$", view),
        path("shop/", include([path("static/", view)])),
        *i18n_patterns(path("media/", view)),
    )
    assert site.ids(ROOT_URLCONF=urls, USE_I18N=True) == []
    half = site.other_cdn(names=("d111.cloudfront.net", ""))
    assert site.ids(one_cdn=half, ROOT_URLCONF=routes(path("media/a", view))) == []


def test_a_site_without_a_urlconf_has_no_routes(site):
    assert site.ids(ROOT_URLCONF=None) == []
