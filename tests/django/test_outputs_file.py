"""The outputs file as ``pull`` reads and replaces it: no reader sees a part of it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading

import pytest
from project_support import ROOT

from dj_cloudfront import outputs_file

BEFORE = {"a-cdn-dev": {"StaticDomainName": "d1.cloudfront.net"}}
AFTER = {"a-cdn-dev": {"StaticDomainName": "d2.cloudfront.net"}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cdn-outputs.json"


def files(folder):
    return sorted(one.name for one in folder.iterdir())


def mode(path):
    return path.stat().st_mode & 0o777


def test_the_form_is_that_of_the_cli():
    # JSON.stringify(value, undefined, 2), as node runs it.
    value = {"b": {'Ä\u2028\u007f\u001f/"\\': "é"}, "a": {}}
    assert outputs_file.render(value).decode() == (
        '{\n  "b": {\n    "Ä\u2028\u007f\\u001f/\\"\\\\": "é"\n  },\n  "a": {}\n}\n'
    )
    assert outputs_file.render({}) == b"{}\n"


def test_what_is_written_is_read(path):
    assert outputs_file.read(path) == {}
    outputs_file.write(path, BEFORE)
    assert outputs_file.read(path) == BEFORE
    assert files(path.parent) == ["cdn-outputs.json"]
    path.write_text("\ufeff{}", "utf-8")
    assert outputs_file.read(path) == {}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"[" * 100_000]
)
def test_a_damaged_file_is_not_replaced_by_one_stack(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="must be a file of .* delete it if"):
        outputs_file.read(path)
    with pytest.raises(ValueError, match="cannot be read .*Is a directory"):
        outputs_file.read(path.parent)


def test_a_new_file_has_the_permissions_that_the_umask_leaves(path):
    before = os.umask(0o027)
    try:
        outputs_file.write(path, BEFORE)
    finally:
        os.umask(before)
    assert mode(path) == 0o640


@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o664])
def test_who_could_read_it_still_can(path, permissions):
    path.write_text("{}")
    path.chmod(permissions)
    before = os.umask(0o077)
    try:
        outputs_file.write(path, AFTER)
    finally:
        os.umask(before)
    assert mode(path) == permissions


def test_a_file_of_the_sites_user_stays_theirs(path):
    if os.getuid() != 0:
        pytest.skip("only root gives files away")
    path.write_text("{}")
    os.chown(path, 12345, 23456)
    outputs_file.write(path, AFTER)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_a_link_stays_a_link(tmp_path, path):
    shared = tmp_path / "shared" / "cdn-outputs.json"
    shared.parent.mkdir()
    path.symlink_to("shared/cdn-outputs.json")
    for value in (BEFORE, AFTER):
        outputs_file.write(path, value)
        assert path.is_symlink()
        assert json.loads(shared.read_text()) == value
    assert files(shared.parent) == ["cdn-outputs.json"]


def test_fails_when_the_folder_is_not_there(tmp_path):
    path = tmp_path / "no" / "cdn-outputs.json"
    with pytest.raises(ValueError) as error:
        outputs_file.write(path, BEFORE)
    assert str(error.value) == (
        "--output must name a file that can be written, such as 'cdn-outputs.json', but "
        f"{path} cannot: No such file or directory"
    )
    assert files(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(path):
    outputs_file.write(path, BEFORE)
    code = (
        "import resource, pathlib, sys\n"
        "from dj_cloudfront import outputs_file as outputs\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (20, {resource.RLIM_INFINITY}))\n"
        f"outputs.write(pathlib.Path(sys.argv[1]), {AFTER!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"{path} cannot: File too large" in done.stderr
    assert outputs_file.read(path) == BEFORE
    assert files(path.parent) == ["cdn-outputs.json"]


def test_a_reader_sees_the_old_file_or_the_new_one(path):
    large = {name: dict.fromkeys("abcdef", name * 2000) for name in ("old", "new")}
    values = [{name: value} for name, value in large.items()]
    outputs_file.write(path, values[0])
    seen, is_over = [], threading.Event()

    def read():
        while not is_over.is_set():
            seen.append(outputs_file.read(path) in values)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        outputs_file.write(path, values[number % 2])
    is_over.set()
    reader.join()
    assert len(seen) > 10
    assert all(seen)
