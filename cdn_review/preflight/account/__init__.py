"""What the account has, allows and lacks."""

from __future__ import annotations
