"""The embedded environment: AWS, edge, web server and example site on this machine."""

from __future__ import annotations
