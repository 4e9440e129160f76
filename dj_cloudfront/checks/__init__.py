"""The system checks: what settings alone can show to be wrong.

None asks a network. Those of ``--deploy`` may read the disk: the index of one build, the
project's templates and scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from dj_cloudfront.checks import (
    exposure,
    folders,
    media,
    middleware,
    policy,
    rules,
    sources,
    storages,
    urls,
)
from dj_cloudfront.settings import Cdn

TAG = "cdn"
"""For ``manage.py check --tag cdn``."""

Find = Callable[[Cdn], Iterable[CheckMessage]]
Check = Callable[..., list[CheckMessage]]


def _check(find: Find, *, locally: bool = False) -> Check:
    """A check of Django's, which has nothing to say without a CDN or with local URLs."""

    def check(
        app_configs: Sequence[AppConfig] | None, **kwargs: Any
    ) -> list[CheckMessage]:
        cdn = getattr(settings, "CDN", None)
        if not isinstance(cdn, Cdn) or (cdn.is_local and not locally):
            return []
        return [*find(cdn)]

    return check


def check_cdn(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the settings keep the value of ``config()``, without which none can judge."""
    found = getattr(settings, "CDN", None)
    if isinstance(found, Cdn):
        return []
    return [
        rules.NO_CDN.found(
            "CDN must be the value of dj_cloudfront.config(), such as "
            "CDN = dj_cloudfront.config(BASE_DIR / 'cdn-outputs.json', …), "
            f"got {'none' if found is None else repr(found)}"
        )
    ]


# collectstatic runs the checks of staticfiles, and would write into a wrong folder.
_OF_FOLDERS = (_check(folders.find), _check(folders.find_in_sources, locally=True))
_PLAIN = (
    check_cdn,
    _check(urls.find),
    _check(storages.find),
    _check(media.find),
    _check(middleware.find),
    _check(policy.find),
)
_DEPLOY = (
    _check(urls.find_on_deploy, locally=True),
    _check(folders.find_on_deploy),
    _check(middleware.find_on_deploy),
    _check(exposure.find_on_deploy),
    _check(policy.find_on_deploy),
    _check(sources.find_on_deploy),
    _check(media.find_on_deploy),
)


def register_all() -> None:
    """Register every check. Django keeps each once, however often this is called."""
    for check in _OF_FOLDERS:
        register(check, TAG, Tags.staticfiles)
    for check in _PLAIN:
        register(check, TAG)
    for check in _DEPLOY:
        register(check, TAG, deploy=True)
