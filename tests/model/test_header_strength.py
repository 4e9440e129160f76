"""Whether a security header protects less than before."""

from __future__ import annotations

import pytest

from cdn_model.header_strength import weakens


@pytest.mark.parametrize(
    ("name", "strict", "open_"),
    [
        ("strict-transport-security", "max-age=31536000", "max-age=60"),
        ("strict-transport-security", "max-age=60; preload", "max-age=60"),
        ("strict-transport-security", "max-age=60; includeSubDomains", "max-age=60"),
        ("x-content-type-options", "nosniff", "off"),
        ("x-frame-options", "DENY", "SAMEORIGIN"),
        ("x-frame-options", "SAMEORIGIN", "ALLOW-FROM x"),
        ("referrer-policy", "no-referrer", "unsafe-url"),
        ("cross-origin-resource-policy", "same-site", "cross-origin"),
        (
            "content-security-policy",
            "default-src 'self'; script-src-elem 'self'",
            "default-src 'self'; script-src-elem *",
        ),
        ("content-security-policy", "script-src a", "script-src a; worker-src *"),
        ("content-security-policy", "child-src a", "child-src a; frame-src *"),
        (
            "content-security-policy",
            "script-src 'nonce-a' 'unsafe-inline'",
            "script-src 'unsafe-inline'",
        ),
        ("referrer-policy", "no-referrer", "a-value-of-tomorrow"),
        ("content-security-policy", "sandbox", "sandbox allow-scripts"),
        (
            "content-security-policy",
            "default-src 'none'; sandbox",
            "default-src 'none'",
        ),
        ("content-security-policy", "img-src a", "img-src a b"),
        ("content-security-policy", "default-src 'none'", "default-src *"),
        (
            "content-security-policy",
            "default-src 'none'",
            "default-src 'none'; script-src *",
        ),
    ],
)
def test_a_weaker_value_is_weaker_and_a_stronger_one_is_not(name, strict, open_):
    assert weakens(name, strict, open_)
    assert not weakens(name, open_, strict)
    assert not weakens(name, strict, strict)


def test_a_header_of_which_nobody_can_tell_counts_as_weaker():
    assert weakens("permissions-policy", "camera=()", "camera=(self)")
    assert weakens("strict-transport-security", "max-age=60", '{"Ref":"A"}')


def test_the_first_of_two_equal_directives_counts():
    both = "default-src *; default-src 'none'"
    assert weakens("content-security-policy", "default-src 'none'", both)


def test_a_directive_that_default_src_already_has_may_go():
    before = "default-src 'none'; img-src a"
    assert not weakens("content-security-policy", before, "default-src 'none'")


def test_of_an_unknown_referrer_policy_only_the_strictest_is_no_worse():
    both = "no-referrer, strict-origin-when-cross-origin"
    assert weakens("referrer-policy", both, "unsafe-url")
    assert not weakens("referrer-policy", both, "no-referrer")


def test_what_a_policy_demands_is_not_dropped():
    name, kind = "content-security-policy", "require-trusted-types-for"
    assert weakens(name, f"{kind} 'script'", kind)
    assert not weakens(name, f"{kind} 'script'", f"{kind} 'script'")


@pytest.mark.parametrize("name", ["content-security-policy", "x-frame-options"])
def test_a_header_that_was_not_sent_protected_nothing(name):
    assert not weakens(name, None, "anything")
    assert not weakens(name, "", "anything")


def test_another_host_counts_as_more_unless_all_hosts_were_allowed():
    name = "content-security-policy"
    assert weakens(name, "img-src a.example", "img-src b.example")
    assert not weakens(name, "img-src *", "img-src b.example 'self'")
    assert weakens(name, "img-src *", "img-src data:")
    assert weakens(name, "script-src *", "script-src * 'unsafe-eval'")


def test_a_nonce_beside_unsafe_inline_protects_more():
    name = "content-security-policy"
    inline, proven = "script-src 'unsafe-inline'", "script-src 'nonce-a'"
    assert not weakens(name, inline, proven)
    assert weakens(name, proven, inline)
