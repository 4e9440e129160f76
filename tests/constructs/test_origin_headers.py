"""Headers that every request to the server has."""

from __future__ import annotations

import pytest
from aws_cdk import Token
from aws_cdk.assertions import Annotations, Match
from cdk_support import new_stack, rendered_origin

from constructs_lib import DjangoOrigin


def server(**options):
    return DjangoOrigin.server("www.example.com", **options)


@pytest.mark.parametrize(
    "name",
    [
        "Cache-Control",
        "Connection",
        "Content-Length",
        "Cookie",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Max-Forwards",
        "Pragma",
        "Proxy-Authenticate",
        "Proxy-Anything",
        "Range",
        "Request-Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Via",
        "X-Amz-Date",
        "x-amz-cf-id",
        "X-Edge-Location",
        "X-Real-Ip",
        "host",
    ],
)
def test_fails_when_cloudfront_forbids_a_header(name):
    with pytest.raises(ValueError, match=f"CloudFront sends or removes.* got '{name}'"):
        server(custom_headers={name: "1"})


@pytest.mark.parametrize("name", ["X-Cdn-Tree", "x-cdn-tree", "X-Origin-Secret"])
def test_fails_when_a_header_is_one_of_ours(name):
    with pytest.raises(ValueError, match=f"must not have '{name}', which is sent with"):
        server(custom_headers={name: "1"})


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"": "1"}, "must have names of 1 to 256 letters"),
        ({"X Site": "1"}, "must have names of .* got 'X Site'"),
        ({"X-Site:": "1"}, "must have names of .* got 'X-Site:'"),
        ({"X" * 257: "1"}, "must have names of 1 to 256"),
        ({"X-Site": ""}, "must be 1 to 1783 printable .* got 0 characters"),
        ({"X-Site": " 1"}, "must be .* without a space at either end"),
        ({"X-Site": "a\r\nHost: b"}, "must be 1 to 1783 printable characters"),
        ({"X-Site": "ü"}, "must be 1 to 1783 printable characters of ASCII"),
        ({"X-Site": "1" * 1784}, "got 1784 characters"),
        ({"X-Site": "1", "x-site": "2"}, "must be distinct, got 'x-site' twice"),
        (
            {f"X-{i}": "1" for i in range(29)},
            "at most 28 headers beside X-Cdn-Tree, X-Origin-Secret, got 29",
        ),
        (
            {f"X-{i}": "1" * 1783 for i in range(6)},
            "at most 10240 characters in all names and values",
        ),
    ],
)
def test_fails_when_cloudfront_would_refuse_a_header(headers, sentence):
    with pytest.raises(ValueError, match=f"custom_headers.*{sentence}"):
        server(custom_headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"X" * 256: "1" * 1783},
        {f"X-{i}": "1" for i in range(28)},
        {"X-Viable": "a b"},
        {"Teapot": "1"},
        {"Accept": "text/css, */*"},
    ],
)
def test_headers_at_the_bounds_pass(headers):
    sent = {
        header["HeaderName"]: header["HeaderValue"]
        for header in rendered_origin(server(custom_headers=headers))[
            "OriginCustomHeaders"
        ]
    }
    assert sent == {"X-Cdn-Tree": "static", **headers}


def test_warns_of_a_header_that_shows_a_secret():
    names = ("Authorization", "X-Api-Key", "X-Shared-Secret")
    stack = new_stack()
    rendered_origin(server(custom_headers=dict.fromkeys(names, "hunter2")), stack)
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    for name, warning in zip(names, found, strict=True):
        assert f"custom_headers['{name}'] stands in plain text" in warning.entry.data
        assert "hunter2" not in warning.entry.data


@pytest.mark.parametrize(
    "value",
    ["{{resolve:secretsmanager:a}}", Token.as_string({"Fn::ImportValue": "Key"})],
)
def test_a_reference_in_a_header_is_not_warned_of(value):
    stack = new_stack()
    rendered_origin(server(custom_headers={"X-Api-Key": value}), stack)
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_fails_when_a_bad_value_would_be_printed():
    with pytest.raises(ValueError, match="X-Site") as error:
        server(custom_headers={"X-Site": "hunter2\n"})
    assert "hunter2" not in str(error.value)
