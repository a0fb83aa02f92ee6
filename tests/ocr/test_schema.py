"""Field schemas: values from text, and files that do not fit."""

import subprocess
import sys

import pytest

from docpipe.errors import InputError
from docpipe.ocr.schema import SCHEMAS, Field, load_schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_shipped_schema_says_what_a_pass_needs(name):
    required = {field.name for field in load_schema(name).required}
    assert required == {"document_number", "surname", "given_names", "date_of_birth", "date_of_expiry"}


def test_names_are_compared_without_marks_case_and_blanks():
    name = Field("surname", "name")
    assert name.same(name.read("| GROSS-LECKI,").value, "Groß-Łęcki")
    assert not name.same("GROSS LECK", "Groß-Łęcki")
    assert name.read("llona de la Cruz").value == "Ilona de la Cruz"


def test_a_number_keeps_to_its_alphabet_and_length():
    number = Field("document_number", "number", alphabet="0123456789CFGHJKLMNPRTVWXYZ", length=(9, 9))
    assert number.read("CO1X00T47.").value == "C01X00T47"
    assert number.read("C01X00T4").value == ""


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
