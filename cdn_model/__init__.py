"""What CloudFront is: configurations, path patterns, policies, defaults and limits.

The standard library alone. Everything else in this repository may import it.
"""

from __future__ import annotations
