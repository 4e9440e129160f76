"""``python -m cdn_review``: what a change of the CDN means, and whether a deploy can work."""

from __future__ import annotations

from cdn_review.cli import run as main

if __name__ == "__main__":
    main()
