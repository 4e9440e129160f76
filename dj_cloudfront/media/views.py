"""Whether deleted uploads reach the edges, for a health check."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from dj_cloudfront.media.storages import media_storages

LATE_SECONDS = 3600.0


def health(request: HttpRequest) -> JsonResponse:
    """200 with the backlog of all storages of uploads, or 503 if the oldest record is old."""
    recording = [one for one in media_storages().values() if one.invalidate]
    # Several storages can have one folder.
    records = {one.deletions.folder: one.deletions for one in recording}
    backlogs = [one.backlog() for one in records.values()]
    pending = sum(one.pending for one in backlogs)
    oldest = max([0.0, *(one.oldest_seconds for one in backlogs)])
    return JsonResponse(
        {"pending": pending, "oldest_seconds": oldest},
        status=503 if oldest > LATE_SECONDS else 200,
    )
