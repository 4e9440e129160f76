"""``{% load cdn %}``: resource hints, the build of a page, and URLs of private files."""

from __future__ import annotations

from django import template
from django.db.models.fields.files import FieldFile
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dj_cloudfront import resource_hints
from dj_cloudfront.cdn_setting import cdn

register = template.Library()


@register.simple_tag
def cdn_preconnect() -> SafeString:
    """``<link rel="preconnect">`` for the CDN's hosts; nothing with local URLs."""
    return format_html_join(
        "\n",
        '<link rel="preconnect" href="{}"{}>',
        (
            (link.origin, _crossorigin(link.is_anonymous))
            for link in resource_hints.preconnects()
        ),
    )


@register.simple_tag
def cdn_build() -> str:
    """The build of the page, for ``X-Cdn-Build``; nothing with local URLs."""
    return "" if cdn().is_local else cdn().build_version or ""


@register.simple_tag
def cdn_preload(name: str, *, module: bool = False) -> SafeString:
    """``<link rel="preload">`` for a static file, in the way that the page will ask for it.

    :param name: As for ``{% static %}``, such as ``css/site.css``.
    :param module: Whether a script is a module; one that ends in ``.mjs`` is.
    :raises ValueError: for a kind of file that browsers do not preload.
    """
    how = resource_hints.preload(name)
    if how.destination == "script" and (module or name.lower().endswith(".mjs")):
        return format_html('<link rel="modulepreload" href="{}">', static(name))
    if module:
        raise ValueError(
            f"module must be given for a script, such as 'js/main.js', got {name!r}"
        )
    return format_html(
        '<link rel="preload" href="{}" as="{}"{}{}>',
        static(name),
        how.destination,
        format_html(' type="{}"', how.media_type) if how.media_type else "",
        _crossorigin(how.is_anonymous),
    )


@register.filter
def signed_url(file: FieldFile | None, lifetime: int) -> str:
    """``{{ report.file|signed_url:60 }}``: a private file's URL for so many seconds.

    It is empty where there is no file, as an ``{% if %}`` around it would have it.

    :raises TypeError: for a file of another storage than ``PrivateMediaStorage``.
    """
    from dj_cloudfront.media.storages import PrivateMediaStorage

    if not file:
        return ""
    storage = file.storage
    if not isinstance(storage, PrivateMediaStorage):
        raise TypeError(
            "signed_url must be used for a file of PrivateMediaStorage, such as "
            f"report.file, got a file of {type(storage).__name__}"
        )
    return storage.signed_url(file.name, lifetime=lifetime)


def _crossorigin(is_anonymous: bool) -> str:
    return SafeString(" crossorigin") if is_anonymous else ""
