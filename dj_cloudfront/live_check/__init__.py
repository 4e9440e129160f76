"""``cdn check`` and ``cdn find``: ask the servers and the CDN what they serve.

A ``Target`` is a server or the CDN, seen as one tree. ``probes`` are what it is asked, the
``rules`` judge its answers, each under a stable id, and ``runner`` knows the order: the servers
first. ``trace`` follows one file.
"""

from __future__ import annotations
