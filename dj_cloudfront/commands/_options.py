"""What ``list``, ``prune`` and ``use`` have in common: the builds, the rules, the errors."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser

from dj_cloudfront import cdn_setting
from dj_cloudfront.builds.filesystem import explained
from dj_cloudfront.builds.retention import RetentionRules

_DEFAULT = RetentionRules()


def days(text: str) -> timedelta:
    """The type of an option that is a number of days.

    :raises ArgumentTypeError: when it is none, or below 0.
    """
    try:
        found = timedelta(days=float(text))
    except (ValueError, OverflowError):
        found = timedelta(days=-1)
    if found < timedelta(0):
        raise argparse.ArgumentTypeError(
            f"must be a number of days, such as 30 or 0.5, got {text!r}"
        )
    return found


def add_rules(parser: CommandParser) -> None:
    """The options that say which builds may go."""
    kept, wait = _DEFAULT.keep, _DEFAULT.superseded_for.days
    parser.add_argument(
        "--keep",
        type=int,
        default=kept,
        metavar="N",
        help=f"the newest so many stay, however old (default: {kept})",
    )
    parser.add_argument(
        "--superseded",
        type=days,
        default=_DEFAULT.superseded_for,
        metavar="DAYS",
        help=f"a build stays until it is out of service for so long (default: {wait})",
    )
    parser.add_argument(
        "--protect",
        action="append",
        default=[],
        metavar="VERSION",
        help="this build stays; may be given several times",
    )
    parser.add_argument(
        "--without-index",
        action="store_true",
        help="folders without a sound index, as of plain collectstatic, are builds too",
    )
    parser.add_argument(
        "--current",
        metavar="VERSION",
        help="the build in service (default: the one of the settings)",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def rules_of(options: Mapping[str, Any]) -> RetentionRules:
    """The rules that the options say.

    :raises ValueError: with one sentence, when they are none.
    """
    return RetentionRules(
        keep=options["keep"],
        superseded_for=options["superseded"],
        protected=frozenset(options["protect"]),
        without_index=options["without_index"],
    )


def builds_root() -> Path:
    """The folder that holds the builds."""
    return Path(cdn_setting.cdn().builds_root)


def build_in_service() -> str | None:
    """The build of the settings; None if their URLs are local or without a build."""
    cdn = cdn_setting.cdn()
    return None if cdn.is_local else cdn.build_version


@contextlib.contextmanager
def as_command_error(what: str, folder: str | Path) -> Iterator[None]:
    """Turn an error that the caller can mend into a ``CommandError`` of one sentence.

    :param what: What fails then, such as ``pruning``.
    :param folder: Named where an error of the disk names no file.
    :raises CommandError: for an error of the settings, a value or the disk.
    """
    try:
        yield
    except (ImproperlyConfigured, ValueError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(str(explained(error, what, Path(folder)))) from error
