"""Where ``cdn check`` and ``cdn find`` ask, and as whom."""

from __future__ import annotations

import argparse

import pytest
from live_check_support import run

import dj_cloudfront
from dj_cloudfront.contract import Tree
from dj_cloudfront.live_check.arguments import (
    RequestOptions,
    add_arguments,
    read_options,
)
from dj_cloudfront.live_check.targets import (
    cdn_target,
    host_for,
    site_of,
)

SECRET = "0123456789abcdef-of-the-servers"


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return read_options(**vars(parser.parse_args(arguments)))


def refused(*arguments):
    with pytest.raises(ValueError) as raised:
        parsed(*arguments)
    return str(raised.value)


def test_nothing_needs_to_be_said():
    assert parsed() == RequestOptions()


def test_servers_are_asked_once_each_in_their_order():
    urls = ("https://10.0.0.6/", "http://127.0.0.1:8001", "https://10.0.0.6")
    options = parsed(*(f"--origin={url}" for url in urls))
    assert options.origins == ("https://10.0.0.6", "http://127.0.0.1:8001")


def test_fails_when_a_server_is_no_address():
    for url in (
        *("10.0.0.5", "ftp://10.0.0.5", "https://", "https://10.0.0.5/static/", ""),
        *("https://10.0.0.5?a", "https://user:password@10.0.0.5", "https://[::1"),
        *("https://10.0.0.5:99999", "https://10.0.0.5:0"),
    ):
        assert refused("--origin", url) == (
            "--origin must be a scheme, a host and a port if need be, such as "
            f"'https://10.0.0.5' or 'http://127.0.0.1:8001', got {url!r}"
        )


def test_fails_when_the_host_is_no_name_or_the_timeout_no_time():
    for host in ("https://x", "a b", "a/b", "", ".a", "a\r\nX: y"):
        assert refused("--host", host).startswith("--host must be a host name")
    for seconds in ("0", "-1", "nan", "1e9"):
        said = refused(f"--timeout={seconds}")
        assert said.startswith("--timeout must be up to 3600")


def test_headers_come_from_arguments_and_the_secret_from_the_environment(monkeypatch):
    monkeypatch.setenv("CDN_ORIGIN_SECRET", SECRET)
    options = parsed("--header", "Authorization: Basic abc")
    assert options.headers == {
        "X-Origin-Secret": SECRET,
        "Authorization": "Basic abc",
    }
    assert SECRET not in repr(options)
    assert "Basic abc" not in repr(options)


@pytest.mark.parametrize("line", [SECRET, f": {SECRET}", f"a b: {SECRET}"])
def test_a_wrong_header_is_refused_without_being_shown(line):
    assert refused("--header", line) == (
        "--header must be a name and a value, such as 'X-Origin-Secret: …'"
    )


@pytest.mark.parametrize("value", [f"{SECRET}\r\nHost: x", f"{SECRET}ü", f"{SECRET}\0"])
def test_a_value_that_would_be_two_headers_is_refused_without_being_shown(
    value, monkeypatch
):
    assert SECRET not in refused("--header", f"X-Origin-Secret: {value}")
    if "\0" not in value:
        monkeypatch.setenv("CDN_ORIGIN_SECRET", value)
        said = refused()
        assert said.startswith("the variable CDN_ORIGIN_SECRET must hold")
        assert SECRET not in said


# -- the name that the distributions send


@pytest.mark.parametrize(
    ("url", "given", "allowed", "host"),
    [
        ("https://10.0.0.5", "www.example.com", [], "www.example.com"),
        (
            "https://web1.example.com:8443",
            None,
            ["www.example.com"],
            "web1.example.com",
        ),
        ("https://10.0.0.5", None, ["www.example.com"], "www.example.com"),
        (
            "https://[::1]:8443",
            None,
            ["localhost", "127.0.0.1", "*", ".example.com", "www.example.com"],
            "www.example.com",
        ),
    ],
)
def test_the_host_is_given_or_named_or_the_only_one(url, given, allowed, host):
    assert host_for(url, RequestOptions(host=given), allowed) == host


@pytest.mark.parametrize("allowed", [[], ["*"], ["a.example.com", "b.example.com"]])
def test_fails_when_the_host_cannot_be_known(allowed):
    with pytest.raises(ValueError, match="--host must be the name that the distr"):
        host_for("https://10.0.0.5", RequestOptions(), allowed)


def test_the_pages_are_where_it_is_said_or_where_the_site_is():
    place = cdn_target(
        "https://d111.cloudfront.net", RequestOptions(), tree=Tree.STATIC
    )
    given = RequestOptions(site="https://shop.example.com")
    assert site_of(place, given, ["www.example.com"]) == "https://shop.example.com"
    assert (
        site_of(place, RequestOptions(), ["*", "www.example.com"])
        == "https://www.example.com"
    )
    assert site_of(place, RequestOptions(), []) == "https://d111.cloudfront.net"


def test_fails_when_there_is_nothing_to_ask(tmp_path, monkeypatch):
    local = dj_cloudfront.config(static_root=tmp_path, build_version="b1", local=True)
    with pytest.raises(ValueError, match="CDN must have URLs of a CDN to be asked"):
        run(local, build_version="b1")
    with pytest.raises(ValueError, match="--only origin must come with servers"):
        run(local, build_version="b1", only="origin")
