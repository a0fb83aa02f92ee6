import dataclasses
import hashlib
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from docpipe.cards.fonts import MRZ_FAMILY, families_of
from docpipe.cards.identity import draw_identity, mrz_lines
from docpipe.cards.layout import SHIPPED_LAYOUTS, load_layout
from docpipe.cards.render import draw_card, render_card
from docpipe.cards.style import DATE_FORMATS, draw_style

pytest.importorskip("faker")
pytest.importorskip("pdf417gen")
pytestmark = pytest.mark.usefixtures("installed_fonts")

TRAIN = families_of("train")


@pytest.fixture(scope="module", params=SHIPPED_LAYOUTS)
def card(request):
    return draw_card(5, load_layout(request.param), TRAIN, dpi=200)


def ink_share(gray, box):
    left, top, right, bottom = box
    return (gray[top:bottom, left:right] < 110).mean()


def test_a_card_has_the_size_of_its_layout_and_the_lid_around_it(card):
    width_mm, height_mm = load_layout(card.layout).size_mm
    margin = round(card.style.margin_mm * 200 / 25.4)
    height, width, _ = card.pixels.shape
    assert abs(width - 2 * margin - width_mm * 200 / 25.4) <= 1
    assert abs(height - 2 * margin - height_mm * 200 / 25.4) <= 1
    assert (card.pixels[0, 0] > 245).all()


def test_every_field_of_the_layout_has_its_truth_and_ink_in_its_box(card):
    layout = load_layout(card.layout)
    names = [field.name for field in layout.fields]
    lines = mrz_lines(card.identity, layout.mrz.kind, layout.mrz.code) if layout.mrz else ()
    assert [field.name for field in card.truth] == names + [f"mrz_{row}" for row in range(1, len(lines) + 1)]
    assert tuple(field.printed for field in card.truth[len(names) :]) == lines
    gray = card.page().pixels
    for field in card.truth:
        assert ink_share(gray, field.box) > 0.04, field.name


def test_boxes_follow_the_skew():
    layout = load_layout("td1")
    straight = draw_card(8, layout, TRAIN, dpi=200)
    turned_style = dataclasses.replace(straight.style, skew_deg=5.0)
    turned = render_card(straight.identity, layout, turned_style, dpi=200)
    (left, left_y), (right, right_y), *_ = turned.truth[-1].quad
    assert np.degrees(np.arctan2(left_y - right_y, right - left)) == pytest.approx(5.0, abs=0.01)
    gray = turned.page().pixels
    assert all(ink_share(gray, field.box) > 0.03 for field in turned.truth)


def test_what_is_not_print_stays_paler_than_print(card):
    """Guilloche and tint must not cost a clean card its fields: the paper between the fields stays light."""
    gray = card.page().pixels
    _, top, right, bottom = card.truth[0].box
    beside = gray[top:bottom, right + 4 : right + 24]
    assert beside.min() > 150


def test_the_same_seed_gives_the_same_pixels_in_another_process():
    code = """
import hashlib
from docpipe.cards.fonts import families_of
from docpipe.cards.layout import load_layout
from docpipe.cards.render import draw_card
card = draw_card(21, load_layout("td3"), families_of("train"), dpi=200)
print(hashlib.sha256(card.pixels.tobytes()).hexdigest(), card.truth_record())
"""
    draw_card(20, load_layout("td1"), TRAIN, dpi=300)      # what was drawn before must not matter
    here = draw_card(21, load_layout("td3"), TRAIN, dpi=200)
    there = subprocess.check_output([sys.executable, "-c", code], text=True)
    digest, record = there.strip().split(" ", 1)
    assert digest == hashlib.sha256(here.pixels.tobytes()).hexdigest()
    assert record == str(here.truth_record())


def test_two_seeds_give_two_cards():
    first, second = (draw_card(seed, load_layout("national"), TRAIN, dpi=150) for seed in (1, 2))
    assert first.identity != second.identity
    assert first.style != second.style


def test_truth_and_provenance_are_json_and_name_the_fonts(card):
    record = json.loads(json.dumps(card.truth_record(), ensure_ascii=False))
    dates = {name: entry["value"] for name, entry in record.items() if name.startswith("date_")}
    assert dates == {name: getattr(card.identity, name).isoformat() for name in dates} != {}
    provenance = json.loads(json.dumps(card.provenance()))
    used = {card.style.value_family, card.style.label_family} | ({MRZ_FAMILY} if "mrz_1" in record else set())
    assert set(provenance["fonts"]) == used
    assert all(len(digest) == 64 for digests in provenance["fonts"].values() for digest in digests)


