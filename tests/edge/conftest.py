from __future__ import annotations

import pytest
from edge_support import ORIGIN, CountingOrigin, RunningEdge, deployed


@pytest.fixture
def origin():
    with CountingOrigin() as running:
        yield running


@pytest.fixture
def edge(origin):
    """As the project deploys it, in front of the origin."""
    with RunningEdge(deployed(), origins={ORIGIN: origin}) as running:
        yield running


@pytest.fixture
def start(origin):
    """Starts an edge in front of the origin, for what is deployed."""
    started = []

    def start(*distributions, limits=None, capacity=8 * 1024 * 1024, **policies):
        edge = RunningEdge(
            deployed(*distributions, **policies),
            origins={ORIGIN: origin},
            limits=limits,
            capacity=capacity,
        )
        started.append(edge)
        return edge

    yield start
    for one in started:
        one.__exit__()
