"""The system checks: what settings alone can show to be wrong.

None asks a network. Those of ``--deploy`` may read the disk: the index of one build, the
project's templates and scripts. A new check is an id in ``ids``, a function in the file of its
subject, and a line in the tuples below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.exceptions import ImproperlyConfigured

from dj_cloudfront import cdn_setting
from dj_cloudfront.checks import (
    csp,
    folders,
    ids,
    libraries,
    media,
    middleware_order,
    storages,
    templates,
    urls,
)
from dj_cloudfront.config import Cdn

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
        try:
            return [*find(cdn)]
        except PermissionError as error:
            rule = "name folders that this process may look into"
            said = str(error)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            rule = "be of the types that Django documents"
            said = f"{type(error).__name__}: {error}"
        what = find.__module__.rpartition(".")[2]
        message = f"settings must {rule} for {what} to be checked, got {said}"
        return [ids.NOT_JUDGED.found(message)]

    return check


def check_cdn(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the settings keep the value of ``config()``, without which none can judge."""
    if settings.DEBUG and getattr(settings, "CDN", None) is None:
        # In split settings the production settings alone have it.
        return []
    try:
        cdn_setting.cdn()
    except ImproperlyConfigured as error:
        return [ids.NO_CDN.found(str(error))]
    return []


# collectstatic runs the checks of staticfiles, and would write into a wrong folder or past the storage.
_OF_STATICFILES = (
    _check(folders.find),
    _check(folders.find_in_sources, locally=True),
    _check(storages.find_collectstatic),
)
_PLAIN = (
    check_cdn,
    _check(urls.find),
    _check(storages.find_old_settings, locally=True),
    _check(storages.find),
    _check(libraries.find),
    _check(media.find),
    _check(middleware_order.find),
    _check(csp.find),
)
_DEPLOY = (
    _check(urls.find_on_deploy, locally=True),
    _check(folders.find_on_deploy),
    _check(middleware_order.find_on_deploy),
    _check(urls.find_exposed_on_deploy),
    _check(csp.find_on_deploy),
    _check(templates.find_on_deploy),
    _check(libraries.find_on_deploy),
    _check(media.find_on_deploy),
)


def register_all() -> None:
    """Register every check. Django keeps each once, however often this is called."""
    for check in _OF_STATICFILES:
        register(check, TAG, Tags.staticfiles)
    for check in _PLAIN:
        register(check, TAG)
    for check in _DEPLOY:
        register(check, TAG, deploy=True)
