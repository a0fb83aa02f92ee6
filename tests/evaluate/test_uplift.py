"""Paired statistics against published values and by their properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.evaluate.uplift import Table, bootstrap_net, mcnemar_p, tabulate, wilson

counts = st.integers(0, 400)


def test_pairs_are_counted_by_what_happened_to_them():
    raw, cleaned = [True, True, False, False, False], [True, False, True, True, False]
    table = tabulate(raw, cleaned)
    assert table == Table(both=1, rescued=2, broken=1, neither=1)
    assert (table.raw_rate, table.cleaned_rate) == (0.4, 0.6)
    assert table.absolute_uplift == pytest.approx(0.2)
    assert table.relative_uplift == pytest.approx(0.5)


@pytest.mark.parametrize(("raw", "cleaned"), [([], []), ([True], [True, False])])
def test_verdicts_that_are_no_pairs_are_refused(raw, cleaned):
    with pytest.raises(ValueError, match="no pairs"):
        tabulate(raw, cleaned)


def test_nothing_passing_raw_has_no_relative_uplift():
    assert tabulate([False], [True]).relative_uplift is None


@pytest.mark.parametrize(
    ("passed", "cards", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),       # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(passed, cards, low, high):
    assert wilson(passed, cards) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 2000).flatmap(lambda cards: st.tuples(st.integers(0, cards), st.just(cards))))
def test_wilson_holds_the_rate_and_mirrors(passed_of_cards):
    passed, cards = passed_of_cards
    low, high = wilson(passed, cards)
    assert 0 <= low <= passed / cards <= high <= 1
    assert wilson(cards - passed, cards) == (pytest.approx(1 - high), pytest.approx(1 - low))


@pytest.mark.parametrize(
    ("rescued", "broken", "p"),
    [(0, 0, 1.0), (5, 0, 2 / 32), (0, 5, 2 / 32), (8, 2, 2 * 56 / 1024), (3, 3, 1.0), (10, 1, 2 * 12 / 2048)],
)
def test_mcnemar_is_the_sign_test_of_the_cards_that_changed(rescued, broken, p):
    assert mcnemar_p(rescued, broken) == pytest.approx(p)


@given(rescued=counts, broken=counts)
def test_mcnemar_is_symmetric_and_a_probability(rescued, broken):
    assert 0 < mcnemar_p(rescued, broken) <= 1
    assert mcnemar_p(rescued, broken) == mcnemar_p(broken, rescued)


def test_the_bootstrap_agrees_with_the_normal_interval_on_many_cards_and_repeats_itself():
    table = Table(both=500, rescued=100, broken=40, neither=360)
    low, high = bootstrap_net(table, seed=1)
    half = 1.96 * ((0.14 - 0.06**2) / 1000) ** 0.5       # variance of the paired difference of two rates
    assert (low, high) == (pytest.approx(0.06 - half, abs=0.003), pytest.approx(0.06 + half, abs=0.003))
    assert bootstrap_net(table, seed=1) == (low, high)


def test_values_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="5 of 4"):
        wilson(5, 4)
    with pytest.raises(ValueError, match="-1"):
        mcnemar_p(-1, 2)
    with pytest.raises(ValueError, match="draws is 5"):
        bootstrap_net(Table(1, 1, 1, 1), seed=1, draws=5)
