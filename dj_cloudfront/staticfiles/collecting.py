"""``collectstatic``, seen from the storage that it writes to."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from dj_cloudfront.builds.publication import Publication

if TYPE_CHECKING:
    from django.contrib.staticfiles.management.commands.collectstatic import Command


_MODULE = "django.contrib.staticfiles.management.commands.collectstatic"
# The builds that are being written, by the run that writes them and the thread it is in.
_RUNS: weakref.WeakKeyDictionary[Command, tuple[int, Publication]]
_RUNS = weakref.WeakKeyDictionary()

_METHODS = {"collect", "handle", "copy_file", "link_file", "delete_file", "clear_dir"}


def running_collectstatic() -> Command | None:
    """The command that this call comes from, if it comes from one.

    It hands a storage neither its options nor itself, and with ``--link`` it writes past the
    storage. So the way to know is to look who calls.
    """
    module = sys.modules.get(_MODULE)
    if module is None:
        return None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name in _METHODS:
            caller = frame.f_locals.get("self")
            if isinstance(caller, module.Command):
                command: Command = caller
                return command
        frame = frame.f_back
    return None


def check_options(command: Command) -> None:
    """Whether a build can come of it.

    :raises CommandError: with one sentence, when it cannot.
    """
    if command.symlink:
        raise CommandError(
            "collectstatic must run without --link, because links would change a published "
            "build whenever their sources change: files that did not change take no room "
            "without it"
        )
    if not command.post_process:
        raise CommandError(
            "collectstatic must run without --no-post-process, because a build appears in "
            "that step: for plain names choose dj_cloudfront.storage.BuildStorage"
        )


def begin(command: Command, publication: Publication) -> None:
    """Keep a build for a run, until that ends.

    A run that fails tells nobody. Its build goes when the command does, at the latest when the
    process ends, or when the same thread begins another one, which would wait for it.
    """
    for thread, other in list(_RUNS.values()):
        if thread == threading.get_ident():
            other.abandon()
    weakref.finalize(command, publication.abandon)
    _RUNS[command] = threading.get_ident(), publication


@contextmanager
def as_command_error() -> Iterator[None]:
    """What a build refuses, as a management command says it."""
    try:
        yield
    except (ImproperlyConfigured, ValueError, OSError) as error:
        raise CommandError(str(error)) from error
