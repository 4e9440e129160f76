"""What ``cdn conf`` makes of settings and options, and what it refuses."""

from __future__ import annotations

import re

import pytest
from server_config_support import SECRETS, refused, site, trees, with_settings

from dj_cloudfront.server_config import apache, caddy, nginx
from dj_cloudfront.server_config.site import Certificate, ListenAddress

PRIVATE = {"private_root": "/var/private"}


def test_settings_alone_are_enough():
    found = site()
    assert trees(found) == [
        ("static", "/var/mysite/static", False),
        ("media", "/var/mysite/media", False),
    ]
    assert found.names == ("www.example.com",)
    assert found.listen == (ListenAddress(port=443),)
    assert found.upstream == "127.0.0.1:8000"
    folder = "/etc/letsencrypt/live/www.example.com"
    assert found.certificate == Certificate(
        file=f"{folder}/fullchain.pem", key=f"{folder}/privkey.pem"
    )
    assert (found.plain, found.secrets, found.prefix) == (False, (), "")


# -- names and addresses


@pytest.mark.parametrize(
    ("allowed", "options", "names"),
    [
        (["www.example.com", "example.com"], {}, ("www.example.com", "example.com")),
        (["*", "localhost", "10.0.0.1", "A.Test"], {}, ("a.test",)),
        ([".Example.com", "example.com"], {}, ("example.com", "*.example.com")),
        ([".example.com"], {"automatic": True}, ("example.com",)),
        (["a.test"], {"server_name": ["*.Example.com"]}, ("*.example.com",)),
        (["[::1]", "xn--mller-kva.example"], {}, ("xn--mller-kva.example",)),
        (["a.test"], {"server_name": ["Shop.Example.com"]}, ("shop.example.com",)),
        (["*"], {"http": True}, ()),
        (["*"], {"http": True, "server_name": ["a.test"]}, ("a.test",)),
    ],
)
def test_names_are_given_or_those_of_allowed_hosts_that_are_names(
    allowed, options, names
):
    assert site(with_settings(allowed_hosts=allowed), **options).names == names


def test_fails_when_caddy_is_to_get_a_certificate_for_a_wildcard():
    refused(
        "--certificate must be given with a wildcard in --server-name",
        server_name=["*.example.com"],
        automatic=True,
    )
    assert site(server_name=["*.a.test"], automatic=True, http=True).plain


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"http": True}, "80"),
        ({"listen": ["8443"]}, "8443"),
        ({"listen": ["127.0.0.1:8080"], "http": True}, "127.0.0.1:8080"),
        ({"listen": ["[::1]:8080"]}, "[::1]:8080"),
        ({"listen": ["80", "[::1]:81", "80"]}, "80 [::1]:81"),
    ],
)
def test_it_listens_where_it_is_told_to(given, found):
    assert " ".join(map(str, site(**given).listen)) == found


@pytest.mark.parametrize("given", ["app:8000", "[::1]:8000", "unix:/run/a.sock"])
def test_django_is_a_port_or_a_socket(given):
    assert site(upstream=given).upstream == given


def test_a_wildcard_has_the_certificate_of_its_name():
    found = site(server_name=["*.example.com"]).certificate
    assert found.file == "/etc/letsencrypt/live/example.com/fullchain.pem"


def test_a_server_that_makes_its_certificates_needs_none():
    assert site(automatic=True).certificate is None
    given = {"certificate": "/a.pem", "certificate_key": "/b.pem"}
    found = Certificate(file="/a.pem", key="/b.pem")
    assert site(automatic=True, **given).certificate == found
    assert site(**given).certificate == found


# -- folders and uploads


def test_a_path_is_written_in_its_shortest_form():
    found = site(with_settings(builds_root="//var/./mysite//static/"))
    assert found.trees[0].root == "/var/mysite/static"


@pytest.mark.parametrize(
    ("static", "media", "sentence"),
    [
        ("/var/a", "/var/a/b", "MEDIA_ROOT must not be inside of static_root of CDN"),
        ("/var", "/var", "static_root of CDN must not be inside of MEDIA_ROOT"),
        ("/media/static", "/media", "static_root of CDN must not be inside of MEDIA"),
        ("/var/a", "/", "static_root of CDN must not be inside of MEDIA_ROOT"),
    ],
)
def test_fails_when_a_tree_is_inside_of_another(static, media, sentence):
    """Or uploads would be kept for a year, and run as pages."""
    refused(sentence, with_settings(builds_root=static, media_root=media))


def test_a_folder_beside_one_of_a_longer_name_is_not_inside():
    beside = with_settings(builds_root="/var/media-static", media_root="/var/media")
    assert len(site(beside).trees) == 2


@pytest.mark.parametrize(
    ("body", "given", "found"),
    [
        (None, None, 5),
        (5 * 1024 * 1024, None, 5),
        (5 * 1024 * 1024 + 1, None, 6),
        (50 * 1024 * 1024, 1, 1),
    ],
)
def test_a_body_that_django_would_take_is_let_through(body, given, found):
    assert site(with_settings(body_bytes=body), max_upload=given).upload_mib == found


def test_a_file_that_an_app_takes_is_let_through_with_its_form():
    """Or its visitors get a bare 413 in place of the form with its message."""
    limit = with_settings(file_bytes=10 * 1024 * 1024)
    assert site(limit).upload_mib == 11
    assert site(limit, max_upload=2).upload_mib == 2


