import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.mrz import (
    CHARACTERS,
    FILLER,
    FORMATS,
    build_mrz,
    check_digit,
    name_field,
    transliterate,
    wrong_checks,
)

ANNA = {
    "issuing_state": "UTO",
    "surname": "Eriksson",
    "given_names": "Anna Maria",
    "nationality": "UTO",
    "date_of_birth": date(1974, 8, 12),
    "sex": "F",
    "date_of_expiry": date(2012, 4, 15),
}
PETER = {
    "document_code": "I",
    "issuing_state": "UTO",
    "surname": "Stevenson",
    "given_names": "Peter John",
    "document_number": "D23145890734",
    "nationality": "UTO",
    "date_of_birth": date(1934, 7, 12),
    "sex": "M",
    "date_of_expiry": date(1995, 7, 12),
}
SPECIMENS = {
    "td1": (
        {"document_code": "I", "document_number": "D23145890"},
        (
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ),
    ),
    "td2": (
        {"document_code": "I", "document_number": "D23145890"},
        ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"),
    ),
    "td3": (
        {"document_code": "P", "document_number": "L898902C3", "optional": "ZE184226B"},
        (
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        ),
    ),
}

kinds = st.sampled_from(sorted(FORMATS))
LATIN = "".join(map(chr, range(0xC0, 0x180))).replace("×", "").replace("÷", "") + "abcdefghijklmnopqrstuvwxyz"
latin_names = st.lists(st.text(LATIN, min_size=1, max_size=14), min_size=1, max_size=4).map(" ".join)
states = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)
numbers = st.text(CHARACTERS, min_size=1, max_size=9)
days = st.dates(date(1920, 1, 1), date(2060, 1, 1))


@st.composite
def zones(draw):
    kind = draw(kinds)
    return kind, build_mrz(
        kind,
        document_code=draw(st.sampled_from(["P", "I", "ID"])),
        issuing_state=draw(states),
        surname=draw(latin_names),
        given_names=draw(latin_names),
        document_number=draw(numbers),
        nationality=draw(states),
        date_of_birth=draw(days),
        sex=draw(st.sampled_from("FMX")),
        date_of_expiry=draw(days),
        optional=draw(st.text(CHARACTERS, max_size=7)),
    )


@pytest.mark.parametrize("kind", SPECIMENS)
def test_the_specimens_that_icao_prints_come_out_letter_by_letter(kind):
    own, lines = SPECIMENS[kind]
    assert build_mrz(kind, **ANNA, **own) == lines
    assert wrong_checks(kind, lines) == ()


def test_a_long_document_number_runs_on_into_the_optional_field_as_in_icaos_example():
    assert build_mrz("td1", **PETER) == (
        "I<UTOD23145890<7349<<<<<<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<2",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    )
    assert build_mrz("td2", **PETER)[1] == "D23145890<UTO3407127M95071227349<<<8"
    assert wrong_checks("td1", build_mrz("td1", **PETER)) == ()
    with pytest.raises(ValueError, match="12 characters; td3 takes up to 9"):
        build_mrz("td3", **PETER)


@given(zones())
def test_every_zone_has_its_format_and_right_check_digits(zone):
    kind, lines = zone
    assert [len(line) for line in lines] == [FORMATS[kind].width] * FORMATS[kind].line_count
    assert set("".join(lines)) <= set(CHARACTERS + FILLER)
    assert wrong_checks(kind, lines) == ()


@given(zones(), st.data())
def test_one_misread_digit_is_found_by_the_check_that_covers_it(zone, data):
    kind, lines = zone
    name = data.draw(st.sampled_from(["document_number", "date_of_birth", "date_of_expiry"]))
    span = FORMATS[kind].fields[name]
    place = data.draw(st.integers(span.start, span.end - 1))
    right = lines[span.line][place]
    others = [digit for digit in "0123456789" if check_digit(digit) != check_digit(right)]
    misread = data.draw(st.sampled_from(others))
    wrong = list(lines)
    wrong[span.line] = lines[span.line][:place] + misread + lines[span.line][place + 1 :]
    assert name in wrong_checks(kind, wrong)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Müller", "MUELLER"), ("Großmann", "GROSSMANN"), ("Søren Ærø", "SOEREN<AEROE"), ("Åse", "AASE"),
        ("Þórður", "THORDUR"), ("Łukasz Żółć", "LUKASZ<ZOLC"), ("Iñaki", "INAKI"), ("Işık", "ISIK"),
        ("d’Aragón", "DARAGON"), ("Anne-Marie", "ANNE<MARIE"), ("St. John", "ST<JOHN"), ("Đorđe", "DORDE"),
    ],
)  # fmt: skip
def test_national_letters_are_written_as_icao_recommends(written, expected):
    assert transliterate(written) == expected


def test_other_scripts_are_refused_without_repeating_the_name():
    with pytest.raises(ValueError, match=r"U\+0418 has no transliteration") as refused:
        transliterate("Иванова")
    assert "Иванова" not in str(refused.value)


@given(latin_names, latin_names, st.integers(20, 40))
def test_a_name_field_keeps_the_surname_in_front_and_a_letter_of_the_given_names(surname, given_names, width):
    field = name_field(surname, given_names, width)
    primary, secondary = field.rstrip(FILLER).split(2 * FILLER)
    assert len(field) == width
    assert secondary
    assert transliterate(surname)[0] == primary[0]


def test_a_name_that_is_cut_ends_in_a_letter():
    krasuang = name_field("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", 39)
    assert krasuang == "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"
    assert name_field("Abcdefgh", "Ijklmno Pqr", 18) == "ABCDEFGH<<IJKLMN<P"


def test_lines_of_another_size_and_unknown_formats_are_refused():
    with pytest.raises(ValueError, match="td1 has 3 lines of 30 characters"):
        wrong_checks("td1", SPECIMENS["td2"][1])
    with pytest.raises(ValueError, match="known are td1, td2, td3"):
        build_mrz("td4", **PETER)


def test_a_passport_may_leave_out_the_check_digit_of_an_empty_personal_number():
    first, second = build_mrz("td3", **ANNA, document_code="P", document_number="L898902C3")
    without = second[:42] + FILLER + second[43]
    assert wrong_checks("td3", (first, without)) == ()


def test_the_mrz_arithmetic_loads_neither_pillow_nor_faker():
    code = "import sys, docpipe.mrz; print({'PIL', 'faker', 'numpy', 'cv2'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
