"""``manage.py cdn publish``: what it publishes, what it says, what it refuses."""

from __future__ import annotations

import io
import os
import re

import pytest
from django.core.management import CommandError
from project_support import Project
from storage_support import (
    DJANGOS,
    DJANGOS_HASHED,
    FILES,
    FINDER,
    HASHED,
    HOST,
    PLAIN,
    Remote,
    content,
)

STRAY = b"p {}\nq { background: url(/static/img/logo.png) }\n"
SETTINGS = """
    import os
    import dj_cloudfront
    os.environ["STATIC_DOMAIN_NAME"] = "static.example.com"
    CDN = dj_cloudfront.config(
        build_version=dj_cloudfront.build_version(), static_root=BASE_DIR / "static"
    )
    STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
    STORAGES = {"staticfiles": {"BACKEND": "dj_cloudfront.storage.ManifestBuildStorage"}}
"""


class Terminal(io.StringIO):
    def isatty(self):
        return True


# -- what it publishes


@pytest.mark.parametrize("storage", [PLAIN, HASHED, DJANGOS])
def test_it_publishes_what_collectstatic_does(site, storage):
    site.publish(storage=storage)
    published = site.published_files()
    site.collect("b2", PLAIN if storage == DJANGOS else storage)
    assert published == site.published_files("b2")
    assert published.items() >= FILES.items()


def test_files_of_a_finder_without_paths_are_published_too(site):
    finders = [FINDER, "storage_support.RemoteFinder"]
    found = site.publish_json(STATICFILES_FINDERS=finders)
    assert site.published_files() == FILES | Remote.files
    assert (found["linked"], found["copied"]) == (0, 7)
    again = site.publish_json("--build-version", "b2", STATICFILES_FINDERS=finders)
    assert (again["linked"], again["copied"]) == (7, 0)


def test_what_a_finders_storage_opens_is_published_and_not_what_it_names(site):
    site.publish(STATICFILES_FINDERS=["storage_support.ShoutingFinder"])
    assert site.published_files() == {
        name: data.upper() for name, data in FILES.items()
    }


def test_files_are_left_out_as_the_finders_do(site):
    site.write(
        {"note.txt~": b"", ".secret": b"", "CVS": b"", "a/b.scss": b"", "c.md": b""}
    )
    site.publish("--ignore", "*.scss", "-i", "c.*")
    assert site.published_files() == FILES


def test_a_prefix_of_a_folder_is_a_folder_of_the_build(site, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "x.txt").write_text("more")
    site.publish(STATICFILES_DIRS=[site.assets, ("vendor/lib", tmp_path / "more")])
    assert site.published_files() == FILES | {"vendor/lib/x.txt": b"more"}


# -- the build that it makes


def test_another_version_than_that_of_the_settings_can_be_named(site):
    said, _ = site.publish("--build-version", "2026-11-24.1")
    assert site.builds() == ["2026-11-24.1"]
    assert f"published {site.root}/2026-11-24.1: 5 files, 0 linked, 5 written" in said


def test_companions_are_those_of_the_options_unless_others_are_given(site):
    site.write({"js/big.js": b"let a = 1;\n" * 200})
    given = {"options": {"precompress": ["gz"]}}
    for version, arguments, wanted in (
        ("b1", [], {"js/big.js.gz"}),
        ("b2", ["--precompress", "br"], {"js/big.js.br"}),
        ("b3", ["--precompress", "gz", "br"], {"js/big.js.gz", "js/big.js.br"}),
        ("b4", ["--no-precompress"], set()),
    ):
        site.publish("--build-version", version, *arguments, **given)
        assert set(site.published_files(version)) - set(FILES) == {"js/big.js", *wanted}


