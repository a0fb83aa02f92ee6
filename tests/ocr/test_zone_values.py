"""What a zone says is valid only if such a field may say it, whatever its check digits say."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.mrz import FORMATS, build_mrz, check_digit, transliterate, wrong_checks
from docpipe.ocr.extract import extract
from docpipe.ocr.mrz_reader import UNREAD, MrzReading, fields_of, unsure
from docpipe.ocr.schema import load_schema
from docpipe.ocr.values import Reading
from docpipe.ocr.zone_values import is_zone_value

PAPER = np.full((640, 1000), 255, np.uint8)
TD3 = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
UTOPIAN = {
    "issuing_state": "UTO", "nationality": "UTO", "document_number": "L898902C3", "date_of_birth": date(1974, 8, 12),
    "date_of_expiry": date(2032, 4, 15),
}  # fmt: skip


def with_birth(born):
    """The second line of the passport with another date of birth, and check digits that agree."""
    line = TD3[1][:13] + born + check_digit(born) + TD3[1][20:43]
    return line + check_digit(line[:10] + line[13:20] + line[21:43])


@pytest.fixture
def valid(monkeypatch):
    """Whether a passport is valid whose zone is read as these lines; no OCR runs."""

    def read(lines, again=None, first=None):
        wrong = wrong_checks("td3", [line.replace(UNREAD, "<") for line in lines])
        reading = MrzReading("td3", lines, wrong, unsure=tuple(unsure(first or lines, again or lines, lines, "td3")))
        monkeypatch.setattr("docpipe.ocr.extract.read_zone", lambda flat, kind, engine: reading)
        return extract(PAPER, load_schema("td3"), engine=None).valid

    return read


def test_a_zone_whose_fields_say_what_they_may_is_valid(valid):
    assert valid(TD3)


@pytest.mark.parametrize(
    "name", ["ERIK?SON<<ANNA<MARIA", "????????<<ANNA<MARIA", "ERIKSSON<<ANNA<?????", "ERIKSSON<<ANNA3MARIA"]
)
def test_a_name_that_was_not_read_whole_is_not_valid_though_every_check_digit_agrees(valid, name):
    assert not valid((("P<UTO" + name).ljust(44, "<"), TD3[1]))


@pytest.mark.parametrize(("said", "otherwise"), [("ANNA", "ANHA"), ("ERIKSSON", "ERIK?SON"), ("MARIA", "MARTA")])
def test_what_two_looks_saw_differently_is_not_valid_where_no_check_digit_tells(valid, said, otherwise):
    assert not valid(TD3, tuple(line.replace(said, otherwise) for line in TD3))


def test_what_no_required_field_says_need_not_be_sure(valid):
    assert valid(TD3, (TD3[0].replace("UTO", "UTD"), TD3[1]))


@pytest.mark.parametrize("sure", [True, False])
def test_a_field_that_is_read_by_its_label_is_as_sure_as_that_reading_whatever_the_zone_says(valid, monkeypatch, sure):
    schema = load_schema("td3")
    fields = tuple(replace(one, kind="name") if one.name == "surname" else one for one in schema.fields)
    monkeypatch.setattr(f"{__name__}.load_schema", lambda _name: replace(schema, fields=fields))
    readings = {"surname": Reading("ERIKSSON", sure=sure)}
    monkeypatch.setattr("docpipe.ocr.extract._read_by_labels", lambda *_: readings)
    assert valid(TD3, tuple(line.replace("ERIKSSON", "ERIK?SON") for line in TD3)) is sure


def test_what_two_looks_saw_differently_is_valid_where_a_check_digit_tells(valid):
    assert valid(TD3, (TD3[0], TD3[1].replace("L898902C3", "L8989O2C8")))


@pytest.mark.parametrize(("said", "seen"), [("L898902C3", "L89890ZC3"), ("7408122", "7408722"), ("1204159", "7204159")])
def test_what_neither_look_saw_is_not_valid_though_its_check_digit_agrees(valid, said, seen):
    otherwise = TD3[0], TD3[1].replace(said, seen)
    assert not valid(TD3, again=otherwise, first=otherwise)
    assert valid(TD3, first=otherwise)


@pytest.mark.parametrize("kind", FORMATS)
def test_of_a_zone_names_codes_and_sex_alone_may_be_unsure(kind):
    form = FORMATS[kind]
    nothing, letters = ["<" * form.width] * form.line_count, ["M" * form.width] * form.line_count
    told = {*unsure(nothing, letters, nothing, kind)}
    assert told == {"document_code", "issuing_state", "nationality", "sex", "surname"}


@pytest.mark.parametrize("born", ["999999", "741301", "740230", "7408<1", "740012"])
def test_a_zone_with_a_date_that_is_none_is_not_valid_though_every_check_digit_agrees(valid, born):
    line = with_birth(born)
    assert wrong_checks("td3", (TD3[0], line)) == ()
    assert not valid((TD3[0], line))


@pytest.mark.parametrize("born", ["74<<<<", "7408<<", "<<0812", "000229"])
def test_what_an_issuer_does_not_know_of_a_date_of_birth_is_filled(valid, born):
    assert valid((TD3[0], with_birth(born)))


@pytest.mark.parametrize("expiry", ["", "12", "1204", "<<0415", "120431"])
def test_a_date_of_expiry_is_known(expiry):
    assert not is_zone_value("date_of_expiry", expiry)


@given(
    kind=st.sampled_from(sorted(FORMATS)), born=st.dates(date(1925, 1, 1), date(2024, 12, 31)),
    names=st.tuples(*2 * [st.text("ABCÅÉÖŁß -'", min_size=1, max_size=12).filter(transliterate)]),
)  # fmt: skip
def test_whatever_an_issuer_prints_is_what_its_fields_may_say(kind, born, names):
    lines = build_mrz(
        kind, document_code="I", sex="F", surname=names[0], given_names=names[1],
        **UTOPIAN | {"date_of_birth": born},
    )  # fmt: skip
    said = {name: value for name, value in fields_of(kind, lines).items() if value}
    assert [name for name, value in said.items() if not is_zone_value(name, value)] == []


@given(
    kind=st.sampled_from(sorted(FORMATS)), place=st.tuples(st.integers(0, 2), st.integers(0, 43)),
)  # fmt: skip
def test_a_field_that_holds_a_character_that_was_not_read_may_not_say_so(kind, place):
    lines = list(build_mrz(kind, document_code="I", sex="F", surname="Eriksson", given_names="Anna", **UTOPIAN))
    line, at = place[0] % len(lines), place[1] % len(lines[0])
    lines[line] = lines[line][:at] + UNREAD + lines[line][at + 1 :]
    assert not any(is_zone_value(name, value) for name, value in fields_of(kind, lines).items() if UNREAD in value)
