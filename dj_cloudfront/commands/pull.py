"""Fetch the outputs file from the CloudFormation stack.

``python -m dj_cloudfront pull`` is the same without settings, for the first time.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.commands.console import Console
from dj_cloudfront.stack_outputs import add_arguments as add_options
from dj_cloudfront.stack_outputs import pull


def add_arguments(parser: CommandParser) -> None:
    add_options(
        parser,
        stack="that of settings.CDN, or the only one in the file",
        output="that of settings.CDN",
    )


def run(
    console: Console,
    *,
    stack: str | None,
    region: str,
    profile: str | None,
    output: str | None,
    check: bool,
    **options: Any,
) -> None:
    try:
        pulled = pull(
            output or cdn().outputs_file,
            stack=stack or cdn().stack,
            region=region,
            profile=profile,
            check=check,
        )
    except ValueError as error:
        raise CommandError(str(error)) from None
    if pulled.warning:
        console.warn(pulled.warning)
    console.write_json(asdict(pulled))
    if pulled.error:
        raise CommandError(pulled.error)
    console.write(pulled.message)
