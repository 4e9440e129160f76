"""Builds of the example site, as they appear in the folder that is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.origin import builds
from local.state import State


@pytest.fixture
def state(tmp_path):
    state = State(folder=tmp_path)
    state.static_root.mkdir(parents=True)
    return state


def collecting(then):
    """In the place of manage.py: one collected file, and what happens next."""

    def manage(state, environment, *arguments):
        assert arguments[0] == "collectstatic"
        build = Path(environment["EXAMPLE_STATIC_ROOT"]) / environment["BUILD_VERSION"]
        build.mkdir(parents=True)
        (build / "site.css").write_text("p {}")
        then()

    return manage


def test_a_build_appears_whole_and_only_when_it_is_complete(state, monkeypatch):
    seen = []
    monkeypatch.setattr(
        builds,
        "manage",
        collecting(lambda: seen.append(builds.is_published(state, "b1"))),
    )
    builds.publish(state, {}, "b1")
    assert seen == [False]
    assert [path.name for path in state.static_root.iterdir()] == ["b1"]
    assert (state.static_root / "b1" / "site.css").read_text() == "p {}"


def test_a_build_that_fails_is_not_published_and_can_be_tried_again(state, monkeypatch):
    def fail():
        raise SystemExit("manage.py collectstatic failed")

    monkeypatch.setattr(builds, "manage", collecting(fail))
    with pytest.raises(SystemExit):
        builds.publish(state, {}, "b1")
    assert not builds.is_published(state, "b1")
    monkeypatch.setattr(builds, "manage", collecting(lambda: None))
    builds.publish(state, {}, "b1")
    assert builds.is_published(state, "b1")
