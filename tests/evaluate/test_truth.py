"""A truth that someone wrote by hand: brought into the form in which fields are read, or refused without a value."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cli import main
from docpipe.errors import InputError
from docpipe.evaluate.cases import TrueCard, cases_of, read_truth
from docpipe.ocr.schema import load_schema

NATIONAL = {"document_number": "W42223682", "surname": "Lindqvist", "given_names": "Åsa", "date_of_birth": "1974-08-12",
            "date_of_expiry": "2032-04-15"}  # fmt: skip
ZONE = ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<")
SECRETS = ("Lindqvist", "W4222", "1974", "31.02", "D2314", "ERIKSSON")


@pytest.fixture
def refusal(tmp_path):
    """What is said of a truth of these records; no value is said."""

    def refused(*records, schema=None):
        with pytest.raises(InputError) as said:
            cases_of(read_truth(written(tmp_path, *records)), schema)
        assert not any(secret in said.value.problem for secret in SECRETS)
        return said.value.problem

    return refused


def written(folder, *records):
    file = folder / "truth.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def card(fields, layout="national", file="1.png"):
    return {"file": file, "layout": layout, "fields": fields}


def test_dates_and_numbers_as_they_are_printed_become_what_is_read(tmp_path):
    dates = {"date_of_birth": "12.08.1974", "date_of_expiry": "15 APR 2032"}
    printed = NATIONAL | {"document_number": "w4222 3682"} | dates
    [case] = cases_of(read_truth(written(tmp_path, card(printed))))
    assert case.true == NATIONAL
    for one in load_schema("national").required:
        assert one.same(one.read(printed[one.name]).value, case.true[one.name])


def test_a_field_is_a_text_or_an_object_with_its_value(tmp_path):
    objects = {name: {"value": value, "box": [0, 0, 1, 1]} for name, value in NATIONAL.items()}
    bare, full = (cases_of(read_truth(written(tmp_path, card(fields)))) for fields in (NATIONAL, objects))
    assert bare == full


@pytest.mark.parametrize("value", [None, 42223682, ["W42223682"], {"value": None}, {}])
def test_a_value_that_is_no_text_is_refused_with_its_line(refusal, value):
    assert "line 2 is no record" in refusal(card(NATIONAL), card(NATIONAL | {"document_number": value}, file="2.png"))


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [("date_of_birth", "31.02.1974", "date"), ("date_of_birth", "12.8.74", "date"), ("document_number", "№", "number")],
)
def test_a_date_or_number_that_can_never_be_read_is_refused_with_line_and_field(refusal, name, value, kind):
    said = refusal(card(NATIONAL), card(NATIONAL | {name: value}, file="2.png"))
    assert said == f"line 2 of the truth: {name} is no {kind}"


@pytest.mark.parametrize("number", ["W4222368", "W422236829", "W4222368A", "Ж1234567С9"])
def test_a_number_that_the_schema_never_reads_is_refused(refusal, number):
    said = refusal(card(NATIONAL | {"document_number": number}))
    assert said.startswith("line 1 of the truth: document_number is none that the schema reads")


def test_what_lacks_is_named_with_its_line(refusal):
    assert refusal(card({})) == "line 1 of the truth lacks document_number, which schema national needs"
    assert "line 1 of the truth lacks mrz_1" in refusal(card(NATIONAL, layout="td1"))


def test_an_empty_value_says_that_the_field_is_empty():
    [case] = cases_of([TrueCard("1.png", "national", NATIONAL | {"date_of_expiry": ""})])
    assert case.true["date_of_expiry"] == ""


def test_with_a_schema_for_all_no_layout_is_needed_and_without_one_its_line_is_named(tmp_path, refusal):
    record = {"file": "1.png", "fields": NATIONAL}
    [case] = cases_of(read_truth(written(tmp_path, record)), "national")
    assert (case.layout, case.schema.name, case.true) == ("national", "national", NATIONAL)
    assert refusal(card(NATIONAL), record | {"file": "2.png"}) == "line 2 of the truth has no layout"


def test_fields_of_a_zone_come_from_its_lines_and_a_line_that_is_none_is_refused(refusal):
    lines = {f"mrz_{number}": line for number, line in enumerate(ZONE, 1)}
    [case] = cases_of([TrueCard("1.png", "td1", lines | {"date_of_birth": "1974-08-12"})])
    assert (case.true["document_number"], case.true["date_of_birth"]) == ("D23145890", "740812")
    for wrong in (ZONE[0][:-1], ZONE[0].lower(), ZONE[0].replace("<", " ")):
        assert refusal(card(lines | {"mrz_1": wrong}, "td1")) == "line 1 of the truth: mrz_1 is no line of a td1 zone"


def test_a_zone_that_was_mistyped_is_refused_by_its_check_digits(refusal):
    lines = {f"mrz_{number}": line for number, line in enumerate(ZONE, 1)} | {"mrz_1": ZONE[0].replace("D23", "D32")}
    said = refusal(card(lines, "td1"))
    assert said.startswith("line 1 of the truth: check digits of the zone do not agree (") and "document_number" in said


@given(st.dates(), st.from_regex("[0-9CFGHJKLMNPRTVWXYZ]{9}", fullmatch=True), st.text())
def test_what_is_written_in_the_form_in_which_it_is_read_comes_out_as_it_is(day, number, name):
    true = NATIONAL | {"document_number": number, "surname": name, "date_of_birth": day.isoformat()}
    [case] = cases_of([TrueCard("1.png", "national", true)])
    assert case.true == true


def test_the_help_says_what_a_line_of_the_truth_holds():
    said = " ".join(CliRunner().invoke(main, ["evaluate", "--help"]).output.split())
    for part in ('{"file": "a/1.png", "layout": "national", "fields": {', "dates as 1974-08-12", "mrz_1"):
        assert part in said
