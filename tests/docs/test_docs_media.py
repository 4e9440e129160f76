"""docs/media.md and docs/private-media.md are short, and what the benchmarks hold."""

from __future__ import annotations

import re

import pytest
from cdk_support import ROOT
from docs_support import section, tables

from benchmarks import limits

DOCS = ROOT / "docs"


@pytest.mark.parametrize(
    ("name", "most"), [("media.md", 1500), ("private-media.md", 1200)]
)
def test_a_page_is_read_in_minutes(name, most):
    assert len((DOCS / name).read_text("utf-8").split()) <= most


def test_the_figures_are_the_limits_of_the_benchmarks():
    (table,) = tables(section(DOCS / "media.md", "Where it stands"))
    documented = [re.findall(r"[\d.]*\d", row[2]) for row in table]
    assert [float(number) for row in documented for number in row] == [
        *(limits.URL, limits.SAVING, limits.SIGNING, limits.SIGNING_AGAIN)
    ]
