from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cdn_review.compare import compare
from cdn_review.settings import read_settings
from cdn_review.snapshot import Snapshot, Stack, read_template

PAIRS = sorted(path.parent for path in Path(__file__).parent.glob("pairs/*/summary.txt"))
EACH_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
# So short that they are words of any sentence, too.
SHORTEST_ID = 6
