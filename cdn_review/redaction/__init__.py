"""What leaves this machine holds no secret, account id, e-mail or IP address."""

from __future__ import annotations

from cdn_review.redaction.template import redact_stack, redact_value
from cdn_review.redaction.text import redact_text

__all__ = ["redact_stack", "redact_text", "redact_value"]
