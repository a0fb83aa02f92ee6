"""Strata: who is in them, how they are corrected, and which is the worst."""

from dataclasses import replace
from pathlib import Path

import pytest

from docpipe.evaluate.ceiling import ceiling_of
from docpipe.evaluate.field_figures import field_figures
from docpipe.evaluate.strata import FEWEST_CARDS, net_interval, strata_of, worst_of
from docpipe.evaluate.uplift import Table, wilson
from tests.evaluate.made_cards import reading, result


def test_a_card_counts_in_every_stratum_that_it_belongs_to_and_strata_are_in_order():
    cards = [
        result("1", True, True, layout=("td3",), noise=(), number=()),
        result("2", False, True, layout=("td1",), number=("10",), noise=("jpeg", "dust")),
        result("3", True, False, layout=("td1",), number=("2",), noise=("dust",)),
    ]
    found = {(one.group, one.name): one.table for one in strata_of(cards) if one.group != "field"}
    assert found == {
        ("layout", "td1"): Table(0, 1, 1, 0),
        ("layout", "td3"): Table(1, 0, 0, 0),
        ("noise", "dust"): Table(0, 1, 1, 0),
        ("noise", "jpeg"): Table(0, 1, 0, 0),
        ("number", "2"): Table(0, 0, 1, 0),
        ("number", "10"): Table(0, 1, 0, 0),
    }
    assert list(found) == [("layout", "td1"), ("layout", "td3"), ("noise", "dust"), ("noise", "jpeg"),
                           ("number", "2"), ("number", "10")]  # fmt: skip


def test_each_engine_is_a_stratum_of_all_cards_and_corrected_with_the_others():
    cards = [result(str(n), False, n < 10, layout=("td1",)) for n in range(20)]
    by_engine = {"tesserocr": cards, "rapidocr": [result(str(n), n < 5, False) for n in range(20)]}
    strata = strata_of(cards, by_engine)
    assert [(one.group, one.name, one.table) for one in strata] == [
        ("layout", "td1", Table(0, 10, 0, 10)),
        ("field", "surname of td1", Table(0, 10, 0, 10)),
        ("field", "sex of td1", Table(0, 0, 0, 20)),
        ("engine", "tesserocr", Table(0, 10, 0, 10)),
        ("engine", "rapidocr", Table(0, 0, 5, 15)),
    ]
    assert [one.p_holm for one in strata] == pytest.approx([10 / 1024, 10 / 1024, 1, 10 / 1024, 4 / 32])
    assert worst_of(strata) == strata[2], "an engine has all cards: it is no stratum to be named as the worst"


def test_each_field_of_each_schema_is_a_stratum_of_the_cards_that_have_it_and_may_be_the_worst():
    cards = [result(str(n), False, True) for n in range(30)]
    unread = replace(cards[0], raw=replace(cards[0].raw, problem="damaged"))
    other = [replace(result(str(n), n > 30, n > 31), schema="national") for n in range(30, 50)]
    strata = strata_of([unread, *cards[1:], *other])
    assert {one.name: one.table for one in strata if one.group == "field"} == {
        "surname of td1": Table(0, 30, 0, 0), "sex of td1": Table(0, 0, 0, 30),
        "surname of national": Table(18, 0, 1, 1), "sex of national": Table(0, 0, 0, 20),
    }
    surname = next(one for one in strata if one.name == "surname of td1")
    assert surname.p == 2 / 2**30 and surname.p_holm == 4 * surname.p
    assert surname.absolute_interval == net_interval(cards)
    assert worst_of(strata).name == "surname of national"


def test_p_values_are_corrected_over_all_groups_together():
    cards = [result(str(n), False, True, layout=("td1",), noise=("dust", "jpeg")) for n in range(10)]
    strata = [one for one in strata_of(cards) if one.name != "sex of td1"]       # of which no card changed
    assert [one.p for one in strata] == pytest.approx([2 / 1024] * 4)
    assert [one.p_holm for one in strata] == pytest.approx([10 / 1024] * 4)


