"""A build appears: written where nobody looks, shown by one rename, never changed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dj_cloudfront.builds.writing.publication import Progress, Publication
from dj_cloudfront.builds.writing.report import Published

__all__ = ["Progress", "Publication", "Published", "publish"]


def publish(
    root: Path,
    version: str,
    sources: Iterable[tuple[str, Path]],
    *,
    precompress: Sequence[str] = (),
    find_references: str | None = None,
    rewrite_references: str | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> Published:
    """Publish a build from names and the files that hold their content.

    :raises ValueError: with one sentence, when a name, a source or the version cannot be
        published, or the version exists with other content.
    :raises OSError: with one sentence, when the disk or a permission does not allow it.
        Nothing of the build shows then.
    """
    files = list(sources)
    step = max(1, len(files) // 100)
    with Publication(
        root,
        version,
        precompress=precompress,
        find_references=find_references,
        rewrite_references=rewrite_references,
        progress=progress,
        dry_run=dry_run,
    ) as publication:
        for done, (name, source) in enumerate(files, 1):
            publication.add(name, source)
            if progress and (done % step == 0 or done == len(files)):
                progress("publishing", done, len(files))
        return publication.finish()
