"""Whether a deploy can work: the account, DNS and the origin are asked, nothing is changed.

Only what a change set does not say, and what fails late, is looked at: docs/preflight.md has
the reason for each check.
"""

from __future__ import annotations
