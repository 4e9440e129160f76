"""From the standard library's durations to the CDK's."""

from __future__ import annotations

from datetime import timedelta

from aws_cdk import Duration


def duration(value: timedelta) -> Duration:
    """Whole seconds, as every duration of CloudFront is."""
    return Duration.seconds(int(value.total_seconds()))
