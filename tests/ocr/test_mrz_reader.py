"""The zone: found by its grid, read by OCR, corrected by classes and check digits."""

from datetime import date

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.mrz import CHARACTERS, FORMATS, build_mrz, wrong_checks
from docpipe.ocr.geometry import flatten, straight
from docpipe.ocr.mending import RULES, Mending
from docpipe.ocr.mrz_reader import (
    FILLER_LIKENESS,
    _placed,
    corrected,
    fields_of,
    filler_likeness,
    mendings,
    read_zone,
    settled,
)
from docpipe.ocr.zone import find_zone

LOOKS_LIKE = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B"}
LOOKS_LIKE_LETTER = {letter: digit for digit, letter in LOOKS_LIKE.items()}


def zone_lines(kind, number="L898902C3", surname="Eriksson", given_names="Anna Maria"):
    return build_mrz(
        kind, document_code="P" if kind == "td3" else "I", issuing_state="UTO", surname=surname,
        given_names=given_names, document_number=number, nationality="UTO", date_of_birth=date(1974, 8, 12),
        sex="F", date_of_expiry=date(2032, 4, 15),
    )  # fmt: skip


def flat(card):
    gray = straight(card.page().pixels)
    return flatten(gray, gray.shape[1] // 12)


@pytest.mark.parametrize("kind", ["td1", "td3"])
def test_every_cell_of_a_zone_is_found_and_fillers_are_told_by_their_shape(drawn, kind):
    card = drawn(kind, 10_001)
    zone = find_zone(flat(card), FORMATS[kind])
    lines = [field.value for field in card.truth if field.name.startswith("mrz_")]
    looks = [["<" if filler_likeness(cell) > FILLER_LIKENESS else "x" for cell in row] for row in zone.cells]
    assert ["".join(row) for row in looks] == ["".join("<" if one == "<" else "x" for one in line) for line in lines]
    assert zone.fit > 0.97


@pytest.mark.parametrize(("kind", "seed"), [("td1", 10_001), ("td1", 10_002), ("td3", 10_001), ("td3", 10_002)])
def test_the_zone_of_a_clean_card_is_read_as_printed(drawn, engine, kind, seed):
    card = drawn(kind, seed)
    reading = read_zone(flat(card), kind, engine)
    assert list(reading.lines) == [field.value for field in card.truth if field.name.startswith("mrz_")]
    assert reading.wrong == ()


def test_a_zone_is_found_whatever_the_resolution_says(drawn, engine):
    card = drawn("td1", 10_001)
    twice = cv2.resize(card.page().pixels, None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC)
    reading = read_zone(flatten(straight(twice), twice.shape[1] // 12), "td1", engine)
    assert reading.lines[0] == next(field.value for field in card.truth if field.name == "mrz_1")


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_there_is_no_zone_on_blank_paper_or_among_specks(kind):
    assert find_zone(np.full((600, 1000), 250, np.uint8), FORMATS[kind]) is None
    specks = np.random.default_rng(3).choice([0, 255], (600, 1000), p=[0.01, 0.99]).astype(np.uint8)
    assert find_zone(specks, FORMATS[kind]) is None


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_look_alikes_of_the_wrong_class_are_put_right(kind):
    lines = zone_lines(kind)
    form = FORMATS[kind]
    misread = list(lines)
    for name in ("date_of_birth", "date_of_expiry", "name"):
        span = form.fields[name]
        look = LOOKS_LIKE if name != "name" else LOOKS_LIKE_LETTER
        line = misread[span.line]
        changed = "".join(look.get(one, one) for one in line[span.start : span.end])
        misread[span.line] = line[: span.start] + changed + line[span.end :]
    assert misread != list(lines)
    assert corrected(misread, form) == list(lines)


def mended(first, second, form):
    """What two looks at a zone come to, and the characters that were put right on the way."""
    chosen = settled(first, second, form)
    lines = corrected(chosen, form)
    return lines, list(mendings(first, chosen, lines, form))


@given(
    number=st.text("0123456789CFGHJKLMNPRTVWXYZ", min_size=9, max_size=9),
    kind=st.sampled_from(sorted(FORMATS)),
)
def test_what_is_right_stays_as_it_is(number, kind):
    lines = zone_lines(kind, number=number)
    assert corrected(lines, FORMATS[kind]) == list(lines)
    assert mended(lines, lines, FORMATS[kind])[1] == []


def put(lines, line, place, character):
    """The lines with one character exchanged; line and place from 0."""
    return [*lines[:line], lines[line][:place] + character + lines[line][place + 1 :], *lines[line + 1 :]]


def test_every_mended_character_is_told_with_its_place_and_what_told():
    form, lines = FORMATS["td3"], zone_lines("td3", number="L890902C5")      # second line: L890902C5?UTO740812...
    seen = put(put(put(put(lines, 0, 5, "1"), 1, 3, "O"), 1, 8, "S"), 1, 13, "T")
    _, found = mended(seen, seen, form)
    assert found[1:] == [
        Mending(2, 4, "position", "O", "0"), Mending(2, 9, "check digit", "S", "5"), Mending(2, 14, "digit", "T", "7"),
    ]  # fmt: skip
    assert (found[0].line, found[0].position, found[0].rule) == (1, 6, "letter")


@given(
    kind=st.sampled_from(sorted(FORMATS)),
    misread=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 29), st.sampled_from(CHARACTERS + "<?")), max_size=6),
    in_both=st.booleans(),
)
def test_what_was_seen_and_its_mendings_give_the_corrected_lines(kind, misread, in_both):
    seen, form = list(zone_lines(kind)), FORMATS[kind]
    for line, place, character in misread:
        seen = put(seen, line, place, character)
    lines, found = mended(seen, seen if in_both else zone_lines(kind), form)
    by_hand = seen
    for one in found:
        assert one.rule in RULES and by_hand[one.line - 1][one.position - 1] == one.read
        by_hand = put(by_hand, one.line - 1, one.position - 1, one.mended)
    assert by_hand == lines


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_what_the_first_look_did_not_see_and_the_second_did_is_laid_to_the_second_look(kind):
    form, lines = FORMATS[kind], list(zone_lines(kind))
    span = form.fields["date_of_birth"]
    seen = put(put(lines, span.line, span.start + 1, "?"), span.line, span.start + 3, "B")
    found, told = mended(seen, lines, form)
    assert found == lines
    assert [(one.rule, one.read) for one in told] == [("second look", "?"), ("digit", "B")]


