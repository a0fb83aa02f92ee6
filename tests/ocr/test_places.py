"""Where values stand, told by the words around their labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.ocr.engine import Word
from docpipe.ocr.places import Place, strip_at, text_at, value_places

LABELS = {"surname": (100, 100, 180, 120), "number": (100, 200, 170, 220), "expiry": (400, 200, 470, 220)}


def word(text, left, top, height=30):
    return Word(text, (left, top, left + 15 * len(text), top + height), 90.0)


def read(words, labels=LABELS):
    return {name: text_at(place, words) for name, place in value_places(labels, words).items()}


def test_values_beside_their_labels_end_at_the_next_label_and_at_the_first_wide_gap():
    words = [word("ANNA", 200, 95), word("MARIA", 275, 95), word("stain", 600, 95), word("X123", 200, 195),
             word("2031", 500, 195), word("below", 100, 140)]                                     # fmt: skip
    assert read(words) == {"surname": "ANNA MARIA", "number": "X123", "expiry": "2031"}


def test_values_below_their_labels_are_found_though_one_label_was_not_read_where_it_is():
    words = [word("ANNA", 100, 130), word("MARIA", 175, 130), word("X123", 100, 230), word("2031", 400, 230),
             word("PLACE", 700, 130)]                                                             # fmt: skip
    right = {"surname": "ANNA MARIA", "number": "X123", "expiry": "2031"}
    assert read(words) == right
    off = LABELS | {"surname": (130, 88, 180, 108)}                # its number was not read, and dirt above it was
    assert read(words, off) == right


def test_a_portrait_beside_labels_that_was_read_as_large_letters_is_no_value():
    values = [word("ANNA", 100, 130), word("X123", 100, 230), word("2031", 400, 230)]
    portrait = [word("Oa", 600, 60, height=90), word("«Sea", 600, 180, height=60)]
    assert read([*values, *portrait]) == {"surname": "ANNA", "number": "X123", "expiry": "2031"}


def test_a_value_below_that_no_reading_of_the_page_saw_is_looked_for_where_the_others_stand():
    words = [word("X123", 100, 230), word("2031", 400, 230)]
    left, top, right, bottom = value_places(LABELS, words)["surname"].area
    assert left < 100 < 400 < right and (top, bottom) == (130, 160)


@given(st.permutations([word("ANNA", 100, 130), word("X123", 100, 230), word("2031", 400, 230)]),
       st.integers(-20, 20), st.integers(-20, 20))                                                # fmt: skip
def test_places_move_with_the_card_and_do_not_ask_for_the_order_of_words(words, right, down):
    moved_words = [Word(w.text, moved(w.box, right, down), w.confidence) for w in words]
    places = value_places(LABELS, words)
    moved_places = value_places({name: moved(box, right, down) for name, box in LABELS.items()}, moved_words)
    assert {name: place.area for name, place in moved_places.items()} == {
        name: moved(place.area, right, down) for name, place in places.items()
    }


def moved(box, right, down):
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def test_a_strip_holds_the_print_up_to_its_first_wide_gap():
    flat = np.full((300, 900), 255, np.uint8)
    flat[95:125, 200:400:8] = flat[95:125, 600:700:8] = 0
    strip = strip_at(value_places(LABELS, [word("ANNA", 200, 95)])["surname"], flat)
    assert 200 < strip.shape[1] < 250
    assert (strip[len(strip) // 2] == 0).sum() == 25


@pytest.mark.parametrize("width", [180, 120])
def test_there_is_no_strip_where_the_page_ends_before_the_value(width):
    flat = np.full((300, width), 255, np.uint8)
    assert strip_at(value_places(LABELS, [])["surname"], flat).size == 0


@pytest.mark.parametrize("area", [(100, -60, 400, -20), (-200, 100, -20, 140), (100, 800, 400, 840)])
def test_a_place_beside_the_page_has_no_strip(area):
    assert strip_at(Place(area, 38.0), np.full((700, 1100), 255, np.uint8)).size == 0
