"""What is written into a zone is what is read from its lines: ICAO's specimens, and many drawn at random."""

from datetime import date, timedelta

import numpy as np
import pytest

from docpipe.mrz import CHARACTERS, FORMATS, build_mrz, wrong_checks
from docpipe.ocr.mrz_reader import corrected, fields_of
from tests.test_mrz import SPECIMENS

ANNA = {
    "issuing_state": "UTO", "surname": "ERIKSSON", "given_names": "ANNA MARIA", "nationality": "UTO", "sex": "F",
    "date_of_birth": "740812", "date_of_expiry": "120415",
}  # fmt: skip
SAID = {
    "td1": {"document_code": "I", "document_number": "D23145890", "optional": "", "optional_2": ""},
    "td2": {"document_code": "I", "document_number": "D23145890", "optional": ""},
    "td3": {"document_code": "P", "document_number": "L898902C3", "optional": "ZE184226B"},
}
LETTERS = CHARACTERS[10:]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_icaos_specimens_say_what_icao_says_they_say(kind):
    assert fields_of(kind, SPECIMENS[kind][1]) == ANNA | SAID[kind]


def text(rng, characters, length):
    return "".join(characters[place] for place in rng.integers(len(characters), size=length))


def drawn_at_random(rng, kind):
    """Values that fit the format uncut; numbers that run on into the optional field among them."""
    longest = 9 if kind == "td3" else 14
    number = text(rng, CHARACTERS, rng.integers(1, longest + 1))
    room = (14 if kind == "td3" else 7) if len(number) <= 9 else 0
    names = [" ".join(text(rng, LETTERS, rng.integers(1, 5)) for _ in range(rng.integers(1, 4))) for _ in range(2)]
    days = [date(1930, 1, 1) + timedelta(days=int(day)) for day in rng.integers(40_000, size=2)]
    return {
        "document_code": text(rng, LETTERS, rng.integers(1, 3)),
        "issuing_state": text(rng, LETTERS, 3), "nationality": text(rng, LETTERS, 3),
        "surname": names[0][:14].strip(), "given_names": names[1][:12].strip(),
        "document_number": number, "sex": text(rng, "FMX", 1), "date_of_birth": days[0], "date_of_expiry": days[1],
        "optional": text(rng, CHARACTERS, rng.integers(0, room + 1)),
        **({"optional_2": text(rng, CHARACTERS, rng.integers(0, 12))} if kind == "td1" else {}),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_ten_thousand_random_zones_come_back_as_they_were(kind):
    rng = np.random.default_rng(9303)
    for _ in range(10_000):
        values = drawn_at_random(rng, kind)
        lines = build_mrz(kind, **values)
        said = {**values, "sex": values["sex"].replace("X", "")}
        said |= {name: f"{values[name]:%y%m%d}" for name in ("date_of_birth", "date_of_expiry")}
        read = fields_of(kind, lines)
        if len(values["document_number"]) > 9:
            said["optional"] = read["optional"]              # the rest of the number, and its check digit
        assert wrong_checks(kind, lines) == ()
        assert read == said
        assert corrected(lines, FORMATS[kind]) == list(lines)        # what all check digits agree with is left alone


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_an_o_that_was_a_zero_is_told_by_the_check_digit(kind):
    lines = list(build_mrz(kind, **SAID[kind], **{**ANNA, "date_of_birth": date(1974, 8, 12),
                                                   "date_of_expiry": date(2012, 4, 15)}))  # fmt: skip
    span = FORMATS[kind].fields["document_number"]
    number = span.of(lines)
    read = [line.replace(number, number.replace("0", "O")) for line in lines]
    assert read != lines
    assert corrected(read, FORMATS[kind]) == lines
