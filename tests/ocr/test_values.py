"""Values from what OCR read, and the characters that were put right in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.ocr.folding import fold, says_the_same
from docpipe.ocr.mending import Mending
from docpipe.ocr.schema import Field
from docpipe.ocr.values import READERS


@pytest.mark.parametrize(
    ("seen", "name"),
    [("ASSUNGÃO", "ASSUNÇÃO"), ("ASSUNCGAO", "ASSUNÇAO"), ("DRAGAO", "DRAGAO"), ("@STBY", "ØSTBY"), ("Jurié", "Jurić"),
     ("JOSÉ |", "JOSÉ"), ("ALFRED|", "ALFREDI")],
)  # fmt: skip
def test_letters_that_the_english_model_has_not_are_known_by_what_it_makes_of_them(seen, name):
    assert Field("surname", "name").read(seen).value == name


@given(st.text())
def test_folding_leaves_plain_letters_and_digits_and_is_done_once(text):
    folded = fold(text)
    assert folded.isascii() and (folded.isalnum() or not folded)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("read", "truth", "same"),
    [("मीरा", "मीरा", True), ("मरा", "मीरा", False), ("मारी", "मीरा", False),
     ("Ελενη", "Ελένη", True), ("", "Ελένη", False)],
)  # fmt: skip
def test_letters_and_vowel_signs_that_are_not_latin_count_and_their_diacritics_do_not(read, truth, same):
    assert says_the_same(read, truth) is same


@pytest.mark.parametrize(
    ("text", "value", "mended"),
    [
        (": llona  de la Cruz,", "Ilona de la Cruz", [(1, "l", "I")]),
        ("RICCIOTT| |", "RICCIOTTI", [(9, "|", "I")]),
        ("@degard", "Ødegard", [(1, "@", "Ø")]),
        ("MARIA ASSUNCGAO", "MARIA ASSUNÇAO", [(12, "CG", "Ç")]),
        ("Juricé", "Jurić", [(5, "cé", "ć")]),
        ("MARIA", "MARIA", []),
    ],
)
def test_letters_that_were_put_right_in_a_name_are_told_with_their_place_in_it(text, value, mended):
    reading = Field("surname", "name").read(text)
    assert reading.value == value
    assert reading.mended == tuple(Mending("surname", place, "name", read, letter) for place, read, letter in mended)


def test_a_letter_that_an_alphabet_has_not_is_told_with_the_digit_it_was_taken_for():
    number = Field("document_number", "number", alphabet="0123456789CFGHJKLMNPRTVWXYZ")
    assert number.read("CO1 X00S47").mended == (
        Mending("document_number", 2, "alphabet", "O", "0"), Mending("document_number", 7, "alphabet", "S", "5")
    )  # fmt: skip
    assert Field("sex", "text", alphabet="FM").read("OF").value == "F"             # no digit outside the alphabet


@given(kind=st.sampled_from(sorted(READERS)), text=st.text(st.characters() | st.sampled_from("l|@CGÃOicé ABC0123")))
def test_what_was_put_right_stands_in_the_value_and_what_was_read_in_the_text(kind, text):
    reading = Field("any", kind).read(text)
    for one in reading.mended:
        assert reading.value[one.position - 1] == one.mended and one.read in text and one.read != one.mended


def test_a_reading_shows_nothing_of_its_value():
    assert "lona" not in repr(Field("surname", "name").read("llona"))
