"""The base of both build storages: fills a hidden folder, and shows it by one rename."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import CommandError
from django.utils.encoding import filepath_to_uri

from dj_cloudfront.builds import layout
from dj_cloudfront.builds.filesystem import Progress
from dj_cloudfront.builds.index import INDEX_NAME, read_index
from dj_cloudfront.builds.publication import Publication, Published
from dj_cloudfront.builds.references import Reference
from dj_cloudfront.staticfiles.django_types import Files, Processed
from dj_cloudfront.staticfiles.storage_options import (
    PublishingOptions,
    build_folder,
    is_local,
)

_STAGED = (
    *("post_process", "save", "_save", "delete", "path", "exists", "get_valid_name"),
    *("get_available_name", "get_alternative_name", "generate_filename"),
)
_KNOWN = ("django.", "dj_cloudfront.")


def third_party_override(kind: type, *names: str) -> type | None:
    """The class that brings one of these methods, unless Django or this package does."""
    for one in kind.__mro__:
        for name in vars(one).keys() & set(names):
            module = getattr(vars(one)[name], "__module__", "")
            if not f"{module}.".startswith(_KNOWN):
                return one
    return None


def file_of(content: File[Any]) -> Path | None:
    """The file on the disk that this is, as it is there."""
    file, name = getattr(content, "file", None), content.name
    if type(content) is not File or not isinstance(file, io.BufferedReader) or not name:
        return None
    try:
        same = os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except (OSError, ValueError):
        return None
    return Path(name) if same else None


def bytes_of(content: File[Any]) -> bytes:
    """All of it; text is UTF-8."""
    return b"".join(
        chunk.encode() if isinstance(chunk, str) else chunk
        for chunk in content.chunks()
    )


class PublishingStorage(Files):
    """What the storages have in common. ``BuildStorage`` has the meaning of the options.

    A command fills a hidden folder beside the builds, and shows it by one rename. Until then
    the storage reads and writes there, for the command alone. With local URLs it is Django's
    own storage.

    It is Django's own, too, where a class of somebody else decides what files are made: a
    method may write past ``save()``, unlink what is there and edit files in place. A published
    build shares its files with others, so such a class gets a folder of plain copies, as
    Django gives it, and the build is made of what is in there then.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        base_url: str | None = None,
        *args: Any,
        precompress: Sequence[str] = (),
        rewrite_references: bool = False,
        reference_prefix: str = "/static/",
        hashed_folders: bool | Sequence[str] = False,
        **options: Any,
    ) -> None:
        self.publishing = PublishingOptions(
            precompress=precompress,
            rewrite_references=rewrite_references,
            reference_prefix=reference_prefix,
            hashed_folders=hashed_folders,
        )
        self._publication: Publication | None = None
        self._staging: Path | None = None
        self._hashed_urls: Mapping[str, str] | None = None
        super().__init__(location, base_url, *args, **options)

    @property
    def is_local(self) -> bool:
        """Whether the URLs are this server's own, so that nothing is published."""
        return self._staging is None and is_local(self.location, self.base_url)

    @property
    def writes_directly(self) -> bool:
        """Whether files are written where they are named, one by one."""
        return self._staging is not None or self.is_local

    @property
    def build_folder(self) -> Path:
        """The folder of the build, from ``STATIC_ROOT``.

        :raises ImproperlyConfigured: when that and ``STATIC_URL`` do not name one build.
        """
        return build_folder(self.location, self.base_url)

    def publication(
        self, *, progress: Progress | None = None, dry_run: bool = False
    ) -> Publication:
        """Begin to write the build, in the way that the storage's options say."""
        folder, options = self.build_folder, self.publishing.arguments()
        return Publication(
            folder.parent,
            folder.name,
            base_url=self.base_url,
            progress=progress,
            dry_run=dry_run,
            **options,
        )

    def process(
        self, publication: Publication, names: Collection[str]
    ) -> Generator[Processed]:
        """Add what is made of the files that a build has."""
        yield from ()

    def published(self, published: Published) -> None:
        """What is left to do when the build shows."""
        self._hashed_urls = None

    def references_in(self, published: Published) -> list[Reference]:
        """The references in a build's files that leave it."""
        return [*published.references]

    def stray_references(self, published: Published) -> list[Reference]:
        """Those of them that lead out of the build still."""
        rewrites = self.publishing.rewrite_references
        return [
            one
            for one in self.references_in(published)
            if not rewrites or one.relative is None
        ]

    @contextmanager
    def writing(
        self, publication: Publication, *, dry_run: bool = False
    ) -> Iterator[None]:
        """Read and write a build that does not show yet, until the context ends."""
        with ExitStack() as held:
            held.callback(setattr, self, "_publication", self._publication)
            self._publication = publication
            if third_party_override(type(self), *_STAGED) is not None:
                self._write_into(_staging_folder(publication, dry_run, held), held)
            yield

    def finish(self, publication: Publication, *, dry_run: bool = False) -> Published:
        """Show the build that was written.

        :raises ValueError: with one sentence, when the build cannot be published.
        :raises OSError: with one sentence, when the disk or a permission does not allow it.
        """
        if self._staging is not None:
            self.add_staged(publication, self._staging)
        published = publication.finish()
        if not dry_run:
            self.published(published)
        return published

    def add_staged(
        self, publication: Publication, folder: Path, *, without: str = ""
    ) -> None:
        """Add what was written as Django does it, without a file of that name."""
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                relative = path.relative_to(folder).as_posix()
                if relative != without:
                    publication.add(relative, path)

    def _write_into(self, folder: Path, held: ExitStack) -> None:
        for name in ("base_location", "location"):
            held.callback(setattr, self, name, getattr(self, name))
            setattr(self, name, os.fspath(folder))
        held.callback(setattr, self, "_staging", None)
        self._staging = folder

    def url(self, name: str | None) -> str:
        url = super().url(name)
        if not self.publishing.hashed_folders or self._publication is not None:
            return url
        if self._hashed_urls is None:
            # Once for a process: a module under two URLs would be two modules.
            self._hashed_urls = self._read_hashed_urls()
        folder = url
        while folder and folder not in self._hashed_urls:
            folder = folder.rpartition("/")[0]
        return self._hashed_urls.get(folder, "") + url[len(folder) :]

    def _read_hashed_urls(self) -> Mapping[str, str]:
        """What the URLs of folders become; those of the build without its index here."""
        if self.is_local:
            return {}
        build = self.build_folder
        try:
            index = read_index(build)
        except (OSError, ValueError):
            # A system check says so; a page has no need to fail.
            index = None
        above = self.base_url.removesuffix(f"{build.name}/")
        return {
            self.base_url
            + filepath_to_uri(folder): f"{above}{hashed}/{filepath_to_uri(folder)}"
            for folder, hashed in (index.hashed_folders if index else {}).items()
            # A build that was copied without them has its own folder still.
            if (build.parent / hashed).is_dir()
        }

    def path(self, name: str | os.PathLike[str]) -> str:
        path = super().path(name)
        if self._publication is None or self._staging is not None:
            return path
        # What Django's check has let pass begins with the location.
        return os.fspath(self._publication.path) + path[len(self.location) :]

    def delete(self, name: str) -> None:
        if self._staging is None and self._publication is not None:
            self._publication.remove(name)
            return
        self._refuse_to_change_a_build(name)
        super().delete(name)

    def post_process(
        self, paths: Collection[str], dry_run: bool = False, **options: Any
    ) -> Iterator[Processed]:
        """Add what is made of the files: the last step of ``collectstatic``."""
        if self.writes_directly:
            # Of a class behind this one.
            others = getattr(super(), "post_process", None)
            if others is not None:
                yield from others(paths, dry_run, **options)
        elif self._publication is not None and not dry_run:
            names = [name.replace(os.sep, "/") for name in paths]
            yield from self.process(self._publication, names)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if set(mode) & set("wax+"):
            self._refuse_to_change_a_build(name)
        return super()._open(name, mode)

    def _save(self, name: str, content: File[Any]) -> str:
        if self._publication is None or self._staging is not None:
            self._refuse_to_change_a_build(name)
            return super()._save(name, content)
        source = file_of(content)
        if source is not None:
            self._publication.add(name, source)
        else:
            self._publication.add_bytes(name, bytes_of(content))
        return name

    def _refuse_to_change_a_build(self, name: str) -> None:
        index = os.path.join(self.location, INDEX_NAME)
        if self.writes_directly and not os.path.exists(index):
            return
        # Other commands write through the storage, and end with this sentence.
        raise CommandError(
            f"a build must not change, such as {self.location}, got {name!r} to write or to "
            "delete: in INSTALLED_APPS, put 'dj_cloudfront' before what brings another "
            "collectstatic, such as 'django.contrib.staticfiles'; let a finder find the "
            "file, or keep it in another storage"
        )


def _staging_folder(publication: Publication, dry_run: bool, held: ExitStack) -> Path:
    """An empty folder on the disk of the builds, or elsewhere if nothing may be written."""
    if dry_run:
        return Path(held.enter_context(tempfile.TemporaryDirectory()))
    # With the lock, so that nobody takes the folder for a leftover.
    publication.begin()
    path = layout.hidden_folder(publication.root, publication.version)
    path.mkdir()
    held.callback(shutil.rmtree, path, ignore_errors=True)
    return path
