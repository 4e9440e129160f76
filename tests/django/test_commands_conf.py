"""``manage.py cdn conf``: what is printed, what is written, and what is kept secret."""

from __future__ import annotations

import io
import stat

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

import dj_cloudfront
from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.server_config import apache, caddy, nginx
from dj_cloudfront.server_config.from_settings import (
    DjangoSettings,
    ServerOptions,
    from_settings,
)

SECRET = "ab" * 32
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
WEB_SERVERS = {"nginx": nginx, "apache": apache, "caddy": caddy}
EACH = pytest.mark.parametrize("server", [*WEB_SERVERS, "whitenoise"])


@pytest.fixture(autouse=True)
def site(monkeypatch):
    """A site with a CDN, whose names come from the environment."""
    if not settings.configured:
        settings.configure(DEFAULT_CHARSET="utf-8")
    monkeypatch.setenv("STATIC_DOMAIN_NAME", "static.example.com")
    monkeypatch.setenv("ORIGIN_SECRET", SECRET)
    cdn = dj_cloudfront.config(static_root="/var/mysite/static", build_version="b1")
    with override_settings(
        CDN=cdn,
        MEDIA_ROOT="/var/mysite/media",
        ALLOWED_HOSTS=["www.example.com"],
        MIDDLEWARE=MIDDLEWARE,
    ):
        yield


def conf(*arguments):
    out, complaints = io.StringIO(), io.StringIO()
    call_command(
        Command(), "conf", *arguments, stdout=out, stderr=complaints, no_color=True
    )
    return out.getvalue(), complaints.getvalue()


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_it_prints_what_the_settings_say(server):
    expected = from_settings(
        DjangoSettings(
            builds_root="/var/mysite/static",
            media_root="/var/mysite/media",
            allowed_hosts=["www.example.com"],
            body_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        ),
        ServerOptions(),
        command=f"manage.py cdn conf {server}",
        makes_certificates=server == "caddy",
    )
    assert conf(server) == (WEB_SERVERS[server].render(expected), "")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], ""),
        (["--http", "--listen", "8080"], " --listen 8080 --http"),
        (
            ["--access-log=/var/log/my site.log", "--upstream", "127.0.0.1:8000"],
            " --access-log '/var/log/my site.log'",
        ),
        (
            ["--server-name", "b.test", "--max-upload", "9", "--server-name", "a.test"],
            " --server-name b.test --server-name a.test --max-upload 9",
        ),
        (
            ["--origin-secret-variable", "ORIGIN_SECRET", "--guard", "media"],
            " --origin-secret-variable ORIGIN_SECRET --guard media",
        ),
    ],
)
@pytest.mark.parametrize("server", WEB_SERVERS)
def test_the_first_line_makes_the_same_again(server, options, line):
    text, _ = conf(server, *options)
    assert text.partition("\n")[0] == f"# manage.py cdn conf {server}{line}"
    assert conf(server, *options)[0] == text
    assert ("--access-log" in line) == ("/var/log/my site.log" in text)


def test_options_of_one_server_are_not_those_of_another():
    assert "brotli_static on;" in conf("nginx", "--brotli")[0]
    assert "(shop_tree)" in conf("caddy", "--name", "shop")[0]
    for refused in (
        ("apache", "--brotli"),
        ("apache", "--name", "shop"),
        ("whitenoise", "--listen", "80"),
        ("lighttpd",),
        (),
    ):
        with pytest.raises(CommandError, match="unrecognized|invalid choice|required"):
            conf(*refused)


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_a_secret_goes_to_where_the_server_compares_it_and_nowhere_else(
    server, tmp_path
):
    given = ("--origin-secret-variable", "ORIGIN_SECRET")
    text, complaints = conf(server, *given)
    assert text.count(SECRET) == 1
    assert complaints == ""
    output = tmp_path / "site.conf"
    assert conf(server, *given, "--output", str(output)) == ("", "")
    assert output.read_text() == text
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


