"""``cdn check`` and ``cdn find``: what only live answers show.

A ``Place`` is a server or the CDN, seen as one tree. ``evidence`` asks it, the ``rules`` judge
what it said, each under a stable id, and ``checking`` knows the order: the servers first.
"""

from __future__ import annotations