def test_references_are_rewritten_if_asked_for_on_the_line_or_in_the_options(site):
    site.write({"css/stray.css": STRAY})
    rewritten = b"p {}\nq { background: url(../img/logo.png) }\n"
    for version, arguments, options, wanted in (
        ("b1", [], {}, STRAY),
        ("b2", ["--rewrite-references"], {}, rewritten),
        ("b3", [], {"rewrite_references": True}, rewritten),
    ):
        found = site.publish_json(
            "--build-version", version, *arguments, options=options
        )
        assert site.published_files(version)["css/stray.css"] == wanted
        assert found["rewritten"] == (wanted is rewritten)
        assert [one["line"] for one in found["references"]] == [2]


# -- what it says


def test_it_says_what_it_did(site):
    said, complaints = site.publish()
    assert re.fullmatch(
        rf"published {site.root}/b1: 5 files, 0 linked, 5 written "
        r"\(\d\.\d\xa0KB\), in \d+\.\d s\n",
        said,
    )
    assert complaints == ""
    site.write({"js/app.js": b"other()\n"})
    said, _ = site.publish("--build-version", "b2")
    assert "5 files, 4 linked, 1 written" in said
    said, _ = site.publish("--build-version", "b2")
    assert said == f"{site.root}/b2 is published already, with the same 5 files\n"


def test_a_script_gets_json_alone(site):
    site.publish()
    site.write({"js/app.js": b"other()\n", "css/stray.css": STRAY})
    found = site.publish_json("--build-version", "b2")
    assert found.pop("seconds") >= 0
    assert found.pop("bytes_written") > len(b"other()\n") + len(STRAY)
    assert found == {
        "version": "b2",
        "path": f"{site.root}/b2",
        "files": 6,
        "linked": 4,
        "copied": 2,
        "companions": 0,
        "already_there": False,
        "references": [
            {
                "name": "css/stray.css",
                "line": 2,
                "url": "/static/img/logo.png",
                "relative": "../img/logo.png",
                "kind": "css",
            }
        ],
        "hashed_folders": {},
        "unhashed_reasons": {},
        "reused_url_bytes": 0,
        "bytes": 961,
        "rewritten": False,
        "left_out": [],
        "dry_run": False,
    }


def test_a_dry_run_says_the_same_and_writes_nothing(site):
    site.publish()
    site.write({"js/app.js": b"other()\n"})
    before = site.snapshot()
    said, _ = site.publish("--build-version", "b2", "--dry-run")
    assert said.startswith(
        f"would publish {site.root}/b2: 5 files, 4 linked, 1 written"
    )
    assert site.publish_json("-n", "--build-version", "b2")["dry_run"] is True
    assert site.snapshot() == before
    with pytest.raises(CommandError, match="build 'b1' must keep what was published"):
        site.publish("--dry-run")
    assert site.snapshot() == before


def test_of_two_files_of_a_name_the_first_is_published(site, tmp_path):
    (tmp_path / "more" / "js").mkdir(parents=True)
    other = tmp_path / "more" / "js" / "app.js"
    other.write_text("second")
    folders = [site.assets, tmp_path / "more"]
    said, _ = site.publish(STATICFILES_DIRS=folders)
    assert "left out as another file of their name is found first: 1 (-v 2" in said
    said, _ = site.publish("-v", "2", STATICFILES_DIRS=folders)
    assert (
        "another file is published as js/app.js, because a finder finds it first; left out: "
        f"{other}\n"
    ) in said
    found = site.publish_json(STATICFILES_DIRS=folders)
    assert found["left_out"] == [str(other)]
    assert site.published_files() == FILES


def test_without_verbosity_it_only_complains(site):
    site.write({"css/stray.css": STRAY})
    said, complaints = site.publish("--verbosity", "0")
    assert said == ""
    assert complaints == (
        "css/stray.css:2: url(/static/img/logo.png) leads out of the build, to where the CDN "
        "has nothing: write ../img/logo.png, or let rewrite_references do it\n"
    )


@pytest.mark.parametrize("storage", [PLAIN, HASHED])
def test_what_was_compiled_for_another_build_is_reported_once(site, storage):
    url = f"https://{HOST}/b0/img/logo.png"
    site.write({"css/compiled.css": f"q {{ background: url({url}) }}\n".encode()})
    _, complaints = site.publish(storage=storage)
    assert complaints == (
        f"css/compiled.css:1: {url} is no URL of this build: make the file again for this "
        "BUILD_VERSION and this host, or let its tool write relative URLs\n"
    )
    assert site.collect_both("b2", storage)[1] == complaints