def test_a_page_carries_gray_colour_and_dpi(card):
    page = card.page(source="made up")
    assert page.pixels.shape == card.pixels.shape[:2]
    assert page.pixels.dtype == np.uint8
    assert page.dpi == (200, 200)
    assert page.samples is card.pixels


@pytest.mark.parametrize("dpi", [99, 1201])
def test_a_resolution_that_no_card_is_scanned_at_is_refused(dpi):
    with pytest.raises(ValueError, match=f"dpi is {dpi}; it must be from 100 to 1200"):
        draw_card(0, load_layout("td1"), TRAIN, dpi=dpi)


@pytest.mark.parametrize("date_format", DATE_FORMATS)
def test_dates_are_printed_in_the_format_of_the_style_and_kept_as_iso_8601(date_format):
    layout, rng = load_layout("national"), np.random.default_rng(4)
    identity = draw_identity(rng)
    style = dataclasses.replace(draw_style(rng, layout, TRAIN), date_format=date_format)
    truth = {field.name: field for field in render_card(identity, layout, style, dpi=100).truth}
    assert truth["date_of_expiry"].printed == style.print_date(identity.date_of_expiry)
    assert len(truth["date_of_expiry"].printed) == len(date_format)
    assert truth["date_of_expiry"].value == str(identity.date_of_expiry)


def test_a_text_that_is_too_long_is_set_smaller_and_stays_on_the_card():
    layout, rng = load_layout("national"), np.random.default_rng(4)
    long = dataclasses.replace(draw_identity(rng), surname="van den " + "Wolkenstein-" * 6 + "Ende")
    card = render_card(long, layout, draw_style(rng, layout, TRAIN), dpi=200)
    surname = next(field for field in card.truth if field.name == "surname")
    (left, _), (right, _), *_ = surname.quad
    assert (right - left) * 25.4 / 200 <= 38.3


@pytest.mark.parametrize("name", SHIPPED_LAYOUTS)
def test_styles_cover_languages_fonts_and_bilingual_labels(name):
    layout, rng = load_layout(name), np.random.default_rng(0)
    styles = [draw_style(rng, layout, TRAIN) for _ in range(300)]
    assert {style.language for style in styles} == set(layout.languages)
    assert {style.value_family for style in styles} == set(TRAIN)
    assert any(style.second_language for style in styles) == layout.bilingual


@pytest.mark.parametrize("dpi", [150, 600])
def test_a_card_is_the_same_card_at_every_resolution(dpi):
    layout = load_layout("national_b")
    middle, other = (draw_card(6, layout, TRAIN, dpi=one) for one in (300, dpi))
    assert [field.printed for field in other.truth] == [field.printed for field in middle.truth]
    for field, same in zip(other.truth, middle.truth, strict=True):
        moved_mm = (np.array(field.quad) / dpi - np.array(same.quad) / 300) * 25.4
        assert np.abs(moved_mm).max() < 1.0, field.name          # hinting, and sizes in whole steps
    from_afar = [cv2.resize(one.page().pixels, (110, 73), interpolation=cv2.INTER_AREA) for one in (middle, other)]
    assert np.abs(np.diff(np.array(from_afar, int), axis=0)).mean() < 6
    assert from_afar[0].mean() == pytest.approx(from_afar[1].mean(), abs=2)       # lines are as thick, in mm


def test_a_residence_permit_says_so_in_its_zone():
    card = draw_card(3, load_layout("residence_permit"), TRAIN, dpi=150)
    assert card.truth_record()["mrz_1"]["value"].startswith("IR")


def test_inks_are_black_or_coloured_and_always_dark():
    layout, rng = load_layout("td1"), np.random.default_rng(0)
    inks = np.array([draw_style(rng, layout, TRAIN).ink for _ in range(200)], np.uint8)
    coloured = np.ptp(inks.astype(int), axis=1) > 20
    assert 0.1 < coloured.mean() < 0.5
    assert cv2.cvtColor(inks[None], cv2.COLOR_RGB2GRAY).max() < 80
