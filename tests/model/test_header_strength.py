"""Whether a security header protects less than before."""

from __future__ import annotations

import pytest

from cdn_model.header_strength import weakens

HSTS, FRAMES = "strict-transport-security", "x-frame-options"
CSP, REFERRER = "content-security-policy", "referrer-policy"
TRUSTED = "require-trusted-types-for"


@pytest.mark.parametrize(
    ("name", "strict", "open_"),
    [
        (HSTS, "max-age=31536000", "max-age=60"),
        (HSTS, "max-age=60; preload", "max-age=60"),
        (HSTS, "max-age=60; includeSubDomains", "max-age=60"),
        ("x-content-type-options", "nosniff", "off"),
        (FRAMES, "DENY", "SAMEORIGIN"),
        (FRAMES, "SAMEORIGIN", "ALLOW-FROM x"),
        (REFERRER, "no-referrer", "unsafe-url"),
        (REFERRER, "no-referrer", "a-value-of-tomorrow"),
        ("cross-origin-resource-policy", "same-site", "cross-origin"),
        (CSP, "default-src 'self'", "default-src 'self'; script-src-elem *"),
        (CSP, "script-src a", "script-src a; worker-src *"),
        (CSP, "child-src a", "child-src a; frame-src *"),
        (CSP, "script-src 'nonce-a' 'unsafe-inline'", "script-src 'unsafe-inline'"),
        (CSP, "script-src 'nonce-a'", "script-src 'unsafe-inline'"),
        (CSP, "sandbox", "sandbox allow-scripts"),
        (CSP, "default-src 'none'; sandbox", "default-src 'none'"),
        (CSP, "img-src a", "img-src a b"),
        (CSP, "default-src 'none'", "default-src *"),
        (CSP, "default-src 'none'", "default-src 'none'; script-src *"),
        # The first of two equal directives counts.
        (CSP, "default-src 'none'", "default-src *; default-src 'none'"),
    ],
)
def test_a_weaker_value_is_weaker_and_a_stronger_one_is_not(name, strict, open_):
    assert weakens(name, strict, open_)
    assert not weakens(name, open_, strict)
    assert not weakens(name, strict, strict)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        # Nobody can tell.
        ("permissions-policy", "camera=()", "camera=(self)"),
        (HSTS, "max-age=60", '{"Ref":"A"}'),
        (REFERRER, "no-referrer, strict-origin-when-cross-origin", "unsafe-url"),
        (CSP, "img-src a.example", "img-src b.example"),
        (CSP, "img-src *", "img-src data:"),
        (CSP, f"{TRUSTED} 'script'", TRUSTED),
        (CSP, "script-src *", "script-src * 'unsafe-eval'"),
    ],
)
def test_a_value_that_may_be_weaker_counts_as_weaker(name, before, after):
    assert weakens(name, before, after)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (CSP, "default-src 'none'; img-src a", "default-src 'none'"),
        (REFERRER, "no-referrer, strict-origin-when-cross-origin", "no-referrer"),
        (CSP, "img-src *", "img-src b.example 'self'"),
        # What was not sent protected nothing.
        (CSP, None, "anything"),
        (FRAMES, "", "anything"),
    ],
)
def test_a_value_that_allows_nothing_more_is_not_weaker(name, before, after):
    assert not weakens(name, before, after)
