from __future__ import annotations

import json

import pytest

from dj_cloudfront import config

STATIC, MEDIA = "d111.cloudfront.net", "d222.cloudfront.net"


def stack(static=STATIC, media=MEDIA):
    return {
        "StaticDomainName": static,
        "MediaDomainName": media,
        "StaticDnsTarget": "x",
    }


@pytest.fixture
def outputs(tmp_path):
    """Write an outputs file, as text or as stacks."""
    path = tmp_path / "cdn-outputs.json"

    def write(content=None):
        content = {"mysite-cdn-prod": stack()} if content is None else content
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, "utf-8")
        return path

    return write


def read(path, **values):
    return config(
        path, **{"build_version": "b1", "static_root": "/srv/static", **values}
    )


def test_the_outputs_become_settings(outputs):
    cdn = read(outputs(), stack="mysite-cdn-prod", static_root="/var/mysite/static")
    assert cdn.static_url == "https://d111.cloudfront.net/b1/"
    assert cdn.static_root == "/var/mysite/static/b1"
    assert cdn.media_url == "https://d222.cloudfront.net/"
    assert cdn.build_version == "b1"


def test_there_is_no_origin_without_its_half_or_with_local_urls(outputs):
    half = read(outputs({"shop": {"MediaDomainName": MEDIA}}))
    assert (half.static_origin, half.media_origin) == (None, f"https://{MEDIA}")
    local = read("missing.json", local=True)
    assert (local.static_origin, local.media_origin) == (None, None)


def test_the_commands_find_where_builds_and_names_are(outputs, tmp_path):
    path = outputs()
    cdn = read(path, stack="mysite-cdn-prod", static_root=tmp_path)
    assert (cdn.builds_root, cdn.is_local) == (str(tmp_path), False)
    assert (cdn.outputs_file, cdn.stack) == (str(path), "mysite-cdn-prod")
    assert (read(path).stack, read(path, local=True).is_local) == (None, True)


def test_every_deploy_has_its_own_folder(outputs):
    path = outputs()
    old, new = read(path, build_version="b1"), read(path, build_version="b2")
    assert (old.static_url, old.static_root) != (new.static_url, new.static_root)
    assert new.static_url.endswith("/b2/")
    assert new.static_root.endswith("/b2")
    assert old.media_url == new.media_url


def test_fails_when_several_stacks_are_in_the_file_and_none_is_named(outputs):
    path = outputs({"b-cdn-prod": stack(), "a-cdn-dev": stack()})
    with pytest.raises(ValueError, match="holds several: a-cdn-dev, b-cdn-prod$"):
        read(path)
    assert read(path, stack="a-cdn-dev").static_url


def test_fails_when_the_stack_is_not_in_the_file(outputs):
    path = outputs()
    with pytest.raises(ValueError) as error:
        read(path, stack="x")
    assert str(error.value) == (
        f"stack must be one of those in {path}: mysite-cdn-prod, got 'x': deploy it, or fetch "
        f"it with 'python -m dj_cloudfront pull --stack x --output {path}'"
    )


def test_local_urls_come_only_from_local(tmp_path):
    cdn = read(tmp_path / "missing.json", local=True)
    assert (cdn.static_url, cdn.media_url) == ("/static/", "/media/")
    assert cdn.static_root == "/srv/static/b1"


def test_local_never_collects_into_the_folder_of_all_builds(tmp_path):
    cdn = config(tmp_path / "missing.json", static_root="/srv/static", local=True)
    assert cdn.build_version is None
    assert cdn.static_root == "/srv/static/local"


def test_an_empty_build_version_is_none_given(tmp_path):
    values = {"static_root": "/srv/static", "build_version": ""}
    assert config(tmp_path / "missing.json", local=True, **values).build_version is None
    with pytest.raises(ValueError, match="^build_version must be"):
        config(tmp_path / "missing.json", **values)


@pytest.mark.parametrize("stack", [None, "shop-cdn-prod"])
def test_fails_when_the_file_is_missing_and_says_how_to_fetch_it(tmp_path, stack):
    path = tmp_path / "missing.json"
    with pytest.raises(ValueError) as error:
        read(path, stack=stack)
    named = stack or "mysite-cdn-prod"
    assert (
        f"but {path} does not exist: deploy first, fetch it with 'python -m dj_cloudfront pull "
        f"--stack {named} --output {path}', set"
    ) in str(error.value)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"text"', "[" * 100_000],
)
def test_fails_when_the_file_is_damaged(outputs, content):
    with pytest.raises(ValueError, match="cannot be read .*write it again"):
        read(outputs(content))


def test_a_file_of_another_user_is_not_called_damaged(outputs, monkeypatch):
    path = outputs()

    def refused(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(path), "read_text", refused)
    with pytest.raises(ValueError) as error:
        read(path)
    assert str(error.value) == (
        f"{path} must be readable by the user of this process, but is not: let that user "
        "read it and the folders above it; it holds no secret"
    )


