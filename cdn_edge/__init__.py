"""CloudFront's data plane on this machine: serves what is deployed, by the deployed rules."""

from __future__ import annotations
