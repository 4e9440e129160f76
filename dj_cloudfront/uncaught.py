"""Under ``manage.py cdn`` a mistake of the settings is one sentence, without the trace above it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType

_OF_SETTINGS = {
    f"dj_cloudfront.{name}" for name in ("build_version", "config", "outputs_file")
}
_COMMANDS = {"cdn", "collectstatic"}


def install(arguments: Sequence[str]) -> None:
    """Say in a sentence what ends the process, if it is one of our commands."""
    if not _COMMANDS & {*arguments[1:2]}:
        return
    others = sys.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("interrupted", file=sys.stderr)
        elif issubclass(kind, ValueError) and _origin(trace) in _OF_SETTINGS:
            print(f"error: {error}", file=sys.stderr)
        else:
            others(kind, error, trace)

    sys.excepthook = hook


def _origin(trace: TracebackType | None) -> str:
    """The module that raised it."""
    name = ""
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return name