def test_a_look_alike_counts_for_the_check_digit_only_where_no_look_saw_it():
    form, lines = FORMATS["td3"], zone_lines("td3", number="L890902C5")
    seen = put(lines, 1, 8, "S")
    assert mended(seen, seen, form)[1] == [Mending(2, 9, "check digit", "S", "5")]
    assert mended(seen, lines, form)[1] == [Mending(2, 9, "second look", "S", "5")]


def test_a_g_in_place_of_a_6_is_laid_to_the_second_look():
    form, lines = FORMATS["td3"], list(zone_lines("td3", number="LG9890203"))
    assert mended(put(lines, 1, 1, "6"), lines, form) == (lines, [Mending(2, 2, "second look", "6", "G")])


def test_a_mending_shows_no_character():
    assert "'7'" not in repr(Mending(1, 2, "digit", "T", "7"))
    assert Mending(1, 2, "digit", "T", "7").without_characters() == Mending(1, 2, "digit")


@given(
    number=st.text("0123456789CFGHJKLMNPRTVWXYZ", min_size=9, max_size=9),
    kind=st.sampled_from(sorted(FORMATS)),
    place=st.integers(0, 8),
)
def test_one_doubtful_character_of_a_number_is_settled_by_the_check_digits(number, kind, place):
    lines = zone_lines(kind, number=number)
    span = FORMATS[kind].fields["document_number"]
    look = {**LOOKS_LIKE, **LOOKS_LIKE_LETTER}
    line = lines[span.line]
    at = span.start + place
    misread = list(lines)
    misread[span.line] = line[:at] + look.get(line[at], line[at]) + line[at + 1 :]
    assert wrong_checks(kind, corrected(misread, FORMATS[kind])) == ()


SEEN = ("I<UTOL898902C36<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")


def test_a_field_whose_check_digit_disagrees_is_taken_from_the_other_reading():
    wrong = (SEEN[0].replace("L898902C3", "L838902C3"), *SEEN[1:])
    assert settled(wrong, SEEN, FORMATS["td1"]) == list(SEEN)
    assert settled(SEEN, wrong, FORMATS["td1"]) == list(SEEN)


def test_a_g_that_either_reading_saw_is_no_6_unless_only_a_digit_can_stand_there():
    with_g = (SEEN[0].replace("L898902C3", "LG98902C3"), SEEN[1].replace("7408122", "G408122"), SEEN[2])
    with_6 = (with_g[0].replace("G", "6"), with_g[1].replace("G", "6"), SEEN[2])
    for one, other in ((with_g, with_6), (with_6, with_g)):
        assert settled(one, other, FORMATS["td1"]) == [with_g[0], with_6[1], SEEN[2]]


def test_names_are_parted_at_two_fillers_and_a_long_number_runs_on():
    assert fields_of("td3", zone_lines("td3", surname="Van Dam", given_names="Jan"))["surname"] == "VAN DAM"
    assert fields_of("td1", zone_lines("td1", given_names=""))["given_names"] == ""
    assert fields_of("td1", zone_lines("td1", number="D23145890734"))["document_number"] == "D23145890734"


def test_a_reading_does_not_show_what_it_says(drawn, engine):
    card = drawn("td1", 10_001)
    reading = read_zone(flat(card), "td1", engine)
    assert reading.lines[0] not in repr(reading)
    assert card.identity.document_number not in repr(reading)


def test_characters_stand_on_their_nearest_glyphs_or_in_order_where_that_is_about_as_near():
    glyphs = [20.0, 50.0, 80.0]
    assert _placed([("A", 3.0)], []) == []
    assert _placed([("A", 22.0), ("C", 78.0)], glyphs) == [("A", 0), ("C", 2)]
    assert _placed([("A", 20.0), ("B", 34.0), ("C", 82.0)], glyphs) == [("A", 0), ("B", 1), ("C", 2)]
    assert _placed([("A", 20.0), ("C", 79.0), ("?", 84.0)], glyphs) == [("A", 0), ("C", 2), ("?", 2)]
