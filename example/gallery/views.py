from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from dj_cloudfront.media.cookies import delete_media_cookies, set_media_cookies
from gallery import private
from gallery.forms import PhotoForm
from gallery.models import Photo

SHOWN = 12
# The URLs of uploads that this visitor replaced or deleted, for the page's table.
GONE, GONE_SHOWN = "gone", 3

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
    return _page(request, form)


def _page(request: HttpRequest, form: PhotoForm) -> HttpResponse:
    context = {
        "build_version": settings.BUILD_VERSION or "",
        "form": form,
        "gone": request.session.get(GONE, []),
        "photos": Photo.objects.all()[:SHOWN],
        "private": _private(request),
        "static_assets": [(label, static(name)) for label, name in STATIC_ASSETS],
    }
    status = 422 if form.errors else 200
    return render(request, "gallery/index.html", context, status=status)


def _private(request: HttpRequest) -> dict[str, object] | None:
    storage = private.storage()
    if storage is None:
        return None
    return {
        "signed_url": storage.url(private.PICTURE),
        "plain_url": private.plain_url(storage),
        "is_signed": not settings.CDN.is_local,
        "has_cookies": private.has_cookies(request),
    }


@require_POST
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    photo = get_object_or_404(Photo, pk=pk)
    old_name, old_url = str(photo.image.name), photo.image.url
    form = PhotoForm(request.POST, request.FILES, instance=photo)
    if not form.is_valid():
        return _page(request, form)
    photo.original_name = form.cleaned_data["image"].name
    form.save()
    # Last: a row must never name a file that is gone.
    photo.image.storage.delete(old_name)
    _note_gone(request, old_url)
    messages.success(request, f"{photo} took its place, at {photo.image.url}")
    return redirect("gallery:index")


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    photo = get_object_or_404(Photo, pk=pk)
    name, url = str(photo.image.name), photo.image.url
    photo.delete()
    photo.image.storage.delete(name)
    _note_gone(request, url)
    messages.success(request, f"{photo} is deleted")
    return redirect("gallery:index")


def _note_gone(request: HttpRequest, url: str) -> None:
    request.session[GONE] = [url, *request.session.get(GONE, [])][:GONE_SHOWN]


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Anybody may enter here. A site of yours asks for a login first."""
    response = redirect("gallery:index")
    try:
        set_media_cookies(request, response)
    except ValueError as error:
        # The page was opened under a name that shares no parent with the CDN's.
        messages.error(request, str(error))
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    response = redirect("gallery:index")
    delete_media_cookies(request, response)
    return response


@require_safe
@never_cache
def private_answer(request: HttpRequest) -> HttpResponse:
    storage = private.storage()
    if storage is None or settings.CDN.is_local:
        raise Http404
    return JsonResponse(private.ask(private.plain_url(storage), request))


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok", "build": settings.BUILD_VERSION})


@require_safe
@cache_control(no_store=True)
def favicon(request: HttpRequest) -> HttpResponse:
    # Pages link their icon. Error pages do not, and browsers then ask for this path.
    return redirect(static("gallery/img/favicon.svg"))
