"""What ``cdn conf`` makes of settings and options."""

from __future__ import annotations

import re

import pytest
from gathering_support import SECRETS, refused, site, trees, with_settings

from dj_cloudfront.server_config import apache, caddy, nginx
from dj_cloudfront.server_config.site import Certificate, ListenAddress, Upstream


def test_settings_alone_are_enough():
    found = site()
    assert trees(found) == [
        ("static", "/var/mysite/static", False),
        ("media", "/var/mysite/media", False),
    ]
    assert found.names == ("www.example.com",)
    assert found.listen == ListenAddress(port=443)
    assert found.upstream == Upstream(host="127.0.0.1:8000")
    assert found.certificate == Certificate(
        file="/etc/letsencrypt/live/www.example.com/fullchain.pem",
        key="/etc/letsencrypt/live/www.example.com/privkey.pem",
    )
    assert (found.plain, found.secrets, found.prefix) == (False, (), "")


# -- names


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        (["www.example.com", "example.com"], ("www.example.com", "example.com")),
        (["*", "localhost", ".example.com", "10.0.0.1", "a.test"], ("a.test",)),
        (["[::1]", "xn--mller-kva.example"], ("xn--mller-kva.example",)),
    ],
)
def test_the_names_are_those_of_allowed_hosts_that_are_names(allowed, names):
    assert site(with_settings(allowed_hosts=allowed)).names == names


def test_names_that_are_given_take_their_place():
    assert site(server_name=["Shop.Example.com", "b.test"]).names == (
        "shop.example.com",
        "b.test",
    )


def test_fails_when_there_is_no_name():
    refused(
        "--server-name must be given, such as 'www.example.com', because ALLOWED_HOSTS "
        "names no host, got ['*']",
        with_settings(allowed_hosts=["*"]),
    )


def test_without_tls_any_name_will_do():
    assert site(with_settings(allowed_hosts=["*"]), http=True).names == ()
    assert site(http=True, server_name=["a.test"]).names == ("a.test",)


# -- the certificate


def test_a_server_that_makes_its_certificates_needs_none():
    assert site(automatic=True).certificate is None
    given = {"certificate": "/a.pem", "certificate_key": "/b.pem"}
    found = Certificate(file="/a.pem", key="/b.pem")
    assert site(automatic=True, **given).certificate == found
    assert site(**given).certificate == found


@pytest.mark.parametrize("name", ["certificate", "certificate_key"])
def test_fails_when_half_a_certificate_is_given(name):
    refused(
        "--certificate and --certificate-key must be given together",
        **{name: "/a.pem"},
    )


def test_fails_when_a_certificate_has_no_use():
    refused(
        "--certificate must not be given with --http, which has no TLS",
        http=True,
        certificate="/a.pem",
        certificate_key="/b.pem",
    )


# -- uploads


@pytest.mark.parametrize(
    ("body", "given", "found"),
    [
        (2621440, None, 5),
        (None, None, 5),
        (5 * 1024 * 1024, None, 5),
        (5 * 1024 * 1024 + 1, None, 6),
        (50 * 1024 * 1024, None, 50),
        (50 * 1024 * 1024, 1, 1),
    ],
)
def test_a_body_that_django_would_take_is_let_through(body, given, found):
    assert site(with_settings(body_bytes=body), max_upload=given).upload_mib == found


@pytest.mark.parametrize("given", [0, -1, 1024 * 1024])
def test_fails_when_nothing_or_everything_could_be_uploaded(given):
    refused(
        "--max-upload must be from 1 to 1048575 MiB, such as 50, got", max_upload=given
    )


# -- the origin secret


def test_with_a_secret_every_tree_asks_for_it():
    found = site(origin_secret_variable=["OLD", "NEW"], private_root="/var/private")
    assert found.secrets == ("a" * 64, "b" * 64)
    assert [tree.guarded for tree in found.trees] == [True, True, True]


@pytest.mark.parametrize(
    ("guard", "guarded"),
    [(["media"], [False, True, True]), (["private"], [False, False, True])],
)
def test_private_media_always_asks_for_it(guard, guarded):
    found = site(
        origin_secret_variable=["OLD"], private_root="/var/private", guard=guard
    )
    assert [tree.guarded for tree in found.trees] == guarded


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({"private_root": "/var/private"}, "--private-root"),
        ({"guard": ["media"]}, "--guard"),
    ],
)
def test_fails_when_a_tree_is_guarded_by_nothing(options, given):
    refused(
        "--origin-secret-variable must name the variable that holds the origin secret, "
        f"such as 'ORIGIN_SECRET', when {given} is given: without it the server can be "
        "asked past the CDN",
        **options,
    )


def test_fails_when_what_is_guarded_is_not_there():
    refused(
        "--guard must be one of the trees: static, media, got 'private'",
        guard=["private"],
        origin_secret_variable=["OLD"],
    )


def test_fails_when_three_secrets_are_given():
    refused(
        "--origin-secret-variable must be given at most twice",
        origin_secret_variable=["OLD", "NEW", "OLD"],
    )


@pytest.mark.parametrize("name", ["SHORT", "QUOTED", "NOT_SET"])
def test_fails_when_a_secret_is_none_and_does_not_show_it(name):
    value = SECRETS.get(name, "")
    with pytest.raises(ValueError, match="^the environment variable") as failed:
        site(origin_secret_variable=[name])
    assert str(failed.value) == (
        f"the environment variable {name} must hold 16 to 256 letters, digits, '-' or "
        "'_', such as what 'openssl rand -hex 32' prints, got "
        f"{len(value)} characters"
    )
    assert not value or value not in str(failed.value)


@pytest.mark.parametrize("name", ["", "A B", "A\nB", "1A", "A-B"])
def test_fails_when_a_variable_has_no_name(name):
    refused(
        "--origin-secret-variable must be the name of an environment variable, such as "
        f"'ORIGIN_SECRET', got {name!r}",
        origin_secret_variable=[name],
    )


# -- the text


@pytest.mark.parametrize("server", [nginx, apache, caddy], ids=lambda it: it.__name__)
def test_the_same_again_is_the_same_to_the_byte(server):
    options = {"origin_secret_variable": ["OLD"], "private_root": "/var/private"}
    text = server.render(site(**options))
    assert text == server.render(site(**options))
    assert text.isascii()
    assert text.endswith(("}\n", ">\n"))
    assert not re.search(r"<<|>>|[ \t]\n|\n\n\n", text)
