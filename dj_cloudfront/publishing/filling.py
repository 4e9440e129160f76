"""A build from what the finders find, without ``collectstatic``."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management.base import CommandError

from dj_cloudfront.builds.publish import Progress, Publication, Published
from dj_cloudfront.publishing.sources import Source
from dj_cloudfront.storages.publishing import PublishingStorage


def publish(
    storage: PublishingStorage,
    sources: Sequence[Source],
    *,
    progress: Progress,
    dry_run: bool = False,
) -> Published:
    """Publish the storage's build with the content of the sources.

    :raises CommandError: with one sentence, when a file cannot be hashed.
    :raises ValueError: with one sentence, when the build cannot be published.
    :raises OSError: with one sentence, when the disk or a permission does not allow it.
    """
    with storage.publication(progress=progress, dry_run=dry_run) as publication:
        _add(publication, sources, progress)
        _process(storage, publication, [source.name for source in sources], progress)
        published = publication.finish()
    if not dry_run:
        storage.published(published)
    return published


def _add(
    publication: Publication, sources: Sequence[Source], progress: Progress
) -> None:
    step = max(1, len(sources) // 100)
    for done, source in enumerate(sources, 1):
        with source.file() as path:
            publication.add(source.name, path)
        if done % step == 0 or done == len(sources):
            progress("publishing", done, len(sources))


def _process(
    storage: PublishingStorage,
    publication: Publication,
    names: Sequence[str],
    progress: Progress,
) -> None:
    for done, (name, _, processed) in enumerate(storage.process(publication, names), 1):
        if isinstance(processed, Exception):
            raise CommandError(
                f"{name} must be UTF-8 and refer to files of the build, but: "
                f"{_why(processed)}; mend it, or publish with "
                "dj_cloudfront.storage.BuildStorage, which leaves references as they are"
            ) from processed
        progress("hashing", done, max(done, len(names)))


def _why(error: Exception) -> str:
    """Django's words, without the storage that they name, and with the line if they have it."""
    said = str(error).partition(" with <")[0].rstrip(".")
    return " ".join(": ".join((said, *getattr(error, "__notes__", ()))).split())
