"""``PrivateMediaStorage``: signed URLs that stay, and keys that nobody is shown."""

from __future__ import annotations

import pickle
import re
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.db.models.fields.files import FieldFile
from django.template import Context, Engine
from django.test import override_settings
from signing_support import ID, decoded, is_signed_by, query
from storage_support import set_up

import dj_cloudfront
from dj_cloudfront.media.signer import Policy
from dj_cloudfront.storage import PrivateMediaStorage

set_up()


@pytest.fixture
def storage(signing_site):
    return PrivateMediaStorage(**signing_site.options)


@pytest.fixture
def local(tmp_path):
    return dj_cloudfront.config(static_root=tmp_path, local=True)


def test_private_files_have_urls_that_stay_and_are_signed(
    signing_site, signing_keys, storage, tmp_path
):
    name = storage.save("a b.pdf", ContentFile(b"x"))
    assert (signing_site.folder / name).read_bytes() == b"x"
    url = storage.url(name)
    assert url == storage.url(name)
    assert url.startswith("https://private.example.com/a%20b.pdf?Expires=")
    given = query(url)
    policy = Policy(resource=url.partition("?")[0], expires=int(given["Expires"]))
    signed, signature = policy.render().encode(), decoded(given["Signature"])
    assert is_signed_by(signing_keys["ecdsa"], signed, signature, tmp_path)


def test_a_page_of_60_thumbnails_touches_no_file(storage, monkeypatch):
    field = models.FileField(storage=storage)
    files = [FieldFile(None, field, f"a/{number}.png") for number in range(60)]
    storage.url("warm")
    touched = []
    monkeypatch.setattr(storage, "path", touched.append)
    monkeypatch.setattr(Path, "read_bytes", touched.append)
    first, second = ([file.url for file in files] for _ in "12")
    assert touched == []
    assert first == second
    assert len(set(first)) == 60


@pytest.mark.parametrize(
    "name", ["a?b#c.pdf", "100%.pdf", "ü.pdf", "a'b(1)!~.pdf", "*", 'a"<>^`{|}\\b']
)
def test_what_is_signed_is_what_a_browser_asks_for(storage, name):
    url, _, _ = storage.url(name).partition("?")
    assert re.fullmatch(r"https://private\.example\.com/[\w.%/'()!~-]+", url, re.ASCII)
    assert not set("*?#") & set(url)
    assert unquote(urlsplit(url).path) == f"/{name}".replace("\\", "/")


def test_private_files_follow_the_settings(signing_site, storage, local, tmp_path):
    assert storage.location == str(signing_site.folder)
    assert "private.example.com" in storage.url("a.pdf")
    with override_settings(PRIVATE_MEDIA_ROOT=tmp_path / "other"):
        assert storage.location == str(tmp_path / "other")
    with override_settings(CDN=local):
        assert storage.url("a.pdf") == "/private/a.pdf"
        with pytest.raises(ValueError, match="local URLs must be used as they are"):
            _ = storage.signer
    missing = pytest.raises(ValueError, match="PRIVATE_MEDIA_ROOT must be the folder")
    with override_settings(PRIVATE_MEDIA_ROOT=None), missing:
        storage.path("a.pdf")


def test_a_delete_of_a_private_file_is_recorded_without_its_signature(signing_site):
    storage = PrivateMediaStorage(**signing_site.options, invalidate=True)
    storage.delete(storage.save("a.pdf", ContentFile(b"x")))
    assert [one.path for one in storage.deletions.pending()] == ["/a.pdf"]


def test_the_outputs_say_which_of_several_keys_signs(signing_site, signing_keys):
    both = {ID: str(signing_keys["ecdsa"]), "K0LD": str(signing_keys["rsa"])}
    assert f"Key-Pair-Id={ID}" in PrivateMediaStorage(key=both).url("a.pdf")
    assert "Signature=" in PrivateMediaStorage(key=both[ID]).url("a.pdf")
    for key in ("", None, ["x"], b"x", {"K0LD": both["K0LD"]}):
        with pytest.raises(ValueError, match=f"where the private key of {ID} is"):
            PrivateMediaStorage(key=key).url("a.pdf")


def test_keys_have_the_names_of_cdk_json(signing_site, signing_keys, monkeypatch):
    for name, value in {
        "PRIVATE_DOMAIN_NAME": "private.example.com",
        "MEDIA_KEY_PAIR_ID": ID,
        "MEDIA_KEY_PAIR_IDS": f"2026a=K0LD,2026b={ID}",
    }.items():
        monkeypatch.setenv(name, value)
    cdn = dj_cloudfront.config(static_root="/static", build_version="b1")
    assert cdn.media_key_name == "2026b"
    both = {"2026a": str(signing_keys["rsa"]), "2026b": str(signing_keys["ecdsa"])}
    with override_settings(CDN=cdn):
        url = PrivateMediaStorage(key=both).url("a.pdf")
        assert f"Key-Pair-Id={ID}" in url
        # An ECDSA signature is much shorter.
        assert len(url) < 260
        with pytest.raises(ValueError, match=r"got \['2026a'\]"):
            PrivateMediaStorage(key={"2026a": both["2026a"]}).url("a.pdf")
    assert signing_site.cdn.media_key_name is None


def test_a_key_that_is_given_itself_is_refused_and_not_shown(
    signing_site, signing_keys
):
    pem = signing_keys["ecdsa"].read_text()
    given = [pem, pem.replace("\n", "\\n"), f"env:{pem}", {ID: pem}, {"K0LD": pem}]
    for key in (*given, pem.encode(), [pem]):
        with pytest.raises(ValueError, match="must") as caught:
            PrivateMediaStorage(key=key).url("a.pdf")
        assert pem.splitlines()[1] not in str(caught.value)


@pytest.mark.parametrize("option", ["lifetime", "window"])
def test_a_time_must_be_seconds(option):
    with pytest.raises(ValueError, match=f"{option} must be seconds, .*, got 0"):
        PrivateMediaStorage(**{option: 0})


@pytest.mark.parametrize("lifetime", [0, -1, 1.5, "60"])
def test_a_lifetime_is_seconds(storage, lifetime):
    with pytest.raises(ValueError, match="lifetime must be seconds, such as 900, got"):
        storage.signed_url("a.pdf", lifetime=lifetime)


def test_a_storage_that_has_signed_can_be_pickled_without_its_key(storage):
    url = storage.url("a.pdf")
    text = pickle.dumps(storage)
    assert b"BEGIN" not in text
    assert pickle.loads(text).url("a.pdf") == url


def test_a_template_gives_a_url_for_another_time(storage):
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
