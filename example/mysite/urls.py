from __future__ import annotations

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("gallery.urls")),
    path("admin/", admin.site.urls),
    # For runserver. It adds nothing without DEBUG: the web server and the CDN serve uploads.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    *static("/private/", document_root=settings.PRIVATE_MEDIA_ROOT),
]
