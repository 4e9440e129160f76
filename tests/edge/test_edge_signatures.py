"""Private files: signatures of botocore's signer and of openssl pass, and no others."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from edge_support import (
    ORIGIN,
    STATIC,
    CountingOrigin,
    RunningEdge,
    deployed,
    distribution,
    named,
)

NOW = 1_800_000_000
URL = f"https://{STATIC}/a/x.txt"
SIGNED = {"TrustedKeyGroups": {"Enabled": True, **named("group")}}


def openssl(*arguments, given=b""):
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pair(folder, name, *options):
    private = folder / f"{name}.pem"
    openssl("genpkey", *options, "-out", str(private))
    return private, openssl("pkey", "-in", str(private), "-pubout").decode()


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    rsa = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    return {
        "RSA": pair(folder, "rsa", *rsa),
        "EC": pair(folder, "ec", *curve),
        "OTHER": pair(folder, "other", *rsa),
    }


@pytest.fixture(scope="module")
def origin():
    with CountingOrigin() as running:
        yield running


@pytest.fixture(scope="module")
def edge(keys, origin):
    public = {name: keys[name][1] for name in ("RSA", "EC")}
    one = distribution(default=SIGNED)
    with RunningEdge(deployed(one, keys=public), origins={ORIGIN: origin}) as running:
        yield running


def encoded(data):
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def policy(resource=URL, *, ends=NOW + 60, **condition):
    when = {"DateLessThan": {"AWS:EpochTime": ends}, **condition}
    statement = {"Resource": resource, "Condition": when}
    return json.dumps({"Statement": [statement]}, separators=(",", ":"))


def signed(keys, text, *, key="EC", digest="sha1"):
    return openssl(
        "dgst", f"-{digest}", "-sign", str(keys[key][0]), given=text.encode()
    )


def query(keys, text, *, key="EC", digest="sha1", claims=None, **more):
    values = {
        "Policy": encoded(text.encode()),
        "Signature": encoded(signed(keys, text, key=key, digest=digest)),
        "Key-Pair-Id": claims or key,
        **({"Hash-Algorithm": "SHA256"} if digest == "sha256" else {}),
        **more,
    }
    return "&".join(f"{name}={value}" for name, value in values.items())


def botocore_signer(keys, name="RSA"):
    private = serialization.load_pem_private_key(keys[name][0].read_bytes(), None)
    return CloudFrontSigner(
        name, lambda message: private.sign(message, padding.PKCS1v15(), hashes.SHA1())
    )


def target(url):
    return "/" + url.split("/", 3)[3]


def refusal(got):
    assert (got.status, got.cache) == (403, "Error")
    return got.body.partition(b"<Code>")[2].partition(b"<")[0].decode()


@pytest.mark.documented(
    "Signed URLs, RSA, canned and custom policies", "private-content-signed-urls"
)
@pytest.mark.parametrize("url", [URL, f"{URL}?v=1", f"http://{STATIC}:8100/a/x.txt"])
def test_urls_that_botocore_signs_pass(edge, keys, origin, url):
    when = datetime.fromtimestamp(NOW + 60, UTC)
    canned = botocore_signer(keys).generate_presigned_url(url, date_less_than=when)
    host = url.split("/")[2]
    assert edge.get(target(canned), host=host).status == 200
    custom = botocore_signer(keys).generate_presigned_url(url, policy=policy(url))
    assert edge.get(target(custom), host=host).status == 200
    assert "Signature" not in "".join(origin.targets)


@pytest.mark.documented(
    "Signatures by RSA and ECDSA, SHA-1 and SHA-256", "private-content-signed-urls"
)
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("key", ["EC", "RSA"])
def test_signatures_of_openssl_pass(edge, keys, key, digest):
    asked = query(keys, policy(), key=key, digest=digest)
    assert edge.get(f"/a/x.txt?{asked}").status == 200
    text = (
        f'{{"Statement":[{{"Resource":"{URL}","Condition":'
        f'{{"DateLessThan":{{"AWS:EpochTime":{NOW + 60}}}}}}}]}}'
    )
    given = query(keys, text, key=key, digest=digest).partition("&")[2]
    assert edge.get(f"/a/x.txt?Expires={NOW + 60}&{given}").status == 200


@pytest.mark.documented(
    "Signed cookies; a signed URL goes before them", "private-content-signed-cookies"
)
def test_cookies_pass_and_a_signed_url_goes_before_them(edge, keys):
    text = policy(f"https://{STATIC}/a/*")
    pairs = [pair.partition("=") for pair in query(keys, text).split("&")]
    cookie = "; ".join(f"CloudFront-{name}={value}" for name, _, value in pairs)
    assert edge.get("/a/y.txt", headers={"Cookie": cookie}).status == 200
    assert refusal(edge.get("/b", headers={"Cookie": cookie})) == "AccessDenied"
    forged = "/a/y.txt?Expires=1&Signature=AAAA&Key-Pair-Id=EC"
    assert edge.get(forged, headers={"Cookie": cookie}).status == 403


@pytest.mark.parametrize(
    ("resource", "passes"),
    [
        ("*", True),
        (f"http*://{STATIC}/*", True),
        (f"https://{STATIC}/a/?.txt", True),
        (f"https://{STATIC}/*/x.txt", True),
        (f"https://{STATIC}/a/x.tx", False),
        (f"https://{STATIC}/a/x.txt?", False),
        (f"https://{STATIC}/b/*", False),
        ("https://other.example.com/a/x.txt", False),
        (f"https://{STATIC}/A/x.txt", False),
        ("*" * 2000 + "y", False),
    ],
)
def test_resource_of_a_custom_policy(edge, keys, resource, passes):
    got = edge.get(f"/a/x.txt?{query(keys, policy(resource))}")
    assert (got.status == 200) is passes


@pytest.mark.documented(
    "Conditions of custom policies: time and address",
    "private-content-creating-signed-url-custom-policy",
)
@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ({"DateGreaterThan": {"AWS:EpochTime": NOW - 1}}, True),
        ({"DateGreaterThan": {"AWS:EpochTime": NOW + 1}}, False),
        ({"IpAddress": {"AWS:SourceIp": "127.0.0.0/8"}}, True),
        ({"IpAddress": {"AWS:SourceIp": "192.0.2.1/32"}}, False),
        ({"DateLessThan": {"AWS:EpochTime": NOW}}, False),
    ],
)
def test_conditions_of_a_custom_policy(edge, keys, condition, passes):
    got = edge.get(f"/a/x.txt?{query(keys, policy(**condition))}")
    assert (got.status == 200) is passes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "MalformedPolicy"),
        ("[]", "MalformedPolicy"),
        ("[" * 5000, "MalformedPolicy"),
        ('{"Statement":[]}', "MalformedPolicy"),
        ('{"Statement":[{"Resource":"*"}]}', "MalformedPolicy"),
        (policy(DateLessThan={"AWS:EpochTime": "soon"}), "MalformedPolicy"),
        (policy(IpAddress={"AWS:SourceIp": "x"}), "MalformedPolicy"),
        (policy(ends=NOW - 1), "AccessDenied"),
    ],
)
def test_policies_that_are_signed_and_do_not_hold(edge, keys, text, code):
    assert refusal(edge.get(f"/a/x.txt?{query(keys, text)}")) == code


@pytest.mark.documented(
    "Forged, stretched and truncated signatures are a 403",
    "private-content-signed-urls",
)
def test_forged_stretched_and_truncated_signatures_are_refused(edge, keys):
    good = query(keys, policy())
    stretched = query(keys, policy()).replace(
        encoded(policy().encode()), encoded(policy(ends=NOW + 9999).encode())
    )
    assert edge.get(f"/a/x.txt?{good}").status == 200
    for bad, code in (
        ("", "MissingKey"),
        ("Signature=AAAA", "MissingKey"),
        (query(keys, policy(), key="OTHER", claims="RSA"), "AccessDenied"),
        (query(keys, policy(), key="OTHER"), "InvalidKey"),
        (query(keys, policy(), claims="RSA"), "AccessDenied"),
        (
            query(keys, policy(), digest="sha256").replace("SHA256", "SHA1"),
            "AccessDenied",
        ),
        (query(keys, policy(), **{"Hash-Algorithm": "MD5"}), "AccessDenied"),
        (query(keys, policy(), Signature="A"), "AccessDenied"),
        (query(keys, policy(), Signature=""), "AccessDenied"),
        (query(keys, policy(), Signature="!!"), "AccessDenied"),
        (stretched, "AccessDenied"),
        ("Expires=x&Signature=AAAA&Key-Pair-Id=EC", "MalformedPolicy"),
        (f"Expires={NOW + 60}&Signature=AAAA&Key-Pair-Id=EC", "AccessDenied"),
    ):
        assert refusal(edge.get(f"/a/x.txt?{bad}")) == code, bad


def test_canned_url_ends_when_it_says(edge, keys):
    when = datetime.fromtimestamp(NOW + 60, UTC)
    url = botocore_signer(keys).generate_presigned_url(URL, date_less_than=when)
    assert edge.get(target(url)).status == 200
    edge.clock.advance(61)
    try:
        assert refusal(edge.get(target(url))) == "AccessDenied"
    finally:
        edge.clock.advance(-61)


def test_one_copy_serves_all_signatures(edge, keys, origin):
    origin.asked.clear()
    edge.invalidate("/*")
    first = edge.get(f"/a/x.txt?{query(keys, policy())}")
    second = edge.get(f"/a/x.txt?{query(keys, policy('*'), key='RSA')}")
    assert (first.cache, second.cache, origin.targets) == (
        "Miss",
        "Hit",
        ["/static/a/x.txt"],
    )