def test_the_worst_stratum_is_the_least_uplift_among_the_large_ones():
    harmed = [result(f"a{n}", True, n > 0, noise=("stains",)) for n in range(FEWEST_CARDS)]
    helped = [result(f"b{n}", False, True, noise=("dust",)) for n in range(FEWEST_CARDS)]
    few = [result(f"c{n}", True, False, noise=("tape",)) for n in range(FEWEST_CARDS - 1)]
    strata = strata_of([*helped, *harmed, *few])
    worst = worst_of(strata)
    assert worst is not None and worst.name == "stains"
    assert worst_of([one for one in strata if one.name == "tape"]) is None


def test_draws_of_one_card_stay_together_in_the_interval():
    cards = [result(str(n), n % 4 >= 2, n % 4 < 2) for n in range(80)]
    low, high = net_interval(cards)
    wide_low, wide_high = net_interval([replace(card, card=str(int(card.id) // 2)) for card in cards])
    assert wide_high - wide_low > 1.2 * (high - low)


def test_the_ceiling_is_what_passes_without_noise_and_the_share_of_the_way_there():
    cards = [replace(result(str(n), n < 2, n < 5), passes_clean=n < 8) for n in range(10)] * 8
    cards = [replace(card, id=str(n), card=str(n)) for n, card in enumerate(cards)]
    ceiling = ceiling_of(cards, Path("clean"))
    assert (ceiling.folder, ceiling.passed, ceiling.rate) == ("clean", 64, 0.8)
    assert ceiling.rate_interval == wilson(64, 80)
    assert ceiling.share == pytest.approx((0.5 - 0.2) / (0.8 - 0.2))
    low, high = ceiling.share_interval
    assert 0.3 < low < 0.5 < high < 0.7
    tens = [replace(card, card=str(int(card.id) // 10)) for card in cards]
    wide_low, wide_high = ceiling_of(tens, Path()).share_interval
    assert wide_high - wide_low > 2 * (high - low)               # ten draws a card tell little more than one


def test_where_no_more_cards_pass_without_noise_nothing_can_be_gained():
    cards = [replace(result(str(n), n < 5, n < 6), passes_clean=n < 5) for n in range(10)]
    ceiling = ceiling_of(cards, Path("clean"))
    assert (ceiling.share, ceiling.share_interval) == (None, None)


def test_the_figures_of_a_field_are_counts_and_error_rates_over_all_cards():
    cards = [
        result("1", False, True),
        replace(result("2", True, True), raw=reading(True, errors=(2, 12, 1, 3)), schema="td1"),
        replace(result("3", False, False), schema="td3"),
    ]
    surname, sex, surname_td3, _ = field_figures(cards)
    assert (surname.schema, surname.name, surname.required, surname.cards) == ("td1", "surname", True, 2)
    assert (surname.right_raw, surname.right_cleaned) == (1, 2)
    assert (surname.cer_raw, surname.cer_cleaned) == (pytest.approx(2 / 20), 0)
    assert (surname.wer_raw, surname.wer_cleaned) == (pytest.approx(1 / 4), 0)
    assert (sex.required, sex.right_raw, sex.cer_raw) == (False, 0, 1)
    assert (surname_td3.schema, surname_td3.cards) == ("td3", 1)


def test_without_truth_a_field_has_no_error_rates():
    card = result("1", True, True)
    unjudged = tuple(replace(one, char_edits=None, chars=None, word_edits=None, words=None) for one in card.raw.fields)
    card = replace(card, raw=replace(card.raw, fields=unjudged), cleaned=replace(card.cleaned, fields=unjudged))
    figures = field_figures([card])[0]
    assert (figures.cer_raw, figures.cer_cleaned, figures.wer_raw, figures.wer_cleaned) == (None,) * 4
