"""Field schemas: values from text, and files that do not fit."""

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cards.style import DATE_FORMATS
from docpipe.errors import InputError
from docpipe.ocr.schema import MONTH_NAMES, SCHEMAS, Field, fold, load_schema, read_date, read_name


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_shipped_schema_says_what_a_pass_needs(name):
    required = {field.name for field in load_schema(name).required}
    assert required == {"document_number", "surname", "given_names", "date_of_birth", "date_of_expiry"}


@given(day=st.dates(date(1900, 1, 1), date(2099, 12, 31)), form=st.sampled_from(sorted(DATE_FORMATS)))
def test_every_way_to_print_a_date_is_read_back(day, form):
    assert read_date(f" {DATE_FORMATS[form](day)}.") == day.isoformat()


DAY_AND_MONTH_IN_LETTERS = (
    "{day:02d} {month} {year}", "{day} {month} {year}", "{day}. {month} {year}", "{month} {day}, {year}",
    "{day:02d}{month}{year}", "{day} de {month} de {year}", "{year} {month} {day:02d}",
)  # fmt: skip


@given(
    day=st.dates(date(1900, 1, 1), date(2099, 12, 31)), form=st.sampled_from(DAY_AND_MONTH_IN_LETTERS), data=st.data()
)
def test_months_in_letters_are_read_in_every_language_of_the_labels(day, form, data):
    name = data.draw(st.sampled_from(MONTH_NAMES[day.month - 1].split()))
    cut = name if name.startswith("jui") else data.draw(st.sampled_from([name, name[:3]]))
    cased = data.draw(st.sampled_from([cut, cut.upper(), cut.title()]))
    assert read_date(form.format(day=day.day, month=cased, year=day.year)) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 août 1974", "1974-08-12"), ("12 AUG/AOÛ 1974", "1974-08-12"), ("August 12, 1974", "1974-08-12"),
        ("1er févr. 1974", "1974-02-01"), ("3. März 1974", "1974-03-03"), ("12 września 1974", "1974-09-12"),
        ("2 de março de 1974", "1974-03-02"), ("12 maj 1974", "1974-05-12"), ("12 Mrt 1974", "1974-03-12"),
        ("7 sept. 1974", "1974-09-07"), ("10 LUGLIO 1974", "1974-07-10"), ("12 octubre 1974", "1974-10-12"),
        ("12081974", "1974-08-12"), ("1974/08/12", "1974-08-12"), ("1974 08 12", "1974-08-12"),
        ("03/04/1974", "1974-04-03"),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_print_them(text, expected):
    assert read_date(text) == expected


@pytest.mark.parametrize("text", ["12 JUI 1974", "12 AUG 74", "12 AUG SEP 1974", "AUG 1974", "30 FEB 1974"])
def test_a_date_that_is_not_whole_or_could_be_two_is_none(text):
    assert read_date(text) == ""


@pytest.mark.parametrize("text", ["", "31.02.1974", "12.08.74", "Valid", "12.13.2001", "120819745"])
def test_what_is_no_date_is_none(text):
    assert read_date(text) == ""


def test_names_are_compared_without_marks_case_and_blanks():
    name = Field("surname", "name")
    assert name.same(name.value_of("| GROSS-LECKI,"), "Groß-Łęcki")
    assert not name.same("GROSS LECK", "Groß-Łęcki")
    assert name.value_of("llona de la Cruz") == "Ilona de la Cruz"


@pytest.mark.parametrize(
    ("seen", "name"),
    [("ASSUNGÃO", "ASSUNÇÃO"), ("ASSUNCGAO", "ASSUNÇAO"), ("DRAGAO", "DRAGAO"), ("@STBY", "ØSTBY"), ("Jurié", "Jurić"),
     ("JOSÉ |", "JOSÉ"), ("ALFRED|", "ALFREDI")],
)  # fmt: skip
def test_letters_that_the_english_model_has_not_are_known_by_what_it_makes_of_them(seen, name):
    assert read_name(seen) == name


def test_a_number_keeps_to_its_alphabet_and_length():
    number = Field("document_number", "number", alphabet="0123456789CFGHJKLMNPRTVWXYZ", length=(9, 9))
    assert number.value_of("CO1X00T47.") == "C01X00T47"
    assert number.value_of("C01X00T4") == ""


@given(st.text(st.characters() | st.sampled_from("0123456789.Augst ")))
def test_any_text_is_a_date_or_none(text):
    assert read_date(text) == "" or date.fromisoformat(read_date(text))


@given(st.text())
def test_folding_leaves_plain_letters_and_digits_and_is_done_once(text):
    folded = fold(text)
    assert folded.isascii() and (folded.isalnum() or not folded)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("about = 'x'\n[[field]]\nname = 'a'\nkind = 'colour'\nrequired = true", "colour"),
        ("about = 'x'\n[[field]]\nname = 'a'\nkind = 'zone'\nrequired = true", "mrz"),
        ("about = 'x'\n[[field]]\nname = 'a'\nkind = 'date'\nrequired = true", "labels"),
        ("about = 'x'\nmrz = 'td1'\n[[field]]\nname = 'a'\nkind = 'zone'", "required"),
        ("about = 'x'\nmrz = 'td9'\n[[field]]\nname = 'a'\nkind = 'zone'\nrequired = true", "td9"),
        ("about = [", "TOML"),
    ],
)
def test_a_file_that_is_no_schema_is_refused_by_what_is_wrong(tmp_path, text, named):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=named):
        load_schema(str(file))


def test_an_unknown_schema_is_refused_with_the_known_ones():
    with pytest.raises(InputError) as unknown:
        load_schema("td9")
    assert "td1" in unknown.value.hint


def test_schemas_load_nothing_heavy():
    code = "import sys, docpipe.evaluate.judge; print({'cv2', 'pytesseract', 'PIL'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
