from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaves_support import templates
from review_support import told
from rewriting_support import REWRITINGS


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda one: one.__name__)
def test_a_template_that_is_written_anew_is_no_change(rewriting):
    found, rewritten = {}, 0
    for source, template in templates().items():
        other = rewriting(template, Random(1))
        rewritten += str(template) != str(other)
        if lines := told(template, other) + told(other, template):
            found[source] = lines
    assert rewritten, "nothing was rewritten"
    assert found == {}


@settings(derandomize=True, max_examples=30, deadline=None)
@given(
    source=st.sampled_from(sorted(templates())),
    rewritings=st.lists(
        st.sampled_from(REWRITINGS), min_size=2, max_size=4, unique=True
    ),
    seed=st.integers(0, 999),
)
def test_several_rewritings_together_are_no_change(source, rewritings, seed):
    template = other = templates()[source]
    for rewriting in rewritings:
        other = rewriting(other, Random(seed))
    assert told(template, other) == []
