"""Our statistics against independent ones: SciPy's, and the definition that a formula comes from."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from docpipe.evaluate.uplift import holm, mcnemar_p, wilson

some_of_some = st.integers(1, 3000).flatmap(lambda cards: st.tuples(st.integers(0, cards), st.just(cards)))
p_values = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0]), max_size=6)


@given(some_of_some)
def test_wilson_is_that_of_scipy(passed_of_cards):
    passed, cards = passed_of_cards
    theirs = binomtest(passed, cards).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(passed, cards) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(rescued=st.integers(0, 600), broken=st.integers(0, 600))
def test_mcnemar_is_the_binomial_test_of_scipy(rescued, broken):
    theirs = binomtest(rescued, rescued + broken).pvalue if rescued + broken else 1.0
    assert mcnemar_p(rescued, broken) == pytest.approx(theirs, rel=1e-9)


@given(p_values)
def test_holm_is_the_closed_test_of_bonferroni(ps):
    """Marcus, Peritz and Gabriel (1976): a test stands if every set of tests that it is in stands by Bonferroni."""
    closed = [
        max(
            min(1.0, size * min(ps[place] for place in chosen))
            for size in range(1, len(ps) + 1)
            for chosen in combinations(range(len(ps)), size)
            if wanted in chosen
        )
        for wanted in range(len(ps))
    ]
    assert holm(ps) == pytest.approx(closed)
