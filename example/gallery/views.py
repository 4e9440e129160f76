from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gallery.forms import PhotoForm
from gallery.models import Photo

SHOWN = 12

# In the order of the page's table: what it is, and its name for {% static %}.
STATIC_ASSETS = [
    ("Stylesheet", "gallery/css/site.css"),
    ("Web font, from the stylesheet", "gallery/fonts/board.woff2"),
    ("Background, from the stylesheet", "gallery/img/backdrop.svg"),
    ("Module", "gallery/js/main.js"),
    ("Module, from an import", "gallery/js/assets.js"),
    ("Sprite", "gallery/img/sprite.svg"),
    ("Favicon", "gallery/img/favicon.svg"),
]


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
def index(request: HttpRequest) -> HttpResponse:
    posted = request.method == "POST"
    form = PhotoForm(request.POST, request.FILES) if posted else PhotoForm()
    if form.is_valid():
        photo = form.save()
        messages.success(request, f"{photo} is now at {photo.image.url}")
        return redirect("gallery:index")
    context = {
        "build_version": settings.BUILD_VERSION or "",
        "form": form,
        "photos": Photo.objects.all()[:SHOWN],
        "static_assets": [(label, static(name)) for label, name in STATIC_ASSETS],
    }
    status = 422 if form.errors else 200
    return render(request, "gallery/index.html", context, status=status)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok", "build": settings.BUILD_VERSION})


@require_safe
@cache_control(no_store=True)
def favicon(request: HttpRequest) -> HttpResponse:
    # Pages link their icon. Error pages do not, and browsers then ask for this path.
    return redirect(static("gallery/img/favicon.svg"))
