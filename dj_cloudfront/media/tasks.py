"""Send deletes to CloudFront from a task, so that they need not wait for the next run.

The records on the disk are the queue: a task that is lost costs time, and no delete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.storage import storages

from cdn_model.quotas import GLOBAL_REGION
from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.media.invalidation import BUDGET, Invalidator
from dj_cloudfront.media.storages import MediaStorage

if TYPE_CHECKING:

    def task(function: Callable[..., Any]) -> Any: ...

else:
    try:
        from django.tasks import task
    except ImportError:  # Before Django 6.

        def task(function):
            return function


@task
def send_pending(using: str = "default", budget: int = BUDGET) -> list[dict[str, Any]]:
    """What ``cdn invalidate --pending`` does: ``send_pending.enqueue()`` with Django 6.

    With Django 5.2 it is a function for the task queue that you have.

    :param using: The alias of a ``MediaStorage`` in ``STORAGES``.
    :param budget: Paths a month that may be sent. Default: 1,000.
    :return: The receipts, as data.
    :raises ValueError: for another kind of storage, or as ``Invalidator.send_pending()``.
    """
    storage = media_storage(using)
    sent = invalidator_of(storage, budget=budget).send_pending(storage.deletions)
    return [receipt.data for receipt in sent]


def media_storage(alias: str) -> MediaStorage:
    """The storage of uploads under an alias.

    :raises ValueError: if there is none, or another kind of storage.
    """
    given: Mapping[str, Any] = settings.STORAGES.get(alias, {})
    storage = storages[alias] if given else None
    if not isinstance(storage, MediaStorage):
        raise ValueError(
            f"STORAGES[{alias!r}] must be 'dj_cloudfront.storage.MediaStorage' or of its "
            f"kind, got {given.get('BACKEND')!r}"
        )
    return storage


def invalidator_of(
    storage: MediaStorage, *, budget: int = BUDGET, profile: str | None = None
) -> Invalidator:
    """What sends the deletes of a storage to its distribution.

    :param profile: Of the AWS configuration. Default: the usual credentials.
    :raises ValueError: without boto3, or if no such distribution is deployed.
    """
    from dj_cloudfront.aws_errors import open_session

    # All of media can be private, too, on the media distribution.
    private = cdn().private_origin
    is_private = private is not None and storage.base_url.startswith(f"{private}/")
    # CloudFront has one endpoint; the region is for its name only.
    client = open_session(profile).client("cloudfront", region_name=GLOBAL_REGION)
    return Invalidator(
        client,
        distribution_id=cdn().distribution_id(private=is_private),
        folder=storage.deletions.folder,
        budget=budget,
    )