# -- the origin secret


@pytest.mark.parametrize(
    ("guard", "guarded"),
    [
        ([], [True, True, True]),
        (["media"], [False, True, True]),
        (["private"], [False, False, True]),
    ],
)
def test_every_tree_or_those_named_ask_for_it_and_private_media_always(guard, guarded):
    secrets = ["OLD", "NEW"]
    found = site(origin_secret_variable=secrets, guard=guard, **PRIVATE)
    assert found.secrets == ("a" * 64, "b" * 64)
    assert [tree.guarded for tree in found.trees] == guarded


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


# -- what is refused

REFUSED = {
    "listen": (
        "--listen must be a port or an IP address and a port, such as '443' or "
        "'127.0.0.1:8080', got {!r}",
        ("0", "65536", "http", "localhost:80", "80;", "1.2.3.4:80 ssl"),
    ),
    "upstream": (
        "--upstream must be a host and a port or a socket",
        (
            *("", "a.test", "127.0.0.1:80 {", "http://a:1", "a/b:1"),
            *("unix:a.sock", "unix:/run/a b.sock"),
        ),
    ),
    "name": (
        "--name must be 1 to 32 lower-case letters, digits or '_' that begin with a "
        "letter, such as 'shop', got {!r}",
        ("Shop", "1", "a-b", "a" * 33),
    ),
    "server_name": (
        "--server-name must be a host name such as 'www.example.com' or "
        "'*.example.com', got {!r}",
        ("", "a b", "a;b", "a..b", "-a", "a_b", "a\n", "*", "*.", "a.*.b", "*a"),
    ),
    "origin_secret_variable": (
        "--origin-secret-variable must be the name of an environment variable, such as "
        "'ORIGIN_SECRET', got {!r}",
        ("", "A B", "A\nB", "1A", "A-B"),
    ),
    "max_upload": (
        "--max-upload must be from 1 to 1048575 MiB, such as 50",
        (0, -1, 1024 * 1024),
    ),
}


@pytest.mark.parametrize("option", REFUSED)
def test_fails_when_an_option_cannot_be_this(option):
    sentence, values = REFUSED[option]
    several = option in ("listen", "server_name", "origin_secret_variable")
    for value in values:
        given = {option: [value] if several else value}
        refused(sentence.format(value), **given)


_GUARDED_BY_NOTHING = (
    "--origin-secret-variable must name the variable that holds the origin secret, such "
    "as 'ORIGIN_SECRET', when {} is given: without it the server can be asked past the CDN"
)


@pytest.mark.parametrize(
    ("sentence", "options"),
    [
        ("--certificate and --certificate-key must be given", {"certificate": "/a"}),
        (
            "--certificate must not be given with --http, which has no TLS",
            {"http": True, "certificate": "/a.pem", "certificate_key": "/b.pem"},
        ),
        (_GUARDED_BY_NOTHING.format("--private-root"), PRIVATE),
        (_GUARDED_BY_NOTHING.format("--guard"), {"guard": ["media"]}),
        (
            "--guard must be one of the trees: static, media, got 'private'",
            {"guard": ["private"], "origin_secret_variable": ["OLD"]},
        ),
        (
            "--origin-secret-variable must be given at most twice",
            {"origin_secret_variable": ["OLD", "NEW", "OLD"]},
        ),
        (
            "--private-root must not be inside of MEDIA_ROOT",
            {"private_root": "/var/mysite/media/x", "origin_secret_variable": ["OLD"]},
        ),
    ],
)
def test_fails_when_options_do_not_go_together(sentence, options):
    refused(sentence, **options)


def test_fails_when_there_is_no_name():
    refused(
        "--server-name must be given, such as 'www.example.com', because ALLOWED_HOSTS "
        "names no host, got ['*']",
        with_settings(allowed_hosts=["*"]),
    )


def test_fails_when_a_path_means_more_to_a_server():
    for path in (
        *("relative", '/a"b', "/a\nb", "/a\\b", "/a/{env.HOME}", "/a$uri", "/a;b"),
        *("/a%{HTTP_HOST}", "/a[b]", "/a*", "/a?b", "/a<b>", "/a`b", "/a#b", "/a,R"),
        *("/a|b", "/a^b", "/a/../b", "/a\udcffb", "/a\x00b", "/a\tb"),
    ):
        for name, what in {
            "builds_root": "static_root of CDN",
            "media_root": "MEDIA_ROOT",
        }.items():
            refused(
                f"{what} must be an absolute path of letters, digits, spaces and . / + = @ "
                f"~ ( ) & : ' ! _ -, such as '/var/mysite/static', got {path!r}",
                with_settings(**{name: path}),
            )


# -- the text


@pytest.mark.parametrize("server", [nginx, apache, caddy], ids=lambda it: it.__name__)
def test_the_same_again_is_the_same_to_the_byte(server):
    options = {"origin_secret_variable": ["OLD"], **PRIVATE}
    text = server.render(site(**options))
    assert text == server.render(site(**options))
    assert text.isascii()
    assert text.endswith(("}\n", ">\n"))
    assert not re.search(r"<<|>>|[ \t]\n|\n\n\n", text)
