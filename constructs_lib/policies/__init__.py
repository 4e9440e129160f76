"""What goes into CloudFront's policies: CORS, headers and times, or policies that exist."""

from __future__ import annotations

from constructs_lib.policies.cors import Cors
from constructs_lib.policies.existing import Policies
from constructs_lib.policies.headers import Hsts, ResponseHeaders
from constructs_lib.policies.ttl import ErrorTtl, Ttl

__all__ = ["Cors", "ErrorTtl", "Hsts", "Policies", "ResponseHeaders", "Ttl"]
