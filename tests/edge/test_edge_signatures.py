"""Signatures that botocore and openssl make hold; changed ones do not."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st

from cdn_edge.signatures import (
    DENIED,
    MALFORMED,
    MISSING,
    UNKNOWN,
    Viewer,
    refusal,
    without_signature,
)

URL = "https://private.example.com/a/team.png"
NOW = 1_800_000_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A folder with two pairs of openssl's, and their public halves by id."""
    folder = tmp_path_factory.mktemp("keys")
    commands = {
        "rsa": ["genrsa", "-out", folder / "rsa", "2048"],
        "ecdsa": [
            *("ecparam", "-name", "prime256v1", "-genkey", "-noout"),
            *("-out", folder / "ecdsa"),
        ],
    }
    for name, command in commands.items():
        subprocess.run(["openssl", *command], check=True, capture_output=True)
        subprocess.run(
            [
                "openssl",
                "pkey",
                "-in",
                folder / name,
                "-pubout",
                "-out",
                folder / f"{name}.pem",
            ],
            check=True,
        )
    keys = {
        "KRSA": (folder / "rsa.pem").read_text(),
        "KECDSA": (folder / "ecdsa.pem").read_text(),
    }
    return folder, keys


def encoded(data):
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def openssl(folder, key, data, digest):
    return subprocess.run(
        ["openssl", "dgst", f"-{digest.lower()}", "-sign", folder / key],
        input=data,
        check=True,
        capture_output=True,
    ).stdout


def policy(resource=URL, expires=NOW + 60, **more):
    condition = {"DateLessThan": {"AWS:EpochTime": expires}, **more}
    statement = {"Resource": resource, "Condition": condition}
    return json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()


def signed(pair, text, *, key="ecdsa", digest="SHA256", canned=None):
    """The parameters of a signature that openssl makes."""
    folder, _ = pair
    return {
        **({"Expires": str(canned)} if canned else {"Policy": encoded(text)}),
        "Signature": encoded(openssl(folder, key, text, digest)),
        "Key-Pair-Id": f"K{key.upper()}",
        **({"Hash-Algorithm": "SHA256"} if digest == "SHA256" else {}),
    }


def query(parameters):
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def cookies(parameters):
    return {f"CloudFront-{name}": value for name, value in parameters.items()}


def judged(pair, asked="", *, url=URL, now=NOW, address="192.0.2.7", cookies=()):
    viewer = Viewer(
        url=url, query=asked, cookies=dict(cookies), address=address, now=now
    )
    return refusal(viewer, pair[1])


@pytest.mark.parametrize("key", ["rsa", "ecdsa"])
@pytest.mark.parametrize("digest", ["SHA1", "SHA256"])
def test_what_openssl_signs_holds(pair, key, digest):
    canned = signed(pair, policy(), key=key, digest=digest, canned=NOW + 60)
    custom = signed(pair, policy("https://*.example.com/a/*"), key=key, digest=digest)
    for parameters in (canned, custom):
        assert judged(pair, query(parameters)) is None
        assert judged(pair, cookies=cookies(parameters)) is None


def test_what_botocore_signs_holds(pair):
    folder, _ = pair
    key = serialization.load_pem_private_key((folder / "rsa").read_bytes(), None)
    signer = CloudFrontSigner(
        "KRSA", lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA1())
    )
    expires = datetime.fromtimestamp(NOW + 60, UTC)
    for url in (URL, f"{URL}?v=1&w=a%20b"):
        made = signer.generate_presigned_url(url, date_less_than=expires)
        assert judged(pair, made.partition("?")[2]) is None
    custom = signer.build_policy(
        "https://private.example.com/*",
        date_less_than=expires,
        ip_address="192.0.2.0/24",
    )
    made = signer.generate_presigned_url(URL, policy=custom).partition("?")[2]
    assert judged(pair, made) is None
    assert judged(pair, made, address="198.51.100.1") is DENIED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"url": "https://private.example.com/a/other.png"}, DENIED),
        ({"url": "http://private.example.com/a/team.png"}, DENIED),
        ({"url": "https://other.example.com/a/team.png"}, DENIED),
        ({"now": NOW + 60}, DENIED),
        ({"now": NOW + 59}, None),
    ],
)
@pytest.mark.parametrize("canned", [NOW + 60, None])
def test_a_signature_is_for_one_resource_and_time(pair, change, expected, canned):
    asked = query(signed(pair, policy(), canned=canned))
    assert judged(pair, asked, **change) is expected


