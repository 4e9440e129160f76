"""Whether deleted uploads reach the edges, for a health check."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import HttpRequest, JsonResponse

from dj_cloudfront.media.storages import MediaStorage

LATE_SECONDS = 3600.0


def health(request: HttpRequest) -> JsonResponse:
    """200 with the backlog of the default storage, or 503 if its oldest record is old."""
    backlog = {"pending": 0, "oldest_seconds": 0.0}
    if isinstance(default_storage, MediaStorage) and default_storage.invalidate:
        found = default_storage.deletions.backlog()
        backlog = {"pending": found.pending, "oldest_seconds": found.oldest_seconds}
    late = backlog["oldest_seconds"] > LATE_SECONDS
    return JsonResponse(backlog, status=503 if late else 200)
