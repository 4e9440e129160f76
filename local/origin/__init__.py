"""The web server of the local environment: Caddy, in front of the example site."""

from __future__ import annotations