@EACH
def test_a_file_is_the_same_as_what_is_printed(server, tmp_path):
    output = tmp_path / "site.conf"
    output.write_text("of before")
    assert conf(server, "--output", str(output)) == ("", "")
    assert output.read_text() == conf(server)[0]
    assert [*tmp_path.iterdir()] == [output]
    assert stat.S_IMODE(output.stat().st_mode) == 0o644


def test_a_configuration_that_is_refused_leaves_the_file_alone(tmp_path):
    output = tmp_path / "site.conf"
    output.write_text("of before")
    with pytest.raises(CommandError, match="^--listen must be a port"):
        conf("nginx", "--listen", "80;", "--output", str(output))
    assert output.read_text() == "of before"


def test_fails_when_the_file_cannot_be_written(tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        conf("nginx", "--output", str(tmp_path / "missing" / "site.conf"))


@EACH
@override_settings(MEDIA_ROOT="/var/mysite/static/media")
def test_fails_when_media_is_inside_of_the_builds(server):
    with pytest.raises(CommandError, match="^MEDIA_ROOT must not be inside of static_"):
        conf(server)


@override_settings(MEDIA_ROOT="")
def test_a_site_without_media_has_no_such_tree():
    text, _ = conf("nginx")
    assert "location ^~ /static/" in text
    assert "location ^~ /media/" not in text


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None)
def test_a_setting_without_a_limit_leaves_the_default():
    assert "client_max_body_size 5m;" in conf("nginx")[0]


def test_settings_of_a_developer_are_told_apart():
    local = dj_cloudfront.config(static_root="/var/mysite/static", local=True)
    with override_settings(CDN=local):
        text, complaints = conf("nginx")
    assert "/var/mysite/static" in text
    assert complaints == (
        "settings say local=True: this describes no server with a CDN\n"
    )


# -- whitenoise


SECURITY = "django.middleware.security.SecurityMiddleware"


def with_lines_of(text, middleware):
    """``MIDDLEWARE`` of settings at whose end the text stands."""
    names = {"MIDDLEWARE": middleware}
    exec(compile(text, "settings.py", "exec"), names)
    return names["MIDDLEWARE"]


def test_whitenoise_gets_a_middleware_that_knows_every_build():
    """And its lines fit settings that say the rest in another file."""
    text, _ = conf("whitenoise")
    own = [
        "dj_cloudfront.middleware.CdnTreeMiddleware",
        SECURITY,
        "whitenoise.middleware.WhiteNoiseMiddleware",
    ]
    assert SECURITY not in text
    assert with_lines_of(text, own) == [
        "dj_cloudfront.whitenoise.StaticFilesMiddleware",
        "dj_cloudfront.middleware.CdnTreeMiddleware",
        SECURITY,
    ]


def test_whitenoise_serves_uploads_only_when_told_to():
    assert "MediaFilesMiddleware" not in conf("whitenoise")[0]
    text, _ = conf("whitenoise", "--media")
    assert with_lines_of(text, [SECURITY]) == [
        "dj_cloudfront.whitenoise.StaticFilesMiddleware",
        "dj_cloudfront.whitenoise.MediaFilesMiddleware",
        "dj_cloudfront.middleware.CdnTreeMiddleware",
        SECURITY,
    ]


# -- what a site's own settings add


def test_a_picture_that_wagtail_takes_gets_through(monkeypatch):
    assert "client_max_body_size 5m;" in conf("nginx")[0]
    installed = [*settings.INSTALLED_APPS, "wagtail.images"]
    monkeypatch.setattr(settings, "INSTALLED_APPS", installed)
    assert "client_max_body_size 11m;" in conf("nginx")[0]
    with override_settings(WAGTAILIMAGES_MAX_UPLOAD_SIZE=30 * 1024 * 1024):
        assert "client_max_body_size 31m;" in conf("nginx")[0]


def test_links_among_uploads_are_told(tmp_path):
    (tmp_path / "image_not_found.jpg").symlink_to("/nonexistent")
    with override_settings(MEDIA_ROOT=tmp_path):
        _, complaints = conf("nginx")
        assert complaints == (
            "MEDIA_ROOT has 1 symbolic link(s), such as 'image_not_found.jpg', which the "
            "server refuses: put copies in their place\n"
        )
        assert conf("caddy")[1] == ""
