"""What is deployed: read from the AWS API, with AWS's defaults, as frozen values."""

from __future__ import annotations
