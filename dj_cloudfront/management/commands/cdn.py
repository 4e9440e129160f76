"""``manage.py cdn``: builds on the disk, the web server's configuration, the live CDN."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dj_cloudfront import commands
from dj_cloudfront.commands.console import Console


def subcommands() -> dict[str, ModuleType]:
    """The subcommands by name."""
    names = [module.name for module in pkgutil.iter_modules(commands.__path__)]
    modules = {
        name: importlib.import_module(f"{commands.__name__}.{name}") for name in names
    }
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


class Command(BaseCommand):
    help = "Publish, list, prune and check builds; print a web server's configuration"
    # A release must not fail for a check that has nothing to do with it.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(
            dest="subcommand", metavar="SUBCOMMAND", required=True
        )
        for name, module in subcommands().items():
            text = (module.__doc__ or "").strip()
            summary = text.partition("\n")[0]
            module.add_arguments(
                actions.add_parser(name, help=summary, description=summary)
            )

    def handle(
        self, *arguments: Any, subcommand: str, json: bool = False, **options: Any
    ) -> None:
        console = Console(
            stdout=self.stdout, stderr=self.stderr, style=self.style, as_json=json
        )
        try:
            subcommands()[subcommand].run(console, **options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
