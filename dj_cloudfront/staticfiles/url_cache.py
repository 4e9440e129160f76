"""``url()`` at a fraction of their cost: Django's own answers, remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from dj_cloudfront.staticfiles.django_types import Files

MOST_NAMES = 10_000
LONGEST_NAME = 255


class _UrlCache(dict[str, str]):
    """The URLs of names, as long as what they were made of is the same."""

    def __init__(
        self,
        base_url: str,
        hashed: Mapping[str, str],
        answer: Callable[[str], str],
        lasts: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.base_url = base_url
        self.hashed = hashed
        self.count = len(hashed)
        self._answer = answer
        self._lasts = lasts

    def __missing__(self, name: str) -> str:
        url = self._answer(name)
        # Names may come from a request: neither their number nor their length is trusted.
        few = len(self) < MOST_NAMES and len(name) <= LONGEST_NAME
        if few and self._lasts():
            self[name] = url
        return url


class CachedUrls(Files):
    """A storage that works out the URL of a name once.

    It keeps at most 10,000 names of at most 255 characters for a process. With ``DEBUG``
    nothing is remembered.
    """

    hashed_files: dict[str, str] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._urls = self._remembered()

    def url(self, name: str | None, *force: bool, **options: bool) -> str:
        if force or options or settings.DEBUG or not isinstance(name, str):
            return super().url(name, *force, **options)
        urls = self._urls
        if (
            urls.base_url is not self.base_url
            or urls.hashed is not self.hashed_files
            or urls.count != len(urls.hashed)
        ):
            urls = self._urls = self._remembered()
        return urls[name]

    def _remembered(self) -> _UrlCache:
        return _UrlCache(
            self.base_url, self.hashed_files, super().url, self.is_url_final
        )

    def is_url_final(self) -> bool:
        """Whether a URL that is given now is that for the whole life of the process."""
        return True
