from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaves_support import templates, told_of
from rewriting_support import REWRITINGS, is_same, own_policies


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda one: one.__name__)
def test_a_template_that_is_written_anew_is_no_change(rewriting):
    told = {}
    rewritten = 0
    for source, template in templates().items():
        other = rewriting(template, Random(1))
        rewritten += not is_same(template, other)
        lines = told_of(template, other) + told_of(other, template)
        if lines:
            told[source] = lines
    assert rewritten, "nothing was rewritten"
    assert told == {}


@settings(derandomize=True, max_examples=60, deadline=None)
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
    assert told_of(template, other) == []


def test_own_policies_of_the_content_of_managed_ones_are_counted_alone():
    rewritten = 0
    for template in templates().values():
        other = own_policies(template, Random(1))
        rewritten += not is_same(template, other)
        for line in told_of(template, other) + told_of(other, template):
            assert "defined" in line
    assert rewritten > 5