def test_a_canned_signature_cannot_be_stretched(pair):
    parameters = signed(pair, policy(), canned=NOW + 60)
    parameters["Expires"] = str(NOW + 600)
    assert judged(pair, query(parameters)) is DENIED
    for expires in ("", "x", "-1", str(10**30), f"0{NOW + 60}", f"{NOW + 60}.0"):
        parameters["Expires"] = expires
        assert judged(pair, query(parameters)) is DENIED


def test_a_policy_can_name_a_start_and_a_network(pair):
    later = policy(DateGreaterThan={"AWS:EpochTime": NOW})
    near = policy(IpAddress={"AWS:SourceIp": "192.0.2.0/29"})
    assert judged(pair, query(signed(pair, later))) is DENIED
    assert judged(pair, query(signed(pair, later)), now=NOW + 1) is None
    assert judged(pair, query(signed(pair, near))) is None
    assert judged(pair, query(signed(pair, near)), address="192.0.2.8") is DENIED
    assert judged(pair, query(signed(pair, near)), address="2001:db8::1") is DENIED


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("*", None),
        ("https://private.example.com/a/t??m.png", None),
        ("https://private.example.com/a/[t]eam.png", DENIED),
        ("https://private.example.com/A/team.png", DENIED),
        ("https://private.example.com/a/team", DENIED),
        ("*team.png*", None),
    ],
)
def test_a_resource_has_two_wildcards(pair, resource, expected):
    assert judged(pair, query(signed(pair, policy(resource)))) is expected


def test_what_is_missing_is_named(pair):
    parameters = signed(pair, policy(), canned=NOW + 60)
    assert judged(pair) is MISSING
    assert judged(pair, "v=1") is MISSING
    for name, expected in {
        "Key-Pair-Id": MISSING,
        "Signature": DENIED,
        "Expires": DENIED,
        "Hash-Algorithm": DENIED,
    }.items():
        rest = {key: value for key, value in parameters.items() if key != name}
        assert judged(pair, query(rest)) is expected, name
    assert judged(pair, query({**parameters, "Key-Pair-Id": "KNONE"})) is UNKNOWN
    assert judged(pair, query({**parameters, "Key-Pair-Id": "KRSA"})) is DENIED
    assert judged(pair, query({**parameters, "Hash-Algorithm": "MD5"})) is DENIED


def test_a_signed_url_counts_more_than_cookies(pair):
    good = signed(pair, policy(), canned=NOW + 60)
    bad = {**good, "Signature": encoded(b"x" * 70)}
    assert judged(pair, query(bad), cookies=cookies(good)) is DENIED
    assert judged(pair, query(good), cookies=cookies(bad)) is None


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b"{}", b'{"Statement":[]}', b'{"Statement":[1]}', b"\xff"),
        b'{"Statement":[{"Condition":{}}]}',
        b'{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":"x"}}}]}',
        b'{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":true}}}]}',
        policy(IpAddress={"AWS:SourceIp": "x"}),
        policy(IpAddress={}),
        b"[" * 5000,
    ],
)
def test_a_malformed_policy_is_refused(pair, text):
    assert judged(pair, query(signed(pair, text))) is MALFORMED


def test_the_parameters_of_a_signature_go_no_further(pair):
    asked = query(signed(pair, policy(f"{URL}*")))
    assert without_signature(f"v=1&{asked}&w=%20") == "v=1&w=%20"
    assert without_signature(asked) == ""
    assert without_signature("v&&w") == "v&&w"


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_signature_never_holds(pair, data):
    parameters = signed(pair, policy(), canned=NOW + 60)
    name = data.draw(st.sampled_from(sorted(parameters)))
    value = parameters[name]
    at = data.draw(st.integers(0, len(value) - 1))
    put = data.draw(
        st.text(st.characters(codec="ascii", exclude_characters="&"), max_size=3)
    )
    changed = value[:at] + put + value[at + 1 :]
    if changed != value:
        assert judged(pair, query({**parameters, name: changed})) is not None


@settings(max_examples=300, deadline=None)
@given(asked=st.text(), cookie=st.text(), url=st.text())
def test_nothing_that_is_sent_raises(pair, asked, cookie, url):
    given = {"CloudFront-Policy": cookie, "CloudFront-Signature": asked}
    given |= {"CloudFront-Key-Pair-Id": "KRSA"}
    assert judged(pair, asked, url=url, cookies=given) is not None
    parts = f"Policy={cookie}&Signature={asked}&Key-Pair-Id=KECDSA"
    assert judged(pair, parts, url=url) is not None
