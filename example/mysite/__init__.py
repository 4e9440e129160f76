from __future__ import annotations

import sys
from pathlib import Path

# Your site installs dj-cloudfront; this one takes it from the checkout it is part of.
sys.path.append(str(Path(__file__).resolve().parents[2]))
