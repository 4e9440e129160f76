"""Whether deleted uploads reach the edges, for a health check."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from dj_cloudfront.media.storages import media_storages

LATE_SECONDS = 3600.0


def health(request: HttpRequest) -> JsonResponse:
    """200 with the backlog of all storages of uploads, or 503 if the oldest record is old."""
    # Several storages can have one folder.
    records = {
        storage.deletions.folder: storage.deletions
        for storage in media_storages().values()
        if storage.invalidate
    }
    backlogs = [deletions.backlog() for deletions in records.values()]
    oldest = max([0.0, *(backlog.oldest_seconds for backlog in backlogs)])
    pending = sum(backlog.pending for backlog in backlogs)
    return JsonResponse(
        {"pending": pending, "oldest_seconds": oldest},
        status=503 if oldest > LATE_SECONDS else 200,
    )
