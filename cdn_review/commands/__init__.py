"""One module a command.

Its docstring is the help, ``add_arguments(parser)`` and ``run(given)`` are the rest; ``run``
gives the exit code, and raises ValueError with one sentence for what it cannot do.
"""

from __future__ import annotations
