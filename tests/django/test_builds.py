"""Builds of the example site, as they appear in the folder that is served."""

from __future__ import annotations

import pytest

from dj_cloudfront.builds.index import read_index
from local.environment import built_environment
from local.origin import builds
from local.state import CHECKOUT, State

NAME = "gallery/css/site.css"


@pytest.fixture
def state(tmp_path):
    state = State(folder=tmp_path)
    state.create()
    return state


@pytest.fixture
def environment(state):
    return {
        **built_environment(state),
        "PYTHONPATH": str(CHECKOUT),
        "EXAMPLE_DATA": str(state.site),
        "EXAMPLE_DEBUG": "0",
        "EXAMPLE_SECRET_KEY": "for tests",
        "STATIC_DOMAIN_NAME": "static.example.com",
        "MEDIA_DOMAIN_NAME": "media.example.com",
    }


def visible(state):
    return sorted(
        path.name for path in state.static_root.iterdir() if path.name[0] != "."
    )


def test_a_build_appears_under_its_version_and_shares_files_with_the_next(
    state, environment
):
    builds.publish(state, environment, "b1")
    assert visible(state) == ["b1"]
    assert builds.is_published(state, "b1")
    build = state.static_root / "b1"
    assert NAME in read_index(build).files
    assert {NAME, f"{NAME}.gz"} <= set(read_index(build).files)
    assert (build / NAME).read_bytes() == (
        CHECKOUT / "example/gallery/static" / NAME
    ).read_bytes()
    builds.publish(state, environment, builds.next_build(state))
    assert visible(state) == ["b1", "b2"]
    assert (state.static_root / "b1" / NAME).samefile(state.static_root / "b2" / NAME)


def test_a_build_that_fails_is_not_published_and_can_be_tried_again(
    state, environment, capsys
):
    with pytest.raises(SystemExit, match="manage.py cdn publish failed"):
        builds.publish(state, {**environment, "EXAMPLE_SECRET_KEY": ""}, "b1")
    assert "EXAMPLE_SECRET_KEY must be set" in capsys.readouterr().err
    assert visible(state) == []
    builds.publish(state, environment, "b1")
    assert visible(state) == ["b1"]
