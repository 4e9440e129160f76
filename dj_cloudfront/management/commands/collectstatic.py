"""``manage.py collectstatic``: Django's own, whose result appears as a build.

It needs ``dj_cloudfront`` before ``django.contrib.staticfiles`` in ``INSTALLED_APPS``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management.base import CommandError

from dj_cloudfront.commands._options import as_command_error
from dj_cloudfront.staticfiles.django_types import Processed
from dj_cloudfront.staticfiles.publish import refusal
from dj_cloudfront.staticfiles.storage_base import PublishingStorage


class Command(collectstatic.Command):
    """Fills a hidden folder, and shows it by one rename.

    With another storage, or with local URLs, it does what Django's command does.
    """

    def set_options(self, **options: Any) -> None:
        super().set_options(**options)
        if not self._publishes():
            return
        # Nothing is overwritten, so there is nothing to ask for.
        self.interactive = False
        if self.symlink:
            raise CommandError(
                "collectstatic must run without --link, because links would change a "
                "published build whenever their sources change: files that did not change "
                "take no room without it"
            )
        if not self.post_process:
            raise CommandError(
                "collectstatic must run without --no-post-process, because pages ask for what "
                "that step makes: for plain names choose dj_cloudfront.storage.BuildStorage"
            )

    def collect(self) -> dict[str, list[str]]:
        if not self._publishes():
            return super().collect()
        with (
            as_command_error("collecting static files", self.storage.location),
            self.storage.publication(dry_run=self.dry_run) as publication,
            self.storage.writing(publication, dry_run=self.dry_run),
            refusing(self.storage),
        ):
            report = super().collect()
            if self.dry_run:
                return report
            published = self.storage.finish(publication)
        for complaint in published.folder_complaints:
            self.log(complaint, level=1)
        for reference in self.storage.stray_references(published):
            self.stderr.write(reference.complaint)
        return report

    def _publishes(self) -> bool:
        return isinstance(self.storage, PublishingStorage) and not self.storage.is_local


@contextmanager
def refusing(storage: PublishingStorage) -> Iterator[None]:
    """Explain what ``post_process`` says of a file, which Django does not.

    :raises CommandError: with one sentence, for the first file that fails.
    """
    post_process = storage.post_process

    def processed(*args: Any, **options: Any) -> Iterator[Processed]:
        for one in post_process(*args, **options):
            if isinstance(one[2], Exception):
                raise refusal(one[0], one[2]) from one[2]
            yield one

    storage.post_process = processed  # type: ignore[method-assign]
    try:
        yield
    finally:
        del storage.post_process
