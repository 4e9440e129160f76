from __future__ import annotations

from datetime import timedelta

import pytest

from constructs_lib import DjangoOrigin


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("https://www.example.com", "leave out the scheme"),
        ("www.example.com/static", "leave out the path"),
        ("www.example.com:443", "leave out the port"),
        ("192.0.2.7", "accepts no IP address"),
        ("[2001:db8::1]", "accepts no IP address"),
        ("WWW.example.com", "lower case"),
        ("localhost", ""),
        ("", ""),
        ("www..example.com", ""),
        ("-www.example.com", ""),
        ("www.example.com\n", ""),
        ("www.example.com.", ""),
        (f"{'a' * 64}.example.com", ""),
        (".".join(["abcdefgh"] * 29), ""),
    ],
)
def test_fails_when_the_origin_is_no_bare_host_name(name, cure):
    with pytest.raises(ValueError, match="^domain_name must be a bare host name") as e:
        DjangoOrigin.server(name)
    assert repr(name) in str(e.value)
    assert cure in str(e.value)
    assert (": " in str(e.value).partition(repr(name))[2]) == bool(cure)


@pytest.mark.parametrize(
    "name", ["www.example.com", "a.b", "xn--bcher-kva.example", "1.example.com"]
)
def test_a_bare_host_name_passes(name):
    assert DjangoOrigin.server(name).domain_name == name


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"connection_attempts": 0}, "connection_attempts must be 1, 2 or 3, got 0"),
        ({"connection_attempts": 4}, "connection_attempts must be 1, 2 or 3, got 4"),
        (
            {"connection_timeout": timedelta(seconds=11)},
            "connection_timeout must be a whole number of seconds, from 1 to 10",
        ),
        (
            {"connection_timeout": timedelta(0)},
            "connection_timeout must be a whole number of seconds, from 1 to 10",
        ),
        (
            {"read_timeout": timedelta(milliseconds=1500)},
            "read_timeout must be a whole number of seconds, at least 1",
        ),
        (
            {"keepalive_timeout": timedelta(0)},
            "keepalive_timeout must be a whole number",
        ),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_number(values, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        DjangoOrigin.server("www.example.com", **values)


def test_values_at_the_bounds_pass():
    origin = DjangoOrigin.server(
        "www.example.com",
        connection_attempts=1,
        connection_timeout=timedelta(seconds=10),
        read_timeout=timedelta(seconds=180),
        keepalive_timeout=timedelta(seconds=1),
    )
    assert origin.connection_attempts == 1


def test_origins_of_equal_values_are_equal():
    assert DjangoOrigin.server("a.example") == DjangoOrigin.server("a.example")
