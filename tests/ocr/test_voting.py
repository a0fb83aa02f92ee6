"""One value out of several looks: votes, letters that are misread one way only, and what nobody else saw."""

import pytest

from docpipe.ocr.mending import Mending
from docpipe.ocr.schema import Field
from docpipe.ocr.values import Reading
from docpipe.ocr.voting import said

NUMBER = Field("document_number", "number", alphabet="0123456789CFGHJKLMNPRTVWXYZ", length=(9, 9))


@pytest.mark.parametrize(
    ("readings", "value"),
    [
        (["TEREZUA", "TEREZUA", "TEREZIJA"], "TEREZIJA"),
        (["JOSHUA", "JOSHUA", "JOSHVA"], "JOSHUA"),
        (["Zoe", "Zoë", "Zoo", ""], "Zoe"),
        (["", ""], ""),
    ],
)
def test_readings_vote_and_ij_outvotes_the_u_that_it_is_mistaken_for(readings, value):
    assert said(Field("surname", "name"), readings).value == value


def test_an_ij_that_outvoted_a_u_is_told_beside_what_else_was_put_right_in_that_reading():
    field = Field("given_names", "name")
    reading = said(field, ["Ilona TEREZUA", "Ilona TEREZUA", "llona TEREZIJA"])
    assert reading.value == "Ilona TEREZIJA"
    assert reading.mended == (Mending("given_names", 1, "name", "l", "I"), Mending("given_names", 12, "IJ", "U", "IJ"))
    assert said(field, ["TEREZIJA", "TEREZUA"]) == Reading("TEREZIJA", sure=True)


def test_a_date_in_fewer_digits_is_believed_only_where_no_reading_says_a_whole_one():
    field = Field("date_of_birth", "date")
    assert said(field, ["2.10.1974", "2.10.1974", "12.10.1974"]).value == "1974-10-12"
    assert said(field, ["2.10.1974", "", "12.10.1974 1", "2.10.1974"]).value == "1974-10-02"
    assert said(field, ["", "2.1O.1974"]).value == ""


@pytest.mark.parametrize(
    ("kind", "texts", "value"),
    [
        ("name", ["", "SNAY", "ase so", "CUPBOIT"], ""),                 # dirt, read as other letters every time
        ("name", ["JOH NNY STEVE", "", "JOHNNYSTEVE", ""], "JOH NNY STEVE"),
        ("name", ["Leonte", "LEONIE", "", ""], "Leonte"),
        ("number", ["", "", "KPW5R49N2", ""], ""),
        ("date", ["", "12.10.1974", "", ""], "1974-10-12"),             # the calendar vouches for it
    ],
)
def test_what_one_look_alone_saw_is_not_believed(kind, texts, value):
    assert said(Field("one", kind), texts).value == value


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["170860544", "L70860544", "170860544", "170860544"], "L70860544"),     # what is read as a 1 may be an L
        (["696994442", "", "G96994442", ""], "G96994442"),
        (["L70860544", "L70860545", "L70860545"], "L70860545"),
        (["Z13088779", "213088779", "713088779", "713088779"], "Z13088779"),
        (["M421034R6", "M421 03 ARG", "M421034R6"], "M421034R6"),                # a look that had to be put right
        (["170860544", "L70861543", "170860544"], "170860544"),                  # about another number
        (["H020282X7", "H02O282X7"], "H020282X7"),                               # no letter of this number at all
        (["V00784396", "00784396", "0784396", ""], "V00784396"),                 # too short to be one, but like it
        (["V00784396", "", "XX", ""], ""),
    ],
)
def test_a_letter_that_one_look_saw_says_what_is_meant_by_the_digit_that_others_did(texts, value):
    assert said(NUMBER, texts).value == value


def test_numbers_of_no_known_form_keep_what_most_looks_saw():
    assert said(Field("one", "number"), ["12081974713", "1208L974T13", "12081974713"]).value == "12081974713"


def test_a_character_is_put_right_once():
    reading = said(NUMBER, ["I70860544", "I70860544", "L70860544"])
    assert reading.value == "L70860544"
    assert [one.position for one in reading.mended] == [1]


@pytest.mark.parametrize(
    ("kind", "texts", "sure"),
    [
        ("name", ["Zoe", "ZOË", "Zoo", ""], True),                      # but for marks and case
        ("name", ["LAHOVA", "BLAHOVA", "LAHOVÁ", "KLAHOVA"], True),     # two err alike: nothing tells
        ("name", ["Leonte", "LEONIE", "", ""], False),
        ("name", ["", "Leonie", "", ""], False),
        ("name", ["", ""], False),
        ("name", ["Иванов", "Иваноа"], False),
        ("name", ["Иванов", "ИВАНОВ"], True),
        ("date", ["", "12.10.1974", "", "2.10.1974"], False),
        ("date", ["2.10.1974", "2.10.1974"], True),
    ],
)
def test_what_two_looks_saw_alike_is_sure(kind, texts, sure):
    assert said(Field("one", kind), texts).sure is sure


def test_a_number_is_as_sure_as_the_digits_that_a_letter_takes_the_place_of():
    assert said(NUMBER, ["170860544", "L70860544", "170860544"]) == Reading(
        "L70860544", (Mending("document_number", 1, "seen once", "1", "L"),), sure=True
    )
    assert not said(NUMBER, ["696994442", "", "G96994442", ""]).sure


def test_letters_that_are_not_latin_do_not_vouch_for_one_another():
    name = Field("surname", "name")
    assert said(name, ["Иванов", "§-°"]).value == said(name, ["Иванов", "Петрик"]).value == ""
    assert said(name, ["Иванов", "ИВАНОВ"]).value == "Иванов"


def test_a_letter_that_was_seen_once_is_told():
    reading = said(NUMBER, ["170860744", "L70860744", "170860744", "170860T44"])
    assert reading.value == "L70860T44"
    told = [(1, "1", "L"), (7, "7", "T")]
    assert [(one.position, one.read, one.mended) for one in reading.mended] == told
    assert {(one.line, one.rule) for one in reading.mended} == {("document_number", "seen once")}
    assert said(NUMBER, ["L70860744"] * 3).mended == ()
