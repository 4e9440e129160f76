"""GitHub: whose pull request a run belongs to, what it left behind, and the comment on it.

Everything here runs with a token, and reads what a pull request's own code has written.
"""

from __future__ import annotations
