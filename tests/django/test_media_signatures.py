"""Signatures, checked by openssl and by botocore's own signer."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import re
import subprocess
import sys
import time
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.db.models.fields.files import FieldFile
from django.http import HttpResponse
from django.template import Context, Engine
from django.test import RequestFactory, override_settings
from django.utils.decorators import method_decorator
from django.views import View
from storage_support import set_up

import dj_cloudfront
from dj_cloudfront.media import cookies
from dj_cloudfront.media.signer import Policy, Signer, read_key, window_end
from dj_cloudfront.storage import PrivateMediaStorage

set_up()
URL = "https://private.example.com/a/team.png"
ID = "K2JCJMDEHXQW5F"


def made(folder, name, command, *options):
    path = folder / name
    subprocess.run(
        ["openssl", command, "-out", path, *options], check=True, capture_output=True
    )
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {
        "ecdsa": made(
            *(folder, "a.key", "ecparam", "-name", "prime256v1", "-genkey", "-noout")
        ),
        "rsa": made(folder, "r.key", "genrsa", "2048"),
        "p384": made(
            *(folder, "c.key", "ecparam", "-name", "secp384r1", "-genkey", "-noout")
        ),
        "short": made(folder, "s.key", "genrsa", "1024"),
    }


def decoded(text):
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def query(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def is_signed_by(key, data, signature, digest, folder):
    """What openssl says of a signature, with the public half."""
    public = folder / "public.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True
    )
    (folder / "signature").write_bytes(signature)
    done = subprocess.run(
        [
            *("openssl", "dgst", f"-{digest.lower()}", "-verify", public),
            *("-signature", folder / "signature"),
        ],
        input=data,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("digest", ["SHA256", "SHA1"])
def test_openssl_verifies_urls_and_cookies(keys, kind, digest, tmp_path):
    signer = Signer(key_pair_id=ID, private_key=keys[kind].read_bytes(), digest=digest)
    given = query(signer.url(URL, expires=1_900_000_000))
    canned = Policy(resource=URL, expires=1_900_000_000)
    check = (keys[kind], canned.render().encode(), decoded(given["Signature"]))
    assert is_signed_by(*check, digest, tmp_path)
    assert not is_signed_by(keys[kind], b"other", check[2], digest, tmp_path)
    assert given["Expires"] == "1900000000"
    assert given.get("Hash-Algorithm") == ("SHA256" if digest == "SHA256" else None)
    policy = Policy(
        resource="https://private.example.com/a/*",
        expires=1_900_000_000,
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
                    "DateLessThan": {"AWS:EpochTime": 1_900_000_000},
                    "DateGreaterThan": {"AWS:EpochTime": 1_800_000_000},
                    "IpAddress": {"AWS:SourceIp": "192.0.2.0/24"},
                },
            }
        ]
    }
    signature = decoded(made["CloudFront-Signature"])
    assert is_signed_by(keys[kind], text, signature, digest, tmp_path)
    by_url = query(signer.url(URL, policy))
    assert decoded(by_url["Policy"]) == text


def test_botocore_gives_the_same_url_for_rsa(keys):
    from datetime import UTC, datetime

    key = serialization.load_pem_private_key(keys["rsa"].read_bytes(), None)

    def sign(data):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA1())

    ours = Signer(key_pair_id=ID, private_key=keys["rsa"].read_bytes(), digest="SHA1")
    moment = datetime.fromtimestamp(1_900_000_000, UTC)
    theirs = CloudFrontSigner(ID, sign)
    assert ours.url(URL, expires=1_900_000_000) == theirs.generate_presigned_url(
        URL, date_less_than=moment
    )
    policy = Policy(
        resource="https://private.example.com/*",
        expires=1_900_000_000,
        ip_range="192.0.2.0/24",
    )
    custom = theirs.build_policy(
        policy.resource, date_less_than=moment, ip_address="192.0.2.0/24"
    )
    assert ours.url(URL, policy) == theirs.generate_presigned_url(URL, policy=custom)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_all_processes_give_one_url(keys, kind):
    key = keys[kind].read_bytes()
    signers = [Signer(key_pair_id=ID, private_key=key) for _ in range(3)]
    assert len({signer.url(URL, expires=1_900_000_000) for signer in signers}) == 1


@pytest.mark.parametrize("kind", ["p384", "short"])
def test_a_key_that_cloudfront_does_not_take_is_refused(keys, kind):
    with pytest.raises(ValueError, match="must be ECDSA on P-256 or RSA of 2048 bits"):
        Signer(key_pair_id=ID, private_key=keys[kind].read_bytes())


def test_a_public_key_or_one_with_a_password_is_refused(keys, tmp_path):
    ecdsa = keys["ecdsa"]
    public = made(tmp_path, "public.pem", "pkey", "-in", ecdsa, "-pubout")
    with pytest.raises(ValueError, match="and this is a public key"):
        Signer(key_pair_id=ID, private_key=public.read_bytes())
    locked = made(
        *(tmp_path, "locked.pem", "ec", "-in", ecdsa, "-aes128", "-passout", "pass:x")
    )
    with pytest.raises(ValueError, match="must be a PEM without a password"):
        Signer(key_pair_id=ID, private_key=locked.read_bytes())
    unknown = made(tmp_path, "sm2.pem", "genpkey", "-algorithm", "SM2")
    with pytest.raises(ValueError, match="must be a PEM without a password"):
        Signer(key_pair_id=ID, private_key=unknown.read_bytes())


@pytest.mark.parametrize("text", [b"", b"secret text", b"-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_key_is_refused_and_not_shown(text):
    with pytest.raises(ValueError, match="must be a PEM") as caught:
        Signer(key_pair_id=ID, private_key=text)
    assert "secret text" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"key_pair_id": ""}, "key_pair_id must be the id"),
        ({"digest": "MD5"}, "digest must be 'SHA256' or 'SHA1', got 'MD5'"),
    ],
)
def test_a_wrong_argument_is_one_sentence(keys, wrong, sentence):
    given = {"key_pair_id": ID, "private_key": keys["ecdsa"].read_bytes(), **wrong}
    with pytest.raises(ValueError, match=sentence):
        Signer(**given)


@pytest.mark.parametrize("name", ["Expires", "Policy", "Signature", "Key-Pair-Id"])
def test_a_query_of_a_signature_is_refused(keys, name):
    signer = Signer(key_pair_id=ID, private_key=keys["ecdsa"].read_bytes())
    with pytest.raises(ValueError, match=f"got \\['{name}'\\] in its query"):
        signer.url(f"{URL}?v=1&{name}=x", expires=1_900_000_000)
    assert "?v=1&Expires=" in signer.url(f"{URL}?v=1", expires=1_900_000_000)


def test_a_signed_url_is_not_signed_again(keys):
    signer = Signer(key_pair_id=ID, private_key=keys["ecdsa"].read_bytes())
    policy = Policy(resource="https://private.example.com/*", expires=1_900_000_000)
    for signed in (signer.url(URL, policy), signer.url(URL, expires=1_900_000_000)):
        with pytest.raises(ValueError, match="must leave the names of signatures"):
            signer.url(signed, policy)


@pytest.mark.parametrize("moment", [None, 1.5, True, "9", 0, -1, 1_900_000_000_000])
@pytest.mark.parametrize("name", ["expires", "starts"])
def test_a_moment_of_a_policy_is_seconds(name, moment):
    if (name, moment) == ("starts", None):
        return
    given = {"expires": 1_900_000_000, name: moment}
    with pytest.raises(ValueError, match=f"{name} must be whole seconds since 1970"):
        Policy(resource=URL, **given)


def test_a_url_without_an_expiry_is_not_signed(keys):
    signer = Signer(key_pair_id=ID, private_key=keys["ecdsa"].read_bytes())
    with pytest.raises(ValueError, match="expires must be whole seconds"):
        signer.url(URL)


@pytest.mark.parametrize("given", [5, "", "::1", b"192.0.2.0/24"])
def test_an_address_of_a_policy_is_a_text(given):
    with pytest.raises(ValueError, match="ip_range must be an IPv4 address or network"):
        Policy(resource=URL, expires=1_900_000_000, ip_range=given)


@pytest.mark.parametrize(
    "name", ["ü.pdf", "a b.pdf", "a.pdf#page=2", "a\nb", 'a"b', ""]
)
def test_a_url_that_no_viewer_asks_for_is_not_signed(keys, name):
    signer = Signer(key_pair_id=ID, private_key=keys["ecdsa"].read_bytes())
    url = f"https://private.example.com/{name}" if name else ""
    with pytest.raises(ValueError, match="resource must be a URL as a viewer asks"):
        signer.url(url, expires=1_900_000_000)


def test_the_signature_of_a_file_is_not_that_of_a_wildcard(keys):
    signer = Signer(key_pair_id=ID, private_key=keys["ecdsa"].read_bytes())
    with pytest.raises(ValueError, match="write '%2A' for '\\*'"):
        signer.url("https://private.example.com/*", expires=1_900_000_000)


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
def test_a_policy_for_another_resource_signs_no_url(keys, resource, is_covered):
    signer = Signer(key_pair_id=ID, private_key=keys["ecdsa"].read_bytes())
    policy = Policy(resource=resource, expires=1_900_000_000)
    if is_covered:
        assert "?Policy=" in signer.url(URL, policy)
    else:
        with pytest.raises(ValueError, match="the resource of a policy must cover"):
            signer.url(URL, policy)


def test_a_policy_is_checked():
    with pytest.raises(ValueError, match="ip_range must be an IPv4 address"):
        Policy(resource=URL, expires=2, ip_range="2001:db8::/32")
    with pytest.raises(ValueError, match="starts must be before expires, got 2 and 2"):
        Policy(resource=URL, expires=2, starts=2)


def test_an_expiry_stays_for_a_window_and_lasts_for_the_lifetime():
    ends = [
        window_end(3600, 900, now=now) for now in range(1_000_000_000, 1_000_001_800)
    ]
    assert len(set(ends)) == 2 + (1_000_000_000 % 900 > 0)
    for now, end in zip(range(1_000_000_000, 1_000_001_800), ends, strict=True):
        assert 3600 < end - now <= 3600 + 900


@pytest.mark.parametrize("lifetime", [0, -1, 1.5, "60"])
def test_a_lifetime_is_seconds(site, lifetime):
    sentence = "lifetime must be seconds, such as 900, got"
    storage = PrivateMediaStorage(**site.options)
    with pytest.raises(ValueError, match=sentence):
        storage.signed_url("a.pdf", lifetime=lifetime)
    view = cookies.with_media_cookies(lifetime=lifetime)(lambda request: HttpResponse())
    with pytest.raises(ValueError, match=sentence):
        answered(view)


# --- The storage ---


@pytest.fixture
def site(tmp_path, keys):
    """Settings of a site with a private tree."""
    outputs = tmp_path / "cdn-outputs.json"
    outputs.write_text(
        json.dumps(
            {
                "s": {
                    "MediaDomainName": "media.example.com",
                    "PrivateDomainName": "private.example.com",
                    "MediaKeyPairId": ID,
                    "PrivateDistributionId": "E1",
                }
            }
        )
    )
    cdn = dj_cloudfront.config(
        outputs, static_root=tmp_path / "static", build_version="b1"
    )
    options = {"key": str(keys["ecdsa"])}
    with override_settings(
        CDN=cdn,
        ALLOWED_HOSTS=["*"],
        PRIVATE_MEDIA_ROOT=tmp_path / "private",
        STORAGES={
            "private": {
                "BACKEND": "dj_cloudfront.storage.PrivateMediaStorage",
                "OPTIONS": options,
            }
        },
    ):
        yield SimpleNamespace(
            cdn=cdn,
            folder=tmp_path / "private",
            options=options,
            storages=settings.STORAGES,
        )


def test_private_files_have_urls_that_stay_and_are_signed(site, keys, tmp_path):
    storage = PrivateMediaStorage(**site.options)
    name = storage.save("a b.pdf", ContentFile(b"x"))
    assert (site.folder / name).read_bytes() == b"x"
    url = storage.url(name)
    assert url == storage.url(name)
    assert url.startswith("https://private.example.com/a%20b.pdf?Expires=")
    given = query(url)
    policy = Policy(resource=url.partition("?")[0], expires=int(given["Expires"]))
    assert is_signed_by(
        keys["ecdsa"],
        policy.render().encode(),
        decoded(given["Signature"]),
        "SHA256",
        tmp_path,
    )


def test_a_page_of_60_thumbnails_touches_no_file(site):
    calls, opened = [], []

    class Counting(PrivateMediaStorage):
        def path(self, name):
            calls.append(name)
            return super().path(name)

    storage = Counting(**site.options)
    field = models.FileField(storage=storage)
    files = [FieldFile(None, field, f"a/{number}.png") for number in range(60)]
    template = Engine().from_string(
        "{% for file in files %}{{ file.url }} {% endfor %}"
    )
    page = Context({"files": files})
    storage.url("warm")
    is_counting = True
    # An audit hook stays for as long as the process does.
    sys.addaudithook(
        lambda event, given: (
            opened.append(given)
            if is_counting and event.startswith(("open", "os."))
            else None
        )
    )
    first, second = template.render(page), template.render(page)
    is_counting = False
    assert (calls, opened) == ([], [])
    assert first == second
    assert len(set(first.split())) == 60
    assert storage.exists("a/1.png") is False
    assert calls == ["a/1.png"]


@pytest.mark.parametrize(
    "name", ["a?b#c.pdf", "100%.pdf", "ü.pdf", "a'b(1)!~.pdf", "*", 'a"<>^`{|}\\b']
)
def test_what_is_signed_is_what_a_browser_asks_for(site, keys, tmp_path, name):
    url, _, _ = PrivateMediaStorage(**site.options).url(name).partition("?")
    assert re.fullmatch(r"https://private\.example\.com/[\w.%/'()!~-]+", url, re.ASCII)
    assert not set("*?#") & set(url)
    assert unquote(urlsplit(url).path) == f"/{name}".replace("\\", "/")


def test_private_files_follow_the_settings(site, tmp_path):
    storage = PrivateMediaStorage(**site.options)
    assert storage.location == str(site.folder)
    assert "private.example.com" in storage.url("a.pdf")
    with override_settings(PRIVATE_MEDIA_ROOT=tmp_path / "other"):
        assert storage.location == str(tmp_path / "other")
    local = dj_cloudfront.config(static_root=tmp_path, local=True)
    with override_settings(CDN=local):
        assert storage.url("a.pdf") == "/private/a.pdf"


def test_a_delete_of_a_private_file_is_recorded_without_its_signature(site):
    storage = PrivateMediaStorage(**site.options, invalidate=True)
    storage.delete(storage.save("a.pdf", ContentFile(b"x")))
    assert [one.path for one in storage.deletions.pending()] == ["/a.pdf"]


def test_the_outputs_say_which_of_several_keys_signs(site, keys):
    both = {ID: str(keys["ecdsa"]), "K0LD": str(keys["rsa"])}
    assert f"Key-Pair-Id={ID}" in PrivateMediaStorage(key=both).url("a.pdf")
    assert "Signature=" in PrivateMediaStorage(key=keys["ecdsa"]).url("a.pdf")
    for key in ("", None, ["x"], b"x", {"K0LD": str(keys["rsa"])}):
        with pytest.raises(ValueError, match=f"where the private key of {ID} is"):
            PrivateMediaStorage(key=key).url("a.pdf")


def test_keys_have_the_names_of_cdk_json(site, keys, monkeypatch):
    for name, value in {
        "PRIVATE_DOMAIN_NAME": "private.example.com",
        "MEDIA_KEY_PAIR_ID": ID,
        "MEDIA_KEY_PAIR_IDS": f"2026a=K0LD,2026b={ID}",
    }.items():
        monkeypatch.setenv(name, value)
    cdn = dj_cloudfront.config(static_root="/static", build_version="b1")
    assert cdn.media_key_name == "2026b"
    both = {"2026a": str(keys["rsa"]), "2026b": str(keys["ecdsa"])}
    with override_settings(CDN=cdn):
        url = PrivateMediaStorage(key=both).url("a.pdf")
        assert f"Key-Pair-Id={ID}" in url
        # An ECDSA signature is much shorter.
        assert len(url) < 260
        with pytest.raises(ValueError, match=r"got \['2026a'\]"):
            PrivateMediaStorage(key={"2026a": str(keys["rsa"])}).url("a.pdf")
    assert site.cdn.media_key_name is None


def test_a_key_that_is_given_itself_is_refused_and_not_shown(site, keys):
    pem = keys["ecdsa"].read_text()
    given = [pem, pem.replace("\n", "\\n"), f"env:{pem}", {ID: pem}, {"K0LD": pem}]
    for key in (*given, pem.encode(), [pem]):
        with pytest.raises(ValueError, match="must") as caught:
            PrivateMediaStorage(key=key).url("a.pdf")
        assert pem.splitlines()[1] not in str(caught.value)


def test_a_key_comes_from_a_variable_too(site, keys, monkeypatch):
    pem = keys["ecdsa"].read_text()
    monkeypatch.setenv("MEDIA_KEY", pem.replace("\n", "\\n"))
    assert read_key("env:MEDIA_KEY").decode() == pem
    assert "Signature=" in PrivateMediaStorage(key="env:MEDIA_KEY").url("a.pdf")
    with pytest.raises(ValueError, match="the environment variable NONE must hold"):
        read_key("env:NONE")
    with pytest.raises(ValueError, match="must be a file that Django may read"):
        read_key("/nowhere/a.key")


@pytest.mark.parametrize("option", ["lifetime", "window"])
def test_a_time_must_be_seconds(option):
    with pytest.raises(
        ValueError, match=f"{option} must be seconds, such as 900, got 0"
    ):
        PrivateMediaStorage(**{option: 0})


def test_without_a_folder_private_files_are_refused(site):
    with (
        override_settings(PRIVATE_MEDIA_ROOT=None),
        pytest.raises(ValueError, match="PRIVATE_MEDIA_ROOT must be the folder"),
    ):
        PrivateMediaStorage().path("a.pdf")


def test_local_urls_are_not_signed(site, tmp_path):
    local = dj_cloudfront.config(static_root=tmp_path, local=True)
    with override_settings(CDN=local):
        assert PrivateMediaStorage().url("a.pdf") == "/private/a.pdf"
        with pytest.raises(ValueError, match="local URLs must be used as they are"):
            _ = PrivateMediaStorage().signer


def test_a_storage_that_has_signed_can_be_pickled_without_its_key(site, keys):
    storage = PrivateMediaStorage(**site.options)
    url = storage.url("a.pdf")
    text = pickle.dumps(storage)
    assert b"BEGIN" not in text
    assert pickle.loads(text).url("a.pdf") == url


# --- Cookies ---


def answered(view, *, host="www.example.com", **cookies):
    request = RequestFactory().get("/", headers={"host": host})
    request.COOKIES.update(cookies)
    return view(request)


def test_a_view_gives_cookies_for_a_prefix(site, keys, tmp_path):
    view = cookies.with_media_cookies("reports/")(lambda request: HttpResponse())
    given = answered(view).cookies
    assert set(given) == set(cookies.NAMES)
    for one in given.values():
        assert one["domain"] == "example.com"
        assert one["path"] == "/"
        assert one["secure"]
        assert one["httponly"]
        assert one["samesite"] == "Lax"
    text = decoded(given["CloudFront-Policy"].value)
    (statement,) = json.loads(text)["Statement"]
    assert statement["Resource"] == "https://private.example.com/reports/*"
    signature = decoded(given["CloudFront-Signature"].value)
    assert is_signed_by(keys["ecdsa"], text, signature, "SHA256", tmp_path)


@pytest.mark.parametrize("status", [300, 302, 304, 403, 404, 500])
def test_who_is_not_let_in_gets_no_cookies(site, status):
    def view(request):
        return HttpResponse(status=status)

    async def later(request):
        return HttpResponse(status=status)

    decorate = cookies.with_media_cookies("reports/")
    assert answered(decorate(view)).cookies == {}
    assert asyncio.run(answered(decorate(later))).cookies == {}
    assert answered(user_of(True, status)).cookies == {}


def test_a_logout_that_redirects_takes_the_cookies(site):
    given = answered(user_of(False, 302), **{cookies.NAMES[0]: "x"})
    assert set(given.cookies) == set(cookies.NAMES)


def test_a_class_of_asynchronous_views_gives_cookies(site):
    decorate = method_decorator(cookies.with_media_cookies("reports/"), name="dispatch")

    @decorate
    class Reports(View):
        async def get(self, request):
            return HttpResponse()

    given = asyncio.run(answered(Reports.as_view())).cookies
    assert set(given) == set(cookies.NAMES)


def test_the_decorator_is_called():
    def view(request):
        return HttpResponse()

    with pytest.raises(TypeError, match="must be called, .* got the view view"):
        cookies.with_media_cookies(view)


@pytest.mark.parametrize("prefix", ["reports", "/reports", "reports/a.pdf"])
def test_a_prefix_that_opens_its_neighbours_is_refused(site, prefix):
    view = cookies.with_media_cookies(prefix)(lambda request: HttpResponse())
    with pytest.raises(ValueError, match="prefix must be a folder that ends in '/'"):
        answered(view)


def test_a_storage_under_another_alias_is_named(site):
    with override_settings(STORAGES={"files": site.storages["private"]}):
        with pytest.raises(ValueError, match=r"STORAGES\['private'\] must be .* none"):
            answered(user_of(True))
        view = cookies.with_media_cookies(using="files")(lambda request: HttpResponse())
        assert set(answered(view).cookies) == set(cookies.NAMES)


def test_cookies_are_not_set_again_in_their_window(site):
    view = cookies.with_media_cookies()(lambda request: HttpResponse())
    given = {name: one.value for name, one in answered(view).cookies.items()}
    assert answered(view, **given).cookies == {}
    for name in cookies.NAMES:
        assert answered(
            view, **{key: given[key] for key in given if key != name}
        ).cookies
    for name in ("CloudFront-Policy", "CloudFront-Key-Pair-Id"):
        assert answered(view, **{**given, name: "x"}).cookies


def test_a_page_with_cookies_is_cached_for_one_visitor(site):
    view = cookies.with_media_cookies()(lambda request: HttpResponse())
    first = answered(view)
    again = answered(view, **{name: one.value for name, one in first.cookies.items()})
    assert first["Vary"] == again["Vary"] == "Cookie"


@pytest.mark.parametrize(
    ("prefix", "resource"),
    [("grün/", "gr%C3%BCn/*"), ("a b/", "a%20b/*"), ("a*/", "a%2A/*"), ("?/", "%3F/*")],
)
def test_a_prefix_is_signed_as_browsers_ask(site, prefix, resource):
    view = cookies.with_media_cookies(prefix)(lambda request: HttpResponse())
    text = decoded(answered(view).cookies["CloudFront-Policy"].value)
    (statement,) = json.loads(text)["Statement"]
    assert statement["Resource"] == f"https://private.example.com/{resource}"


@pytest.mark.parametrize(
    "host", ["www.EXAMPLE.com", "www.example.com:8000", "www.example.com."]
)
def test_a_host_is_read_as_browsers_write_it(site, host):
    view = cookies.with_media_cookies()(lambda request: HttpResponse())
    given = answered(view, host=host).cookies
    assert given["CloudFront-Policy"]["domain"] == "example.com"


def test_a_site_without_a_common_domain_is_refused(site):
    view = cookies.with_media_cookies()(lambda request: HttpResponse())
    with pytest.raises(
        ValueError, match="under a domain that they share with the site"
    ):
        answered(view, host="www.example.org")


def test_the_middleware_leaves_a_host_without_a_common_domain_alone(site):
    # Staff may come by an internal name.
    for known in (True, False):
        given = answered(
            user_of(known), host="admin.internal", **{cookies.NAMES[0]: "x"}
        )
        assert (given.status_code, given.cookies) == (200, {})


def user_of(known, status=200):
    def view(request):
        return HttpResponse(status=status)

    def middleware(request):
        request.user = SimpleNamespace(is_authenticated=known)
        return cookies.media_cookies_middleware(view)(request)

    return middleware


def test_a_login_gives_cookies_and_a_logout_takes_them(site):
    given = {name: one.value for name, one in answered(user_of(True)).cookies.items()}
    assert set(given) == set(cookies.NAMES)
    taken = answered(user_of(False), **given).cookies
    assert set(taken) == set(cookies.NAMES)
    assert all(one["max-age"] == 0 for one in taken.values())
    assert all(one["domain"] == "example.com" for one in taken.values())
    assert all(one["secure"] and one["samesite"] == "Lax" for one in taken.values())
    assert all(one["expires"].endswith("1970 00:00:00 GMT") for one in taken.values())
    assert answered(user_of(False)).cookies == {}


def test_a_template_gives_a_url_for_another_time(site):
    storage = PrivateMediaStorage(**site.options)
    engine = Engine(libraries={"cdn": "dj_cloudfront.templatetags.cdn"})
    template = engine.from_string("{% load cdn %}{{ file|signed_url:60 }}")
    file = SimpleNamespace(storage=storage, name="a.pdf")
    text = template.render(Context({"file": file}, autoescape=False))
    assert int(query(text)["Expires"]) - time.time() < 60 + 900
    field = models.FileField(storage=storage)
    for none in (None, "", FieldFile(None, field, ""), FieldFile(None, field, None)):
        assert template.render(Context({"file": none})) == ""
    assert template.render(Context({})) == ""
    other = SimpleNamespace(storage=FileSystemStorage(), name="a.pdf")
    with pytest.raises(TypeError, match="got a file of FileSystemStorage"):
        template.render(Context({"file": other}))
