"""Field schemas: values from text, and files that do not fit."""

import subprocess
import sys

import pytest

from docpipe.errors import ExitCode, InputError
from docpipe.ocr.schema import SCHEMAS, Field, Schema, load_schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_shipped_schema_says_what_a_pass_needs(name):
    required = {field.name for field in load_schema(name).required}
    assert required == {"document_number", "surname", "given_names", "date_of_birth", "date_of_expiry"}


def test_names_are_compared_without_marks_case_and_blanks():
    name = Field("surname", "name")
    assert name.same(name.read("| GROSS-LECKI,").value, "Groß-Łęcki")
    assert not name.same("GROSS LECK", "Groß-Łęcki")
    assert name.read("llona de la Cruz").value == "Ilona de la Cruz"


@pytest.mark.parametrize("truth", ["Иванов", "Παπαδόπουλος", "李", "محمد", "Anna Иванова"])
def test_a_name_that_is_not_in_latin_letters_is_right_only_where_it_was_read(truth):
    name = Field("surname", "name", required=True)
    assert name.same(truth.upper(), truth)
    assert not any(name.same(read, truth) for read in ("", "Anna", "Петров"))


def test_a_character_that_a_number_cannot_have_is_named_when_it_is_left_out():
    number = Field("personal_number", "number", required=True, alphabet="0123456789")
    reading = number.read("E12X34")
    assert reading.value == "1234"
    places = [(one.position, one.rule, one.read) for one in reading.mended]
    assert places == [(1, "left out", "E1"), (2, "left out", "2X")]


def test_a_number_keeps_to_its_alphabet_and_length():
    number = Field("document_number", "number", alphabet="0123456789CFGHJKLMNPRTVWXYZ", length=(9, 9))
    assert number.read("CO1X00T47.").value == "C01X00T47"
    assert number.read("C01X00T4").value == ""


FIELD = "about = 'x'\n[[field]]\nname = 'a'\nkind = 'name'\nrequired = true\nlabels.en = 'A'\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("about = 'x'\n[[field]]\nname = 'a'\nkind = 'colour'\nrequired = true", "colour"),
        ("about = 'x'\n[[field]]\nname = 'a'\nkind = 'zone'\nrequired = true", "mrz"),
        ("about = 'x'\n[[field]]\nname = 'a'\nkind = 'date'\nrequired = true", "labels"),
        ("about = 'x'\nmrz = 'td1'\n[[field]]\nname = 'surname'\nkind = 'zone'", "required"),
        ("about = 'x'\nmrz = 'td1'\n[[field]]\nname = 'height'\nkind = 'zone'\nrequired = true", "no field 'height'"),
        ("about = 'x'\nmrz = 'td9'\n[[field]]\nname = 'a'\nkind = 'zone'\nrequired = true", "td9"),
        ("about = 'x'\nmrz = ['td1']\n[[field]]\nname = 'a'\nkind = 'zone'", "mrz"),
        ("about = [", "TOML"),
        ("", "no about"),
        ("about = 'x'", "no field"),
        ("about = 5\nfield = []", "about of the schema is 5"),
        ("about = 'x'\nfield = 'no'", r"field of the schema is 'no'; it must be tables"),
        ("about = 'x'\nfield = ['no']", "tables"),
        ("about = 'x'\nfield = []", "tables"),
        ("colour = 'x'\n" + FIELD, "'colour'; known are about, mrz, size_mm, field"),
        (FIELD + "lable = 'A'", "field 1 has 'lable'; known are name, kind"),
        ("about = 'x'\n[[field]]\nkind = 'name'", "field 1 has no name"),
        (FIELD + FIELD.removeprefix("about = 'x'\n"), "2 fields are called 'a'"),
        (FIELD.replace("labels.en = 'A'", "labels = ['A']"), r"labels of field 1 is \['A'\]; it must be labels"),
        (FIELD.replace("labels.en = 'A'", "labels.en = 5"), "labels of field 1"),
        (FIELD.replace("labels.en = 'A'", "labels.el = 'Όνομα'"), "Latin"),
        (FIELD.replace("required = true", "required = 'no'"), "required of field 1 is 'no'; it must be true or false"),
        (FIELD + "length = 5", "length of field 1 is 5"),
        (FIELD + "length = [9]", "length"),
        (FIELD + "length = [9, 8]", "length"),
        (FIELD + "length = ['1', '2']", "length"),
        (FIELD + "length = [true, true]", "length"),
        (FIELD + "alphabet = ['A']", "alphabet of field 1"),
        (FIELD + r'alphabet = "A\nB"', "alphabet of field 1"),
        (FIELD.replace("'a'", "5"), "name of field 1 is 5"),
        (FIELD + "value_mm = [1, 2, 30, 4]", "a has a place in mm, but size_mm of the card is not set"),
        ("size_mm = [85.6, 54]\n" + FIELD + "value_mm = [1, nan, 30, 4]", "value_mm of field 1"),
        ("size_mm = [85.6, 54]\n" + FIELD + "value_mm = [60, 2, 30, 4]", "a has a place in mm beyond the card"),
        ("size_mm = [85.6]\n" + FIELD, "size_mm of the schema .* width and height"),
        ("size_mm = [85.6, 54]\n" + FIELD + "label_mm = [1, 2, 30, 0]", "label_mm of field 1 .* left, top, width"),
    ],
)
def test_a_file_that_is_no_schema_is_refused_by_what_is_wrong_in_one_line(tmp_path, text, named):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=named) as refused:
        load_schema(str(file))
    assert "\n" not in refused.value.problem and "national.toml" in refused.value.hint


def test_a_schema_of_the_users_is_read_as_it_is_written(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(FIELD + "length = [2, 20]\nalphabet = 'AB C'")
    assert load_schema(file) == Schema(
        "mine", "x", (Field("a", "name", required=True, labels={"en": "A"}, alphabet="AB C", length=(2, 20)),)
    )


def test_a_folder_or_a_path_through_a_file_is_no_schema(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "mine.toml", "."):
        with pytest.raises(InputError, match="cannot be read") as refused:
            load_schema(path)
        assert "td1" in refused.value.hint and refused.value.exit_code == ExitCode.BAD_INPUT


def test_an_unknown_schema_is_refused_with_the_known_ones():
    with pytest.raises(InputError) as unknown:
        load_schema("td9")
    assert "td1" in unknown.value.hint


def test_schemas_load_nothing_heavy():
    code = "import sys, docpipe.evaluate.judge; print({'cv2', 'pytesseract', 'PIL'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
