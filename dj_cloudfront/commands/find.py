"""Follow a static file from its source to the CDN, and say where it is lost.

NAME is what ``{% static %}`` takes, or a URL from a page. Ends with 1 unless all is well.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dj_cloudfront import cdn_setting
from dj_cloudfront.commands.console import Console
from dj_cloudfront.live_check import arguments


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help="such as css/site.css, or a URL from a page"
    )
    parser.add_argument(
        "--no-cdn",
        action="store_true",
        help="ask no distribution, where this machine does not reach it",
    )
    arguments.add_arguments(parser)


def run(console: Console, *, name: str, no_cdn: bool, **options: Any) -> None:
    # It brings http.client and ssl, which no other subcommand needs.
    from dj_cloudfront.live_check.diagnosis import diagnose, lines
    from dj_cloudfront.live_check.trace import find

    try:
        trace = find(
            name,
            cdn=cdn_setting.cdn(),
            options=arguments.read_options(**options),
            allowed_hosts=settings.ALLOWED_HOSTS,
            asks_cdn=not no_cdn,
        )
    except (ValueError, PermissionError) as error:
        raise CommandError(str(error)) from None
    is_well, diagnosis = diagnose(trace)
    for line in lines(trace):
        console.write(line)
    console.write_json({**trace.as_data(), "is_well": is_well, "diagnosis": diagnosis})
    if not is_well:
        raise CommandError(diagnosis)
    console.write(console.style.SUCCESS(diagnosis))
