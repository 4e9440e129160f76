"""AWS's own policies, which no template holds, by their ids.

``managed_policies.json`` has their configurations as the documentation lists them:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


def config(kind: str, policy_id: str) -> dict[str, Any] | None:
    """The configuration of a managed policy; ``None`` for any other id.

    :param kind: ``CachePolicy``, ``OriginRequestPolicy`` or ``ResponseHeadersPolicy``.
    """
    policy = _policies().get(kind, {}).get(policy_id)
    return None if policy is None else dict(policy["Config"])


@cache
def _policies() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_name("managed_policies.json")
    policies: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return policies
