"""``python -m cdn_review``: what a change of the CDN means, and whether a deploy can work."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from cdn_review import commands
from cdn_review.redaction import redact_text

COULD_NOT = 2


class Command(Protocol):
    """A module of ``commands/``."""

    __doc__: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code, which is 2 with one sentence if it could not."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = _parser(words).parse_args(words)
    try:
        code = cast(Command, given.command_module).run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough; Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except (ValueError, OSError) as error:
        return _complain(f"error: {redact_text(str(error))}")
    except Exception:
        # Python would end with 1, which means something else here, and redact nothing.
        return _complain(redact_text(traceback.format_exc()).rstrip())
    return code


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return COULD_NOT


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Of the one command that is called, and of all for who asks what there is."""
    names = sorted(found.name for found in pkgutil.iter_modules(commands.__path__))
    chosen = words[:1] if words[:1] and words[0] in names else names
    parser = argparse.ArgumentParser(
        prog="cdn-review",
        description="What a change of the CDN means, and whether a deploy can work.",
    )
    added = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in chosen:
        module = cast(Command, importlib.import_module(f"{commands.__name__}.{name}"))
        one = added.add_parser(
            name,
            help=_summary(module.__doc__),
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(one)
        one.set_defaults(command_module=module)
    return parser


def _summary(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