def test_a_byte_order_mark_is_no_damage(outputs):
    path = outputs("\ufeff" + json.dumps({"s": stack()}))
    assert read(path).media_url == f"https://{MEDIA}/"


@pytest.mark.parametrize("stack", [{"QueueUrl": "https://x"}, [], None])
def test_fails_when_the_stack_is_somebody_elses(outputs, stack):
    with pytest.raises(ValueError, match="name a stack of dj-cloudfront"):
        read(outputs({"queue": stack}))


def test_fails_when_no_stack_is_in_the_file(outputs):
    with pytest.raises(ValueError, match="json holds no stack: deploy first"):
        read(outputs("{}"))


@pytest.mark.parametrize(
    "value", ["https://d1.cloudfront.net", "d1/x", "", 7, None, "D1.x.net"]
)
def test_fails_when_an_output_is_no_host_name(outputs, value):
    with pytest.raises(
        ValueError, match="StaticDomainName of .* must be a bare host name"
    ):
        read(outputs({"s": stack(static=value)}))


def test_an_absent_half_fails_when_it_is_used(outputs):
    cdn = read(outputs({"s": {"StaticDomainName": STATIC}}))
    assert cdn.static_url == f"https://{STATIC}/b1/"
    with pytest.raises(ValueError, match="MediaDomainName must be given, but"):
        cdn.media_url  # noqa: B018


def test_variables_replace_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("STATIC_DOMAIN_NAME", "static.example.com")
    monkeypatch.setenv("MEDIA_DOMAIN_NAME", "media.example.com")
    cdn = read(tmp_path / "missing.json")
    assert cdn.static_url == "https://static.example.com/b1/"
    assert cdn.media_url == "https://media.example.com/"


def test_one_variable_alone_replaces_the_file_too(outputs, monkeypatch):
    monkeypatch.setenv("STATIC_DOMAIN_NAME", "static.example.com")
    cdn = read(outputs())
    assert cdn.static_url == "https://static.example.com/b1/"
    with pytest.raises(ValueError, match="the environment has none.*MEDIA_DOMAIN_NAME"):
        cdn.media_url  # noqa: B018


def test_fails_when_a_variable_is_no_host_name(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIA_DOMAIN_NAME", "https://media.example.com")
    with pytest.raises(ValueError, match="^the environment variable MEDIA_DOMAIN_NAME"):
        read(tmp_path / "missing.json")


@pytest.mark.parametrize("value", ["a", "2026-11-23.1", "v1.2_3", "f" * 40, "0" * 64])
def test_a_build_version_is_letters_digits_dot_underscore_hyphen(outputs, value):
    assert read(outputs(), build_version=value).static_url.endswith(f"/{value}/")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        ".",
        "..",
        "a..b",
        ".hidden",
        "-x",
        "a/b",
        "a?v=1",
        "a b",
        "ä",
        "a\n",
        "%2e",
    ]
    + ["0" * 65, 7],
)
@pytest.mark.parametrize("local", [False, True])
def test_fails_when_a_build_version_is_no_safe_folder_name(outputs, value, local):
    if local and not value:
        return
    with pytest.raises(ValueError, match=r"^build_version must be .* got ") as error:
        read(outputs(), build_version=value, local=local)
    assert (repr(value) if value else "got none: set the env") in str(error.value)


@pytest.mark.parametrize(
    ("url_format", "static_url"),
    [
        ("https://{domain}", "https://d111.cloudfront.net/b1/"),
        ("https://{domain}:8443", "https://d111.cloudfront.net:8443/b1/"),
        (
            "http://{label}.cloudfront.localhost:8100",
            "http://d111.cloudfront.localhost:8100/b1/",
        ),
        (
            "http://{domain}.localhost:8100",
            "http://d111.cloudfront.net.localhost:8100/b1/",
        ),
    ],
)
def test_the_url_format_maps_names_to_urls(
    outputs, monkeypatch, url_format, static_url
):
    monkeypatch.setenv("DJ_CLOUDFRONT_URL_FORMAT", url_format)
    cdn = read(outputs())
    assert cdn.static_url == static_url
    assert f"{cdn.static_origin}/b1/" == static_url


@pytest.mark.parametrize(
    "url_format",
    [
        "http://{domain}",
        "http://{domain}.example.com",
        "http://{domain}.localhost.example.com",
        "http://localhost:8100",
        "https://static.example.com",
        "https://{domain}/cdn",
        "https://{domain.__class__}",
        "https://{other}{domain}",
        "https://{}{domain}",
        "{domain}",
        "ftp://{domain}",
        "https://{domain",
    ],
)
def test_fails_when_the_url_format_is_unsafe(outputs, monkeypatch, url_format):
    monkeypatch.setenv("DJ_CLOUDFRONT_URL_FORMAT", url_format)
    with pytest.raises(ValueError, match="DJ_CLOUDFRONT_URL_FORMAT must be"):
        read(outputs())
