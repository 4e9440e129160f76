"""What a change of the CDN means, before it is merged and before it is deployed.

``python -m cdn_review diff`` compares templates and says what visitors will notice;
``python -m cdn_review preflight prod`` asks the account whether a deploy can work.
"""

from __future__ import annotations
