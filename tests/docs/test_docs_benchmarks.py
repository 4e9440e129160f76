"""What docs/benchmarks.md says is what ``python -m benchmarks releases`` has measured."""

from __future__ import annotations

import json
import re

from docs_support import ROOT, section, tables

from benchmarks import limits, releases
from benchmarks.releases_designs import designs
from benchmarks.releases_plot import plot, table
from benchmarks.releases_site import CHANGED, RELEASES, UPGRADE, own_names

RESULTS = json.loads(releases.RESULTS.read_text())


def test_the_table_and_the_picture_are_those_of_the_results():
    assert f"\n{table(RESULTS)}\n" in releases.PAGE.read_text()
    assert releases.PICTURE.read_text() == plot(RESULTS)


def test_each_design_is_measured_and_explained():
    names = [design.name for design in designs()]
    assert [one["design"] for one in RESULTS] == names
    for name in names:
        assert releases.PAGE.read_text().count(f"\n| {name} | ") == 2


def test_the_faulty_designs_show_their_faults_and_the_others_none():
    results = [
        releases.Result(**{key: one[key] for key in one if key != "hit_ratio"})
        for one in RESULTS
    ]
    releases.check(results)
    [ours, _, plain, *_] = RESULTS
    assert ours["again"] <= limits.FETCHED_AGAIN * plain["again"]
    assert ours["origin_bytes"] <= limits.ORIGIN * plain["origin_bytes"]


def test_a_release_changes_one_hundredth_of_the_sites_own_files():
    assert len(own_names()) == 200 and CHANGED == 2
    assert (RELEASES, UPGRADE) == (10, 6)


def test_the_figures_of_media_are_the_limits():
    (table,) = tables(section(ROOT / "docs" / "media.md", "Where it stands"))
    documented = [re.findall(r"[\d.]*\d", row[2]) for row in table]
    assert [float(number) for row in documented for number in row] == [
        *(limits.URL, limits.SAVING, limits.SIGNING, limits.SIGNING_AGAIN)
    ]
