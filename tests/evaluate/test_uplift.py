"""Paired statistics against published values and by their properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.evaluate.uplift import (
    Table,
    bootstrap_net,
    bootstrap_net_clustered,
    bootstrap_share_clustered,
    holm,
    mcnemar_p,
    share_of_possible,
    tabulate,
    wilson,
)

BOTH, RESCUED, BROKEN, NEITHER = Table(1, 0, 0, 0), Table(0, 1, 0, 0), Table(0, 0, 1, 0), Table(0, 0, 0, 1)

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


@pytest.mark.parametrize(("cards", "rescued", "broken"), [(20, 0.05, 0.0), (50, 0.02, 0.01), (100, 0.1, 0.01)])
def test_the_interval_holds_the_true_difference_as_often_as_it_says_even_where_few_cards_change(cards, rescued, broken):
    shares = [1 - rescued - broken, rescued, broken]
    found = np.random.default_rng(0).multinomial(cards, shares, size=300).tolist()
    intervals = [bootstrap_net(Table(same, better, worse, 0), seed=0, draws=500) for same, better, worse in found]
    assert sum(low <= rescued - broken <= high for low, high in intervals) / 300 >= 0.93


@pytest.mark.parametrize(("cards", "changing"), [(28, 0.03), (28, 0.1), (49, 0.05)])
def test_so_does_it_where_the_draws_of_a_card_change_together(cards, changing):
    rng = np.random.default_rng(0)
    held = 0
    for rescued in rng.binomial(cards, changing, size=200).tolist():
        tables = [Table(0, 5, 0, 0)] * rescued + [Table(5, 0, 0, 0)] * (cards - rescued)
        low, high = bootstrap_net_clustered(tables, seed=0, draws=400)
        held += low <= changing <= high
    assert held / 200 >= 0.93


@pytest.mark.parametrize("cards", [10, 100, 1000])
def test_where_no_card_changed_the_interval_still_has_a_width_that_shrinks_with_the_number_of_cards(cards):
    low, high = bootstrap_net(Table(cards, 0, 0, 0), seed=0)
    assert -4 / cards <= low < 0 < high <= 4 / cards


def test_one_draw_of_every_card_gives_the_plain_bootstrap_whatever_their_order():
    cards = [BOTH] * 100 + [RESCUED] * 40 + [BROKEN] * 20 + [NEITHER] * 90
    clustered = bootstrap_net_clustered(cards, seed=1)
    assert clustered == pytest.approx(bootstrap_net(Table(100, 40, 20, 90), seed=2), abs=0.01)
    assert bootstrap_net_clustered(cards[::-1], seed=1) == clustered


def test_draws_that_move_together_count_as_one_card_so_the_interval_is_wider():
    alone = [RESCUED] * 40 + [BROKEN] * 20 + [NEITHER] * 60
    together = [Table(0, 4, 0, 0)] * 10 + [Table(0, 0, 4, 0)] * 5 + [Table(0, 0, 0, 4)] * 15
    (low, high), (wide_low, wide_high) = (bootstrap_net_clustered(cards, seed=1) for cards in (alone, together))
    assert (wide_high - wide_low) / (high - low) == pytest.approx(2, rel=0.1)      # the root of four draws a card


def test_cards_with_more_draws_weigh_more():
    low, high = bootstrap_net_clustered([Table(0, 9, 0, 0)] * 50 + [BROKEN] * 50, seed=1)
    assert low < (450 - 50) / 500 < high


@pytest.mark.parametrize(("clean_rate", "share"), [(0.9, 0.5), (0.7, 1.0), (0.5, None), (0.3, None)])
def test_uplift_is_a_share_of_what_clean_cards_would_gain(clean_rate, share):
    table = Table(both=5, rescued=2, broken=0, neither=3)
    assert share_of_possible(table, clean_rate) == (None if share is None else pytest.approx(share))


def test_where_only_clean_cards_pass_the_share_of_the_possible_is_the_cleaned_rate_and_so_is_its_interval():
    cards = [RESCUED] * 120 + [NEITHER] * 280
    low, high = bootstrap_share_clustered(cards, [1] * 400, seed=1)
    half = 1.96 * (0.3 * 0.7 / 400) ** 0.5
    assert (low, high) == (pytest.approx(0.3 - half, abs=0.006), pytest.approx(0.3 + half, abs=0.006))
    assert bootstrap_share_clustered(cards[::-1], [1] * 400, seed=1) == (low, high)


def test_the_interval_of_the_share_is_wider_where_draws_move_together_and_where_little_can_be_gained():
    alone = [RESCUED] * 40 + [NEITHER] * 80 + [BOTH] * 120
    together = [Table(0, 4, 0, 0)] * 10 + [Table(0, 0, 0, 4)] * 20 + [Table(4, 0, 0, 0)] * 30
    low, high = bootstrap_share_clustered(alone, [1] * 240, seed=1)
    wide_low, wide_high = bootstrap_share_clustered(together, [4] * 60, seed=1)
    assert (wide_high - wide_low) / (high - low) == pytest.approx(2, rel=0.1)
    little_low, little_high = bootstrap_share_clustered(alone, [1] * 40 + [0] * 80 + [1] * 120, seed=1)
    assert 0.9 < little_low < 1 == pytest.approx(little_high)    # all that can be gained is gained


def test_a_share_of_what_may_be_nothing_has_no_interval():
    assert bootstrap_share_clustered([RESCUED] + [BOTH] * 99, [1] * 100, seed=1) is None
    low, high = bootstrap_share_clustered([RESCUED] * 9 + [BOTH] * 91, [1] * 100, seed=1)
    assert low < 0.9 < high == 1


def test_holm_gives_the_worked_example_in_the_order_asked():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_values_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="0 tables"):
        bootstrap_net_clustered([], seed=1)
    with pytest.raises(ValueError, match="empty"):
        bootstrap_net_clustered([BOTH, Table(0, 0, 0, 0)], seed=1)
    with pytest.raises(ValueError, match=r"clean_rate is 1\.5"):
        share_of_possible(BOTH, 1.5)
    with pytest.raises(ValueError, match="each is from 0 to 1"):
        holm([0.5, float("nan")])
    with pytest.raises(ValueError, match="5 of 4"):
        wilson(5, 4)
    with pytest.raises(ValueError, match="-1"):
        mcnemar_p(-1, 2)
    with pytest.raises(ValueError, match="draws is 5"):
        bootstrap_net(Table(1, 1, 1, 1), seed=1, draws=5)
