"""One or two cards on a copied page: where they lie, what they say, and that the truth moves along."""

import dataclasses
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
from docpipe.cards.sheet import A4_MM, TURNS_DEG, Placing, draw_placing, draw_sheet, lay_on_sheet

pytest.importorskip("faker")
pytest.importorskip("pdf417gen")
pytestmark = pytest.mark.usefixtures("installed_fonts")

TRAIN = families_of("train")
SIDES = ("td1", "td1_back")


def both_sides(seed, dpi=100):
    return draw_sheet(seed, [load_layout(name) for name in SIDES], TRAIN, dpi)


@pytest.fixture(scope="module")
def cards():
    return [draw_card(seed, load_layout(name), TRAIN, dpi=150) for seed, name in ((1, "national"), (2, "td3"))]


@pytest.mark.parametrize("turn_deg", TURNS_DEG)
def test_the_truth_moves_with_its_cards_whichever_way_the_page_lies(cards, turn_deg):
    sheet = lay_on_sheet(cards, Placing(((20.0, 30.0), (40.0, 150.0)), turn_deg, paper=235, toner=20))
    sides_px = [round(side * 150 / 25.4) for side in A4_MM]
    assert sheet.pixels.shape == (*(sides_px if turn_deg in (90, 270) else sides_px[::-1]), 3)
    gray = sheet.page().pixels
    alone = [(field, card.page().pixels) for card in cards for field in card.truth]
    for field, (before, card_gray) in zip(sheet.truth, alone, strict=True):
        left, top, right, bottom = before.box
        print_alone = card_gray[top:bottom, left:right]
        left, top, right, bottom = field.box
        print_copied = np.rot90(gray[top:bottom, left:right], -turn_deg // 90)
        assert np.abs(np.subtract(print_copied.shape, print_alone.shape)).max() <= 1
        assert (print_copied < 130).mean() == pytest.approx((print_alone < 130).mean(), abs=0.06), field.name


@pytest.mark.parametrize("turn_deg", TURNS_DEG)
def test_print_runs_the_way_the_page_is_turned(cards, turn_deg):
    sheet = lay_on_sheet(cards[:1], Placing(((20.0, 30.0),), turn_deg, paper=235, toner=20))
    (left_x, left_y), (right_x, right_y), *_ = sheet.truth[0].quad
    direction_deg = np.degrees(np.arctan2(left_y - right_y, right_x - left_x)) - cards[0].style.skew_deg
    assert np.cos(np.radians(direction_deg - turn_deg)) == pytest.approx(1)


def test_paper_and_toner_have_the_tones_of_the_copy_and_no_colour(cards):
    sheet = lay_on_sheet(cards, Placing(((20.0, 30.0), (40.0, 150.0)), 0, paper=221, toner=33))
    assert (sheet.pixels[:100] == 221).all()
    assert 33 <= sheet.pixels.min() < 60 and sheet.pixels.max() == 221
    assert (np.ptp(sheet.pixels, axis=2) == 0).all()


def test_front_and_back_are_of_one_holder_and_printed_alike():
    sheet = both_sides(3)
    front, back = sheet.cards
    assert (front.layout, back.layout) == SIDES
    assert front.identity == back.identity == draw_card(3, load_layout("td1"), TRAIN, 100).identity
    assert dataclasses.replace(front.style, skew_deg=0) == dataclasses.replace(back.style, skew_deg=0)
    record = sheet.truth_record()
    assert record["mrz_1"]["value"] == record["card_2.mrz_1"]["value"]
    assert record["card_2.address"]["value"] == front.identity.address
    assert len(record) == len(front.truth) + len(back.truth)


def test_a_sheet_lies_every_way_round_and_its_cards_never_overlap():
    cards = [draw_card(seed, load_layout("td1"), TRAIN, dpi=100) for seed in (1, 2)]
    placings = [draw_placing(np.random.default_rng(seed), cards) for seed in range(60)]
    assert {placing.turn_deg for placing in placings} == set(TURNS_DEG)
    for placing in placings:
        (left, top), (left_2, top_2) = placing.corners_mm
        for card, (x, y) in zip(cards, ((left, top), (left_2, top_2)), strict=True):
            assert x > 0 and x + card.pixels.shape[1] * 25.4 / 100 < A4_MM[0]
            assert y > 0 and y + card.pixels.shape[0] * 25.4 / 100 < A4_MM[1]
        assert top_2 >= top + cards[0].pixels.shape[0] * 25.4 / 100 - 1e-9


def test_the_same_seed_gives_the_same_sheet_in_another_process():
    code = """
import hashlib
from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.sheet import draw_sheet
sheet = draw_sheet(8, [load_layout(name) for name in ("td1", "td1_back")], families_of("train"), 100)
print(hashlib.sha256(sheet.pixels.tobytes()).hexdigest(), sheet.truth_record())
"""
    both_sides(7)                                                # what was drawn before must not matter
    here = both_sides(8)
    digest, record = subprocess.check_output([sys.executable, "-c", code], text=True).strip().split(" ", 1)
    assert digest == hashlib.sha256(here.pixels.tobytes()).hexdigest()
    assert record == str(here.truth_record())


def test_truth_and_provenance_of_a_sheet_are_json():
    sheet = both_sides(2)
    assert json.loads(json.dumps(sheet.truth_record())).keys() == sheet.truth_record().keys()
    provenance = json.loads(json.dumps(sheet.provenance()))
    assert [card["layout"] for card in provenance["cards"]] == list(SIDES)
    assert provenance["placing"]["turn_deg"] == sheet.placing.turn_deg


def test_what_cannot_lie_on_a_page_is_refused(cards):
    middle = Placing(((20.0, 30.0),), 0, paper=235, toner=20)
    with pytest.raises(ValueError, match="there are 0 cards; a sheet takes 1 to 2"):
        draw_sheet(1, [], TRAIN, 100)
    with pytest.raises(ValueError, match="there are 3 cards"):
        draw_placing(np.random.default_rng(0), [*cards, cards[0]])
    with pytest.raises(ValueError, match="on 1 places"):
        lay_on_sheet(cards, middle)
    with pytest.raises(ValueError, match="turn_deg is 45"):
        lay_on_sheet(cards[:1], dataclasses.replace(middle, turn_deg=45))
    with pytest.raises(ValueError, match="card 1 lies beyond the page's edge"):
        lay_on_sheet(cards[:1], dataclasses.replace(middle, corners_mm=((150.0, 30.0),)))
    poster = dataclasses.replace(load_layout("td1"), size_mm=(250.0, 54.0))
    with pytest.raises(ValueError, match="do not fit on a page"):
        draw_placing(np.random.default_rng(0), [draw_card(1, poster, TRAIN, 100)])
    english, german = (
        dataclasses.replace(load_layout("td1"), labels={
            key: {language: texts[language]} for key, texts in load_layout("td1").labels.items()
        })
        for language in ("en", "de")
    )  # fmt: skip
    with pytest.raises(ValueError, match="share no language"):
        draw_sheet(1, [english, german], TRAIN, 100)