def test_a_umask_that_keeps_the_web_server_out_is_told(site):
    before = os.umask(0o077)
    try:
        _, complaints = site.publish()
        _, again = site.publish("--build-version", "b2", "--dry-run")
    finally:
        os.umask(before)
    assert complaints.startswith("the web server cannot read the build, got '")
    assert "with the permissions 0o700: let it in, such as with chmod a+X" in complaints
    assert again == ""


@pytest.mark.parametrize("storage", [PLAIN, HASHED])
def test_a_person_sees_how_far_it_is(site, storage, capsys):
    from django.core.management import call_command

    from dj_cloudfront.management.commands.cdn import Command

    terminal = Terminal()
    with site.settings(storage=storage):
        call_command(Command(), "publish", stdout=io.StringIO(), stderr=terminal)
    seen = terminal.getvalue()
    assert "publishing 1/5" in seen and "publishing 5/5\n" in seen
    assert ("hashing 5/5\n" in seen) == (storage == HASHED)
    assert site.publish("--build-version", "b2", storage=storage)[1] == ""


# -- what it refuses


def refused(site, *arguments, **given):
    with pytest.raises(CommandError) as error:
        site.publish(*arguments, **given)
    assert not site.root.exists()
    return str(error.value)


def test_fails_when_the_urls_are_local(site):
    assert refused(site, local=True) == (
        "CDN must have the URLs of the CDN, got local=True: publish with the settings of the "
        "server, such as with DEBUG=False"
    )


def test_fails_when_a_version_is_no_name_of_a_build(site):
    sentence = refused(site, "--build-version", "../b2")
    assert sentence.startswith("--build-version must be 1 to 64 letters")
    assert sentence.endswith("got '../b2'")


def test_fails_when_static_root_is_another_folder_than_the_cdns(site, tmp_path):
    assert refused(site, STATIC_ROOT=tmp_path / "b1") == (
        f"STATIC_ROOT must be CDN.static_root, such as '{site.root}/b1', got "
        f"'{tmp_path}/b1': in the settings, write STATIC_ROOT = CDN.static_root"
    )


@pytest.mark.parametrize(
    ("storage", "better"),
    [(DJANGOS_HASHED, HASHED), ("storage_support.Elsewhere", PLAIN)],
)
def test_fails_when_the_storage_gives_other_urls(site, storage, better):
    assert refused(site, storage=storage) == (
        "STORAGES['staticfiles']['BACKEND'] must be a storage that publishes builds, such as "
        f"'{better}', got '{storage}': pages would refer to names that the build does not have"
    )


def test_fails_when_there_is_no_storage(site):
    for storages in ({}, {"staticfiles": {"BACKEND": "no.such.Storage"}}):
        sentence = refused(site, STORAGES=storages)
        assert sentence.startswith(
            "STORAGES['staticfiles']['BACKEND'] must be a storage"
        )


# -- as a shell sees it


def test_a_release_from_the_shell(tmp_path):
    project = Project(tmp_path, settings=SETTINGS)
    first = project.manage("cdn", "publish", BUILD_VERSION="b1")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith(f"published {tmp_path}/static/b1: 2 files")
    project.write("assets/css/site.css", "p {}\n")
    again = project.manage("cdn", "publish", BUILD_VERSION="b1")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith(
        "CommandError: build 'b1' must keep what was published"
    )
    assert again.stderr.count("\n") == 1
    next_one = project.manage("cdn", "publish", "-v", "0", BUILD_VERSION="b2")
    assert (next_one.returncode, next_one.stdout, next_one.stderr) == (0, "", "")
    assert (tmp_path / "static/b2/css/site.css").read_text() == "p {}\n"
    assert set(content(tmp_path / "static/b1")) & {"css/site.css"}
