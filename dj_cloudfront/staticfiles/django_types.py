"""Django's storages with the types of the hooks that they call but do not document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.staticfiles.storage import (
    HashedFilesMixin,
    ManifestFilesMixin,
    StaticFilesStorage,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any

    from django.core.files import File


Processed = tuple[str, "str | None", "bool | Exception"]
"""What ``collectstatic`` hears of a file: its name, its other name, what happened to it."""

if TYPE_CHECKING:

    class Files(StaticFilesStorage):
        base_url: str
        location: str

        def _open(self, name: str, mode: str = "rb") -> File[Any]: ...
        def _save(self, name: str, content: File[Any]) -> str: ...
        def post_process(
            self, paths: Collection[str], dry_run: bool = False, **options: Any
        ) -> Iterator[Processed]: ...

    class HashedFiles(Files):
        hashed_files: dict[str, str]
        keep_intermediate_files: bool
        max_post_process_passes: int
        _patterns: dict[str, list[tuple[re.Pattern[str] | str, ...]]]

        def clean_name(self, name: str) -> str: ...
        def hash_key(self, name: str) -> str: ...
        def file_hash(self, name: str | None, content: File[Any]) -> str: ...
        def hashed_name(self, name: str, content: File[Any] | None = None) -> str: ...
        def stored_name(self, name: str) -> str: ...
        def url_converter(
            self, name: str, *args: Any, **options: Any
        ) -> Callable[[re.Match[str]], str]: ...
        def _stored_name(self, name: str, hashed_files: Mapping[str, str]) -> str: ...
        def _post_process(
            self, paths: Any, adjustable_paths: Any, hashed_files: dict[str, str]
        ) -> Iterator[Any]: ...

    class ManifestFiles(HashedFiles):
        manifest_hash: str
        manifest_name: str
        manifest_storage: Any
        manifest_strict: bool
        manifest_version: str

        def read_manifest(self) -> str | None: ...
        def save_manifest(self) -> None: ...

else:
    Files = StaticFilesStorage
    HashedFiles = HashedFilesMixin
    ManifestFiles = ManifestFilesMixin
