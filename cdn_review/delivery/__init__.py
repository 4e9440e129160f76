"""What the distributions of a template do, with policies and defaults resolved."""

from __future__ import annotations

from cdn_review.delivery.model import Delivery
from cdn_review.delivery.normal import has_conditions
from cdn_review.delivery.reading import deliveries
from cdn_review.delivery.renames import renamed

__all__ = ["Delivery", "deliveries", "has_conditions", "renamed"]
