from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from gallery.models import Photo


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["original_name", "image", "uploaded_at"]

    def has_change_permission(
        self, request: HttpRequest, obj: Photo | None = None
    ) -> bool:
        # A media URL means one image for ever: caches keep it. Add another instead.
        return False
