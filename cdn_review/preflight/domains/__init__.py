"""Names in DNS: certificates, aliases, hosted zones."""

from __future__ import annotations
