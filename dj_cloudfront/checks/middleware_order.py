"""The order of ``MIDDLEWARE``, WhiteNoise among it, and routes that never get a request."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.urls import get_resolver

from dj_cloudfront.checks import ids
from dj_cloudfront.config import Cdn

TREE = "dj_cloudfront.middleware.CdnTreeMiddleware"
WHITENOISE = "WhiteNoiseMiddleware"
OURS = "dj_cloudfront.whitenoise."
_A_DAY = 86_400
_DEPTH = 4


def find(cdn: Cdn) -> Iterator[CheckMessage]:
    """Mistakes in the order. It loads the URLconf, as Django's own checks do."""
    order: Sequence[str] = settings.MIDDLEWARE
    tree = next(
        (n for n, path in enumerate(order) if _is(path, "CdnTreeMiddleware")), None
    )
    if tree is None:
        yield ids.NO_MIDDLEWARE.found(f"MIDDLEWARE must have {TREE!r}, got none")
    else:
        yield from _order(order, tree)
    has_whitenoise = any(_is(path, WHITENOISE) for path in order)
    if has_whitenoise and cdn.static_origin is not None:
        yield from _whitenoise(cdn)
    yield from _routes(cdn)


def find_on_deploy(cdn: Cdn) -> Iterator[CheckMessage]:
    """Redirects that a distribution would get in place of a file."""
    redirects = settings.SECURE_SSL_REDIRECT and not settings.SECURE_PROXY_SSL_HEADER
    if not redirects or _is_exempt(f"static/{cdn.build_version}/css/site.css"):
        return
    order = iter(settings.MIDDLEWARE)
    if any(_is(path, "SecurityMiddleware") for path in order):
        for path in filter(_serves_files, order):
            yield ids.REDIRECTED_FILES.found(
                f"SECURE_SSL_REDIRECT must not redirect what {path!r} serves: where a proxy "
                "ends TLS, the distribution gets a redirect to the server itself and hands "
                "it to visitors"
            )


def _is(path: str, kind: str) -> bool:
    """Whether a middleware is of a kind, or named after it."""
    return path.rpartition(".")[2].endswith(kind)


def _serves_files(path: str) -> bool:
    return _is(path, WHITENOISE) or path.startswith(OURS)


def _order(order: Sequence[str], tree: int) -> Iterator[CheckMessage]:
    for path in filter(_serves_files, order[tree:]):
        yield ids.FILES_AFTER_TREE_MIDDLEWARE.found(
            f"MIDDLEWARE must have {path!r} before {order[tree]!r}, which answers 404 to a "
            "distribution"
        )
    if before := [path for path in order[:tree] if not _serves_files(path)]:
        yield ids.MIDDLEWARE_ORDER.found(
            f"MIDDLEWARE must have {order[tree]!r} first, got {', '.join(before)} before it"
        )


def _whitenoise(cdn: Cdn) -> Iterator[CheckMessage]:
    prefix = getattr(settings, "WHITENOISE_STATIC_PREFIX", f"/{cdn.build_version}/")
    root = getattr(settings, "WHITENOISE_ROOT", None)
    has_all = root and _is_same(os.path.join(root, "static"), cdn.builds_root)
    if f"/{prefix.strip('/')}/" != f"/static/{cdn.build_version}/" and not has_all:
        yield ids.WHITENOISE_PREFIX.found(
            "WHITENOISE_STATIC_PREFIX must be where the distribution asks, "
            f"'/static/{cdn.build_version}/', got {prefix!r}"
        )
    age = getattr(settings, "WHITENOISE_MAX_AGE", 60)
    decides_itself = any(
        getattr(settings, f"WHITENOISE_{name}", None)
        for name in ("IMMUTABLE_FILE_TEST", "ADD_HEADERS_FUNCTION")
    )
    if age is not None and age < _A_DAY and not decides_itself:
        yield ids.WHITENOISE_AGE.found(
            f"WHITENOISE_MAX_AGE must be long, such as 31536000, got {age!r}"
        )


def _is_same(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _is_exempt(path: str) -> bool:
    return any(re.search(pattern, path) for pattern in settings.SECURE_REDIRECT_EXEMPT)


def _routes(cdn: Cdn) -> Iterator[CheckMessage]:
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    origins = {"static/": cdn.static_origin, "media/": cdn.media_origin}
    trees = tuple(tree for tree, origin in origins.items() if origin is not None)
    found = [
        route
        for route in _all_routes(get_resolver().url_patterns, "", _DEPTH)
        if route.startswith(trees)
    ]
    if found:
        yield ids.ROUTES.found(
            "ROOT_URLCONF must leave /static/ and /media/ to the web server, got the "
            f"routes {', '.join(found)}"
        )


def _all_routes(patterns: Iterable[Any], before: str, depth: int) -> Iterator[str]:
    """The routes as they begin. Includes are only entered where a tree could be below."""
    for pattern in patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        inner = getattr(pattern, "url_patterns", None) if not route and depth else None
        if inner is None:
            yield route
        else:
            yield from _all_routes(inner, route, depth - 1)
