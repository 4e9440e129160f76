"""The subcommands of ``manage.py cdn``, a module each.

A module has a docstring, whose first line is its help, ``add_arguments(parser)`` and
``run(console, **options)``, which raises ``CommandError`` when it fails. What is heavy is
imported inside ``run``.
"""

from __future__ import annotations
