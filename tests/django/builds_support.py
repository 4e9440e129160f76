"""Folders of sources and builds, and what must be true of them."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from pathlib import Path

import pytest

from dj_cloudfront.builds.index import INDEX_NAME, read_index
from dj_cloudfront.builds.layout import published
from dj_cloudfront.builds.publication import Publication

ROOT = Path(__file__).resolve().parents[2]

FILES = {
    "css/site.css": b"body { background: url(../img/logo.svg) }\n" * 40,
    "css/admin/base.css": b"p { margin: 0 }\n" * 40,
    "img/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n" * 40,
    "img/photo.jpg": bytes(range(256)) * 4,
    "js/app.mjs": b"export const answer = 42;\n" * 40,
    "robots.txt": b"User-agent: *\n",
}
# For hashed folders: two top folders, and a file at the root.
SITE = {
    "admin/css/base.css": b"p { background: url(../img/logo.svg) }\n" * 20,
    "admin/img/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n" * 20,
    "site/css/site.css": b"body { color: red }\n" * 20,
    "site/js/app.mjs": b'import { one } from "./lib/one.mjs";\n' * 20,
    "site/js/lib/one.mjs": b"export const one = 1;\n" * 20,
    "robots.txt": b"User-agent: *\n",
}


def write_files(folder, files):
    """Write files and folders by name, replacing what is there."""
    for name, data in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.unlink(missing_ok=True)
            path.write_bytes(data)
    return folder


def sources(folder):
    """What publishing takes: every file's name and path."""
    return [
        (path.relative_to(folder).as_posix(), path)
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    ]


def publish(root, version, sources, **options):
    """Publish a build from names and the files that hold their content."""
    with Publication(root, version, **options) as publication:
        for name, source in sources:
            publication.add(name, source)
        return publication.finish()


def publish_files(root, version, files, **options):
    """Publish names and bytes, by way of a folder of sources beside the builds."""
    folder = write_files(Path(root).with_name(f"{Path(root).name}-sources"), files)
    return publish(root, version, [(name, folder / name) for name in files], **options)


def release(root, version, files, **options):
    """Publish with hashed folders."""
    return publish_files(root, version, files, **{"hashed_folders": True} | options)


def files_of(build):
    """The bytes of a build by name, without its index."""
    return {
        path.relative_to(build).as_posix(): path.read_bytes()
        for path in sorted(Path(build).rglob("*"))
        if path.is_file() and path.name != INDEX_NAME
    }


def assert_whole(build):
    """A build holds what its index says: not a byte less, not a file more."""
    index = read_index(build)
    assert index is not None, f"{build} has no index"
    found = {
        name: (len(data), hashlib.sha256(data).hexdigest())
        for name, data in files_of(build).items()
    }
    assert found == {
        name: (file.size, file.sha256) for name, file in index.files.items()
    }
    for folder, hashed in index.hashed_folders.items():
        copy = Path(build).parent / hashed / folder
        assert files_of(copy) == files_of(Path(build, folder)), f"{hashed}/{folder}"


def assert_all_whole(root):
    """Every build that shows."""
    for version in published(root):
        assert_whole(Path(root, version))


def hidden(root):
    """What there is beside the builds and the folder of the lock."""
    return sorted(
        path.name
        for path in Path(root).iterdir()
        if path.name.startswith(".") and path.name != ".cdn"
    )


def share_bytes(one, other):
    """Whether two paths are names of one file."""
    return Path(one).samefile(other)


@contextlib.contextmanager
def mounted(folder, size="1m"):
    """A disk of its own on a folder, where this machine lets us mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root can mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


def remount(folder, option):
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)
