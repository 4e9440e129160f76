"""Send deletes to CloudFront from a task, so that they need not wait for the next run.

The records on the disk are the queue: a task that is lost costs time, and no delete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dj_cloudfront.media.invalidation import BUDGET, Invalidator
from dj_cloudfront.media.storages import media_storage

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
    :returns: The receipts, as data.
    :raises ValueError: for another kind of storage, or as ``Invalidator.send_pending()``.
    """
    storage = media_storage(using)
    invalidator = Invalidator.of_storage(storage, budget=budget)
    return [asdict(receipt) for receipt in invalidator.send_pending(storage.deletions)]
