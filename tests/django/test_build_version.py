"""The name of a build, wherever it comes from; git repositories are real ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import tools
from docs_support import ROOT

from dj_cloudfront import build_version

SHAPE = "must be 1 to 64 letters, digits, '.', '_' or '-', starting with"


# Clones of folders, and a checkout that another user owns.
ALLOWED = ("-c", "protocol.file.allow=always", "-c", "safe.directory=*")


class Repository:
    """A work tree, made and asked with git itself."""

    def __init__(self, folder):
        self.folder = folder
        self.git_program = tools.require("git")

    def git(self, *arguments, cwd=None):
        nobody = {
            f"GIT_{who}_{what}": "nobody@example.com"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            [self.git_program, *ALLOWED, *arguments],
            cwd=cwd or self.folder,
            env={
                **nobody,
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_NOSYSTEM": "1",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self):
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.head()

    def head(self, cwd=None):
        return self.git("rev-parse", "HEAD", cwd=cwd)[:12]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A repository without a commit."""
    repository = Repository(tmp_path_factory.mktemp("empty"))
    repository.git("init", "--quiet")
    return repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    repository = Repository(tmp_path_factory.mktemp("site"))
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.commit()
    return repository


@pytest.fixture
def version_file(tmp_path):
    path = tmp_path / "BUILD_VERSION"
    path.write_text("from-file\n")
    return path


# -- sources


def test_the_first_name_counts(repository, version_file, monkeypatch, tmp_path):
    monkeypatch.setenv("BUILD_VERSION", "from-variable")
    sources = {"file": version_file, "git": repository.folder}
    assert build_version("given", **sources) == "given"
    for given in (None, ""):
        assert build_version(given, **sources) == "from-variable"
    monkeypatch.setenv("BUILD_VERSION", "")
    assert build_version(**sources) == "from-file"
    sources["file"] = tmp_path / "missing"
    assert build_version(**sources) == repository.head()


def test_without_any_there_is_none(tmp_path):
    assert build_version() is None
    assert build_version(file=tmp_path / "missing", git=tmp_path) is None


def test_what_is_not_asked_is_not_read(repository, version_file, monkeypatch):
    monkeypatch.chdir(repository.folder)
    version_file.rename(repository.folder / "BUILD_VERSION")
    assert build_version() is None


def test_what_comes_later_cannot_fail(empty, version_file, monkeypatch):
    no_text = version_file.with_name("no-text")
    no_text.write_bytes(b"\xff")
    assert build_version("b1", file=no_text, git=empty.folder) == "b1"
    assert build_version(file=version_file, git=empty.folder) == "from-file"
    monkeypatch.setenv("BUILD_VERSION", "b1")
    assert build_version(file=no_text, git=empty.folder) == "b1"


@pytest.mark.parametrize("name", ["a/b", "..", "b1?v=2", " b1", "x" * 65])
def test_fails_when_a_name_has_not_the_shape(name, version_file, monkeypatch):
    with pytest.raises(ValueError, match=f"^build_version {SHAPE}"):
        build_version(name)
    version_file.write_text(f"{name}\nmore")
    with pytest.raises(ValueError, match=f"^the build version in .* {SHAPE}"):
        build_version(file=version_file)
    monkeypatch.setenv("BUILD_VERSION", name)
    with pytest.raises(ValueError, match="^the environment variable BUILD_VERSION"):
        build_version(file=version_file)


def test_a_file_may_have_a_byte_order_mark_and_white_space(version_file):
    version_file.write_text("\ufeff b1 \r\n", "utf-8")
    assert build_version(file=version_file) == "b1"


def test_fails_when_the_file_is_there_and_empty(version_file):
    version_file.write_text("\n")
    with pytest.raises(ValueError, match="^the build version in .*, got ''$"):
        build_version(file=version_file)


def test_fails_when_the_file_cannot_be_read(version_file, tmp_path):
    version_file.write_bytes(b"\xff\xfe")
    with pytest.raises(
        ValueError, match="^file must hold a build version, but .*utf-8"
    ):
        build_version(file=version_file)
    with pytest.raises(ValueError, match="cannot be read .*directory"):
        build_version(file=tmp_path)


# -- git


def test_a_commit_is_named_by_its_first_digits(repository):
    assert len(build_version(git=repository.folder)) == 12
    first, second = repository.head(), repository.commit()
    assert first != second == build_version(git=repository.folder)


def test_a_folder_further_down_belongs_to_the_work_tree(repository):
    inner = repository.folder / "backend" / "mysite"
    inner.mkdir(parents=True)
    assert build_version(git=inner) == repository.head()
    assert build_version(git=str(inner)) == repository.head()


def test_the_current_branch_counts_or_a_detached_head(repository):
    first = repository.head()
    repository.git("checkout", "--quiet", "-b", "feature/new")
    latest = repository.commit()
    assert build_version(git=repository.folder) == latest
    repository.git("checkout", "--quiet", "--detach", first)
    assert build_version(git=repository.folder) == first
    repository.git("checkout", "--quiet", "main")


def test_a_work_tree_beside_the_first_has_its_own_commit(repository, tmp_path):
    beside = tmp_path / "beside"
    repository.git("worktree", "add", "--quiet", "-b", "other", str(beside))
    repository.git("commit", "--quiet", "--allow-empty", "-m", "x", cwd=beside)
    found = build_version(git=beside)
    assert found == repository.head(cwd=beside) != repository.head()
    repository.git("pack-refs", "--all")
    assert build_version(git=beside) == found


def test_a_commit_may_be_by_sha256(tmp_path):
    repository = Repository(tmp_path)
    repository.git("init", "--quiet", "--object-format", "sha256")
    repository.commit()
    assert len(repository.git("rev-parse", "HEAD")) == 64
    assert build_version(git=tmp_path) == repository.head()


def test_fails_when_there_is_no_commit_yet(empty):
    with pytest.raises(ValueError) as error:
        build_version(git=empty.folder)
    assert str(error.value) == (
        "git must be a folder of a git work tree that has a commit, such as BASE_DIR, but "
        "git says 'fatal: Needed a single revision': mend that, or set BUILD_VERSION to the "
        "name"
    )


def test_there_is_no_name_where_git_is_not_installed(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build_version(git=repository.folder) is None


def test_a_hooks_variables_name_no_other_repository(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert build_version(git=repository.folder) == repository.head()


def test_this_checkout_has_a_name():
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    head = Repository(Path(ROOT)).head()
    assert build_version(git=ROOT / "dj_cloudfront") == head


def test_the_documented_guard_stops_before_what_is_not_committed(tmp_path):
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    (guard,) = (line for line in text.splitlines() if "commit first" in line)
    repository = Repository(tmp_path)
    repository.git("init", "--quiet")

    def goes_on():
        done = subprocess.run(
            ["/bin/sh", "-c", f"{guard}\necho published"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        known = {(0, "published\n"): True, (1, "commit first\n"): False}
        return known[done.returncode, done.stdout]

    (tmp_path / ".gitignore").write_text("*.log")
    (tmp_path / "site.css").write_text("body {}")
    assert not goes_on()
    repository.git("add", ".")
    repository.commit()
    (tmp_path / "new.log").write_text("")
    assert goes_on()
    (tmp_path / "site.css").write_text("body { color: red }")
    assert not goes_on()
    # What is not committed does not show in the name.
    assert build_version(git=tmp_path) == repository.head()
