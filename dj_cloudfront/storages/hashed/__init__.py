"""Names that hold a hash of the content, and the manifest that knows them."""

from __future__ import annotations
