"""``collectstatic`` with ``BuildStorage``: a build appears whole, or nothing does."""

from __future__ import annotations

import os

import pytest
from django.contrib.staticfiles.management.commands import collectstatic
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.management import CommandError
from project_support import Project
from storage_support import (
    DJANGOS,
    FILES,
    PLAIN,
    content,
    index_of,
)

from dj_cloudfront.builds.publication import Publication
from dj_cloudfront.storage import BuildStorage

# -- a build appears


def test_the_build_has_what_djangos_storage_would_collect(site, tmp_path):
    said = site.collect()
    assert site.published_files() == FILES
    site.collect(storage=DJANGOS, STATIC_ROOT=tmp_path / "plain")
    assert content(tmp_path / "plain") == FILES
    assert f"5 static files copied to '{site.root / 'b1'}'" in said


def test_nothing_shows_until_all_of_it_does(site, monkeypatch):
    shown = []
    finish = Publication.finish

    def watched(publication):
        assert (publication.path / "css/site.css").exists()
        shown.append(site.builds())
        done = finish(publication)
        shown.append(site.builds())
        return done

    monkeypatch.setattr(Publication, "finish", watched)
    site.collect()
    assert shown == [[], ["b1"]]
    assert site.leftovers() == []


class Given(BuildStorage):
    """Saves what is no file from its first byte on, and as it is there."""

    source = None

    def process(self, publication, names):
        with open(self.source, "rb") as file:
            file.read(4)
            self.save("rest.txt", File(file, self.source))
        with open(self.source, "rb") as file:
            self.save("upper.txt", Upper(file, self.source))
        with open(self.source, "rb") as file:
            self.save("named.txt", File(file, "/etc/hostname"))
        with open(self.source, encoding="utf-8") as file:
            self.save("text.txt", File(file, self.source))
        yield from ()


class Upper(File):
    def chunks(self, chunk_size=None):
        for chunk in super().chunks(chunk_size):
            yield chunk.upper()


def test_content_that_is_not_the_files_own_is_what_counts(site, tmp_path, monkeypatch):
    (tmp_path / "x.txt").write_text("one two")
    monkeypatch.setattr(Given, "source", str(tmp_path / "x.txt"))
    site.collect(storage="test_storage.Given")
    found = site.published_files()
    assert found["upper.txt"] == b"ONE TWO"
    assert found["named.txt"] == found["text.txt"] == b"one two"
    # Django reads from the start.
    assert found["rest.txt"] == b"one two"


# -- once published, it stays


@pytest.mark.parametrize("options", [{}, {"clear": True}])
def test_the_same_content_can_be_collected_again(site, options):
    site.collect()
    before = site.snapshot()
    assert "Deleting" not in site.collect(**options)
    assert site.snapshot() == before


@pytest.mark.parametrize("options", [{}, {"clear": True}])
def test_fails_when_the_version_has_other_content(site, options):
    site.collect()
    before = site.snapshot()
    site.write({"css/site.css": b"p { color: red }\n"})
    with pytest.raises(CommandError) as error:
        site.collect(**options)
    assert str(error.value) == (
        "build 'b1' must keep what was published, but 'css/site.css' has other bytes in it: "
        "publish under a BUILD_VERSION that was never used"
    )
    assert site.snapshot() == before
    assert site.leftovers() == []


