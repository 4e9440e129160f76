"""The storages of uploads, for ``STORAGES["default"]`` and for model fields."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from django.utils.deconstruct import deconstructible
from django.utils.encoding import filepath_to_uri
from django.utils.module_loading import import_string

from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.media.deletions import Deletions
from dj_cloudfront.media.names import token_folder, unique_name
from dj_cloudfront.media.signer import Digest, Signer, read_key, signature_expiry

if TYPE_CHECKING:

    class Files(FileSystemStorage):
        def _open(self, name: str, mode: str = "rb") -> File[Any]: ...
        def _save(self, name: str, content: File[Any]) -> str: ...
        def _clear_cached_properties(self, setting: str, **kwargs: Any) -> None: ...

else:
    Files = FileSystemStorage

STATE_FOLDER = ".cdn"
"""The folder in ``MEDIA_ROOT`` for our own records. No web server answers for it."""


class StoredFile(File):  # type: ignore[type-arg]
    """A file of a storage, whose record counts when it is closed. It can be opened again."""

    def __init__(
        self, storage: MediaStorage, name: str, file: File[Any], record: ExitStack
    ) -> None:
        super().__init__(file.file, file.name)
        self._storage, self._stored, self._record = storage, name, record

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> Self:
        if self.closed:
            self._record.enter_context(
                self._storage.writing(self._stored, mode or self.mode)
            )
        super().open(mode, *args, **kwargs)
        return self

    def close(self) -> None:
        with self._record:
            super().close()


@deconstructible(path="dj_cloudfront.storage.MediaStorage")
class MediaStorage(Files):
    """Uploads on this server's disk, under names that no other upload has or had.

    Edges and browsers keep a file for as long as its ``max-age``, so a name that comes again
    shows the old file. Model fields ask this storage for a name, and get a folder of its own
    for each upload: ``images/<token>/team.png``. Code that calls ``save()`` itself keeps the
    name that it gives, because thumbnail libraries work out the URL from it.

    :param invalidate: Whether a delete or an overwrite is recorded for
        ``manage.py cdn invalidate --pending``, before the call returns. Default: ``False``; a
        deleted file can then be seen for as long as its ``max-age``.
    """

    def __init__(self, *args: Any, invalidate: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invalidate = invalidate

    @property
    def deletions(self) -> Deletions:
        """The records of what edges may still have."""
        return Deletions(Path(self.location, STATE_FOLDER, "invalidations"))

    def generate_filename(self, filename: str | os.PathLike[str]) -> str:
        return unique_name(super().generate_filename(os.fspath(filename)))

    def path(self, name: str) -> str:
        path = super().path(name)
        relative = os.path.relpath(path, self.location)
        # In any case: there are disks that do not tell one from the other.
        if relative.split(os.sep, 1)[0].lower() == STATE_FOLDER:
            raise SuspiciousFileOperation(
                f"an upload must be outside of {STATE_FOLDER}/, got {name!r}"
            )
        return path

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        if os.path.normpath(path) not in (".", ""):
            return super().listdir(path)
        folders, files = super().listdir(path)
        return [name for name in folders if name != STATE_FOLDER], files

    def url(self, name: str | None) -> str:
        uri = filepath_to_uri(name) if name and self.base_url else ""
        # What urljoin() would resolve is left to it.
        if not uri or uri[0] in "/." or "/." in uri or "//" in uri:
            return str(super().url(name))
        return f"{self.base_url}{uri}"

    def delete(self, name: str | os.PathLike[str]) -> None:
        name = os.fspath(name)
        path = self.path(name) if name else ""
        # A file that the disk has lost can be at the edges; a folder or a wildcard cannot.
        is_file = os.path.lexists(path) or not set(name) & set("*\0")
        is_file = bool(path) and is_file and not os.path.isdir(path)
        with self.deleting(name) if is_file else contextlib.nullcontext():
            super().delete(name)
        self._remove_token_folder(name)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        with ExitStack() as record:
            record.enter_context(self.writing(name, mode))
            return StoredFile(self, name, super()._open(name, mode), record.pop_all())

    def _save(self, name: str, content: File[Any]) -> str:
        overwrites = getattr(self, "_allow_overwrite", False) and self.exists(name)
        with self.recorded(name) if overwrites else contextlib.nullcontext():
            return super()._save(name, content)

    def recorded(
        self, *names: str, is_undone: Callable[[], bool] = lambda: False
    ) -> AbstractContextManager[None]:
        """Record that edges may still have these files, if ``invalidate`` is on.

        :param is_undone: As for ``Deletions.record()``.
        """
        if not self.invalidate:
            return contextlib.nullcontext()
        asked = [self._asked_path(self._relative(name)) for name in names]
        return self.deletions.record(*asked, is_undone=is_undone)

    def writing(self, name: str, mode: str) -> AbstractContextManager[None]:
        """As ``recorded()``, if a file that is there is opened to be changed."""
        is_changed = set(mode) & set("wa+") and os.path.lexists(self.path(name))
        return self.recorded(name) if is_changed else contextlib.nullcontext()

    def deleting(self, *names: str) -> AbstractContextManager[None]:
        """As ``recorded()``. After an error no record is left if the files are all there."""
        paths = [self.path(name) for name in names]
        return self.recorded(*names, is_undone=lambda: all(map(os.path.lexists, paths)))

    def _relative(self, name: str) -> str:
        """The name below the folder: thumbnail libraries delete by the whole path, too."""
        return os.path.relpath(self.path(name), self.location)

    def _asked_path(self, name: str) -> str:
        try:
            # Without a signature.
            return urlsplit(MediaStorage.url(self, name)).path
        except UnicodeEncodeError:
            # A name that is no UTF-8 has no URL in a page, but can be asked for.
            return urlsplit(self.base_url or "/").path + quote(os.fsencode(name))

    def _remove_token_folder(self, name: str) -> None:
        folder = token_folder(self._relative(name))
        if folder is not None:
            # Only an empty folder goes: thumbnails of the file may be beside it.
            with contextlib.suppress(OSError):
                os.rmdir(self.path(folder))


@deconstructible(path="dj_cloudfront.storage.RenamingMediaStorage")
class RenamingMediaStorage(MediaStorage):
    """As ``MediaStorage``, but each ``save()`` makes the name unique, whatever it is.

    For callers that read back the name that ``save()`` returns, such as the upload views of
    editors. Not for thumbnail libraries: they ask for the name that they gave.
    """

    def generate_filename(self, filename: str | os.PathLike[str]) -> str:
        return Files.generate_filename(self, os.fspath(filename))

    def save(
        self,
        name: str | os.PathLike[str] | None,
        content: Any,
        max_length: int | None = None,
    ) -> str:
        given = content.name if name is None else os.fspath(name)
        if given:
            given = super().generate_filename(given)
        return super().save(given, content, max_length=max_length)


@deconstructible(path="dj_cloudfront.storage.PrivateMediaStorage")
class PrivateMediaStorage(MediaStorage):
    """Uploads in ``PRIVATE_MEDIA_ROOT``, with signed URLs.

    A URL stays the same for a window of time, so that browsers keep the file. It works for
    everybody who has it until it expires.

    :param location: Default: the setting ``PRIVATE_MEDIA_ROOT``.
    :param base_url: Default: ``CDN.private_url``.
    :param key: Where the private key is: a path, ``env:NAME`` or
        ``secretsmanager:<name or ARN>``. It is read once, by the first URL. A mapping names
        several as ``cdk.json`` does, or by the ids of their public keys. The outputs say
        which signs, so that a new key can be on the servers before it is in use.
    :param lifetime: Seconds for which a URL is good at least. Default: one hour.
    :param window: Seconds for which a URL stays the same. Default: 15 minutes.
    :param digest: ``SHA256``, or ``SHA1`` where a tool knows no other. Default: ``SHA256``.
    :raises ValueError: if ``lifetime`` or ``window`` is no number of seconds above zero.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        base_url: str | None = None,
        *args: Any,
        key: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]] = "",
        lifetime: int = 3600,
        window: int = 900,
        digest: Digest = "SHA256",
        **kwargs: Any,
    ) -> None:
        super().__init__(location, base_url, *args, **kwargs)
        self._given_location, self._given_base_url = location, base_url
        for name, seconds in (("lifetime", lifetime), ("window", window)):
            if not isinstance(seconds, int) or seconds <= 0:
                raise ValueError(
                    f"{name} must be seconds, such as 900, got {seconds!r}"
                )
        self.key, self.digest = key, digest
        self.lifetime, self.window = lifetime, window

    @cached_property
    def base_location(self) -> str:
        given = self._given_location or getattr(settings, "PRIVATE_MEDIA_ROOT", None)
        if not given:
            raise ValueError(
                "PRIVATE_MEDIA_ROOT must be the folder of private files, such as "
                f"'/var/mysite/private', got {given!r}"
            )
        return os.fspath(given)

    @cached_property
    def base_url(self) -> str:
        return f"{str(self._given_base_url or cdn().private_url).rstrip('/')}/"

    @cached_property
    def signer(self) -> Signer:
        """What signs this storage's URLs.

        :raises ValueError: without a key, or if it cannot be read.
        """
        if cdn().is_local:
            raise ValueError(
                "local URLs must be used as they are, such as storage.url(name), but this is "
                "signer, and config(local=True) has no key"
            )
        key_pair_id = cdn().media_key_pair_id
        source: Any = self.key
        got = type(source).__name__ if source else "none"
        if isinstance(source, Mapping):
            got = str(sorted(source))
            source = source.get(cdn().media_key_name or "") or source.get(key_pair_id)
        if not source or not isinstance(source, str | os.PathLike):
            # Never what was given: it may be the key.
            raise ValueError(
                "the option key of PrivateMediaStorage must say where the private key of "
                f"{key_pair_id} is, such as '/etc/mysite/2026a.key', got {got}"
            )
        return Signer(
            key_pair_id=key_pair_id, private_key=read_key(source), digest=self.digest
        )

    def url(self, name: str | None) -> str:
        return self.signed_url(name, lifetime=self.lifetime)

    def signed_url(self, name: str | None, *, lifetime: int) -> str:
        """As ``url()``, for another time.

        :param lifetime: Seconds for which the URL is good at least.
        :raises ValueError: if ``lifetime`` is no number of seconds.
        """
        expires = signature_expiry(lifetime, self.window)
        url = super().url(name)
        if self._is_local:
            return url
        # As it stands it would be a wildcard of the policy.
        url = url.replace("*", "%2A")
        return self.signer.url(url, expires=expires)

    @cached_property
    def _is_local(self) -> bool:
        return cdn().is_local

    def __getstate__(self) -> dict[str, Any]:
        # A private key is in no pickle, and is read again.
        return {
            name: value for name, value in self.__dict__.items() if name != "signer"
        }

    def _clear_cached_properties(self, setting: str, **kwargs: Any) -> None:
        super()._clear_cached_properties(setting, **kwargs)
        if setting in ("CDN", "PRIVATE_MEDIA_ROOT"):
            for name in (
                "base_location",
                "location",
                "base_url",
                "signer",
                "_is_local",
            ):
                self.__dict__.pop(name, None)


def media_storage(alias: str) -> MediaStorage:
    """The storage of uploads under an alias.

    :raises ValueError: if there is none, or another kind of storage.
    """
    given: Mapping[str, Any] = settings.STORAGES.get(alias, {})
    storage = storages[alias] if given else None
    if not isinstance(storage, MediaStorage):
        raise ValueError(
            f"STORAGES[{alias!r}] must be 'dj_cloudfront.storage.MediaStorage' or of its "
            f"kind, got {given.get('BACKEND')!r}"
        )
    return storage


def media_storages() -> dict[str, MediaStorage]:
    """The storages of uploads in ``STORAGES``, by alias."""
    found = {}
    for alias, given in settings.STORAGES.items():
        # What cannot be imported, or takes no such options, is for Django to report.
        with contextlib.suppress(ImportError, TypeError, ValueError):
            if issubclass(import_string(given.get("BACKEND", "")), MediaStorage):
                storage: Any = storages[alias]
                found[alias] = storage
    return found
