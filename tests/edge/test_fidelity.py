"""The page of what the edge does as CloudFront says what its tests hold."""

from __future__ import annotations

import fidelity


def test_page_is_what_the_tests_make(request):
    made = fidelity.page()
    if request.config.getoption("--rewrite-snapshots"):
        fidelity.PAGE.write_text(made, "utf-8")
    assert fidelity.PAGE.read_text("utf-8") == made


def test_every_area_has_tests_and_no_behavior_is_told_twice():
    found = list(fidelity.rows())
    assert {row.area for row in found} == set(fidelity.AREAS)
    told = [row.behavior for row in found]
    assert len(told) == len(set(told)) >= 90