@pytest.mark.parametrize("published", [False, True])
def test_a_dry_run_writes_and_deletes_nothing(site, published):
    if published:
        site.collect()
    before = site.snapshot()
    said = site.collect(dry_run=True)
    assert "Pretending to copy" in said
    assert "delete" not in said
    assert site.snapshot() == before
    assert site.root.exists() == published


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"link": True}, "collectstatic must run without --link, because"),
        ({"post_process": False}, "collectstatic must run without --no-post"),
    ],
)
def test_fails_with_an_option_that_no_build_can_come_of(site, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        site.collect(**options)
    assert not site.root.exists()


def test_nobody_asks_for_leave_to_overwrite_what_is_not_overwritten(site, monkeypatch):
    site.collect()
    monkeypatch.setattr("builtins.input", lambda prompt: pytest.fail(prompt))
    site.collect(interactive=True)


# -- a run that fails


class Failing(BuildStorage):
    """Fails at a file in the middle."""

    def _save(self, name, content):
        super()._save(name, content)
        if os.path.exists(self.path("fonts/sans.woff2")):
            raise RuntimeError("the disk is on fire")
        return name


def test_a_run_that_fails_leaves_nothing_and_the_next_one_succeeds(site):
    with pytest.raises(RuntimeError, match="on fire"):
        site.collect(storage="test_storage.Failing")
    assert site.builds() == []
    assert site.leftovers() == []
    site.collect()
    assert site.published_files() == FILES


class Spoilt(BuildStorage):
    """Cannot process the first file."""

    def process(self, publication, names):
        yield "css/site.css", None, ValueError("spoilt")
        yield "js/app.js", "js/app.js", True


@pytest.mark.parametrize("publish", ["collect", "publish"])
def test_a_failure_is_a_sentence_and_nothing_is_published(site, publish):
    with pytest.raises(CommandError, match="css/site.css must refer to.*: spoilt; me"):
        getattr(site, publish)(storage="test_storage.Spoilt")
    assert (site.builds(), site.leftovers()) == ([], [])


# -- other commands


def test_djangos_own_command_ends_at_the_first_file(site):
    with pytest.raises(CommandError, match="put 'dj_cloudfront' before what brings"):
        site.collect(command=collectstatic.Command())
    assert not site.root.exists()


SETTINGS = """
    import os
    import dj_cloudfront
    os.environ["STATIC_DOMAIN_NAME"] = "static.example.com"
    CDN = dj_cloudfront.config(build_version="b1", static_root=BASE_DIR / "static")
    STATIC_URL, STATIC_ROOT = CDN.static_url, CDN.static_root
    STORAGES = {"staticfiles": {"BACKEND": "mysite.storage.Interrupted"}}
"""


def test_djangos_own_command_ends_at_the_check_of_its_order(tmp_path):
    apps = '    INSTALLED_APPS = ["django.contrib.staticfiles", "dj_cloudfront"]\n'
    settings = SETTINGS.replace("mysite.storage.Interrupted", PLAIN) + apps
    project = Project(tmp_path, settings=settings)
    done = project.manage("collectstatic", "--no-input", "--link")
    assert done.returncode != 0
    assert "dj_cloudfront.E012" in done.stderr
    assert not (tmp_path / "static").exists()


def test_a_process_that_is_interrupted_leaves_nothing(tmp_path):
    project = Project(tmp_path, settings=SETTINGS)
    project.write(
        "mysite/storage.py",
        "from dj_cloudfront.storage import BuildStorage\n"
        "class Interrupted(BuildStorage):\n"
        "    def process(self, publication, names):\n"
        "        assert publication.path.is_dir()\n"
        "        raise KeyboardInterrupt\n",
    )
    done = project.manage("collectstatic", "--no-input")
    assert done.returncode != 0
    assert done.stderr == "interrupted\n"
    assert [path.name for path in (tmp_path / "static").iterdir()] == [".cdn"]


# -- reading


class Looking(BuildStorage):
    """Reads what it is writing."""

    def process(self, publication, names):
        look(self)
        yield from ()


def look(storage):
    assert storage.exists("css/site.css") and not storage.exists("css/no.css")
    with storage.open("css/site.css") as file:
        assert file.read() == FILES["css/site.css"]
    folders, files = storage.listdir("")
    assert set(folders) == {"css", "fonts", "img", "js"}
    assert not [name for name in files if not name.startswith(".")]
    assert sorted(storage.listdir("css")[1]) == ["base.css", "site.css"]
    assert storage.size("js/app.js") == 6
    assert storage.get_modified_time("js/app.js").year > 2000
    assert os.path.isfile(storage.path("img/logo.png"))


def test_a_build_can_be_read_while_it_is_written_and_afterwards(site):
    site.collect(storage="test_storage.Looking")
    with site.settings():
        look(BuildStorage())
        assert BuildStorage().path("js/app.js") == str(site.file("b1", "js/app.js"))


def test_a_path_that_leads_outside_is_refused(site):
    site.collect()
    with site.settings(), pytest.raises(Exception, match="outside of the base path"):
        BuildStorage().open("../../secret")


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize(
    "write",
    [
        lambda storage: storage.save("cache/x.css", ContentFile(b"x")),
        lambda storage: storage.delete("css/site.css"),
        lambda storage: storage.open("css/site.css", "wb"),
    ],
    ids=["save", "delete", "open"],
)
def test_fails_when_anything_else_writes_into_a_build(site, published, write):
    if published:
        site.collect()
    before = site.snapshot()
    with (
        site.settings(),
        pytest.raises(CommandError, match="a build must not change, such as"),
    ):
        write(BuildStorage())
    assert site.snapshot() == before


# -- local URLs


def test_with_local_urls_it_is_djangos_storage(site):
    said = site.collect(local=True)
    assert f"5 static files copied to '{site.root / 'b1'}'" in said
    assert content(site.root / "b1") == FILES
    assert "5 unmodified" in site.collect(local=True)
    site.collect(local=True, link=True)
    assert site.file("b1", "js/app.js").is_symlink()
    with site.settings(local=True):
        storage = BuildStorage()
        storage.save("more.txt", ContentFile("text"))
        with storage.open("more.txt") as file:
            assert file.read() == b"text"
        storage.delete("more.txt")
        assert not storage.exists("more.txt")


@pytest.mark.parametrize("options", [{}, {"clear": True}])
def test_a_published_build_is_not_changed_with_local_urls_either(site, options):
    site.collect()
    before = site.snapshot()
    site.write({"new.txt": b"new"})
    with pytest.raises(CommandError, match="a build must not change"):
        site.collect(local=True, **options)
    assert site.snapshot() == before


def test_a_path_of_a_build_is_not_local_while_the_cdn_is_not(site):
    """As when pages stop to use the CDN, and the server's own URLs have the build."""
    site.collect(STATIC_URL="/static/b1/")
    assert index_of(site.root / "b1") == set(FILES)


# -- settings


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"STATIC_ROOT": "/srv/st atic"}, "STATIC_ROOT must be the folder"),
        ({"STATIC_ROOT": "/"}, "STATIC_ROOT must be the folder"),
        ({"STATIC_ROOT": "/srv/b2"}, "STATIC_URL must end with the name"),
        (
            {"STATIC_URL": "https://static.example.com/"},
            "STATIC_URL must end with the name of the build in STATIC_ROOT, such as "
            "'https://static.example.com/b1/', got 'https://static.example.com/'",
        ),
    ],
)
def test_fails_when_the_settings_do_not_name_one_build(site, changes, sentence):
    with pytest.raises(CommandError, match=sentence):
        site.collect(**changes)
    assert not site.root.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"precompress": "gz"}, "precompress must be a list"),
        ({"precompress": ["gzip"]}, "precompress must be a list"),
        ({"reference_prefix": "static"}, "reference_prefix must be a path"),
        ({"reference_prefix": "//cdn/"}, "reference_prefix must be a path"),
    ],
)
def test_fails_when_an_option_is_none(site, options, sentence):
    with (
        site.settings(options=options),
        pytest.raises(ImproperlyConfigured, match=sentence),
    ):
        staticfiles_storage.exists("x")


# -- references


STRAY = b"p {}\nq { background: url(/static/img/logo.png) }\n"


def test_a_reference_that_leads_out_of_the_build_is_reported_or_rewritten(site):
    site.write({"css/stray.css": STRAY})
    assert site.collect_both()[1].splitlines() == [
        "css/stray.css:2: url(/static/img/logo.png) leads out of the build, to where the CDN "
        "has nothing: write ../img/logo.png, or let rewrite_references do it"
    ]
    assert site.published_files()["css/stray.css"] == STRAY
    assert site.collect_both("b2", options={"rewrite_references": True})[1] == ""
    found = site.published_files("b2")["css/stray.css"]
    assert found == b"p {}\nq { background: url(../img/logo.png) }\n"
    site.write({"css/stray.css": STRAY.replace(b"/static/", b"/assets/")})
    _, said = site.collect_both("b3", options={"reference_prefix": "/assets/"})
    assert "url(/assets/img/logo.png)" in said and "write ../img/logo.png" in said
