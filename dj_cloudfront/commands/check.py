"""Ask every server and the CDN for a build, before pages refer to it.

Ends with 1 when anything is wrong that a visitor would notice.
"""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import NoReverseMatch, reverse

from dj_cloudfront import cdn_setting
from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.commands.console import Console
from dj_cloudfront.findings import Level
from dj_cloudfront.live_check import arguments

_SAMPLE = 20


def add_arguments(parser: CommandParser) -> None:
    arguments.add_arguments(parser)
    parser.add_argument(
        "--build-version",
        metavar="VERSION",
        help="the build to ask for; default: that of the settings",
    )
    number = parser.add_mutually_exclusive_group()
    number.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="ask for every file of the build, not only for a sample",
    )
    number.add_argument(
        "--sample",
        type=_number,
        default=_SAMPLE,
        metavar="N",
        help="ask for about N files, at least two of every type; default: %(default)s",
    )
    parser.add_argument(
        "--only",
        choices=("origin", "cdn"),
        help="ask the servers only, or the CDN only",
    )


def run(
    console: Console,
    *,
    build_version: str | None,
    sample: int,
    everything: bool,
    only: str | None,
    **options: Any,
) -> None:
    # It brings http.client and ssl, which no other subcommand needs.
    from dj_cloudfront.live_check.check_report import show
    from dj_cloudfront.live_check.runner import Plan, check
    from dj_cloudfront.live_check.targets import TargetKind

    cdn = cdn_setting.cdn()
    try:
        plan = Plan(
            cdn=cdn,
            options=arguments.read_options(**options),
            build_version=check_build_version(
                build_version or cdn.build_version, "--build-version"
            ),
            sample=sample,
            everything=everything,
            only=None if only is None else TargetKind(only),
            pages=_pages(),
            allowed_hosts=tuple(settings.ALLOWED_HOSTS),
            progress=console.progress,
        )
        report = check(plan)
    except ValueError as error:
        raise CommandError(str(error)) from None
    show(console, report)
    if report.verdict is Level.FAIL:
        raise CommandError(
            f"build {report.build_version} is not ready: {report.summary}"
        )


def _pages() -> tuple[str, ...]:
    """Paths that no distribution may show: the home page and the admin, where it is."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return ("/", "/admin/")
    try:
        return ("/", reverse("admin:index"))
    except NoReverseMatch:
        return ("/", "/admin/")


def _number(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be 1 or more, such as 20, got {text!r}")
