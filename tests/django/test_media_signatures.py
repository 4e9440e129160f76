"""Signatures, checked by openssl and by botocore's own signer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from signing_support import ID, URL, decoded, is_signed_by, made_by_openssl, query

from dj_cloudfront.media.signer import Policy, Signer, read_key, signature_expiry

END = 1_900_000_000
ALL = "https://private.example.com/*"


@pytest.fixture
def signer(signing_keys):
    return Signer(key_pair_id=ID, private_key=signing_keys["ecdsa"].read_bytes())


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("digest", ["SHA256", "SHA1"])
def test_openssl_verifies_urls_and_cookies(signing_keys, kind, digest, tmp_path):
    key = signing_keys[kind]
    signer = Signer(key_pair_id=ID, private_key=key.read_bytes(), digest=digest)
    given = query(signer.url(URL, expires=END))
    canned = Policy(resource=URL, expires=END).render().encode()
    signature = decoded(given["Signature"])
    assert is_signed_by(key, canned, signature, tmp_path, digest)
    assert not is_signed_by(key, b"other", signature, tmp_path, digest)
    assert given["Expires"] == str(END)
    assert given.get("Hash-Algorithm") == ("SHA256" if digest == "SHA256" else None)
    policy = Policy(
        resource="https://private.example.com/a/*",
        expires=END,
        starts=1_800_000_000,
        ip_range="192.0.2.0/24",
    )
    made = signer.cookies(policy)
    text = decoded(made["CloudFront-Policy"])
    assert json.loads(text) == {
        "Statement": [
            {
                "Resource": "https://private.example.com/a/*",
                "Condition": {
                    "DateLessThan": {"AWS:EpochTime": END},
                    "DateGreaterThan": {"AWS:EpochTime": 1_800_000_000},
                    "IpAddress": {"AWS:SourceIp": "192.0.2.0/24"},
                },
            }
        ]
    }
    signature = decoded(made["CloudFront-Signature"])
    assert is_signed_by(key, text, signature, tmp_path, digest)
    assert decoded(query(signer.url(URL, policy))["Policy"]) == text


def test_botocore_gives_the_same_url_for_rsa(signing_keys):
    pem = signing_keys["rsa"].read_bytes()
    key = serialization.load_pem_private_key(pem, None)

    def sign(data):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA1())

    ours = Signer(key_pair_id=ID, private_key=pem, digest="SHA1")
    theirs = CloudFrontSigner(ID, sign)
    moment = datetime.fromtimestamp(END, UTC)
    expected = theirs.generate_presigned_url(URL, date_less_than=moment)
    assert ours.url(URL, expires=END) == expected
    policy = Policy(resource=ALL, expires=END, ip_range="192.0.2.0/24")
    custom = theirs.build_policy(ALL, date_less_than=moment, ip_address="192.0.2.0/24")
    expected = theirs.generate_presigned_url(URL, policy=custom)
    assert ours.url(URL, policy) == expected


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_all_processes_give_one_url(signing_keys, kind):
    key = signing_keys[kind].read_bytes()
    signers = [Signer(key_pair_id=ID, private_key=key) for _ in range(3)]
    assert len({signer.url(URL, expires=END) for signer in signers}) == 1


# -- keys


@pytest.mark.parametrize("kind", ["p384", "short"])
def test_a_key_that_cloudfront_does_not_take_is_refused(signing_keys, kind):
    with pytest.raises(ValueError, match="must be ECDSA on P-256 or RSA of 2048 bits"):
        Signer(key_pair_id=ID, private_key=signing_keys[kind].read_bytes())


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["pkey", "-pubout", "-in"], "and this is a public key"),
        (["ec", "-aes128", "-passout", "pass:x", "-in"], "a PEM without a password"),
        (["genpkey", "-algorithm", "SM2"], "a PEM without a password"),
    ],
)
def test_another_kind_of_pem_is_refused(signing_keys, tmp_path, command, sentence):
    given = [signing_keys["ecdsa"]] if command[-1] == "-in" else []
    path = made_by_openssl(tmp_path / "other.pem", *command, *given)
    with pytest.raises(ValueError, match=sentence):
        Signer(key_pair_id=ID, private_key=path.read_bytes())


@pytest.mark.parametrize("text", [b"", b"secret text", b"-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_key_is_refused_and_not_shown(text):
    with pytest.raises(ValueError, match="must be a PEM") as caught:
        Signer(key_pair_id=ID, private_key=text)
    assert "secret text" not in str(caught.value)


def test_another_digest_is_refused(signing_keys):
    key = signing_keys["ecdsa"].read_bytes()
    with pytest.raises(ValueError, match="must be 'SHA256' or 'SHA1', got 'MD5'"):
        Signer(key_pair_id=ID, private_key=key, digest="MD5")


def test_a_key_is_read_from_where_it_is(signing_keys, monkeypatch):
    pem = signing_keys["ecdsa"].read_text()
    monkeypatch.setenv("MEDIA_KEY", pem.replace("\n", "\\n"))
    assert read_key("env:MEDIA_KEY").decode() == pem
    with pytest.raises(ValueError, match="the environment variable NONE must hold"):
        read_key("env:NONE")
    with pytest.raises(ValueError, match="must be a file that Django may read"):
        read_key("/nowhere/a.key")


# -- what is signed


@pytest.mark.parametrize("name", ["Expires", "Policy", "Signature", "Key-Pair-Id"])
def test_a_query_of_a_signature_is_refused(signer, name):
    with pytest.raises(ValueError, match=f"got \\['{name}'\\] in its query"):
        signer.url(f"{URL}?v=1&{name}=x", expires=END)
    assert "?v=1&Expires=" in signer.url(f"{URL}?v=1", expires=END)


@pytest.mark.parametrize(
    "name", ["ü.pdf", "a b.pdf", "a.pdf#page=2", "a\nb", 'a"b', ""]
)
def test_a_url_that_no_viewer_asks_for_is_not_signed(signer, name):
    url = f"https://private.example.com/{name}" if name else ""
    for policy in (None, Policy(resource="*", expires=END)):
        with pytest.raises(ValueError, match="must be a URL as a viewer asks"):
            signer.url(url, policy, expires=END)


def test_the_signature_of_a_file_is_not_that_of_a_wildcard(signer):
    with pytest.raises(ValueError, match="write '%2A' for '\\*'"):
        signer.url(ALL, expires=END)


@pytest.mark.parametrize(
    ("resource", "is_covered"),
    [
        (URL, True),
        ("https://private.example.com/?/*.png", True),
        ("http*", True),
        (f"{URL}?", False),
        ("https://private.example.com/b/*", False),
        ("https://private.example.com/a/teamxpng", False),
        ("https://private.example.com/a/team", False),
    ],
)
def test_a_policy_for_another_resource_signs_no_url(signer, resource, is_covered):
    policy = Policy(resource=resource, expires=END)
    if is_covered:
        assert "?Policy=" in signer.url(URL, policy)
    else:
        with pytest.raises(ValueError, match="the resource of a policy must cover"):
            signer.url(URL, policy)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        (name, moment)
        for name in ("expires", "starts")
        for moment in (None, 1.5, True, "9", 0, -1, 1_900_000_000_000)
        if (name, moment) != ("starts", None)
    ],
)
def test_a_moment_of_a_policy_is_seconds(name, moment):
    with pytest.raises(ValueError, match=f"{name} must be whole seconds since 1970"):
        Policy(resource=URL, **{"expires": END, name: moment})


def test_a_url_without_an_expiry_is_not_signed(signer):
    with pytest.raises(ValueError, match="expires must be whole seconds"):
        signer.url(URL)


@pytest.mark.parametrize("given", [5, "", "::1", "2001:db8::/32", b"192.0.2.0/24"])
def test_an_address_of_a_policy_is_of_ipv4(given):
    with pytest.raises(ValueError, match="ip_range must be an IPv4 address or network"):
        Policy(resource=URL, expires=END, ip_range=given)


def test_a_policy_starts_before_it_expires():
    with pytest.raises(ValueError, match="starts must be before expires, got 2 and 2"):
        Policy(resource=URL, expires=2, starts=2)


def test_an_expiry_stays_for_a_window_and_lasts_for_the_lifetime():
    moments = range(1_000_000_000, 1_000_001_800)
    ends = [signature_expiry(3600, 900, now=now) for now in moments]
    assert len(set(ends)) == 2 + (1_000_000_000 % 900 > 0)
    for now, end in zip(moments, ends, strict=True):
        assert 3600 < end - now <= 3600 + 900
