"""Addresses, folders and names that ``cdn conf`` takes, and those that it refuses."""

from __future__ import annotations

import pytest
from gathering_support import refused, site, with_settings

from dj_cloudfront.server_config.site import Upstream

# -- where to listen, where Django is


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "443"),
        ({"http": True}, "80"),
        ({"listen": "8443"}, "8443"),
        ({"listen": "127.0.0.1:8080", "http": True}, "127.0.0.1:8080"),
        ({"listen": "[::1]:8080"}, "[::1]:8080"),
    ],
)
def test_it_listens_where_it_is_told_to(given, found):
    assert str(site(**given).listen) == found


@pytest.mark.parametrize(
    "listen", ["", "0", "65536", "http", "localhost:80", ":80", "80;", "1.2.3.4:80 ssl"]
)
def test_fails_when_it_cannot_listen_there(listen):
    # None stands for the default, an empty text is the default too.
    if listen:
        refused(
            "--listen must be a port or an IP address and a port, such as '443' or "
            f"'127.0.0.1:8080', got {listen!r}",
            listen=listen,
        )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("127.0.0.1:8000", Upstream(host="127.0.0.1:8000")),
        ("app:8000", Upstream(host="app:8000")),
        ("[::1]:8000", Upstream(host="[::1]:8000")),
        ("unix:/run/a.sock", Upstream(socket="/run/a.sock")),
    ],
)
def test_django_is_a_port_or_a_socket(given, found):
    assert site(upstream=given).upstream == found


@pytest.mark.parametrize(
    "upstream", ["", "www.example.com", "127.0.0.1:80 {", "http://a:1", "a/b:1"]
)
def test_fails_when_django_is_nowhere(upstream):
    refused("--upstream must be a host and a port or a socket", upstream=upstream)


@pytest.mark.parametrize("socket", ["unix:a.sock", "unix:/run/a b.sock"])
def test_fails_when_the_socket_has_no_plain_path(socket):
    refused("--upstream must be a host and a port or a socket", upstream=socket)


# -- folders


@pytest.mark.parametrize("name", ["builds_root", "media_root"])
@pytest.mark.parametrize(
    "path",
    [
        "relative",
        '/a"b',
        "/a\nb",
        "/a\\b",
        "/a/{env.HOME}",
        "/a$uri",
        "/a%{HTTP_HOST}",
        "/a;b",
        "/a[b]",
        "/a*",
        "/a?b",
        "/a<b>",
        "/a`b",
        "/a#b",
        "/a,R",
        "/a|b",
        "/a^b",
        "/a/../b",
        "/a\udcffb",
        "/a\x00b",
        "/a\tb",
    ],
)
def test_fails_when_a_path_means_more_to_a_server(name, path):
    what = {"builds_root": "static_root of CDN", "media_root": "MEDIA_ROOT"}[name]
    refused(
        f"{what} must be an absolute path of letters, digits, spaces and . / + = @ ~ "
        f"( ) & : ' ! _ -, such as '/var/mysite/static', got {path!r}",
        with_settings(**{name: path}),
    )


def test_a_path_is_written_in_its_shortest_form():
    found = site(with_settings(builds_root="//var/./mysite//static/"))
    assert found.trees[0].root == "/var/mysite/static"


def test_without_a_media_root_there_is_no_media_tree():
    assert [tree.name for tree in site(with_settings(media_root="")).trees] == [
        "static"
    ]


@pytest.mark.parametrize(
    ("static", "media", "sentence"),
    [
        (
            "/var/static",
            "/var/static/media",
            "MEDIA_ROOT must not be inside of static_root of CDN",
        ),
        ("/var", "/var", "static_root of CDN must not be inside of MEDIA_ROOT"),
        ("/media/static", "/media", "static_root of CDN must not be inside of MEDIA"),
        ("/var/a", "/", "static_root of CDN must not be inside of MEDIA_ROOT"),
    ],
)
def test_fails_when_a_tree_is_inside_of_another(static, media, sentence):
    """Or uploads would be kept for a year, and run as pages."""
    refused(sentence, with_settings(builds_root=static, media_root=media))


def test_a_folder_beside_one_of_a_longer_name_is_not_inside():
    found = site(
        with_settings(builds_root="/var/media-static", media_root="/var/media")
    )
    assert len(found.trees) == 2


def test_fails_when_private_media_is_inside_of_public_media():
    refused(
        "--private-root must not be inside of MEDIA_ROOT",
        private_root="/var/mysite/media/private",
        origin_secret_variable=["OLD"],
    )


# -- names


@pytest.mark.parametrize("name", ["Shop", "1shop", "a-b", "a b", "a" * 33, "a\n"])
def test_fails_when_a_site_has_a_name_that_no_variable_has(name):
    refused(
        "--name must be 1 to 32 lower-case letters, digits or '_' that begin with a "
        f"letter, such as 'shop', got {name!r}",
        name=name,
    )


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a..b", "-a", "a_b", "a\n", "*"])
def test_fails_when_a_host_is_none(name):
    refused(
        f"--server-name must be a host name such as 'www.example.com', got {name!r}",
        server_name=[name],
    )
